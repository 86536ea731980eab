"""What only the stack in containers has: limits from the engine, walls around each service, and a store in a volume."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
from proxima_client import Client

from .compose_stack import ComposeStack
from .runner import Outcome, Runner, assert_refused
from .stack import busy_worker, service_process

_BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n'
_REFUSED = 4
_UNAVAILABLE = 5
_FAILED = 6
_SMALL_BYTES = 512 * 2**20
_PIDS = 256
_SERVICES = ("orchestrator", "qiskit", "cirq", "lret")
_SECONDS = 120.0

_WALLS = """
import errno, json, os
def error_of(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno, "") or str(error)
    return "none"
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "user": os.getuid(),
    "capabilities": int(status["CapBnd"], 16) | int(status["CapEff"], 16),
    "no_new_privileges": int(status["NoNewPrivs"]),
    "write": [error_of(lambda: open(folder + "/new", "w")) for folder in ("", "/app", "/app/bin", "/etc")],
}))
"""
# Where the default route leads; a machine that refuses a connection has answered.
_GATEWAY = """
import socket, struct
routes = [line.split() for line in open("/proc/net/route")][1:]
print(socket.inet_ntoa(struct.pack("<I", next(int(route[2], 16) for route in routes if int(route[1], 16) == 0))))
"""
_ANSWERS = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 9), timeout=3).close()
    print("answers")
except ConnectionRefusedError:
    print("answers")
except OSError:
    print("silent")
"""
_LIMITS = """
from proxima_runtime.backend.limits import available_memory_bytes
print(available_memory_bytes())
"""
_START_THREADS = """
import threading
stop, count = threading.Event(), 0
try:
    while count < 1000:
        threading.Thread(target=stop.wait).start()
        count += 1
except RuntimeError:
    pass
stop.set()
print(count)
"""


def _wide(qubit_count: int, layers: int = 1) -> str:
    lines = [f"qreg q[{qubit_count}];", f"creg c[{qubit_count}];"]
    lines += [
        f"u3(0.1,0.2,{0.3 + layer}) q;\ncx q[{layer % (qubit_count - 1)}],q[{qubit_count - 1}];"
        for layer in range(layers)
    ]
    return 'OPENQASM 2.0;\ninclude "qelib1.inc";\n' + "\n".join(lines) + "\nmeasure q -> c;\n"


def _runs(runner: Runner, backend: str) -> bool:
    outcome = runner.run_circuit(_BELL, "--backend", backend, "--shots", "10")
    return outcome.exit_code == 0 and sum(outcome.json["counts"].values()) == 10


@pytest.fixture(scope="module")
def tight(containers: ComposeStack) -> Iterator[ComposeStack]:
    """A second stack with 512 MiB a backend, and with backends that are wrong about memory."""
    settings = {
        "PROXIMA_QISKIT_MEMORY": "512m",
        "PROXIMA_CIRQ_MEMORY": "512m",
        "PROXIMA_BACKENDS": "qiskit=qiskit:7070,cirq=cirq:7070,lying=lying:7070",
        "PROXIMA_ORCHESTRATOR_GRACE_SECONDS": "2",
    }
    with ComposeStack.started(containers.folder, settings, overrides=["compose.tight.yml"]) as stack:
        yield stack


@pytest.fixture(scope="module")
def tight_runner(tight: ComposeStack, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """The command that talks to it."""
    return Runner(directory=tmp_path_factory.mktemp("tight"), environment=tight.environment)


@pytest.mark.parametrize("service", _SERVICES)
def test_a_service_can_do_little(containers: ComposeStack, service: str) -> None:
    """Not root, no capabilities and no way to get any, and nothing of its image can be written."""
    walls = json.loads(containers.run_in(service, _WALLS))
    assert walls["user"] == 10001
    assert walls["capabilities"] == 0
    assert walls["no_new_privileges"] == 1
    assert walls["write"] == ["EROFS"] * 4


def test_a_backend_has_no_way_out(containers: ComposeStack) -> None:
    """What the orchestrator reaches of the world outside, the machine itself first of all, no backend does."""
    outside = containers.run_in("orchestrator", _GATEWAY).strip()
    found = {service: containers.run_in(service, _ANSWERS, outside).strip() for service in _SERVICES}
    assert found == {"orchestrator": "answers"} | dict.fromkeys(_SERVICES[1:], "silent")


def test_only_the_orchestrator_is_published_and_only_here(containers: ComposeStack) -> None:
    """One port in all, on the loopback interface."""
    published = [
        (container.Service, publisher.URL)
        for container in containers.compose.get_containers()
        for publisher in container.Publishers
        if publisher.PublishedPort
    ]
    assert published == [("orchestrator", "127.0.0.1")]


def test_the_cap_follows_the_container(tight: ComposeStack, tight_runner: Runner) -> None:
    """A backend reads its memory limit from the control group, and promises a quarter of 512 MiB to a run."""
    assert int(tight.run_in("qiskit", _LIMITS)) == _SMALL_BYTES
    (instance,) = tight_runner.run("backends", "info", "qiskit", "-o", "json").json["instances"]
    assert instance["memory_cap_bytes"] == _SMALL_BYTES // 4


def test_a_small_backend_refuses_what_a_large_one_runs(runner: Runner, tight_runner: Runner) -> None:
    """25 qubits: refused by figures with 512 MiB, run with 4 GiB."""
    options = ("--backend", "qiskit", "--method", "statevector", "--shots", "10")
    refused = tight_runner.run_circuit(_wide(25), *options)
    assert_refused(
        refused,
        exit_code=_REFUSED,
        reason="ERROR_REASON_INSUFFICIENT_MEMORY",
        mentions=["512 MiB", "128 MiB", "22 qubits"],
    )
    metadata = refused.json["error"]["metadata"]
    assert int(metadata["needed_bytes"]) >= 16 * 2**25
    assert int(metadata["available_bytes"]) == _SMALL_BYTES // 4
    assert runner.run_circuit(_wide(25), *options).exit_code == 0


def test_a_run_that_lies_about_its_size_costs_itself_only(tight: ComposeStack, tight_runner: Runner) -> None:
    """An estimate of one byte for 1 GiB: the run ends with OUT_OF_MEMORY, the service goes on."""
    service = service_process(tight, "lying")
    outcome = tight_runner.run_circuit(_wide(26), "--backend", "lying", "--method", "statevector", "--shots", "10")
    assert outcome.exit_code == _FAILED, outcome
    assert outcome.json["error"]["reason"] == "ERROR_REASON_OUT_OF_MEMORY"
    assert tight.is_running("lying", service)
    assert _runs(tight_runner, "lying")


def test_the_memory_killer_takes_the_worker(tight: ComposeStack, tight_runner: Runner) -> None:
    """A cap over what the container has: the kernel ends the worker, the error says so, the service goes on."""
    service = service_process(tight, "cirq")
    options = ("--backend", "cirq", "--method", "statevector", "--engine", "qsim", "--shots", "10")
    outcome = tight_runner.run_circuit(_wide(27), *options)
    assert outcome.exit_code in (_REFUSED, _FAILED), outcome
    assert outcome.json["error"]["reason"] == "ERROR_REASON_WORKER_KILLED"
    assert "control group" in outcome.json["error"]["message"]
    assert tight.is_running("cirq", service)
    assert _runs(tight_runner, "cirq")


def test_threads_have_an_end(tight: ComposeStack, tight_runner: Runner) -> None:
    """A container cannot take the machine's process table: new threads are refused before the limit."""
    assert 0 < int(tight.run_in("qiskit", _START_THREADS)) < _PIDS
    assert _runs(tight_runner, "qiskit")


def test_a_container_that_is_gone_is_told(tight: ComposeStack, tight_runner: Runner) -> None:
    """A backend killed for good ends its run after the grace period; others work; it is found when it is back."""
    circuit = tight_runner.directory / "long.qasm"
    circuit.write_text(_wide(22, layers=400))
    run = tight_runner.start("run", str(circuit), "-o", "json", "--backend", "qiskit", "--method", "statevector")
    busy_worker(tight, "qiskit")
    tight.call("kill", "qiskit")
    outcome = _outcome(run)
    assert outcome.exit_code == _UNAVAILABLE, outcome
    assert outcome.json["error"]["reason"] == "ERROR_REASON_BACKEND_UNAVAILABLE"
    assert "qiskit" in outcome.json["error"]["message"]
    assert _runs(tight_runner, "cirq")
    tight.call("up", "--wait", "--no-build")
    assert _runs(tight_runner, "qiskit")


def test_a_stop_waits_for_the_run_and_the_volume_keeps_it(tight: ComposeStack, tight_runner: Runner) -> None:
    """Stopping the stack lets a run come to its end; after a start with new containers its result is still there."""
    circuit = tight_runner.directory / "some.qasm"
    circuit.write_text(_wide(22, layers=40))
    run = tight_runner.start("run", str(circuit), "-o", "json", "--backend", "qiskit", "--method", "statevector")
    busy_worker(tight, "qiskit")
    tight.call("down")
    outcome = _outcome(run)
    assert outcome.exit_code == 0, outcome
    tight.call("up", "--wait", "--no-build")
    with Client(tight.target) as client:
        assert client.result(outcome.json["execution_id"]).counts == outcome.json["counts"]


def _outcome(run: subprocess.Popen[str]) -> Outcome:
    stdout, stderr = run.communicate(timeout=_SECONDS)
    return Outcome(exit_code=run.returncode, stdout=stdout, stderr=stderr)
