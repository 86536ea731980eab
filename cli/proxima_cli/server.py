"""The server that a command talks to: the one named, or the local cluster, started where it must be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from proxima_client import AsyncClient

from proxima_cli.session import Session

__all__ = ["connect", "server_of"]


def server_of(session: Session) -> str:
    """Return the target; starts the local cluster where no server is named. Raises ProximaError."""
    if session.server:
        return session.server
    from proxima_cli.cluster.start import ensure_cluster  # noqa: PLC0415  # only where it is needed
    from proxima_cli.output.printing import warn  # noqa: PLC0415

    return ensure_cluster(idle_minutes=session.config.idle_minutes, report=warn)


@asynccontextmanager
async def connect(session: Session) -> AsyncIterator[AsyncClient]:
    """Open a client to the session's server."""
    async with AsyncClient(server_of(session)) as client:
        yield client
