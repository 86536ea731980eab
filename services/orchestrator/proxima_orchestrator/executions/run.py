"""Drives one execution from its plan to its end."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

import grpc.aio
import structlog
from google.protobuf.message import DecodeError
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima_runtime.errors import Aborted, Internal, ProximaError, Unavailable, from_rpc_error, from_status

from proxima_orchestrator.artifacts import ArtifactStore
from proxima_orchestrator.backends import BackendCatalog, BackendInstance, ExecuteCall
from proxima_orchestrator.capabilities import Method
from proxima_orchestrator.convert.errors import refusal_error
from proxima_orchestrator.convert.execution import headers_to_bytes
from proxima_orchestrator.convert.plan import (
    characteristics_to_message,
    chosen_from_message,
    plan_to_message,
    results_to_message,
)
from proxima_orchestrator.convert.request import Specification, specification_of
from proxima_orchestrator.executions.history import Outcomes
from proxima_orchestrator.executions.intake import ResultIntake
from proxima_orchestrator.executions.live import LiveExecution, now
from proxima_orchestrator.executions.metrics import RunMetrics
from proxima_orchestrator.executions.planner import Planner, Prepared
from proxima_orchestrator.executions.state_machine import State, Trigger
from proxima_orchestrator.executions.store import StaleWriteError, Store
from proxima_orchestrator.planning import Candidate
from proxima_orchestrator.wire import frame, single_field

_ACCEPTED, _PROGRESS, _CHECKPOINT, _HEADER, _CHUNK, _DONE = range(1, 7)
_RETRY_SECONDS = 0.25

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRules:
    """What running goes by.

    Attributes:
        grace_seconds: how long a lost backend is sought before the run counts as failed.
        abort_seconds: how long an abort waits for the backend's word.
        max_attempts: how often a run is started in all, over restarts of the orchestrator.
        max_result_bytes: largest result that is kept.
    """

    grace_seconds: float
    abort_seconds: float
    max_attempts: int
    max_result_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunParts:
    """What all runs share."""

    planner: Planner
    catalog: BackendCatalog
    store: Store
    artifacts: ArtifactStore
    outcomes: Outcomes
    metrics: RunMetrics
    rules: RunRules


class _LostError(Exception):
    """The stream of a run ended before the run did; `is_busy` where the backend asks to come again later."""

    def __init__(self, cause: ProximaError, *, is_busy: bool = False) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.is_busy = is_busy


class _UnknownJobError(Exception):
    """The backend does not know the execution and attempt."""


class Run:
    """One execution being driven by a task of its own; nothing that a caller does but `abort` stops it."""

    def __init__(self, live: LiveExecution, parts: RunParts, specification: Specification | None = None) -> None:
        """Prepare to drive an execution; without a specification the store's is read when it is needed."""
        self.live = live
        self._parts = parts
        self._specification = specification
        self._call: ExecuteCall | None = None
        # The first message of the current stream is out; the job was accepted; the current stream has answered.
        self._begun = False
        self._accepted = False
        self._heard = False
        # It is coming to its end: an abort has only to wait.
        self._ending = False
        self._abort_reason: str | None = None
        self._abort_note = ""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """Begin, from whatever state the execution is in."""
        self._task = asyncio.create_task(self._drive(), name=self.live.record.name)
        return self._task

    async def abort(self, reason: str) -> None:
        """Stop the execution and wait until it has stopped."""
        task = self._task
        if task is None or task.done():
            return
        if self._abort_reason is None:
            self._abort_reason = reason
            await self._stop(task)
        await asyncio.wait([task])

    async def _stop(self, task: asyncio.Task[None]) -> None:
        call = self._call
        if self._ending:
            return
        if call is None:
            if self.live.record.state is State.RUNNING:
                self._abort_note = "; its backend could not be reached and stops by itself after the grace period"
            task.cancel()
            return
        if self._begun:
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await call.write(self._abort_message())
        done, _ = await asyncio.wait([task], timeout=self._parts.rules.abort_seconds)
        if not done and not self._ending:
            self._abort_note = "; its backend did not confirm that it stopped"
            task.cancel()

    async def leave(self) -> None:
        """Stop driving without changing the execution: the orchestrator stops, the backend goes on for its grace period."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _drive(self) -> None:
        live = self.live
        try:
            await self._go_on()
        except asyncio.CancelledError:
            if self._abort_reason is None:
                raise
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            self._ending = True
            await live.fail(Trigger.ABORT, self._aborted())
        except StaleWriteError as error:
            log.warning("execution moved on by somebody else", execution_id=live.record.id, message=str(error))
        except _UnknownJobError:
            await self._fail(
                Internal(
                    "the backend forgot the run while it was being started", reason=errors_pb2.ERROR_REASON_INTERNAL
                )
            )
        except ProximaError as error:
            await self._fail(error)
        except Exception:
            log.exception("bug", execution_id=live.record.id)
            await self._fail(
                Internal(
                    "a bug in Proxima; the orchestrator's log has the details", reason=errors_pb2.ERROR_REASON_INTERNAL
                )
            )
        record = live.record
        if live.is_terminal:
            self._parts.metrics.ended(record)
            if record.engine and record.start_time is not None:
                self._parts.outcomes.add(
                    backend=record.backend, engine=record.engine, method=Method(record.method), state=record.state
                )
            log.info("execution ended", execution_id=record.id, state=record.state.name)

    async def _fail(self, error: ProximaError) -> None:
        self._ending = True
        if self._abort_reason is not None:
            await self.live.fail(Trigger.ABORT, self._aborted())
            return
        trigger = Trigger.PLAN_FAILED if self.live.record.state is State.PLANNING else Trigger.ERROR
        await self.live.fail(trigger, error)

    def _aborted(self) -> Aborted:
        reason = f": {self._abort_reason}" if self._abort_reason else ""
        return Aborted(f"aborted on request{reason}{self._abort_note}", reason=errors_pb2.ERROR_REASON_ABORTED)

    async def _go_on(self) -> None:
        live = self.live
        prepared: Prepared | None = None
        if live.record.state is State.IDLE:
            live.pass_through(Trigger.START)
        if live.record.state is State.PLANNING:
            prepared = await self._plan()
        candidate = chosen_from_message(executions_pb2.Plan.FromString(live.record.plan))
        if live.record.state is State.RUNNING:
            instance = self._parts.catalog.instance(live.record.instance)
            if await self._recover(instance, candidate):
                return
        if live.record.state is State.READY:
            await self._execute(candidate, prepared)

    async def _load(self) -> Specification:
        if self._specification is None:
            record = self.live.record
            message = executions_pb2.ExecutionSpec.FromString(await self._parts.store.specification(record.id))
            self._specification = specification_of(message, seed=record.seed, backends=self._parts.catalog.names)
        return self._specification

    async def _plan(self) -> Prepared:
        live, planner = self.live, self._parts.planner
        started = now()
        if live.record.plan_time is None:
            live.pass_on(plan_time=started)
        specification = await self._load()
        prepared = await planner.prepare(specification)
        live.pass_on(
            circuit_digest=prepared.digest,
            characteristics=characteristics_to_message(prepared.characteristics).SerializeToString(),
            result_spec=results_to_message(prepared.results).SerializeToString(),
        )
        plan = await planner.plan(prepared, specification.options)
        ended = now()
        self._parts.metrics.planned((ended - started) / 1e6)
        live.pass_on(plan=plan_to_message(plan).SerializeToString())
        if plan.refusal is not None or plan.chosen is None:
            raise refusal_error(plan.refusal) if plan.refusal else RuntimeError("a plan without choice or refusal")
        chosen = plan.chosen
        live.pass_through(
            Trigger.PLAN_COMPLETE,
            ready_time=ended,
            backend=chosen.backend,
            engine=chosen.engine,
            method=int(chosen.method),
        )
        return prepared

    async def _execute(self, candidate: Candidate, prepared: Prepared | None) -> None:
        """Wait for a place at an instance of the chosen backend and run there."""
        live, parts = self.live, self._parts
        specification = await self._load()
        if prepared is None:
            prepared = await parts.planner.prepare(specification)
            if prepared.digest != live.record.circuit_digest:
                raise Internal(
                    "this version parses the circuit into other columns than the version that planned it; run it again",
                    reason=errors_pb2.ERROR_REASON_INTERNAL,
                )
        job = parts.planner.job(candidate, specification.options, prepared)
        instance = parts.catalog.choose(candidate.backend)
        if instance is None:
            live.write()
            instance = await self._find(candidate.backend)
        if not instance.slots.try_take():
            live.write()
            parts.metrics.queue_length.inc()
            try:
                await instance.slots.take()
            finally:
                parts.metrics.queue_length.dec()
        try:
            live.pass_on(instance=instance.name)
            start = backend_pb2.StartExecution(execution=live.record.name, attempt=live.record.attempt)
            message = frame(1, start.SerializeToString() + frame(3, job))
            await self._run(instance, candidate, first=message)
        finally:
            instance.slots.give_back()

    async def _find(self, backend: str) -> BackendInstance:
        """Wait for an instance of a backend to serve, for the grace period."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._parts.rules.grace_seconds
        while loop.time() < deadline:
            instance = self._parts.catalog.choose(backend)
            if instance is not None:
                return instance
            pending = self._parts.catalog.instances(backend)
            if not pending:
                break
            left = max(0.01, min(1.0, deadline - loop.time()))
            await asyncio.gather(*(item.settle(seconds=left) for item in pending))
        raise Unavailable(
            f"backend {backend} did not come back within {self._parts.rules.grace_seconds:g} s; run it again when "
            "`proxima backends list` shows it",
            reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
            metadata={"backend": backend},
        )

    async def _recover(self, instance: BackendInstance | None, candidate: Candidate) -> bool:
        """Attach to a run of before the restart. False: its backend no longer knows it and it is READY for a new attempt."""
        live = self.live
        self._accepted = True
        if instance is None:
            raise Unavailable(
                f"backend {candidate.backend}, where it ran, is no longer configured; run it again",
                reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
                metadata={"backend": candidate.backend},
            )
        instance.slots.taken += 1
        try:
            if not instance.is_serving:
                instance = await self._find_again(instance)
            await self._run(instance, candidate, first=self._attach_message())
        except _UnknownJobError:
            await self._requeue()
            return False
        finally:
            instance.slots.give_back()
        return True

    async def _requeue(self) -> None:
        """Start the next attempt of a run that is lost, or fail after the last."""
        live = self.live
        record = live.record
        grace = self._parts.rules.grace_seconds
        orphaned = Aborted(
            f"the orchestrator was away for longer than the grace period of {grace:g} s, or the backend was restarted: the "
            f"run of attempt {record.attempt} is lost",
            reason=errors_pb2.ERROR_REASON_ORPHANED,
            metadata={"grace_seconds": f"{grace:g}"},
        )
        if record.attempt >= self._parts.rules.max_attempts:
            raise orphaned
        await live.requeue(orphaned)
        self._accepted = False

    async def _find_again(self, instance: BackendInstance) -> BackendInstance:
        grace = self._parts.rules.grace_seconds
        if not await instance.settle(seconds=grace):
            raise self._gone(instance, f"did not answer for {grace:g} s")
        return instance

    async def _run(self, instance: BackendInstance, candidate: Candidate, *, first: bytes) -> None:
        """Run at an instance until the end, taking a lost stream up again within the grace period."""
        live, parts = self.live, self._parts
        intake = ResultIntake(
            name=f"{live.record.id}-{live.record.attempt}",
            engine=candidate.engine,
            feed=live.feed,
            store=parts.artifacts,
            max_result_bytes=parts.rules.max_result_bytes,
        )
        message = first
        loop = asyncio.get_running_loop()
        lost_since: float | None = None
        was_heard = completed = False
        try:
            while True:
                try:
                    intake.restart()
                    done = await self._stream(instance, message, intake)
                    break
                except _LostError as lost:
                    log.warning("stream lost", execution_id=live.record.id, message=lost.cause.message)
                    if self._heard or lost.is_busy or lost_since is None:
                        lost_since = loop.time()
                    was_heard |= self._heard
                    if self._abort_reason is not None:
                        raise lost.cause from lost
                    if loop.time() - lost_since > parts.rules.grace_seconds:
                        raise self._gone(instance, lost.cause.message) from lost
                    if self._accepted:
                        message = self._attach_message()
                        if instance.process_is_gone():
                            raise self._gone(instance, "its process ended") from lost
                    await asyncio.sleep(_RETRY_SECONDS)
                    await instance.settle(seconds=1.0)
                except _UnknownJobError as unknown:
                    if not was_heard:
                        raise
                    raise self._gone(instance, "it was restarted and no longer knows the run") from unknown
            await self._complete(done, intake)
            completed = True
        finally:
            if not completed:
                await intake.discard()

    def _abort_message(self) -> bytes:
        abort = backend_pb2.AbortExecution(reason=self._abort_reason or "")
        return backend_pb2.ExecuteRequest(abort=abort).SerializeToString()

    def _gone(self, instance: BackendInstance, why: str) -> Unavailable:
        return Unavailable(
            f"backend {instance.backend} was lost during the run: {why}; run it again",
            reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
            metadata={"backend": instance.backend},
        )

    def _attach_message(self) -> bytes:
        record = self.live.record
        attach = backend_pb2.AttachExecution(execution=record.name, attempt=record.attempt)
        return backend_pb2.ExecuteRequest(attach=attach).SerializeToString()

    async def _stream(self, instance: BackendInstance, first: bytes, intake: ResultIntake) -> backend_pb2.Done:
        """Read one stream to its end and return the last message.

        Raises:
            _LostError: the stream ended before the run.
            _UnknownJobError: the backend does not know the run that is attached to.
            ProximaError: the backend did not start it, or broke the contract.
        """
        self._heard = self._begun = False
        call = instance.execute()
        self._call = call
        try:
            await call.write(first)
            self._begun = True
            if self._abort_reason is not None:
                await call.write(self._abort_message())
            async for message in call:
                self._heard = True
                field, position = single_field(message)
                if field == _CHUNK:
                    await intake.take_chunk(message, position)
                elif field == _HEADER:
                    self._running()
                    await intake.take_header(message, position)
                elif field == _PROGRESS:
                    self._running()
                    self.live.feed.report(message)
                elif field == _ACCEPTED:
                    self._accept(backend_pb2.Accepted.FromString(message[position:]))
                elif field == _DONE:
                    return backend_pb2.Done.FromString(message[position:])
                else:
                    raise _contract_error(instance, "sent a message that is not of this contract")
            raise _LostError(self._gone(instance, "it ended the stream before the run was done"))
        except grpc.aio.AioRpcError as error:
            raise self._failure(from_rpc_error(error)) from error
        except asyncio.InvalidStateError as error:
            raise _LostError(self._gone(instance, "the stream broke")) from error
        except DecodeError as error:
            raise _contract_error(instance, "sent a message that does not parse") from error
        finally:
            self._call = None
            call.cancel()

    def _failure(self, error: ProximaError) -> Exception:
        """Return what the status of a stream means for the run."""
        if error.reason == errors_pb2.ERROR_REASON_NOT_FOUND:
            return _UnknownJobError()
        if error.reason == errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE or isinstance(error, Unavailable):
            return _LostError(error)
        if error.reason == errors_pb2.ERROR_REASON_QUEUE_FULL:
            return _LostError(error, is_busy=True)
        if error.reason in (errors_pb2.ERROR_REASON_ABORTED, errors_pb2.ERROR_REASON_TAKEN_OVER):
            return _LostError(error)
        return error

    def _accept(self, accepted: backend_pb2.Accepted) -> None:
        self._accepted = True
        if accepted.queue_position == 0:
            self._running()
        else:
            self.live.show()

    def _running(self) -> None:
        """A worker has it: say so, once."""
        live = self.live
        if live.record.state is State.READY:
            live.pass_through(Trigger.EXECUTE, start_time=now())
            live.write()

    async def _complete(self, done: backend_pb2.Done, intake: ResultIntake) -> None:
        self._ending = True
        live = self.live
        usage = done.usage.SerializeToString()
        if done.outcome == backend_pb2.Done.OUTCOME_COMPLETED:
            self._running()
            artifacts = await intake.finish()
            await live.end(Trigger.COMPLETE, artifacts=artifacts, usage=usage, results=headers_to_bytes(intake.headers))
            return
        error = from_status(done.status)
        await intake.discard()
        if self._abort_reason is not None and error.reason == errors_pb2.ERROR_REASON_ABORTED:
            await live.fail(Trigger.ABORT, self._aborted(), usage=usage)
        else:
            await live.fail(Trigger.ERROR, error, usage=usage)


def _contract_error(instance: BackendInstance, what: str) -> Internal:
    return Internal(
        f"the backend broke the contract: {instance.backend} {what}",
        reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
        metadata={"engine": instance.backend, "message": what},
    )
