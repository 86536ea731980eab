"""Where the orchestrator is: what the caller says, else PROXIMA_SERVER, else the local cluster."""

import asyncio
import json
import os
import subprocess
import sys

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Unavailable

__all__ = ["resolve_target"]


async def resolve_target(target: str | None) -> str:
    """Return a gRPC target; starts the local cluster where neither the caller nor PROXIMA_SERVER names a server.

    What starting it has to say goes to standard error.

    Raises:
        Unavailable: the local cluster cannot start; the message says why.
    """
    chosen = target or os.environ.get("PROXIMA_SERVER", "")
    return chosen or await asyncio.to_thread(_start_cluster)


def _start_cluster() -> str:
    """Run `proxima up`: the command owns the cluster, the client only asks for it."""
    command = [sys.executable, "-m", "proxima_cli", "up", "--output", "json"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101  # both are pipes
        assert process.stderr is not None  # noqa: S101
        last = ""
        for line in process.stderr:
            last = line.decode(errors="replace").rstrip()
            print(last, file=sys.stderr)
        answer = process.stdout.read()
    if process.returncode != 0:
        raise Unavailable(
            f"the local cluster did not start: {last or f'`proxima up` ended with {process.returncode}'}",
            reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        )
    return str(json.loads(answer)["server"])
