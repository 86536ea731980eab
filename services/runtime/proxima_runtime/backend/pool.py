"""The pool of worker processes: so many at work, and always one more that is warm."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from proxima_runtime.backend.frames import Frame, Kind
from proxima_runtime.backend.worker_process import Exit, WorkerProcess

_log = structlog.get_logger(__name__)

# After so many workers in a row that could not warm up, waiting jobs are told.
_FAILURES_TO_GIVE_UP = 3
_FIRST_RETRY_SECONDS = 0.5
_LAST_RETRY_SECONDS = 30.0


class Assignment(Protocol):
    """A job as its worker's pool sees it."""

    def receive(self, frame: Frame) -> None:
        """Take a piece of the answer."""

    def lose_worker(self, ended: Exit) -> None:
        """The worker is gone before it was done."""


class WorkerPool:
    """Keeps `worker_count` workers and one spare.

    Attributes:
        on_idle: called when a worker may have become free.
        on_broken: called with a sentence when workers cannot warm up; None when one could (again).
    """

    def __init__(self, *, engine_path: str, worker_count: int) -> None:
        self._engine_path = engine_path
        self._worker_count = worker_count
        self._starting: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._busy: dict[WorkerProcess, Assignment] = {}
        self._ending: set[WorkerProcess] = set()
        self._failure_count = 0
        self._was_ready = False
        self._failure = ""
        self._retry: asyncio.TimerHandle | None = None
        self._closing = False
        self._gone = asyncio.Event()
        self.on_idle: Callable[[], None] = lambda: None
        self.on_broken: Callable[[str | None], None] = lambda message: None

    def start(self) -> None:
        """Start the first worker; the spare follows when it is warm."""
        self._fill()

    def counts(self) -> dict[str, int]:
        """Workers by state."""
        return {
            "starting": len(self._starting),
            "idle": len(self._idle),
            "busy": len(self._busy),
            "ending": len(self._ending),
        }

    def assign(self, assignment: Assignment, payload: bytes, *, file: int = -1) -> WorkerProcess | None:
        """Give a job to a free worker and return it, or None if all are busy; `file` has its checkpoint, or is -1."""
        if not self._idle or len(self._busy) >= self._worker_count:
            return None
        # The one that worked last: its caches are warm.
        worker = self._idle.pop()
        self._busy[worker] = assignment
        worker.send_job(payload, file=file)
        return worker

    async def close(self) -> None:
        """Kill all workers and wait until they are gone."""
        self._closing = True
        if self._retry is not None:
            self._retry.cancel()
        for worker in self._all():
            worker.kill()
        if self._all():
            await self._gone.wait()

    def worker_ready(self, worker: WorkerProcess) -> None:
        """See `WorkerListener`."""
        self._starting.discard(worker)
        if worker.is_ending:
            self._ending.add(worker)
            return
        self._idle.insert(0, worker)
        if self._failure_count or not self._was_ready:
            self._failure_count = 0
            self._was_ready = True
            self.on_broken(None)
        self._fill()
        self.on_idle()

    def worker_unfit(self, worker: WorkerProcess, message: str) -> None:
        """See `WorkerListener`."""
        self._failure = message
        _log.error("worker unfit", pid=worker.pid, message=message)

    def worker_sent(self, worker: WorkerProcess, frame: Frame) -> None:
        """See `WorkerListener`."""
        assignment = self._busy.get(worker)
        if assignment is None:
            return
        if frame.kind in (Kind.RESPONSE, Kind.CHECKPOINT):
            assignment.receive(frame)
            return
        del self._busy[worker]
        if worker.is_ending or frame.kind is Kind.DONE_AND_RETIRED:
            self._ending.add(worker)
            worker.kill()
        else:
            self._idle.append(worker)
        self._fill()
        # The next job first: its worker starts while this one's answer is written.
        self.on_idle()
        assignment.receive(frame)

    def worker_exited(self, worker: WorkerProcess, ended: Exit) -> None:
        """See `WorkerListener`."""
        was_starting = worker in self._starting
        was_idle = worker in self._idle
        self._starting.discard(worker)
        self._ending.discard(worker)
        if was_idle:
            self._idle.remove(worker)
        assignment = self._busy.pop(worker, None)
        if self._closing:
            if not self._all():
                self._gone.set()
        elif was_starting:
            self._fail(worker, ended)
        else:
            if was_idle:
                _log.warning("idle worker died", pid=worker.pid, signal=ended.signal_number, status=ended.status)
            self._fill()
        if assignment is not None:
            assignment.lose_worker(ended)
        self.on_idle()

    def _fail(self, worker: WorkerProcess, ended: Exit) -> None:
        self._failure_count += 1
        message = self._failure or (
            f"a worker ended with signal {ended.signal_number} while it warmed up"
            if ended.signal_number
            else f"a worker ended with status {ended.status} while it warmed up"
        )
        self._failure = ""
        _log.error("worker did not warm up", pid=worker.pid, attempt=self._failure_count, message=message)
        if self._failure_count >= _FAILURES_TO_GIVE_UP and not self._idle and not self._busy:
            self.on_broken(message)
        delay = min(_FIRST_RETRY_SECONDS * 2 ** (self._failure_count - 1), _LAST_RETRY_SECONDS)
        if self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(delay, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._fill()

    def _fill(self) -> None:
        if self._closing or self._retry is not None or self._starting:
            # One at a time: warming up is heavy.
            return
        if len(self._idle) + len(self._busy) < self._worker_count + 1:
            self._starting.add(WorkerProcess(engine_path=self._engine_path, listener=self))

    def _all(self) -> list[WorkerProcess]:
        return [*self._starting, *self._idle, *self._busy, *self._ending]
