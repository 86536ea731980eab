"""A command's side of the control socket."""

import socket
from collections.abc import Iterator

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Unavailable

from proxima_cli.cluster.paths import ClusterPaths
from proxima_cli.cluster.protocol import MAX_LINE_BYTES, ClusterStatus, ProtocolError, decode

__all__ = ["follow", "read_status"]

_ANSWER_SECONDS = 10.0


def read_status(paths: ClusterPaths) -> ClusterStatus | None:
    """Return the status of the cluster, or None where no supervisor listens (a socket that was left behind included).

    Raises Unavailable where something answers that this version does not understand, or nothing in time.
    """
    for status in follow(paths, "status", timeout=_ANSWER_SECONDS):
        return status
    return None


def follow(paths: ClusterPaths, request: str, *, timeout: float | None = None) -> Iterator[ClusterStatus]:
    """Send a request and yield every answer until the supervisor closes; nothing where no supervisor listens.

    Raises Unavailable where the answer is of another version, or none comes for `timeout` seconds.
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
            raise _mute(paths, f"the supervisor at {paths.control} does not answer") from error
        except ProtocolError as error:
            raise _mute(paths, str(error)) from error


def _mute(paths: ClusterPaths, what: str) -> Unavailable:
    return Unavailable(
        f"{what}; stop it with the version that started it, or kill the process that holds {paths.lock}",
        reason=errors_pb2.ERROR_REASON_VERSION_MISMATCH,
    )
