"""Finds the local cluster, starts it where there is none, replaces one of another version, and stops it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition, Unavailable

from proxima_cli.cluster.control import follow, read_status
from proxima_cli.cluster.environment import supervisor_environment
from proxima_cli.cluster.environments import ensure_environments
from proxima_cli.cluster.logs import tail
from proxima_cli.cluster.paths import ClusterPaths, make_private, resolve_paths
from proxima_cli.cluster.protocol import ClusterStatus
from proxima_cli.cluster.stack import ORCHESTRATOR, find_stack
from proxima_cli.quantities import format_seconds

__all__ = ["cluster_status", "ensure_cluster", "running_server", "stop_cluster", "without"]

Report = Callable[[str], None]

_ATTEMPTS = 5
# From a supervisor's lock to its control socket, or from its last word to the end of its process, it takes
# milliseconds.
_BUSY_SECONDS = 3.0
_MAX_LOG_BYTES = 2**20


def ensure_cluster(*, idle_minutes: float, report: Report) -> str:
    """Return the target of the local cluster's orchestrator; starts the cluster where none of this version runs.

    Safe when several commands do it at once: one starts the cluster and all use it.

    Raises ProximaError where it cannot be installed or started.
    """
    _check_platform()
    stack = find_stack()
    paths = resolve_paths(stack)
    for _ in range(_ATTEMPTS):
        status = read_status(paths)
        if status is None:
            make_private(paths)
            ensure_environments(stack, paths, report=report)
            _spawn(paths, idle_minutes=idle_minutes, report=report)
        elif status.phase == "stopping":
            report("proxima: waiting for the local cluster to stop")
            _wait_until_gone(paths)
        elif status.identity != stack.identity:
            report(f"proxima: restarting the local cluster: {status.identity} is running, this is {stack.identity}")
            _wait_until_gone(paths)
        else:
            ready = _wait_until_ready(paths, status, report=report)
            if ready is not None:
                return _server_of(ready)
    raise Unavailable(
        f"the local cluster does not stay up; see {paths.logs}", reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE
    )


def cluster_status() -> ClusterStatus | None:
    """Return the status of the local cluster, or None where none runs."""
    return read_status(resolve_paths(find_stack()))


def running_server() -> str | None:
    """Return the target of a local cluster that is ready, of whatever version; None where there is none."""
    status = cluster_status()
    return status.server if status is not None and status.phase == "ready" else None


def stop_cluster(*, report: Report) -> bool:
    """Stop the local cluster and wait until it has gone; return whether one ran."""
    paths = resolve_paths(find_stack())
    status = read_status(paths)
    if status is None:
        return False
    report(f"proxima: stopping the local cluster (supervisor {status.pid}); running executions have 20 s to end")
    _wait_until_gone(paths)
    return True


def install(*, report: Report) -> ClusterPaths:
    """Install the environments and start nothing."""
    _check_platform()
    stack = find_stack()
    paths = resolve_paths(stack)
    ensure_environments(stack, paths, report=report)
    return paths


def _spawn(paths: ClusterPaths, *, idle_minutes: float, report: Report) -> None:
    """Start a supervisor in a session of its own and return when one listens, ours or another command's."""
    report("proxima: starting the local cluster (it stays until `proxima down` or an idle limit)")
    readable, writable = os.pipe()
    try:
        log_path = paths.logs / "supervisor.log"
        if log_path.exists() and log_path.stat().st_size > _MAX_LOG_BYTES:
            log_path.replace(log_path.with_name("supervisor.log.1"))
        with log_path.open("ab") as log:
            process = _start_supervisor(writable, log, paths, idle_minutes=idle_minutes)
    finally:
        os.close(writable)
    with os.fdopen(readable, "rb") as answer:
        said = answer.readline()
    if said == b"listening\n":
        return
    process.wait()
    if said == b"busy\n":
        deadline = time.monotonic() + _BUSY_SECONDS
        while time.monotonic() < deadline:
            if read_status(paths) is not None:
                return
            time.sleep(0.05)
        # The one that had the lock was about to leave: the caller tries again.
        return
    raise Unavailable(
        f"the supervisor ended with {process.returncode} before it listened: {tail(log_path, lines=5)}",
        reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
    )


def _start_supervisor(
    writable: int, log: BinaryIO, paths: ClusterPaths, *, idle_minutes: float
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "proxima_cli.cluster.supervisor",
            "--ready-fd",
            str(writable),
            "--idle-seconds",
            str(idle_minutes * 60),
        ],
        env=supervisor_environment(os.environ),
        cwd=paths.home,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=(writable,),
        start_new_session=True,
    )


def _wait_until_gone(paths: ClusterPaths) -> None:
    for _ in follow(paths, "down"):
        pass


def _wait_until_ready(paths: ClusterPaths, status: ClusterStatus, *, report: Report) -> ClusterStatus | None:
    """Follow a cluster that starts; None where it went away meanwhile."""
    if status.phase == "ready":
        return status
    started = time.monotonic()
    seen = {(service.name, service.state) for service in status.services}
    last = None
    for last in follow(paths, "wait"):
        for service in last.services:
            if (service.name, service.state) not in seen and service.state not in ("starting", "stopped"):
                ended = f" ({service.last_exit}; see {service.log})" if service.state != "serving" else ""
                report(f"proxima:   {service.name} is {service.state}{ended}")
            seen.add((service.name, service.state))
    if last is None or last.phase != "ready":
        return None
    if last.service(ORCHESTRATOR).state == "serving":
        missing = without(last)
        report(
            f"proxima: the local cluster is ready{f' without {missing}' if missing else ''} after "
            f"{format_seconds(time.monotonic() - started)}"
        )
    return last


def without(status: ClusterStatus) -> str:
    """The services that do not serve, with their states, for example "cirq (failed)"; empty where all do."""
    return ", ".join(f"{service.name} ({service.state})" for service in status.services if service.state != "serving")


def _server_of(status: ClusterStatus) -> str:
    orchestrator = status.service(ORCHESTRATOR)
    if orchestrator.state == "failed":
        raise Unavailable(
            f"the orchestrator of the local cluster does not start ({orchestrator.last_exit}); `proxima down` and "
            f"try again. "
            f"Its log {orchestrator.log} ends with: {tail(Path(orchestrator.log), lines=5)}",
            reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        )
    return status.server


def _check_platform() -> None:
    if sys.platform != "linux":
        raise FailedPrecondition(
            f"the local cluster needs Linux, this is {sys.platform}; run the services in containers and name them with "
            "--server or PROXIMA_SERVER (docs/scope.md)",
            reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        )
