"""Examples with measurements in mid-circuit, branches, resets and gate modifiers, on each backend."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
from proxima_client import Client

_EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
_BACKENDS = ("qiskit", "cirq", "lret", None)
_SHOTS = 2000


def counts_of(client: Client, name: str, backend: str | None) -> dict[str, int]:
    """The counts of an example, keys with the last declared bit first."""
    counts = client.run(_EXAMPLES / name, backend=backend, shots=_SHOTS).counts
    assert counts is not None
    assert sum(counts.values()) == _SHOTS
    return dict(counts)


def deviation(count: int, chance: float, total: int = _SHOTS) -> float:
    """How many standard deviations a count is from what its chance says."""
    return abs(count - chance * total) / math.sqrt(total * chance * (1 - chance))


@pytest.mark.parametrize("backend", _BACKENDS)
def test_a_teleported_state_arrives(client: Client, backend: str | None) -> None:
    """The check of the arrived state is always 0, and the four outcomes of the Bell measurement are equally likely."""
    counts = counts_of(client, "teleportation.qasm", backend)
    assert set(counts) == {"000", "001", "010", "011"}
    assert max(deviation(count, 0.25) for count in counts.values()) < 5


@pytest.mark.parametrize("backend", _BACKENDS)
def test_rounds_repeat_until_success(client: Client, backend: str | None) -> None:
    """1 run in 32 ends with odd parity; the others end in 00 or 11, equally often."""
    counts = counts_of(client, "repeat_until_success.qasm", backend)
    even = Counter({key[:2]: count for key, count in counts.items() if key[2] == "0"})
    assert set(even) == {"00", "11"}
    assert deviation(_SHOTS - even.total(), 1 / 32) < 5
    assert deviation(even["00"], 0.5, even.total()) < 5


@pytest.mark.parametrize("backend", _BACKENDS)
def test_the_repetition_code_corrects_its_error(client: Client, backend: str | None) -> None:
    """The syndrome is 11 and the corrected data 111 in every shot."""
    assert counts_of(client, "repetition_code.qasm", backend) == {"11111": _SHOTS}


@pytest.mark.parametrize("backend", _BACKENDS)
def test_phase_estimation_finds_the_phase(client: Client, backend: str | None) -> None:
    """Controlled powers and an inverse give 0101 with certainty."""
    assert counts_of(client, "phase_estimation.qasm", backend) == {"0101": _SHOTS}


_UNITARIES = """OPENQASM 3.0; include "stdgates.inc"; qubit[4] q; bit[4] c;
h q; negctrl @ ry(0.4) q[0], q[2]; ctrl(2) @ h q[3], q[1], q[0]; pow(1/3) @ swap q[1], q[2];
ctrl @ negctrl @ pow(0.5) @ x q[2], q[0], q[3]; inv @ cu(0.1, 0.2, 0.3, 0.4) q[3], q[2];"""


def test_explicit_unitaries_agree_on_all_backends(client: Client) -> None:
    """A state after modified gates without a name is the same from every backend, global phase included."""
    states = [client.run(_UNITARIES, backend=backend, statevector=True).statevector for backend in _BACKENDS[:2]]
    first, second = states
    assert first is not None
    assert second is not None
    assert abs(first - second).max() < 2e-6
