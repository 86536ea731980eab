"""A command's side of the control socket."""

import socket
from collections.abc import Iterator

from proxima_cli.cluster.paths import ClusterPaths
from proxima_cli.cluster.protocol import MAX_LINE_BYTES, ClusterStatus, ProtocolError, decode

__all__ = ["follow", "read_status"]

_ANSWER_SECONDS = 10.0


def read_status(paths: ClusterPaths) -> ClusterStatus | None:
    """Return the status of the cluster, or None where no supervisor listens (a socket that was left behind included).

    Raises ProtocolError where something answers that this version does not understand.
    """
    for status in follow(paths, "status", timeout=_ANSWER_SECONDS):
        return status
    return None


def follow(paths: ClusterPaths, request: str, *, timeout: float | None = None) -> Iterator[ClusterStatus]:
    """Send a request and yield every answer until the supervisor closes; nothing where no supervisor listens.

    Raises ProtocolError, also where the supervisor is silent for longer than `timeout` seconds.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(paths.control))
            connection.sendall(request.encode() + b"\n")
        except (FileNotFoundError, ConnectionRefusedError, BrokenPipeError):
            return
        try:
            with connection.makefile("rb") as lines:
                while line := lines.readline(MAX_LINE_BYTES):
                    yield decode(line)
        except ConnectionResetError:
            return
        except TimeoutError as error:
            raise ProtocolError(f"the supervisor at {paths.control} does not answer") from error
