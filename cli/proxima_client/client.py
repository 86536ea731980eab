"""The synchronous client, for scripts and notebooks: the asynchronous one on a thread of its own."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

from proxima_client import values
from proxima_client.async_client import AsyncClient
from proxima_client.comparing import ComparisonFollower
from proxima_client.comparison import CompareOptions, Comparison, ComparisonPage, Target
from proxima_client.events import Event, Follower
from proxima_client.noise import NoiseModel
from proxima_client.observables import Observable
from proxima_client.options import RunOptions
from proxima_client.result import Result

__all__ = ["Client"]

T = TypeVar("T")

_ABORT_SECONDS = 30.0


class Client:
    """Talks to one orchestrator; works where an event loop is running already, as in a notebook.

    Args:
        target: "unix:/path" or "host:port"; None is the environment variable PROXIMA_SERVER, else the local cluster,
        which
            is started if it is not running (its progress goes to standard error).
        reconnect_seconds: how long a server may be gone during a run before the client gives up.

    Every method raises `proxima_runtime.errors.ProximaError`: `reason` says what happened, the message what to do.
    May be used from several threads. Interrupting a `run` (Ctrl-C, "stop" in a notebook) aborts the execution.
    """

    def __init__(self, target: str | None = None, *, reconnect_seconds: float = 60.0) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxima-client", daemon=True)
        self._thread.start()
        self._client = AsyncClient(target, reconnect_seconds=reconnect_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and end the thread. Executions go on. Closing twice does nothing."""
        if self._loop.is_closed():
            return
        self._wait(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(
        self,
        circuit: object,
        *,
        shots: int | None = None,
        seed: int | None = None,
        backend: str | None = None,
        method: str | None = None,
        engine: str | None = None,
        precision: str | None = None,
        probabilities: bool = False,
        statevector: bool = False,
        density_matrix: bool = False,
        timeout: float | None = None,
        prefer: str | None = None,
        name: str | None = None,
        noise: NoiseModel | str | os.PathLike[str] | None = None,
        observables: Sequence[Observable | str] = (),
        max_error: float = 0.0,
        follow: Follower | None = None,
    ) -> Result:
        """Run a circuit and return its result, as `AsyncClient.run`. `follow` is called on the client's thread."""
        return self._wait(
            self._client.run(
                circuit,
                shots=shots,
                seed=seed,
                backend=backend,
                method=method,
                engine=engine,
                precision=precision,
                probabilities=probabilities,
                statevector=statevector,
                density_matrix=density_matrix,
                timeout=timeout,
                prefer=prefer,
                name=name,
                noise=noise,
                observables=observables,
                max_error=max_error,
                follow=follow,
            )
        )

    def plan(self, circuit: object, options: RunOptions | None = None) -> values.Plan:
        """Return what would be executed where, and why, without executing."""
        return self._wait(self._client.plan(circuit, options))

    def watch(self, name: str) -> Iterator[Event]:
        """Yield the events of an execution, from its snapshot of now to its end."""
        events = self._client.watch(name)
        try:
            while True:
                event = self._wait(_next(events))
                if event is None:
                    return
                yield event
        finally:
            self._wait(_close(events))

    def result(self, name: str, *, follow: Follower | None = None) -> Result:
        """Wait for an execution's end where needed and return its result."""
        return self._wait(self._client.result(name, follow=follow))

    def get(self, name: str) -> values.Execution:
        """Return the snapshot of an execution, by resource name or uuid."""
        return self._wait(self._client.get(name))

    def history(
        self, *, page_size: int = 50, page_token: str = "", states: Sequence[values.State] = ()
    ) -> values.ExecutionPage:
        """Return a page of executions, newest first."""
        return self._wait(self._client.history(page_size=page_size, page_token=page_token, states=states))

    def abort(self, name: str, *, reason: str = "") -> values.Execution:
        """Abort an execution and return its snapshot when it has stopped and its memory is back."""
        return self._wait(self._client.abort(name, reason=reason))

    def pause(self, name: str) -> values.Execution:
        """Pause an execution and return its snapshot when its state is stored and it holds no worker and no memory."""
        return self._wait(self._client.pause(name))

    def resume(self, name: str) -> values.Execution:
        """Resume a paused execution and return its snapshot when it runs, or waits for a worker."""
        return self._wait(self._client.resume(name))

    def compare(
        self,
        circuit: object,
        backends: Sequence[Target | str],
        options: RunOptions | None = None,
        how: CompareOptions | None = None,
        *,
        follow: ComparisonFollower | None = None,
    ) -> Comparison:
        """Run a circuit on several backends and return whether they agree, as `AsyncClient.compare`."""
        return self._wait(self._client.compare(circuit, backends, options, how, follow=follow))

    def comparison(self, name: str) -> Comparison:
        """Return the snapshot of a comparison, by resource name or uuid, with those of its members' executions."""
        return self._wait(self._client.comparison(name))

    def comparisons(self, *, page_size: int = 50, page_token: str = "") -> ComparisonPage:
        """Return a page of comparisons, newest first."""
        return self._wait(self._client.comparisons(page_size=page_size, page_token=page_token))

    def abort_comparison(self, name: str, *, reason: str = "") -> Comparison:
        """Abort a comparison with its members and return its snapshot when they have stopped."""
        return self._wait(self._client.abort_comparison(name, reason=reason))

    def backends(self) -> tuple[values.Backend, ...]:
        """Return every backend with its instances, reachable or not, by name."""
        return self._wait(self._client.backends())

    def backend(self, name: str) -> values.Backend:
        """Return one backend."""
        return self._wait(self._client.backend(name))

    def server_info(self) -> values.ServerInfo:
        """Return the orchestrator's version and whether it is idle."""
        return self._wait(self._client.server_info())

    def _wait(self, work: Coroutine[object, object, T]) -> T:
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("the client is closed")
        done = threading.Event()
        future = asyncio.run_coroutine_threadsafe(_signalling(work, done), self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            # The coroutine aborts what it started; wait for that, then let the interrupt through.
            future.cancel()
            done.wait(_ABORT_SECONDS)
            raise


async def _signalling(work: Coroutine[object, object, T], done: threading.Event) -> T:
    try:
        return await work
    finally:
        done.set()


async def _next(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)


async def _close(events: AsyncGenerator[Event]) -> None:
    await events.aclose()
