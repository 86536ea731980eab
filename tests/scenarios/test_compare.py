"""`proxima compare` on the real backends: noisy circuits, exact and sampled, with what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

from .runner import Runner, assert_refused

GHZ = b"""OPENQASM 3.0;
include "stdgates.inc";
qubit[8] q;
bit[8] c;
h q[0];
for int i in [0:6] { cx q[i], q[i + 1]; }
c = measure q;
"""
QAOA = b"""OPENQASM 3.0;
include "stdgates.inc";
qubit[6] q;
bit[6] c;
h q;
for int i in [0:4] { cx q[i], q[i + 1]; rz(0.7) q[i + 1]; cx q[i], q[i + 1]; }
rx(0.8) q;
c = measure q;
"""
EXACT = "qiskit:density_matrix,cirq:density_matrix,lret:low_rank"
NOISE = ("--noise", "depolarizing:0.01")


def test_three_simulators_agree_on_a_noisy_ghz_state(runner: Runner) -> None:
    """Exact distributions of a noisy GHZ-8 agree within rounding on three backends; its members are in the history."""
    done = runner.run("compare", "-", "--backends", EXACT, "--probabilities", *NOISE, "-o", "json", stdin=GHZ)
    assert done.exit_code == 0, done
    found = done.json
    assert found["verdict"] == "agree"
    assert [pair["basis"] for pair in found["pairs"]] == ["distributions"] * 3
    assert max(pair["total_variation_distance"] for pair in found["pairs"]) < 1e-10
    assert all(member["seconds"] > 0 and member["predicted_memory_bytes"] > 0 for member in found["members"])
    listed = runner.run("history", "--limit", "3", "-o", "json").json["executions"]
    assert {item["execution_id"] for item in listed} == {member["execution_id"] for member in found["members"]}
    shown = runner.run("compare", "--show", found["comparison_id"], "-o", "json")
    assert shown.json == found


def test_trajectories_agree_with_exact_distributions(runner: Runner) -> None:
    """Trajectories of two backends agree with an exact distribution and with a truncated one, at the stated shots."""
    backends = "qiskit:density_matrix,qiskit:trajectories,cirq:trajectories,lret:low_rank"
    asked = ("--probabilities", "--shots", "20000", "--max-error", "0.0001")
    done = runner.run("compare", "-", "--backends", backends, *asked, *NOISE, "-o", "json", stdin=QAOA)
    found = done.json
    bases = {pair["basis"] for pair in found["pairs"]}
    assert bases == {"distributions", "samples", "samples_against_distribution"}
    assert not [pair for pair in found["pairs"] if pair["verdict"] == "disagree"], found["pairs"]
    assert "probabilities" in found["members"][1]["notes"][0]


def test_readout_error_is_in_counts_and_probabilities_alike(runner: Runner, tmp_path: Path) -> None:
    """With readout error of 10 % the samples of one backend agree with the distribution of another."""
    model = tmp_path / "readout.yaml"
    model.write_text("readout:\n  - one_given_zero: 0.1\n    zero_given_one: 0.1\n")
    done = runner.run(
        *("compare", "-", "--backends", "qiskit:density_matrix,cirq:density_matrix", "--noise", str(model)),
        *("--shots", "60000", "-o", "json"),
        stdin=GHZ,
    )
    assert done.exit_code == 0, done


def test_expectation_values_agree(runner: Runner) -> None:
    """Exact and sampled expectation values agree within rounding, truncation and standard errors."""
    backends = "qiskit:density_matrix,cirq:trajectories,lret:low_rank"
    asked = ("--expect", "ZZIIII + 0.5*IXXIII", "--max-error", "0.001")
    done = runner.run("compare", "-", "--backends", backends, *asked, *NOISE, "-o", "json", stdin=QAOA)
    assert done.exit_code == 0, done
    assert {pair["basis"] for pair in done.json["pairs"]} == {"expectation_values"}


def test_states_agree(runner: Runner) -> None:
    """State vectors of three backends agree up to a global phase, in single and double precision, one after another."""
    backends = ("--backends", "qiskit,cirq,lret:statevector", "--statevector", "--sequential")
    done = runner.run("compare", "-", *backends, "-o", "json", stdin=QAOA)
    assert done.exit_code == 0, done
    assert all(pair["fidelity"] > 1 - 1e-6 for pair in done.json["pairs"])
    assert done.json["ran_in_parallel"] is False


def test_a_member_that_cannot_leaves_the_others(runner: Runner) -> None:
    """A method that lacks a gate fails by name, and the others are compared."""
    backends = ("--backends", "qiskit:stabilizer,qiskit:statevector,cirq", "--probabilities")
    done = runner.run("compare", "-", *backends, "-o", "json", stdin=QAOA)
    assert done.exit_code == 0, done
    first = done.json["members"][0]
    assert first["state"] == "error"
    assert "stabilizer" in first["error"]["message"]
    assert len(done.json["pairs"]) == 1


def test_faults_are_said_once(runner: Runner) -> None:
    """A syntax error, an unknown backend and a lone one are each one error with its exit code."""
    wrong = runner.run("compare", "-", "--backends", "qiskit,cirq", "-o", "json", stdin=b"OPENQASM 3.0;\nfoo;\n")
    assert wrong.exit_code == 3
    assert json.loads(wrong.stdout)["error"]["line"] == 2
    unknown = runner.run("compare", "-", "--backends", "qiskit,nil", "-o", "json", stdin=GHZ)
    assert_refused(unknown, exit_code=2, reason="ERROR_REASON_UNKNOWN_BACKEND", mentions=["nil"])
    lone = runner.run("compare", "-", "--backends", "qiskit", "-o", "json", stdin=GHZ)
    assert_refused(lone, exit_code=2, reason="ERROR_REASON_INVALID_REQUEST", mentions=["at least two"])
