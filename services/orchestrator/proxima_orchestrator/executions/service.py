"""All executions: create, follow, list, abort, pause, resume, recover."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Collection

import structlog
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima_runtime.errors import AlreadyExists, FailedPrecondition, NotFound, Unavailable

from proxima_orchestrator.convert.execution import headers_from_bytes, snapshot
from proxima_orchestrator.convert.request import Specification, specification_of
from proxima_orchestrator.executions.live import LiveExecution, now
from proxima_orchestrator.executions.parts import RunParts
from proxima_orchestrator.executions.pauses import not_in_state
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.run import Run
from proxima_orchestrator.executions.state_machine import TERMINAL_STATES, State, Trigger, next_state
from proxima_orchestrator.results import stored_result
from proxima_orchestrator.wire import frame

OWNER = "local"

log = structlog.get_logger(__name__)


class Executions:
    """The executions of one orchestrator: those that run, and through the store those that have ended."""

    def __init__(self, parts: RunParts) -> None:
        self._parts = parts
        self._runs: dict[str, Run] = {}
        self._draining = False
        self._idle = asyncio.Event()
        self._last_activity = now()

    @property
    def active_count(self) -> int:
        """Executions that are not terminal and not paused."""
        return len(self._runs)

    @property
    def last_activity(self) -> int:
        """When there last was a request or an active execution, in microseconds since the Unix epoch."""
        return now() if self._runs else self._last_activity

    def touch(self) -> None:
        """Note a request."""
        self._last_activity = now()

    def specify(self, message: executions_pb2.ExecutionSpec) -> Specification:
        """Check what a caller asks for; draws a seed where there is none.

        Raises:
            ProximaError: see `specification_of`.
        """
        return specification_of(message, seed=secrets.randbits(32), backends=self._parts.catalog.names)

    async def create(
        self,
        specification: Specification,
        *,
        request_id: str | None,
        execution_id: str | None = None,
        comparison: str = "",
    ) -> ExecutionRecord:
        """Create an execution, durably, and begin to drive it; or return the one that has this request id.

        Args:
            specification: what to execute.
            request_id: the caller's idempotency key; None where there is none.
            execution_id: a UUID that was reserved for it; None draws one.
            comparison: UUID of the comparison that it is a member of; empty where it is none.

        Raises:
            AlreadyExists: REQUEST_ID_REUSED.
            ResourceExhausted: STORAGE_FULL; nothing was started.
            Unavailable: DRAINING.
        """
        if self._draining:
            raise _draining()
        spec = specification.message.SerializeToString(deterministic=True)
        moment = now()
        created = ExecutionRecord(
            id=execution_id or str(uuid.uuid4()),
            owner=OWNER,
            request_id=request_id,
            payload_sha256=hashlib.sha256(spec).digest(),
            attempt=1,
            state=next_state(State.IDLE, Trigger.START),
            display_name=specification.display_name,
            seed=specification.options.seed,
            create_time=moment,
            plan_time=moment,
            comparison=comparison,
        )
        writing = self._parts.store.begin_insert(created, spec)
        # Planning begins at once; nothing goes to a backend before the execution is durable.
        self._begin(created, specification, durable=writing)
        # The write goes on when the caller goes away, and then so does the execution.
        stored = await asyncio.shield(writing)
        if stored.payload_sha256 != created.payload_sha256:
            raise AlreadyExists(
                f"request_id {request_id!r} was used for {stored.name} with another specification; use a new one",
                reason=errors_pb2.ERROR_REASON_REQUEST_ID_REUSED,
                metadata={"request_id": request_id or "", "execution": stored.name},
            )
        return stored

    def _begin(
        self,
        record: ExecutionRecord,
        specification: Specification | None,
        *,
        durable: asyncio.Future[ExecutionRecord] | None = None,
        abort_reason: str | None = None,
    ) -> Run:
        run = Run(LiveExecution(record, self._parts.store), self._parts, specification, durable, abort_reason)
        self._runs[record.id] = run
        self._idle.clear()
        self._parts.metrics.active.inc()
        run.start().add_done_callback(lambda _: self._ended(record.id))
        return run

    def _ended(self, execution_id: str) -> None:
        self._runs.pop(execution_id, None)
        if not self._runs:
            self._idle.set()
        self._parts.metrics.active.dec()
        self.touch()

    async def recover(self) -> None:
        """Take up every execution that the store has as not terminal; those that are paused stay so."""
        records = await self._parts.store.live()
        await asyncio.to_thread(self._clear_artifacts, {record.checkpoint for record in records})
        for record in records:
            if record.state is State.PAUSED:
                self._parts.metrics.paused.inc()
                continue
            log.info("execution taken up", execution_id=record.id, state=record.state.name, attempt=record.attempt)
            self._begin(record, None)

    def _clear_artifacts(self, checkpoints: Collection[str]) -> None:
        """Remove what a killed process left: half-written files, and checkpoints that no execution resumes from."""
        artifacts = self._parts.artifacts
        artifacts.clear_unfinished()
        for name in artifacts.kept_names():
            if name not in checkpoints:
                artifacts.remove_kept(name)

    async def follow(self, execution_id: str, *, deliver_results: bool) -> AsyncIterator[bytes]:
        """Yield messages of ExecuteResponse until the execution is at its end.

        Raises:
            NotFound: there is no such execution, or its stored result is gone.
            Unavailable: DRAINING; the orchestrator stops, the execution may go on.
        """
        run = self._runs.get(execution_id)
        if run is not None:
            async for message in run.live.feed.follow(deliver_results=deliver_results):
                yield message
            return
        record = await self._stored(execution_id)
        if record.state not in TERMINAL_STATES and record.state is not State.PAUSED:
            # It came to life between the two looks, or the orchestrator is stopping.
            raise _draining()
        if deliver_results and record.state is State.COMPLETED:
            async for message in self._read(record, item_index=0, array_index=0, offset=0):
                yield message
        yield frame(1, snapshot(record))

    async def read_result(
        self, execution_id: str, *, item_index: int, array_index: int, offset: int
    ) -> AsyncIterator[bytes]:
        """Yield messages of ReadResult.

        Raises:
            NotFound: NOT_FOUND or RESULT_NOT_FOUND.
            FailedPrecondition: INVALID_STATE; it has not completed.
        """
        record = await self.get(execution_id)
        if record.state is not State.COMPLETED:
            raise FailedPrecondition(
                f"{record.name} is {record.state.name}; only a COMPLETED execution has a result",
                reason=errors_pb2.ERROR_REASON_INVALID_STATE,
                metadata={"state": record.state.name, "trigger": "read_result"},
            )
        async for message in self._read(record, item_index=item_index, array_index=array_index, offset=offset):
            yield message

    async def _read(
        self, record: ExecutionRecord, *, item_index: int, array_index: int, offset: int
    ) -> AsyncIterator[bytes]:
        headers = headers_from_bytes(record.results)
        if item_index >= len(headers) or array_index > len(headers[item_index].arrays):
            raise NotFound(
                f"{record.name} has no item {item_index} with an array {array_index}",
                reason=errors_pb2.ERROR_REASON_RESULT_NOT_FOUND,
                metadata={"resource": record.name},
            )
        artifacts = await self._parts.store.artifacts(record.id)
        async for message in stored_result(
            headers,
            artifacts,
            self._parts.artifacts,
            item_index=item_index,
            array_index=array_index,
            offset=offset,
        ):
            yield message

    async def get(self, execution_id: str) -> ExecutionRecord:
        """Return an execution.

        Raises:
            NotFound: there is no such execution.
        """
        run = self._runs.get(execution_id)
        return run.live.record if run is not None else await self._stored(execution_id)

    async def _stored(self, execution_id: str) -> ExecutionRecord:
        record = await self._parts.store.get(execution_id)
        if record is None:
            name = f"executions/{execution_id}"
            raise NotFound(
                f"there is no {name}; `proxima history` lists what there is",
                reason=errors_pb2.ERROR_REASON_NOT_FOUND,
                metadata={"resource": name},
            )
        return record

    async def page(
        self, *, limit: int, states: Collection[State], after: tuple[int, str] | None
    ) -> list[ExecutionRecord]:
        """Return up to `limit` executions, newest first, that follow `after` (create_time, id)."""
        records = await self._parts.store.page(OWNER, limit=limit, states=states, after=after)
        # Of the live ones memory knows more than the store, unless that would leave the states asked for.
        fresh = []
        for record in records:
            run = self._runs.get(record.id)
            newer = run.live.record if run is not None else record
            fresh.append(newer if not states or newer.state in states else record)
        return fresh

    async def abort(self, execution_id: str, reason: str) -> ExecutionRecord:
        """Abort an execution and return it once it has stopped; goes on when the caller goes away.

        Raises:
            NotFound: there is no such execution.
            FailedPrecondition: INVALID_STATE; it has completed or failed.
        """
        run, record = await self._look(execution_id)
        if run is not None:
            await asyncio.shield(asyncio.ensure_future(run.abort(reason)))
            # It may have come to a pause first.
            run, record = await self._look(execution_id)
        if run is None and record.state is State.PAUSED:
            run = self._begin(record, None, abort_reason=reason)
            await asyncio.shield(asyncio.ensure_future(run.abort(reason)))
        record = await self.get(execution_id)
        if record.state is not State.ABORTED:
            raise FailedPrecondition(
                f"{record.name} is {record.state.name}; there is nothing to abort",
                reason=errors_pb2.ERROR_REASON_INVALID_STATE,
                metadata={"state": record.state.name, "trigger": Trigger.ABORT.value},
            )
        return record

    async def pause(self, execution_id: str) -> ExecutionRecord:
        """Pause an execution and return it once it holds no worker; goes on when the caller goes away.

        Raises:
            NotFound: there is no such execution.
            FailedPrecondition: INVALID_STATE, it does not run, or ended before it could be paused;
                UNSUPPORTED_BY_BACKEND, its method cannot pause.
            ResourceExhausted: its checkpoint does not fit, and it goes on.
        """
        run, record = await self._look(execution_id)
        if run is not None:
            await asyncio.shield(asyncio.ensure_future(run.pause()))
            record = await self.get(execution_id)
        if record.state is not State.PAUSED:
            raise not_in_state(record, Trigger.PAUSE, "there is nothing to pause (any more)")
        return record

    async def resume(self, execution_id: str) -> ExecutionRecord:
        """Resume a paused execution and return it once it waits for a worker or has one; goes on without the caller.

        Raises:
            NotFound: there is no such execution.
            FailedPrecondition: INVALID_STATE, it is not paused; UNSUPPORTED_BY_BACKEND, its backend has changed.
            ProximaError: its backend does not take it; it stays paused.
            Unavailable: DRAINING.
        """
        run, record = await self._look(execution_id)
        if run is not None and run.is_pausing:
            await run.wait()
            run, record = await self._look(execution_id)
        if run is None and record.state is State.PAUSED:
            if self._draining:
                raise _draining()
            run = self._begin(record, None)
        if run is None or not record.checkpoint or record.state in TERMINAL_STATES:
            raise not_in_state(record, Trigger.RESUME, "only a paused execution can be resumed")
        await run.resumed()
        return await self.get(execution_id)

    async def _look(self, execution_id: str) -> tuple[Run | None, ExecutionRecord]:
        """Return the run that drives an execution, or None, and its record.

        Raises:
            NotFound: there is no such execution.
        """
        run = self._runs.get(execution_id)
        if run is None:
            record = await self._stored(execution_id)
            # Somebody may have taken it up meanwhile.
            run = self._runs.get(execution_id)
        return run, run.live.record if run is not None else record

    async def drain(self) -> None:
        """Take no new executions and return when those at hand have ended."""
        self._draining = True
        if self._runs:
            await self._idle.wait()

    async def leave(self) -> None:
        """Stop driving and end every stream; backends go on for their grace period, and a restart attaches to them."""
        self._draining = True
        started = time.monotonic()
        for run in list(self._runs.values()):
            run.live.feed.close(_draining())
        await asyncio.gather(*(run.leave() for run in list(self._runs.values())))
        log.info("executions left", seconds=time.monotonic() - started)


def _draining() -> Unavailable:
    return Unavailable(
        "the orchestrator is stopping; follow the execution again when it is back",
        reason=errors_pb2.ERROR_REASON_DRAINING,
    )
