"""The real local cluster: every service for real, found and started by the command as a user starts it."""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from proxima_cli.cluster.accounting import processes
from proxima_client import Client, Execution, State

from .conftest import Proxima

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).resolve().parents[2]
BELL = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q->c;'
_GONE_SECONDS = 60.0


def long_circuit(qubit_count: int = 24, layers: int = 60) -> str:
    """Return a circuit that keeps a simulator busy for many seconds."""
    gates = [f"u3(0.{layer + 1},0.2,0.3) q[{i}];" for layer in range(layers) for i in range(qubit_count)]
    gates += [f"cx q[{i}],q[{i + 1}];" for i in range(qubit_count - 1)]
    body = "\n".join(gates)
    header = f'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[{qubit_count}];\ncreg c[{qubit_count}];\n'
    return f"{header}{body}\nmeasure q -> c;\n"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A home with its command; `pids` are those of the supervisor and its services."""

    proxima: Proxima

    def up(self) -> dict[str, object]:
        """Start it and return its status."""
        done = self.proxima("up", "-o", "json")
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found

    def status(self) -> dict[str, object]:
        """Return its status."""
        found: dict[str, object] = json.loads(self.proxima("status", "-o", "json").stdout)
        return found

    def pids(self) -> list[int]:
        """Return every process: supervisor, services, workers."""
        found = self.status()
        services = found["services"]
        assert isinstance(services, list)
        assert isinstance(found["pid"], int)
        roots = [found["pid"], *(service["pid"] for service in services if service["pid"])]
        parents = dict(processes())
        return sorted({*roots, *(pid for pid, parent in parents.items() if parent in roots)})

    def service(self, name: str) -> dict[str, object]:
        """Return the status of one service."""
        services = self.status()["services"]
        assert isinstance(services, list)
        return next(service for service in services if service["name"] == name)


@contextlib.contextmanager
def cluster_in(proxima: Proxima) -> Iterator[Cluster]:
    """A cluster of this home, down at the end whatever happened."""
    environments = os.environ.get("PROXIMA_ENVIRONMENTS", str(ROOT / ".proxima" / "env"))
    cluster = Cluster(
        proxima=replace(proxima, environment={**proxima.environment, "PROXIMA_ENVIRONMENTS": environments})
    )
    try:
        yield cluster
    finally:
        done = cluster.proxima("down")
        assert done.returncode == 0, done.stderr


@pytest.fixture
def cluster(proxima: Proxima) -> Iterator[Cluster]:
    """A home where nothing runs yet."""
    with cluster_in(proxima) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One running cluster for the tests that leave it as they found it."""
    folder = tmp_path_factory.mktemp("shared")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROXIMA_")}
    environment = {**kept, "PROXIMA_HOME": str(folder / "home"), "XDG_CONFIG_HOME": str(folder / "config")}
    with cluster_in(Proxima(environment=environment, directory=folder)) as found:
        found.up()
        yield found


def wait_until_gone(pids: list[int], *, act: Callable[[], object]) -> None:
    """Do something and return when every process has ended; fails after a minute."""
    watched = {}
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            watched[os.pidfd_open(pid)] = pid
    act()
    try:
        while watched:
            ended, _, _ = select.select(list(watched), [], [], _GONE_SECONDS)
            assert ended, f"still there: {list(watched.values())}"
            for descriptor in ended:
                os.close(descriptor)
                del watched[descriptor]
    finally:
        for descriptor in watched:
            os.close(descriptor)


def start_long_run(
    cluster: Cluster, client: Client, *arguments: str, layers: int = 60
) -> tuple["subprocess.Popen[str]", Execution]:
    """Start a run of many seconds on qiskit's state vector and return when it runs: the command, the execution."""
    (cluster.proxima.directory / "long.qasm").write_text(long_circuit(layers=layers))
    earlier = {execution.name for execution in client.history(page_size=1).executions}
    process = cluster.proxima.start("run", "long.qasm", "-b", "qiskit", "--method", "statevector", *arguments)
    newest = earlier
    while newest == earlier:
        assert process.poll() is None, process.communicate()
        newest = {execution.name for execution in client.history(page_size=1).executions}
    for event in client.watch(newest.pop()):
        if isinstance(event, Execution) and event.state not in (State.PLANNING, State.READY, State.IDLE):
            assert event.state is State.RUNNING, event
            return process, event
    raise AssertionError("the run ended before it was seen running")


@pytest.mark.parametrize("backend", ["qiskit", "cirq", "lret"])
def test_a_real_circuit_through_every_layer(shared: Cluster, backend: str) -> None:
    """A Bell pair on a named backend: exact probabilities, counts that sum up, a producer."""
    done = shared.proxima(
        "run", "-", "-b", backend, "--shots", "1000", "--seed", "1", "--probabilities", "-o", "json", stdin=BELL
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["probabilities"] == pytest.approx({"00": 0.5, "11": 0.5}, abs=1e-6)
    assert set(document["counts"]) == {"00", "11"}
    assert sum(document["counts"].values()) == 1000
    assert (document["backend"], document["seed"]) == (backend, 1)


def test_every_backend_passes_its_own_test(shared: Cluster) -> None:
    """`backends test` judges real numbers."""
    for backend in ("qiskit", "cirq", "lret"):
        assert shared.proxima("backends", "test", backend).returncode == 0


@pytest.mark.parametrize("family", ["qiskit", "cirq"])
def test_the_notebook_scripts_run(shared: Cluster, family: str) -> None:
    """The example with circuits of each library agrees with that library; it runs in the environment that has it."""
    environments = Path(shared.proxima.environment["PROXIMA_ENVIRONMENTS"])
    python = next(path for path in environments.glob(f"{family}-*/bin/python"))
    script = ROOT / "docs" / "examples" / f"notebook_{family}.py"
    environment = {
        **shared.proxima.environment,
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("cli", "proto/python", "services/runtime")),
        "PROXIMA_SERVER": str(shared.status()["server"]),
    }
    done = subprocess.run([python, script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "qiskit aer" in done.stdout


@pytest.mark.parametrize("name", ["bell", "ghz", "qft"])
def test_the_example_circuits_run(shared: Cluster, name: str) -> None:
    """Every example is a circuit that runs as it stands."""
    done = shared.proxima("run", str(ROOT / "docs" / "examples" / f"{name}.qasm"), "-o", "json", "--shots", "200")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert sum(counts.values()) == 200
    assert name == "qft" or {len(set(key)) for key in counts} == {1}


def test_the_client_finds_the_local_cluster(shared: Cluster) -> None:
    """`Client()` without a target asks `proxima up` for the cluster that is there."""
    code = "from proxima_client import Client\nwith Client() as client: print(client.server_info().version)"
    environment = dict(shared.proxima.environment)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_version_names_all_parts(shared: Cluster) -> None:
    """Client, server and backends say their versions."""
    document = json.loads(shared.proxima("version", "-o", "json").stdout)
    assert document["problem"] is None
    assert document["server"]
    assert {backend["name"] for backend in document["backends"] if backend["version"]} == {"qiskit", "cirq", "lret"}


def test_ctrl_c_aborts_the_run_and_not_the_cluster(shared: Cluster) -> None:
    """The interrupted run is aborted within seconds; the cluster goes on."""
    with Client(str(shared.status()["server"])) as client:
        process, running = start_long_run(shared, client)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 130, stderr
        assert "aborting" in stderr
        assert client.get(running.name).state is State.ABORTED
    assert shared.status()["phase"] == "ready"


def test_a_run_survives_the_death_of_the_orchestrator(shared: Cluster) -> None:
    """The command follows the run through a restart of the orchestrator to its result."""
    with Client(str(shared.status()["server"])) as client:
        process, _ = start_long_run(shared, client, "--shots", "10", "-o", "json", layers=20)
    pid = shared.service("orchestrator")["pid"]
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, (stdout, stderr)
    assert "following the run again" in stderr
    assert sum(json.loads(stdout)["counts"].values()) == 10


def test_a_backend_that_dies_during_a_run_is_reported(shared: Cluster) -> None:
    """The run ends with code 5 and says which backend; status shows how it ended; the next run works."""
    with Client(str(shared.status()["server"])) as client:
        process, _ = start_long_run(shared, client, "-o", "json")
    pid = shared.service("qiskit")["pid"]
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 5, (stdout, stderr)
    assert json.loads(stdout)["error"]["reason"] == "ERROR_REASON_BACKEND_UNAVAILABLE"
    # The supervisor pauses before it starts a service again; each look takes a command's time.
    looks = (shared.service("qiskit") for _ in range(200))
    after = next(service for service in looks if service["restart_count"])
    assert after["restart_count"] == 1
    assert after["last_exit"] == "signal SIGKILL"
    assert shared.proxima("run", "-", "-b", "cirq", stdin=BELL).returncode == 0


def test_sockets_are_private_and_services_get_no_secrets(cluster: Cluster) -> None:
    """The socket folder has mode 0700, and a variable that is set around the command does not reach a service."""
    secretive = replace(
        cluster, proxima=replace(cluster.proxima, environment={**cluster.proxima.environment, "API_TOKEN": "hunter2"})
    )
    server = str(secretive.up()["server"])
    folder = Path(server.removeprefix("unix:")).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for pid in secretive.pids():
        assert b"hunter2" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_two_starts_at_once_end_in_one_cluster(cluster: Cluster) -> None:
    """One of two commands starts the cluster, and both use it."""
    both = [cluster.proxima.start("up", "-o", "json") for _ in range(2)]
    answers = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    first, second = (json.loads(stdout)["pid"] for stdout, _ in answers)
    assert first == second == cluster.status()["pid"]


def test_a_stale_socket_is_no_obstacle(cluster: Cluster) -> None:
    """Sockets that a killed cluster left behind are replaced."""
    server = str(cluster.up()["server"])
    folder = Path(server.removeprefix("unix:")).parent
    pid = cluster.status()["pid"]
    assert isinstance(pid, int)
    wait_until_gone(cluster.pids(), act=lambda: os.kill(pid, signal.SIGKILL))
    for name in ("control.sock", "orchestrator.sock"):
        (folder / name).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(folder / name))
    assert cluster.status()["phase"] == "down"
    assert cluster.proxima("run", "-", stdin=BELL).returncode == 0


def test_killing_the_supervisor_leaves_nothing(cluster: Cluster) -> None:
    """Services and workers die with the supervisor, even where it is killed during a run."""
    cluster.up()
    pids = cluster.pids()
    pid = cluster.status()["pid"]
    assert isinstance(pid, int)
    assert len(pids) > 4
    wait_until_gone(pids, act=lambda: os.kill(pid, signal.SIGKILL))


def test_down_leaves_nothing(cluster: Cluster) -> None:
    """After `down` every process and the folder of its sockets is gone; a second `down` is no error."""
    folder = Path(str(cluster.up()["server"]).removeprefix("unix:")).parent
    wait_until_gone(cluster.pids(), act=lambda: cluster.proxima("down"))
    assert not folder.exists()
    assert "No local cluster" in cluster.proxima("down").stdout


def test_a_cluster_that_cannot_start_says_so(cluster: Cluster) -> None:
    """An orchestrator with wrong settings is not tried again; nothing claims that the cluster is ready."""
    environment = {**cluster.proxima.environment, "PROXIMA_ORCHESTRATOR_LOG_LEVEL": "loud"}
    done = replace(cluster.proxima, environment=environment)("up")
    assert done.returncode == 5
    assert "log_level" in done.stderr
    assert "cluster is ready" not in done.stderr
    assert "is up" not in done.stdout
    assert cluster.service("orchestrator")["restart_count"] == 0


def test_a_cluster_without_a_backend_names_it(cluster: Cluster) -> None:
    """Backends with wrong settings are named as missing, `up` ends with 5, and what is there is used."""
    environment = {**cluster.proxima.environment, "PROXIMA_BACKEND_LOG_LEVEL": "loud"}
    broken = replace(cluster.proxima, environment=environment)
    done = broken("up")
    assert done.returncode == 5
    assert "up without qiskit (failed), cirq (failed), lret (failed)" in done.stdout
    listed = broken("run", "-", stdin=BELL)
    assert listed.returncode == 5
    assert "proxima status" in listed.stderr


def test_an_idle_cluster_leaves(cluster: Cluster) -> None:
    """After the idle limit without work the cluster stops by itself."""
    path = Path(cluster.proxima.environment["XDG_CONFIG_HOME"]) / "proxima" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("idle_minutes = 0.05\n")
    cluster.up()
    wait_until_gone(cluster.pids(), act=lambda: None)


def test_a_cluster_of_another_version_is_replaced(cluster: Cluster, tmp_path: Path) -> None:
    """A command of another version says so, stops the old cluster and starts its own."""
    other = tmp_path / "other"
    kept = shutil.ignore_patterns("__pycache__", "tests", ".*")
    for part in ("proto", "services", "cli"):
        shutil.copytree(ROOT / part, other / part, ignore=kept)
    version = other / "cli" / "proxima_cli" / "__init__.py"
    version.write_text(version.read_text().replace('__version__ = "', '__version__ = "9.'))
    path = os.pathsep.join(str(other / part) for part in ("cli", "proto/python", "services/runtime"))
    environment = {**cluster.proxima.environment, "PYTHONPATH": path, "PROXIMA_ENVIRONMENTS": str(tmp_path / "env")}
    newer = replace(cluster, proxima=replace(cluster.proxima, environment=environment))
    old = newer.up()
    assert str(old["version"]).startswith("9.")
    done = cluster.proxima("run", "-", "-o", "json", stdin=BELL)
    assert done.returncode == 0, done.stderr
    assert "restarting the local cluster: 9." in done.stderr
    assert cluster.status()["pid"] != old["pid"]
