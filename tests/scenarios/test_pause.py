"""A run of lret is paused from another terminal, survives the end of everything, and goes on to the same bits."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from proxima_client import Client, Event, Execution, Progress, State

from .runner import Runner, assert_refused
from .stack import Stack

_SEED = "7"
_METHODS = ("pauli_vector", "low_rank")


def _circuit(folder: Path, *, layers: int) -> Path:
    """Write a circuit of rotations and CX on 10 qubits with resets in between."""
    width = 10
    lines = [f"qreg q[{width}];", f"creg c[{width}];"]
    for layer in range(layers):
        lines += [f"u3(0.1,{0.2 + qubit},{0.3 + layer}) q[{qubit}];" for qubit in range(width)]
        lines += [f"cx q[{qubit}],q[{qubit + 1}];" for qubit in range(layer % 2, width - 1, 2)]
        if layer % 50 == 20:
            lines += [f"reset q[{layer % width}];"]
    path = folder / f"layers-{layers}.qasm"
    path.write_text('OPENQASM 2.0;\ninclude "qelib1.inc";\n' + "\n".join(lines) + "\nmeasure q -> c;\n")
    return path


def _run(circuit: Path, method: str) -> tuple[str, ...]:
    options = ("--noise", "depolarizing:0.001", "--shots", "500", "--probabilities", "--seed", _SEED, "-o", "json")
    return ("run", str(circuit), "--backend", "lret", "--method", method, *options)


def _long(runner: Runner, method: str) -> tuple[Path, dict[str, object]]:
    """Return a circuit that takes the method seconds here, and the run of it that nothing stops."""
    layers = 200
    while True:
        circuit = _circuit(runner.directory, layers=layers)
        outcome = runner.run(*_run(circuit, method))
        assert outcome.exit_code == 0, outcome
        if outcome.json["times"]["execution_seconds"] > 2:
            return circuit, outcome.json
        layers *= 4


def _begin(stack: Stack, runner: Runner, circuit: Path, method: str) -> tuple[subprocess.Popen[str], str]:
    """Start a run and return it with its uuid once it has shown progress."""
    with Client(stack.target) as client:
        known = {execution.id for execution in client.history().executions}
        running = runner.start(*_run(circuit, method))
        fresh: list[str] = []
        while not fresh:
            assert running.poll() is None, running.communicate()
            fresh = [execution.id for execution in client.history().executions if execution.id not in known]
        for event in client.watch(fresh[0]):
            if _has_begun(event):
                return running, fresh[0]
    raise AssertionError(f"it ended before it showed progress: {running.communicate()}")


def _has_begun(event: Event) -> bool:
    return isinstance(event, Progress) or (isinstance(event, Execution) and event.state.is_terminal)


@pytest.mark.parametrize("method", _METHODS)
def test_a_run_goes_on_where_it_was_paused(stack: Stack, runner: Runner, method: str) -> None:
    """One terminal follows the run, another pauses it; resumed, it gives every number of the run without a pause."""
    circuit, whole = _long(runner, method)
    running, name = _begin(stack, runner, circuit, method)
    paused = runner.run("pause", name)
    assert paused.exit_code == 0, paused
    stdout, stderr = running.communicate(timeout=120)
    assert running.returncode == 10, stderr
    assert f"proxima resume {name}" in stderr
    assert json.loads(stdout)["state"] == "paused"
    listed = runner.run("history", "--state", "paused", "-o", "json").json["executions"]
    assert [row["execution_id"] for row in listed] == [name]
    resumed = runner.run("resume", name, "-o", "json")
    assert resumed.exit_code == 0, resumed
    for key in ("counts", "probabilities", "certified_error", "seed", "circuit"):
        assert resumed.json[key] == whole[key], key
    assert_refused(
        runner.run("resume", name, "-o", "json"),
        exit_code=4,
        reason="ERROR_REASON_INVALID_STATE",
        mentions=["completed"],
    )


def test_a_run_of_another_backend_is_refused_and_goes_on(stack: Stack, runner: Runner) -> None:
    """qiskit writes no state: the refusal names it, and the run completes."""
    circuit = _circuit(runner.directory, layers=400)
    method = "density_matrix"
    options = ("--noise", "depolarizing:0.001", "--shots", "500", "--seed", _SEED)
    with Client(stack.target) as client:
        running = runner.start("run", str(circuit), "--backend", "qiskit", "--method", method, *options)
        while not (live := client.history(states=[State.RUNNING]).executions):
            assert running.poll() is None, running.communicate()
        outcome = runner.run("pause", live[0].id, "-o", "json")
    running.communicate(timeout=120)
    if outcome.json["error"]["reason"] == "ERROR_REASON_INVALID_STATE":
        pytest.skip("it ran faster than it could be asked to pause")
    mentions = ["qiskit", method, "checkpoint"]
    assert_refused(outcome, exit_code=4, reason="ERROR_REASON_UNSUPPORTED_BY_BACKEND", mentions=mentions)
    assert running.returncode == 0
