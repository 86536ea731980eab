"""Drives one execution from its plan to its end."""

from __future__ import annotations

import asyncio

import structlog
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima_runtime.errors import Internal, ProximaError, ResourceExhausted, Unavailable, from_status

from proxima_orchestrator.backends import BackendInstance
from proxima_orchestrator.capabilities import Method
from proxima_orchestrator.convert.execution import headers_to_bytes, usage_to_bytes
from proxima_orchestrator.convert.plan import (
    chosen_from_message,
)
from proxima_orchestrator.convert.request import Specification
from proxima_orchestrator.executions.attempt import Attempt, InstanceRemovedError, UnknownJobError, intakes
from proxima_orchestrator.executions.checkpoints import CheckpointIntake, KeptCheckpoint, clear_kept
from proxima_orchestrator.executions.instances import returning_instance, serving_instance
from proxima_orchestrator.executions.live import LiveExecution
from proxima_orchestrator.executions.losses import aborted, forgotten, left_behind, lost_backend, orphaned
from proxima_orchestrator.executions.parts import RunParts
from proxima_orchestrator.executions.pauses import PauseRequest, check_pausable
from proxima_orchestrator.executions.planner import Prepared
from proxima_orchestrator.executions.plans import load_specification, make_job, make_plan
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.state_machine import State, Trigger
from proxima_orchestrator.executions.store import StaleWriteError
from proxima_orchestrator.planning import Candidate

log = structlog.get_logger(__name__)


class _NotOursError(Exception):
    """The execution did not get into the store: there is nothing to drive."""


class Run:
    """One execution being driven by a task of its own, to its end or to a pause; of what a caller does only `abort` and
    `pause` stop it. A run that begins with a paused execution resumes it.
    """

    def __init__(
        self,
        live: LiveExecution,
        parts: RunParts,
        specification: Specification | None = None,
        durable: asyncio.Future[ExecutionRecord] | None = None,
        abort_reason: str | None = None,
    ) -> None:
        """Prepare to drive an execution.

        Args:
            live: the execution.
            parts: what all runs share.
            specification: what to do; where it is None the store's is read when it is needed.
            durable: done when the execution is in the store, with the record that is there; None where it is already.
            abort_reason: why a paused execution is to be aborted; None resumes it.
        """
        self.live = live
        self._durable = durable
        self._parts = parts
        self._specification = specification
        self._attempt: Attempt | None = None
        # It is coming to its end: an abort has only to wait.
        self._ending = False
        self._abort_reason = abort_reason
        self._abort_note = ""
        self._pause = PauseRequest()
        # It was resumed and no backend has it yet: what goes wrong now takes nothing away from the paused run.
        self._resuming = False
        self._under_way = asyncio.Event()
        self._checkpoints = {live.record.checkpoint}
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

    async def pause(self) -> None:
        """Pause the execution and return when it holds no worker, or has ended.

        Raises:
            FailedPrecondition: it is not running, or its method cannot pause.
            ResourceExhausted: its checkpoint does not fit beside it; it goes on.
        """
        task = self._task
        if task is None or task.done():
            return
        check_pausable(self.live.record, self._parts.catalog)
        refused = self._pause.ask()
        if self._resuming and self._attempt is None:
            # It waits for a place and is still as it was paused.
            task.cancel()
        elif self._attempt is not None:
            await self._attempt.pause()
        await asyncio.wait([task, refused], return_when=asyncio.FIRST_COMPLETED)
        if refused.done():
            refused.result()

    @property
    def is_pausing(self) -> bool:
        """A pause was asked for and has not come yet."""
        return self._pause.is_asked

    async def resumed(self) -> None:
        """Return when a resumed execution waits for a worker or has one.

        Raises:
            ProximaError: it could not be resumed and is still paused.
        """
        task, waiter = self._task, asyncio.ensure_future(self._under_way.wait())
        try:
            if task is not None:
                await asyncio.wait([task, waiter], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
        if self._pause.problem is not None:
            raise self._pause.problem

    async def wait(self) -> None:
        """Return when nothing drives the execution any more."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _stop(self, task: asyncio.Task[None]) -> None:
        if self._ending:
            return
        attempt = self._attempt
        if attempt is None or not attempt.is_connected:
            if self.live.record.state is State.RUNNING and not self._resuming:
                self._abort_note = "; its backend could not be reached and stops by itself after the grace period"
            task.cancel()
            return
        await attempt.abort(self._abort_reason or "")
        done, _ = await asyncio.wait([task], timeout=self._parts.rules.abort_seconds)
        if not done and not self._ending:
            self._abort_note = "; its backend did not confirm that it stopped"
            task.cancel()

    async def leave(self) -> None:
        """Stop driving and change nothing: the orchestrator stops, the backend goes on for its grace period."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _drive(self) -> None:
        try:
            await self._drive_to_end()
        except _NotOursError:
            return
        record = self.live.record
        await clear_kept(self._parts.artifacts, self._checkpoints - {record.checkpoint, ""})
        if record.state is State.PAUSED:
            self._parts.metrics.paused.inc()
            log.info("execution paused", execution_id=record.id, checkpoint_bytes=record.checkpoint_bytes)
        if self.live.is_terminal:
            self._parts.metrics.ended(record)
            if record.engine and record.start_time is not None:
                self._parts.outcomes.add(
                    backend=record.backend, engine=record.engine, method=Method(record.method), state=record.state
                )
            log.info("execution ended", execution_id=record.id, state=record.state.name)

    async def _drive_to_end(self) -> None:
        live = self.live
        try:
            if live.record.state is State.PAUSED:
                self._parts.metrics.paused.dec()
                if self._abort_reason is not None:
                    return await self._fail(aborted(self._abort_reason, note=self._abort_note))
            await self._go_on()
        except _NotOursError:
            raise
        except asyncio.CancelledError:
            withdrawn = self._pause.is_asked and self._resuming
            if self._abort_reason is None and not withdrawn:
                raise
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            if self._abort_reason is None:
                return await live.pause_again()
            await self._fail(aborted(self._abort_reason, note=self._abort_note))
        except StaleWriteError as error:
            log.warning("execution moved on by somebody else", execution_id=live.record.id, message=str(error))
        except UnknownJobError:
            await self._fail(forgotten())
        except ProximaError as error:
            if live.record.state is State.PAUSED or (self._resuming and self._abort_reason is None):
                return await self._stay_paused(error)
            await self._fail(error)
        except Exception:
            log.exception("bug", execution_id=live.record.id)
            await self._fail(
                Internal(
                    "a bug in Proxima; the orchestrator's log has the details", reason=errors_pb2.ERROR_REASON_INTERNAL
                )
            )

    async def _stay_paused(self, error: ProximaError) -> None:
        """The execution could not be resumed: it is as it was, and its caller learns why."""
        log.warning("execution not resumed", execution_id=self.live.record.id, message=error.message)
        self._pause.problem = error
        if self.live.record.state is State.RUNNING:
            await self.live.pause_again()
        else:
            self.live.close()

    async def _fail(self, error: ProximaError) -> None:
        self._ending = True
        await self._be_durable()
        if self._abort_reason is not None:
            await self.live.fail(Trigger.ABORT, aborted(self._abort_reason, note=self._abort_note))
            return
        trigger = Trigger.PLAN_FAILED if self.live.record.state is State.PLANNING else Trigger.ERROR
        await self.live.fail(trigger, error)

    async def _go_on(self) -> None:
        live = self.live
        prepared: Prepared | None = None
        if live.record.state is State.IDLE:
            live.pass_through(Trigger.START)
        if live.record.state is State.PLANNING:
            prepared = await make_plan(live, self._parts, await self._load())
            await self._be_durable()
        candidate = chosen_from_message(executions_pb2.Plan.FromString(live.record.plan))
        if live.record.state is State.PAUSED:
            await live.resume()
            self._resuming = True
        is_running = live.record.state is State.RUNNING and not self._resuming
        if is_running:
            catalog, grace = self._parts.catalog, self._parts.rules.grace_seconds
            instance = await returning_instance(catalog, live.record.instance, grace_seconds=grace)
            if await self._recover(instance, candidate):
                return
        while live.record.state is State.READY or self._resuming:
            try:
                await self._execute(candidate, prepared)
            except InstanceRemovedError:
                # It may have begun there meanwhile.
                if live.record.start_time is not None:
                    await self._requeue(left_behind(live.record))

    async def _be_durable(self) -> None:
        """Wait until the execution is in the store.

        Raises:
            _NotOursError: it never will be, and its caller knows why: a full store, or a repeated request.
        """
        if self._durable is None:
            return
        try:
            stored = await asyncio.shield(self._durable)
        except ProximaError as error:
            raise _NotOursError from error
        if stored.id != self.live.record.id:
            raise _NotOursError
        self._durable = None

    async def _load(self) -> Specification:
        if self._specification is None:
            self._specification = await load_specification(self.live.record, self._parts)
        return self._specification

    async def _execute(self, candidate: Candidate, prepared: Prepared | None) -> None:
        """Wait for a place at an instance of the chosen backend and run there."""
        live, parts = self.live, self._parts
        job = await make_job(live.record, parts, await self._load(), candidate, prepared)
        instance = parts.catalog.choose(candidate.backend)
        if instance is None:
            live.write()
            instance = await serving_instance(parts.catalog, candidate.backend, grace_seconds=parts.rules.grace_seconds)
        if not instance.slots.try_take():
            live.write()
            self._under_way.set()
            parts.metrics.queue_length.inc()
            try:
                await instance.slots.take()
            finally:
                parts.metrics.queue_length.dec()
        try:
            if instance.is_removed:
                raise InstanceRemovedError
            live.pass_on(instance=instance.name)
            await self._follow(instance, candidate, job=job)
        finally:
            instance.slots.give_back()

    async def _recover(self, instance: BackendInstance | None, candidate: Candidate) -> bool:
        """Attach to a run of before the restart; False where its backend lost it and it is READY for a new attempt."""
        if instance is None:
            raise Unavailable(
                f"backend {candidate.backend}, where it ran, is neither configured nor registered any more; run it "
                "again",
                reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
                metadata={"backend": candidate.backend},
            )
        instance.slots.taken += 1
        try:
            grace = self._parts.rules.grace_seconds
            if not await instance.settle(seconds=grace):
                raise lost_backend(instance.backend, f"it did not answer for {grace:g} s")
            await self._follow(instance, candidate, job=None)
        except UnknownJobError:
            await self._requeue(orphaned(self.live.record, self._parts.rules.grace_seconds))
            return False
        except InstanceRemovedError:
            await self._requeue(left_behind(self.live.record))
            return False
        finally:
            instance.slots.give_back()
        return True

    async def _requeue(self, lost: ProximaError) -> None:
        """Start the next attempt of a run that is lost, or fail after the last."""
        if self.live.record.attempt >= self._parts.rules.max_attempts:
            raise lost
        await self.live.requeue(lost)

    async def _follow(self, instance: BackendInstance, candidate: Candidate, *, job: bytes | None) -> None:
        """Run a job at an instance, or attach to it where it is None, and end the execution as it ends."""
        live, parts, record = self.live, self._parts, self.live.record
        intake, checkpoints = intakes(live, candidate.engine, parts)
        attempt = Attempt(
            live,
            instance,
            intake,
            checkpoints,
            grace_seconds=parts.rules.grace_seconds,
            resumes_from=None if job is None else KeptCheckpoint.of(record, parts.artifacts),
        )
        attempt.on_accepted = self._accepted
        attempt.on_refused = self._pause.refuse
        self._attempt = attempt
        if self._pause.is_asked:
            await attempt.pause()
        completed = False
        try:
            done = await attempt.follow(attempt.attach_message() if job is None else attempt.start_message(job))
            usage = usage_to_bytes(done.usage, before=record.usage)
            if done.outcome == backend_pb2.Done.OUTCOME_PAUSED and self._abort_reason is None:
                return await self._come_to_pause(attempt, checkpoints, usage)
            self._ending = True
            if done.outcome == backend_pb2.Done.OUTCOME_COMPLETED:
                attempt.note_running()
                artifacts = await intake.finish()
                results = headers_to_bytes(intake.headers)
                await live.end(Trigger.COMPLETE, artifacts=artifacts, usage=usage, results=results)
                completed = True
                return
        finally:
            self._attempt = None
            await checkpoints.discard()
            if not completed:
                await intake.discard()
        if done.outcome == backend_pb2.Done.OUTCOME_PAUSED:
            return await live.fail(Trigger.ABORT, aborted(self._abort_reason, note=self._abort_note), usage=usage)
        error = from_status(done.status)
        if self._abort_reason is not None and error.reason == errors_pb2.ERROR_REASON_ABORTED:
            await live.fail(Trigger.ABORT, aborted(self._abort_reason, note=self._abort_note), usage=usage)
        else:
            await live.fail(Trigger.ERROR, error, usage=usage)

    def _accepted(self) -> None:
        """A backend has the job; a resumed one may have it at another instance than before."""
        if self._resuming:
            self.live.write()
        self._resuming = False
        self._under_way.set()

    async def _come_to_pause(self, attempt: Attempt, checkpoints: CheckpointIntake, usage: bytes) -> None:
        """Keep the checkpoint and be paused; where it cannot be kept, begin again from where the attempt began."""
        self._ending = True
        attempt.note_running()
        try:
            name, size = await checkpoints.finish()
            self._checkpoints.add(name)
            await self.live.pause(checkpoint=name, checkpoint_bytes=size, usage=usage)
        except ResourceExhausted as error:
            self._pause.refuse(error)
            self._ending = False
            if self._abort_reason is not None:
                raise
            await self._requeue(error)
