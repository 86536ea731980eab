"""Every bad input gets its exit code, its reason, and a message that names the place and the remedy."""

from __future__ import annotations

import pytest

from .runner import Runner, assert_refused

_TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n'
_THREE = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
_BAD_CIRCUIT = 3
_REFUSED = 4
_USAGE = 2

_CIRCUITS: dict[str, tuple[str | bytes, str, int | None, list[str]]] = {
    "missing semicolon": (_TWO + "h q[0]\ncx q[0],q[1];\n", "SYNTAX", 6, []),
    "unclosed bracket": (_TWO + "h q[0;\n", "SYNTAX", 5, ["]"]),
    "unknown gate": (_TWO + "hh q[0];\n", "INVALID_CIRCUIT", 5, ["hh"]),
    "wrong arity": (_TWO + "cx q[0];\n", "INVALID_CIRCUIT", 5, ["cx", "2"]),
    "wrong number of parameters": (_TWO + "rz q[0];\n", "INVALID_CIRCUIT", 5, ["rz", "1"]),
    "index out of range": (_TWO + "h q[2];\n", "INVALID_CIRCUIT", 5, ["index 2", "q"]),
    "duplicate qubits": (_TWO + "cx q[1],q[1];\n", "INVALID_CIRCUIT", 5, ["qubit", "twice"]),
    "undeclared register": (_TWO + "h r[0];\n", "INVALID_CIRCUIT", 5, ["r"]),
    "division by zero": (_TWO + "rz(1/0) q[0];\n", "INVALID_CIRCUIT", 5, ["zero"]),
    "division by zero in OpenQASM 3": (_THREE + "rz(1/0) q[0];\n", "INVALID_CIRCUIT", 5, ["zero"]),
    "not a number": (_TWO + "rz(sqrt(-1)) q[0];\n", "INVALID_CIRCUIT", 5, []),
    "infinite angle": (_TWO + "rz(1e308*1e10) q[0];\n", "INVALID_CIRCUIT", 5, []),
    "recursive gate": (_TWO + "gate g a { g a; }\ng q[0];\n", "INVALID_CIRCUIT", 5, ["g"]),
    "opaque gate": (
        _TWO + "opaque magic a,b;\nmagic q[0],q[1];\n",
        "UNSUPPORTED_LANGUAGE_FEATURE",
        6,
        ["magic", "opaque"],
    ),
    "deep brackets": (_THREE + f"rz({'(' * 5000}1{')' * 5000}) q[0];\n", "CIRCUIT_LIMIT", 5, ["100"]),
    "deep blocks": (_THREE + "for int i in [0:1] {" * 300 + "x q[0];" + "}" * 300, "CIRCUIT_LIMIT", 5, ["100"]),
    "huge loop": (_THREE + "for int i in [0:999999999] { h q[0]; }\n", "CIRCUIT_LIMIT", None, ["limit", "10000000"]),
    "nested loops": (
        _THREE + "for int i in [0:99999] { for int j in [0:9999] { h q[0]; } }\n",
        "CIRCUIT_LIMIT",
        None,
        ["limit", "10000000"],
    ),
    "include of a file": ('OPENQASM 2.0;\ninclude "/etc/passwd";\nqreg q[1];\n', "INVALID_CIRCUIT", 2, ["qelib1.inc"]),
    "include with a path": ('OPENQASM 3.0;\ninclude "../secret.inc";\n', "INVALID_CIRCUIT", 2, ["stdgates.inc"]),
    "not UTF-8": (b"OPENQASM 2.0;\n\xff\xfe\nqreg q[1];\n", "SYNTAX", None, ["utf-8"]),
    "binary": (b"\x7fELF\x02\x01\x01\x00\x00\x00", "SYNTAX", None, []),
    "empty": (b"", "SYNTAX", None, ["empty"]),
    "no header": ("qreg q[1];\n", "SYNTAX", None, ["openqasm"]),
    "shots without a measurement": (_TWO + "h q[0];\n", "NO_MEASUREMENT", None, ["measure"]),
}


@pytest.mark.parametrize("name", _CIRCUITS)
def test_a_faulty_circuit_is_refused_at_its_place(runner: Runner, name: str) -> None:
    """A faulty circuit ends with exit code 3, a typed reason, and the line where there is one."""
    source, reason, line, mentions = _CIRCUITS[name]
    outcome = runner.run_circuit(source, "--shots", "100")
    assert_refused(outcome, exit_code=_BAD_CIRCUIT, reason=f"ERROR_REASON_{reason}", mentions=mentions)
    assert line is None or outcome.json["error"]["line"] == line, outcome


_BELL = _TWO + "h q[0];\ncx q[0],q[1];\nmeasure q -> c;\n"


@pytest.mark.parametrize(
    ("flags", "mentions"),
    [
        (["--shots", "0"], ["shots"]),
        (["--shots", "-5"], ["shots"]),
        (["--shots", "1000000000000"], ["shots"]),
        (["--seed", "-1"], ["seed"]),
        (["--seed", "4294967296"], ["seed"]),
    ],
)
def test_an_option_out_of_range_is_a_usage_error(runner: Runner, flags: list[str], mentions: list[str]) -> None:
    """Shots and seeds out of range end with exit code 2 and a message that names the option."""
    outcome = runner.run_circuit(_BELL, *flags)
    assert outcome.exit_code == _USAGE, outcome
    assert all(word in (outcome.stdout + outcome.stderr).lower() for word in mentions), outcome


def _wide(qubit_count: int) -> str:
    header = f'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[{qubit_count}];\ncreg c[{qubit_count}];\n'
    return header + "u3(0.1,0.2,0.3) q;\n" + "".join(f"cx q[{i}],q[{i + 1}];\n" for i in range(qubit_count - 1))


def test_fifty_megabytes_of_source_are_refused(runner: Runner) -> None:
    """A source over the limit is refused with the limit."""
    outcome = runner.run_circuit(_BELL + "// " + "x" * 50_000_000 + "\n")
    assert_refused(outcome, exit_code=_BAD_CIRCUIT, reason="ERROR_REASON_CIRCUIT_LIMIT", mentions=["16 MiB"])
    assert outcome.json["error"]["metadata"]["limit"] == "source_bytes"


def test_a_million_declared_qubits_are_answered(runner: Runner) -> None:
    """Idle qubits cost nothing: 10^6 declared qubits with one in use run."""
    source = (
        'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1000000];\ncreg c[1];\nx q[999999];\nmeasure q[999999] -> c[0];\n'
    )
    outcome = runner.run_circuit(source, "--shots", "10")
    assert outcome.exit_code == 0, outcome
    assert outcome.json["counts"] == {"1": 10}


def test_a_million_busy_qubits_are_refused(runner: Runner) -> None:
    """A circuit on 10^6 qubits fits nothing and is refused in words."""
    source = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1000000];\nt q;\nh q;\n'
    outcome = runner.run_circuit(source, "--statevector")
    assert outcome.exit_code == _REFUSED, outcome


@pytest.mark.parametrize(("qubits", "flag"), [(60, "--statevector"), (20, "--density-matrix")])
def test_a_result_that_fits_nowhere_is_refused_with_figures(runner: Runner, qubits: int, flag: str) -> None:
    """What cannot fit is refused with the bytes needed, the bytes there are, and the largest size that would fit."""
    outcome = runner.run_circuit(_wide(qubits), flag)
    assert outcome.exit_code == _REFUSED, outcome
    error = outcome.json["error"]
    if error["reason"] == "ERROR_REASON_INSUFFICIENT_MEMORY":
        assert int(error["metadata"]["needed_bytes"]) > int(error["metadata"]["available_bytes"])
        assert 0 < int(error["metadata"]["largest_qubit_count"]) < qubits
    else:
        assert error["reason"] == "ERROR_REASON_NO_CAPABLE_BACKEND", error
        assert "GiB" in error["message"] or "qubits" in error["message"], error


def test_a_feature_that_the_engine_lacks_is_refused_by_name(runner: Runner) -> None:
    """A condition on a measured bit is refused by name on qsim, which has no classical control."""
    source = _TWO + "h q[0];\nmeasure q -> c;\nif (c == 1) x q[0];\n"
    outcome = runner.run_circuit(source, "--engine", "qsim")
    assert outcome.exit_code == _REFUSED, outcome
    assert "qsim statevector lacks classical conditions" in outcome.json["error"]["message"]


def test_a_backend_that_does_not_exist_is_named_with_those_that_do(runner: Runner) -> None:
    """An unknown backend is refused with the list of known ones."""
    outcome = runner.run_circuit(_BELL, "--backend", "qulacs")
    assert outcome.exit_code in (_USAGE, _REFUSED, 5), outcome
    error = outcome.json["error"]
    assert error["reason"] == "ERROR_REASON_UNKNOWN_BACKEND"
    assert "qiskit" in error["message"]
    assert "cirq" in error["message"]
