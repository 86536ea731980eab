"""Algorithms whose answers are known exactly, on each backend and with the automatic choice."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima_client import Client

from .runner import Runner
from .statistics import goodness_of_fit

_EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
_BACKENDS = ("qiskit", "cirq", None)
_SHOTS = 4000
# The default of the cirq backend is complex64.
_TOLERANCE = 2e-5

Vector = NDArray[np.complex128]


@pytest.mark.parametrize("backend", _BACKENDS)
def test_a_bell_pair_is_half_and_half(client: Client, backend: str | None) -> None:
    """Only 00 and 11, each with probability 1/2."""
    result = client.run(_EXAMPLES / "bell.qasm", backend=backend, shots=_SHOTS, probabilities=True)
    assert result.probabilities == pytest.approx({"00": 0.5, "11": 0.5}, abs=_TOLERANCE)
    assert result.counts is not None
    assert set(result.counts) <= {"00", "11"}
    assert sum(result.counts.values()) == _SHOTS


@pytest.mark.parametrize("backend", _BACKENDS)
def test_a_ghz_state_of_twenty_qubits_has_two_outcomes(client: Client, backend: str | None) -> None:
    """All zero or all one, as often as a fair coin allows."""
    counts = client.run(_EXAMPLES / "ghz.qasm", backend=backend, shots=_SHOTS).counts
    assert counts is not None
    assert set(counts) == {"0" * 20, "1" * 20}
    deviation = abs(counts["1" * 20] - _SHOTS / 2) / math.sqrt(_SHOTS / 4)
    assert deviation < 5


@pytest.mark.parametrize("backend", _BACKENDS)
def test_a_fourier_transform_has_flat_weights_and_turning_phases(client: Client, backend: str | None) -> None:
    """Of |1> on 16 qubits: every amplitude is exp(2 pi i y / 2^16) / 2^8, y read in reversed order, without swaps."""
    state = client.run(_EXAMPLES / "qft.qasm", backend=backend, statevector=True).statevector
    assert state is not None
    reversed_bits = np.array([int(f"{index:016b}"[::-1], 2) for index in range(2**16)])
    expected = np.exp(2j * math.pi * reversed_bits / 2**16) / 2**8
    assert np.abs(state - expected).max() < _TOLERANCE / 2**8


@pytest.mark.parametrize("backend", _BACKENDS)
def test_grover_finds_the_state_with_its_known_probability(client: Client, backend: str | None) -> None:
    """12 rounds among 256 states: 10110010 with sin^2(25 asin(1/16)), the others share the rest evenly."""
    result = client.run(_EXAMPLES / "grover.qasm", backend=backend, shots=_SHOTS, probabilities=True)
    assert result.probabilities is not None
    assert result.counts is not None
    found = math.sin(25 * math.asin(1 / 16)) ** 2
    assert result.probabilities["10110010"] == pytest.approx(found, abs=_TOLERANCE)
    others = [value for outcome, value in result.probabilities.items() if outcome != "10110010"]
    assert others == pytest.approx([(1 - found) / 255] * len(others), abs=1e-7)
    assert result.counts["10110010"] > _SHOTS * found - 10


@pytest.mark.parametrize("backend", _BACKENDS)
def test_a_variational_ansatz_is_the_product_of_its_gates(client: Client, backend: str | None) -> None:
    """Ten qubits, three layers: the state is that of a plain product of matrices, and the samples fit it."""
    result = client.run(
        _EXAMPLES / "vqe.qasm", backend=backend, shots=_SHOTS, seed=11, statevector=True, probabilities=True
    )
    expected = _ansatz(qubit_count=10, layer_count=3)
    assert result.statevector is not None
    assert result.counts is not None
    assert np.abs(result.statevector - expected).max() < _TOLERANCE
    counts = np.zeros(2**10, dtype=np.int64)
    for outcome, count in result.counts.items():
        counts[int(outcome, 2)] = count
    rng = np.random.default_rng(12)
    assert goodness_of_fit(counts, np.abs(expected) ** 2, rng) > 1e-3


def test_the_choice_fits_the_circuit(client: Client) -> None:
    """The tableau is the smallest for a Clifford circuit, and too slow for probabilities: there are 2^20 of them."""
    clifford = client.run(_EXAMPLES / "ghz.qasm", shots=10, prefer="least_memory")
    assert clifford.producer.method == "stabilizer"
    source = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[20] q;\nbit[20] c;\nh q;\ncz q[0], q[1];\nc = measure q;\n'
    listed = client.run(source, probabilities=True)
    assert listed.producer.method == "statevector"
    assert listed.plan is not None
    assert "predicted" in listed.plan.reason


def test_counts_name_what_drew_them(client: Client) -> None:
    """The sampler is part of who computed a result: Aer's own for many qubits, numpy for few, none without shots."""
    few = client.run(_EXAMPLES / "bell.qasm", backend="qiskit", shots=10)
    many = client.run(_EXAMPLES / "ghz.qasm", backend="qiskit", shots=10)
    none = client.run(_EXAMPLES / "bell.qasm", backend="qiskit", probabilities=True)
    assert [result.producer.sampler for result in (few, many, none)] == ["numpy", "aer", ""]


def test_an_example_runs_from_the_command_line_in_every_format(runner: Runner) -> None:
    """Text, table and JSON of one run with one seed show the same counts."""
    path, seed = str(_EXAMPLES / "grover.qasm"), ("--seed", "5", "--backend", "qiskit", "--shots", "1000")
    document = runner.run("run", path, *seed, "-o", "json").json
    for output in ("text", "table"):
        shown = runner.run("run", path, *seed, "-o", output)
        assert shown.exit_code == 0, shown
        assert all(outcome in shown.stdout for outcome in document["counts"]), shown
        assert f" {document['counts']['10110010']} " in shown.stdout, shown


def _ansatz(*, qubit_count: int, layer_count: int) -> Vector:
    """Return the state of docs/examples/vqe.qasm, shape (2^n,), qubit 0 the least significant bit."""
    state: Vector = np.zeros(2**qubit_count, dtype=np.complex128)
    state[0] = 1
    indices = np.arange(2**qubit_count)
    for layer in range(layer_count + 1):
        for qubit in range(qubit_count):
            for matrix in _rotations(0.3 + 0.1 * qubit + 0.2 * layer, 0.7 - 0.1 * qubit + 0.3 * layer):
                bit = (indices >> qubit) & 1
                state = matrix[bit, bit] * state + matrix[bit, 1 - bit] * state[indices ^ (1 << qubit)]
        if layer < layer_count:
            for qubit in range(qubit_count - 1):
                state = state[np.where((indices >> qubit) & 1, indices ^ (2 << qubit), indices)]
    return state


def _rotations(y_angle: float, z_angle: float) -> Iterator[Vector]:
    """Yield the matrices of ry and then rz."""
    cosine, sine = math.cos(y_angle / 2), math.sin(y_angle / 2)
    yield np.array([[cosine, -sine], [sine, cosine]], dtype=np.complex128)
    yield np.diag([cmath.exp(-0.5j * z_angle), cmath.exp(0.5j * z_angle)])
