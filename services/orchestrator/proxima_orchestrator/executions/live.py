"""An execution in memory: its record, its feed, and the writes that move it on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import structlog
from proxima_runtime.errors import ProximaError, to_status

from proxima_orchestrator.convert.execution import closed_attempt_to_bytes, snapshot
from proxima_orchestrator.executions.record import ArtifactRecord, ExecutionRecord
from proxima_orchestrator.executions.state_machine import TERMINAL_STATES, State, Trigger, next_state
from proxima_orchestrator.executions.store import StaleWriteError, Store
from proxima_orchestrator.executions.watch import Feed

_RETRY_SECONDS = 1.0
# A state that passes sooner is not worth a message to every watcher.
_SHOW_SECONDS = 0.005

log = structlog.get_logger(__name__)


def now() -> int:
    """Return the time in microseconds since the Unix epoch."""
    return time.time_ns() // 1000


class LiveExecution:
    """An execution that is not terminal, or was not a moment ago.

    `record` is what was last handed to the store. Writes are taken in order by one thread, so each comes from the state
    that the one before it left. A state is shown to watchers once it is durable; READY and IDLE may be shown before,
    for a restart would pass through them again.
    """

    def __init__(self, record: ExecutionRecord, store: Store) -> None:
        self.record = record
        self.feed = Feed()
        self._store = store
        self._durable = record
        self._pending: list[asyncio.Future[bool]] = []
        if record.state is not State.IDLE:
            self.feed.publish(snapshot(record), final=False)

    @property
    def is_terminal(self) -> bool:
        """It has come to its end, durably or not yet."""
        return self.record.state in TERMINAL_STATES

    def pass_through(self, trigger: Trigger, **changes: object) -> None:
        """Move on in memory only; the next write carries it."""
        self.record = replace(self.record, state=next_state(self.record.state, trigger), **changes)  # type: ignore[arg-type]

    def pass_on(self, **changes: object) -> None:
        """Note what was learned, in memory only; the next write carries it."""
        self.record = replace(self.record, **changes)  # type: ignore[arg-type]

    def show(self) -> None:
        """Show the state of now to watchers without writing it."""
        self.feed.publish(snapshot(self.record), final=False)

    def close(self) -> None:
        """Show the state of now and end the streams: nothing drives the execution any more."""
        self.feed.publish(snapshot(self.record), final=True)

    def write(self) -> None:
        """Hand the record to the store and show it when it is durable; `settle` reports what went wrong."""
        before, after = self._durable, self.record
        self._durable = after
        future = self._store.begin_update(before, after)
        self._pending.append(future)
        future.add_done_callback(lambda done: self._written(done, after))

    def _written(self, future: asyncio.Future[bool], record: ExecutionRecord) -> None:
        if not future.cancelled() and future.exception() is None and future.result():
            asyncio.get_running_loop().call_later(_SHOW_SECONDS, self._show_unless_past, record)

    def _show_unless_past(self, record: ExecutionRecord) -> None:
        if self.record is record:
            self.feed.publish(snapshot(record), final=False)

    async def settle(self) -> None:
        """Wait until every write so far is durable.

        Raises:
            ResourceExhausted: STORAGE_FULL.
            StaleWriteError: somebody else moved the execution on.
        """
        pending, self._pending = self._pending, []
        for future in pending:
            if not await future:
                raise StaleWriteError(f"{self.record.name} was moved on by somebody else")

    async def end(
        self,
        trigger: Trigger,
        *,
        artifacts: Sequence[ArtifactRecord] = (),
        error: bytes = b"",
        usage: bytes = b"",
        results: bytes = b"",
    ) -> None:
        """Move to a terminal state, durably, and show it.

        Raises:
            ResourceExhausted: STORAGE_FULL; the execution is where it was.
        """
        after = replace(
            self.record,
            state=next_state(self.record.state, trigger),
            end_time=now(),
            error=error,
            usage=usage or self.record.usage,
            results=results,
            checkpoint="",
            checkpoint_bytes=0,
        )
        await self._come_to(after, artifacts=artifacts)

    async def pause(self, *, checkpoint: str, checkpoint_bytes: int, usage: bytes) -> None:
        """Move to PAUSED, durably, and show it; streams end there.

        Raises:
            ResourceExhausted: STORAGE_FULL; the execution is where it was.
        """
        after = replace(
            self.record,
            state=next_state(self.record.state, Trigger.PAUSE),
            checkpoint=checkpoint,
            checkpoint_bytes=checkpoint_bytes,
            usage=usage,
        )
        await self._come_to(after)

    async def pause_again(self) -> None:
        """Move back to PAUSED with the checkpoint that there is; keeps trying while the store cannot write."""
        record = self.record
        while True:
            try:
                return await self.pause(
                    checkpoint=record.checkpoint, checkpoint_bytes=record.checkpoint_bytes, usage=record.usage
                )
            except ProximaError as problem:
                log.warning("store cannot write", execution_id=record.id, message=problem.message)
            await asyncio.sleep(_RETRY_SECONDS)

    async def resume(self) -> None:
        """Move from PAUSED to RUNNING, durably, and show it.

        Raises:
            ResourceExhausted: STORAGE_FULL; the execution is where it was.
            StaleWriteError: it is no longer paused.
        """
        before = self.record
        after = replace(before, state=next_state(before.state, Trigger.RESUME))
        await self._store.update(before, after)
        self.record = self._durable = after
        self.show()

    async def _come_to(self, after: ExecutionRecord, *, artifacts: Sequence[ArtifactRecord] = ()) -> None:
        """Write a state in which nothing drives the execution, and end its streams with it."""
        write = self._store.begin_update(self._durable, after, artifacts=artifacts)
        self._pending.append(write)
        await self.settle()
        self._durable = self.record = after
        self.feed.publish(snapshot(after), final=True)

    async def requeue(self, error: ProximaError) -> None:
        """Close the attempt of a run that is lost, keep its record, and be READY for the next one.

        Raises:
            ResourceExhausted: STORAGE_FULL.
        """
        before = self.record
        state = next_state(before.state, Trigger.REQUEUE)
        ended, status = now(), to_status(error).SerializeToString()
        closed = closed_attempt_to_bytes(
            attempt=before.attempt,
            instance=before.instance,
            start_time=before.start_time,
            end_time=ended,
            error=status,
        )
        after = replace(
            before,
            state=state,
            attempt=before.attempt + 1,
            start_time=None,
            instance="",
            ready_time=ended,
            closed_attempts=before.closed_attempts + closed,
        )
        await self._store.close_attempt(before, after, end_time=ended, error=status)
        self.record = self._durable = after
        self.show()

    async def fail(self, trigger: Trigger, error: ProximaError, *, usage: bytes = b"") -> None:
        """End with an error; keeps trying while the store cannot write, for the truth must get there in the end."""
        status = to_status(error).SerializeToString()
        while True:
            try:
                return await self.end(trigger, error=status, usage=usage)
            except ProximaError as problem:
                log.warning("store cannot write", execution_id=self.record.id, message=problem.message)
            except StaleWriteError:
                # An earlier write was lost with a full disk: come from what is in the store.
                stored = await self._store.get(self.record.id)
                if stored is None or stored.attempt != self._durable.attempt:
                    raise
                self._durable = stored
                if stored.state in TERMINAL_STATES:
                    # A write that seemed lost had gone through; what is stored is the truth.
                    self.record = stored
                    return self.feed.publish(snapshot(stored), final=True)
                continue
            self._pending.clear()
            failed = replace(self.record, state=next_state(self.record.state, trigger), end_time=now(), error=status)
            self.feed.publish(snapshot(failed), final=False)
            await asyncio.sleep(_RETRY_SECONDS)
