"""Each process in turn is killed while it works; nothing hangs, nothing is lost, everything is told truthfully."""

from __future__ import annotations

import os
import signal

import psutil
import pytest
from proxima_client import Client

from .local_cluster import LocalCluster
from .runner import Outcome, Runner
from .stack import Stack, busy_worker, service_process, until

_BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n'
_DEADLINE_SECONDS = 120.0


def _long_circuit(qubit_count: int = 22, layers: int = 60) -> str:
    """Return a circuit that keeps a simulator busy for some seconds."""
    lines = [f"qreg q[{qubit_count}];", f"creg c[{qubit_count}];"]
    for layer in range(layers):
        lines += [f"u3(0.1,0.2,{0.3 + layer}) q[{i}];" for i in range(qubit_count)]
        lines += [f"cx q[{i}],q[{i + 1}];" for i in range(layer % 2, qubit_count - 1, 2)]
    return 'OPENQASM 2.0;\ninclude "qelib1.inc";\n' + "\n".join(lines) + "\nmeasure q -> c;\n"


# For runs that never come to their end, however slow the machine is that seeks and stops them.
_ENDLESS_LAYERS = 600


class _Background:
    """A `proxima run` of the long circuit in the background."""

    def __init__(self, runner: Runner, *arguments: str, layers: int = 60) -> None:
        path = runner.directory / "long.qasm"
        path.write_text(_long_circuit(layers=layers))
        self._process = runner.start("run", str(path), "-o", "json", "--shots", "10", *arguments)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def outcome(self) -> Outcome:
        stdout, stderr = self._process.communicate(timeout=_DEADLINE_SECONDS)
        return Outcome(exit_code=self._process.returncode, stdout=stdout, stderr=stderr)


@pytest.mark.parametrize(
    ("number", "reason"),
    [(signal.SIGKILL, "ERROR_REASON_WORKER_KILLED"), (signal.SIGSEGV, "ERROR_REASON_WORKER_CRASHED")],
)
def test_a_worker_that_dies_is_a_typed_error_and_the_next_run_works(
    stack: Stack, runner: Runner, number: signal.Signals, reason: str
) -> None:
    """A worker killed in the middle ends its run with the reason; the service lives on with a fresh worker."""
    service = service_process(stack, "qiskit")
    run = _Background(runner, "--backend", "qiskit", "--method", "statevector", layers=_ENDLESS_LAYERS)
    stack.signal("qiskit", busy_worker(stack, "qiskit"), number)
    outcome = run.outcome()
    assert outcome.exit_code == 6, outcome
    assert outcome.json["error"]["reason"] == reason
    assert outcome.json["state"] == "error"
    assert stack.is_running("qiskit", service)
    assert runner.run_circuit(_BELL, "--backend", "qiskit").exit_code == 0


def test_a_backend_that_dies_is_told_and_comes_back(stack: Stack, runner: Runner) -> None:
    """A backend service killed in the middle ends the run with a typed error, and later runs find it again."""
    service = service_process(stack, "qiskit")
    run = _Background(runner, "--backend", "qiskit", "--method", "statevector")
    worker = busy_worker(stack, "qiskit")
    stack.signal("qiskit", service, signal.SIGKILL)
    until(lambda: not stack.is_running("qiskit", worker), "the end of the orphaned worker")
    outcome = run.outcome()
    state = outcome.json["state"]
    assert state in ("error", "completed"), outcome
    if state == "error":
        assert outcome.exit_code in (5, 6), outcome
        assert outcome.json["error"]["reason"] in ("ERROR_REASON_BACKEND_UNAVAILABLE", "ERROR_REASON_DRAINING")
    until(stack.is_whole, "the backend's return")
    assert runner.run_circuit(_BELL, "--backend", "qiskit").exit_code == 0


def test_a_run_outlives_the_orchestrator(stack: Stack, runner: Runner, client: Client) -> None:
    """After SIGKILL of the orchestrator the run is re-attached and completes; the worker is the same."""
    run = _Background(runner, "--backend", "qiskit", "--method", "statevector")
    worker = busy_worker(stack, "qiskit")
    stack.signal("orchestrator", service_process(stack, "orchestrator"), signal.SIGKILL)
    outcome = run.outcome()
    assert outcome.exit_code == 0, outcome
    assert sum(outcome.json["counts"].values()) == 10
    assert stack.is_running("qiskit", worker)
    assert client.get(outcome.json["execution_id"]).attempt == 1


def test_a_killed_command_leaves_its_run_in_the_history(stack: Stack, runner: Runner, client: Client) -> None:
    """SIGKILL of the command does not touch the execution; it completes and stays readable."""
    before = {execution.name for execution in client.history().executions}
    run = _Background(runner, "--backend", "qiskit", "--method", "statevector")
    busy_worker(stack, "qiskit")
    run.send(signal.SIGKILL)
    run.outcome()
    (name,) = {execution.name for execution in client.history().executions} - before
    result = client.result(name)
    assert result.counts is not None
    assert sum(result.counts.values()) == 10


def test_ctrl_c_aborts_the_run_and_says_so(stack: Stack, runner: Runner, client: Client) -> None:
    """SIGINT ends the command with 130, the execution is aborted, and the worker's memory is back."""
    run = _Background(runner, "--backend", "qiskit", "--method", "statevector", layers=_ENDLESS_LAYERS)
    worker = busy_worker(stack, "qiskit")
    run.send(signal.SIGINT)
    outcome = run.outcome()
    assert outcome.exit_code == 130, outcome
    assert "abort" in (outcome.stderr + outcome.stdout).lower()
    assert client.get(outcome.json["execution_id"]).state == "aborted"
    assert not stack.is_running("qiskit", worker)


def test_a_timeout_ends_the_run(runner: Runner) -> None:
    """A run past its time limit ends with the reason TIMEOUT and exit code 7."""
    path = runner.directory / "long.qasm"
    path.write_text(_long_circuit())
    outcome = runner.run(
        "run",
        str(path),
        "-o",
        "json",
        "--backend",
        "qiskit",
        "--method",
        "statevector",
        "--shots",
        "1",
        "--timeout",
        "1",
    )
    assert outcome.exit_code == 7, outcome
    assert outcome.json["error"]["reason"] == "ERROR_REASON_TIMEOUT"


def test_nothing_is_left_when_the_supervisor_is_killed(cluster: LocalCluster, runner: Runner) -> None:
    """SIGKILL of the supervisor takes every service and worker with it; the next command starts a new cluster."""
    status = runner.run("status", "-o", "json").json
    assert status["server"] == cluster.target
    family = [psutil.Process(service["pid"]) for service in status["services"]]
    family += [worker for service in list(family) for worker in service.children(recursive=True)]
    os.kill(status["pid"], signal.SIGKILL)
    until(
        lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family),
        "the end of all services",
    )
    assert runner.run_circuit(_BELL).exit_code == 0
