"""Where the orchestrator is: what the caller says, else PROXIMA_SERVER, else the local cluster."""

import asyncio
import os
import sys

__all__ = ["resolve_target"]


async def resolve_target(target: str | None) -> str:
    """Return a gRPC target; starts the local cluster where neither the caller nor PROXIMA_SERVER names a server.

    Raises ProximaError where the local cluster cannot start.
    """
    chosen = target or os.environ.get("PROXIMA_SERVER", "")
    if chosen:
        return chosen
    from proxima_cli.cluster.start import ensure_cluster  # noqa: PLC0415  # only where it is needed

    return await asyncio.to_thread(ensure_cluster, report=lambda line: print(line, file=sys.stderr))
