"""What the supervisor and the commands say to each other: one JSON object a line over the control socket.

A command sends one of `REQUESTS`. "status" is answered by one line; "wait" by a line at each change until the cluster
is no longer starting; "down" by a line at each change until the supervisor has gone.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

__all__ = ["MAX_LINE_BYTES", "REQUESTS", "ClusterStatus", "ProtocolError", "ServiceStatus", "decode", "encode"]

REQUESTS = ("status", "wait", "down")
MAX_LINE_BYTES = 2**20


class ProtocolError(ValueError):
    """A line is no status; the supervisor may be of another version."""


@dataclass(frozen=True, kw_only=True)
class ServiceStatus:
    """One service.

    Attributes:
        name: for example "qiskit".
        state: "starting", "serving", "not serving", "restarting", "failed" or "stopped".
        pid: process id; None where it does not run.
        memory_bytes: resident memory of the process and its workers.
        process_count: the process and its workers.
        uptime_seconds: since it was started last; 0 where it does not run.
        restart_count: how often it ended by itself and was started again.
        last_exit: how it ended last; empty where it never did.
        target: gRPC target.
        log: its log file.
    """

    name: str
    state: str
    pid: int | None
    memory_bytes: int
    process_count: int
    uptime_seconds: float
    restart_count: int
    last_exit: str
    target: str
    log: str


@dataclass(frozen=True, kw_only=True)
class ClusterStatus:
    """The cluster.

    Attributes:
        identity: version of what runs (`Stack.identity`).
        phase: "starting", "ready" or "stopping".
        reason: why it stops; else empty.
        pid: of the supervisor.
        memory_bytes: resident memory of the supervisor.
        uptime_seconds: since the supervisor started.
        server: gRPC target of the orchestrator.
        home: what lasts.
        logs: folder of the logs.
        idle_limit_seconds: it stops after so long without work; 0 means never.
        services: backends first.
    """

    identity: str
    phase: str
    reason: str
    pid: int
    memory_bytes: int
    uptime_seconds: float
    server: str
    home: str
    logs: str
    idle_limit_seconds: float
    services: tuple[ServiceStatus, ...]

    def service(self, name: str) -> ServiceStatus:
        """One service by name. Raises KeyError."""
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(name)


def encode(status: ClusterStatus) -> bytes:
    """Return the line for a status."""
    return json.dumps(asdict(status), separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> ClusterStatus:
    """Return the status of a line. Raises ProtocolError."""
    try:
        table = json.loads(line)
        services = tuple(
            ServiceStatus(**_known(ServiceStatus, service))  # type: ignore[arg-type]  # this user's own supervisor
            for service in table["services"]
        )
        return ClusterStatus(**{**_known(ClusterStatus, table), "services": services})  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError) as error:
        raise ProtocolError(f"the supervisor answered {line[:80]!r}, which is no status of this version") from error


def _known(kind: type[ClusterStatus] | type[ServiceStatus], table: Mapping[str, object]) -> dict[str, object]:
    """The fields that this version knows; a newer supervisor may send more."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in table.items() if name in names}
