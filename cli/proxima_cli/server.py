"""The server that a command talks to: the one named, or the local cluster, started where it must be."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
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
    target = session.server or await _on_daemon_thread(lambda: server_of(session))
    async with AsyncClient(target) as client:
        yield client


async def _on_daemon_thread(work: Callable[[], str]) -> str:
    """Run blocking work so that Ctrl-C ends the command at once instead of when the work is done."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()

    def set_unless_cancelled(value: str | None, error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(value or "")

    def run() -> None:
        value, failure = None, None
        try:
            value = work()
        except Exception as error:  # noqa: BLE001  # raised again by the one who waits
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(set_unless_cancelled, value, failure)

    threading.Thread(target=run, name="proxima-cluster", daemon=True).start()
    return await done
