"""A cluster with tight limits refuses by figures what is too large, and goes on with everything else meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .runner import Runner, assert_refused
from .stack import Stack

_HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
_BELL = _HEADER + "qubit[2] q;\nbit[2] c;\nh q[0];\ncx q[0], q[1];\nc = measure q;\n"
_BAD_CIRCUIT = 3
_REFUSED = 4
_CAP_BYTES = 40 * 2**20
_PARSE_SECONDS = 5


@pytest.fixture(scope="module")
def tight(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A second stack: 40 MiB a run, 5 s to parse."""
    settings = {
        "PROXIMA_BACKEND_MEMORY_CAP_BYTES": str(_CAP_BYTES),
        "PROXIMA_ORCHESTRATOR_PARSE_SECONDS": str(_PARSE_SECONDS),
    }
    with stack.variant(settings) as variant:
        yield Runner(directory=tmp_path_factory.mktemp("tight"), environment=variant.environment)


def _rotations(qubit_count: int) -> str:
    return f"{_HEADER}qubit[{qubit_count}] q;\nry(0.3) q;\n"


def test_a_state_that_does_not_fit_is_refused_with_the_largest_that_would(tight: Runner) -> None:
    """30 qubits: the bytes needed, the bytes there are, and a size that then is accepted."""
    flags = ("--statevector", "--backend", "qiskit", "--method", "statevector")
    outcome = tight.run_circuit(_rotations(30), *flags)
    assert_refused(
        outcome,
        exit_code=_REFUSED,
        reason="ERROR_REASON_INSUFFICIENT_MEMORY",
        mentions=["32 GiB", "40 MiB", "20 qubits"],
    )
    metadata = outcome.json["error"]["metadata"]
    assert int(metadata["needed_bytes"]) >= 2 * 16 * 2**30
    assert int(metadata["available_bytes"]) == _CAP_BYTES
    assert metadata["largest_qubit_count"] == "20"
    assert tight.run_circuit(_rotations(19), *flags).exit_code == 0


def test_what_is_over_the_safe_line_needs_consent(tight: Runner) -> None:
    """20 qubits take 80 to 100 % of the cap: refused with both figures, because nobody can consent yet."""
    outcome = tight.run_circuit(_rotations(20), "--statevector", "--backend", "qiskit", "--method", "statevector")
    assert_refused(
        outcome,
        exit_code=_REFUSED,
        reason="ERROR_REASON_ABOVE_SAFE_LINE",
        mentions=["safe line", "80%", "40 MiB", "consent"],
    )


def test_the_text_of_a_refusal_shows_every_candidate(tight: Runner) -> None:
    """For people: the message on standard error, and a table of what excluded each candidate."""
    outcome = tight.run("run", "-", "--statevector", stdin=_rotations(30).encode())
    assert outcome.exit_code == _REFUSED, outcome
    assert "needs" in outcome.stderr
    assert "excluded because" in outcome.stdout
    assert "; aer stabilizer takes Clifford circuits only" in outcome.stdout
    assert "bytes, " not in outcome.stdout, outcome


def test_ten_megabytes_off_the_fast_path_hold_nobody_up(tight: Runner) -> None:
    """A large source is refused when its time is over; health and other runs are answered all the while."""
    rows = "".join(f"g({index}+0.5, {index}*2+1.25) q[{index % 4}];\n" for index in range(300_000))
    path = tight.directory / "slow.qasm"
    path.write_text(_HEADER + "gate g(a, b) q { rz(a*b) q; ry(a/b) q; }\nqubit[4] q;\n" + rows)
    assert path.stat().st_size > 10_000_000
    slow = tight.start("run", str(path), "--statevector", "-o", "json")
    answered = 0
    while slow.poll() is None:
        assert tight.run_circuit(_BELL, "--shots", "10").exit_code == 0
        assert tight.run("backends", "list").exit_code == 0
        answered += 1
    stdout, stderr = slow.communicate()
    assert slow.returncode == _BAD_CIRCUIT, (stdout, stderr)
    assert f"longer than {_PARSE_SECONDS} s" in stderr
    assert answered >= 2
