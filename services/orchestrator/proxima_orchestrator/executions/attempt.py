"""One attempt of a run at one backend instance: the southbound stream, lost and taken up again if need be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import grpc.aio
import structlog
from google.protobuf.message import DecodeError
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import Internal, ProximaError, Unavailable, from_rpc_error, from_status

from proxima_orchestrator.backends import BackendInstance, ExecuteCall
from proxima_orchestrator.convert.execution import worked_seconds
from proxima_orchestrator.executions.checkpoints import CheckpointIntake, KeptCheckpoint
from proxima_orchestrator.executions.intake import ResultIntake
from proxima_orchestrator.executions.live import LiveExecution, now
from proxima_orchestrator.executions.losses import lost_backend
from proxima_orchestrator.executions.parts import RunParts
from proxima_orchestrator.executions.state_machine import State, Trigger
from proxima_orchestrator.wire import frame, single_field

_ACCEPTED, _PROGRESS, _CHECKPOINT, _HEADER, _CHUNK, _DONE, _REFUSED = range(1, 8)
# A run ends with one of these at an instance that goes away, and is as good as elsewhere.
_KEPT_OUTCOMES = (backend_pb2.Done.OUTCOME_COMPLETED, backend_pb2.Done.OUTCOME_PAUSED)
_RETRY_SECONDS = 0.25
_STOP_SECONDS = 5.0
_LEAVE_SECONDS = 10.0

# What ends a stream and not the run.
_LOST_REASONS = (
    errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
    errors_pb2.ERROR_REASON_ABORTED,
    errors_pb2.ERROR_REASON_TAKEN_OVER,
)

log = structlog.get_logger(__name__)


class UnknownJobError(Exception):
    """The backend does not know the execution and attempt that is attached to."""


class InstanceRemovedError(Exception):
    """The instance was taken out of the catalog before the run ended."""


class _LostError(Exception):
    """The stream ended before the run did; `is_busy` where the backend asks to come again later."""

    def __init__(self, cause: ProximaError, *, is_busy: bool = False) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.is_busy = is_busy


class Attempt:
    """Follows one attempt from its first message to its last, or to its next pause.

    Attributes:
        on_accepted: called when the backend has the job, at a worker or waiting for one.
        on_refused: called with the reason when a pause that was asked for is not possible.
    """

    def __init__(
        self,
        live: LiveExecution,
        instance: BackendInstance,
        intake: ResultIntake,
        checkpoints: CheckpointIntake,
        *,
        grace_seconds: float,
        resumes_from: KeptCheckpoint | None = None,
    ) -> None:
        """Prepare; the execution is READY, or RUNNING where it is resumed or the attempt is older than this process."""
        self._live = live
        self._instance = instance
        self._intake = intake
        self._checkpoints = checkpoints
        self._grace_seconds = grace_seconds
        self._resumes_from = resumes_from
        self._seconds_before = worked_seconds(live.record.usage)
        self._writing = asyncio.Lock()
        self.on_accepted: Callable[[], None] = lambda: None
        self.on_refused: Callable[[ProximaError], None] = lambda error: None
        self._call: ExecuteCall | None = None
        # The first message of the stream is out; the job was accepted; the stream has answered; any stream has.
        self._begun = False
        self._accepted = live.record.state is State.RUNNING and resumes_from is None
        self._heard = False
        self._ever_heard = False
        self._abort_reason: str | None = None
        self._pause_wanted = False
        self._is_leaving = False
        self._ended = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """A stream is open, so that an abort reaches the backend."""
        return self._call is not None

    async def abort(self, reason: str) -> None:
        """Ask the backend to stop the job; the stream's last message says when it has."""
        self._abort_reason = reason
        if self._call is not None and self._begun:
            await self._send_abort(self._call)

    async def pause(self) -> None:
        """Ask the backend to pause the job; the stream's last message says whether it has."""
        self._pause_wanted = True
        if self._call is not None and self._begun:
            await self._send_pause(self._call)

    async def leave(self) -> None:
        """See `Guest`; returns when the backend has stopped the job, or did not say so in time."""
        self._is_leaving = True
        if self._call is not None and self._begun:
            await self._send_abort(self._call)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), _LEAVE_SECONDS)

    def start_message(self, job: bytes) -> bytes:
        """Return the message that starts a serialised job, or attaches to it if it is known."""
        record = self._live.record
        start = backend_pb2.StartExecution(
            execution=record.name, attempt=record.attempt, resume=self._resumes_from is not None
        )
        return frame(1, start.SerializeToString() + frame(3, job))

    def attach_message(self) -> bytes:
        """Return the message that attaches to the job and never starts one."""
        record = self._live.record
        attach = backend_pb2.AttachExecution(execution=record.name, attempt=record.attempt)
        return backend_pb2.ExecuteRequest(attach=attach).SerializeToString()

    async def follow(self, first: bytes) -> backend_pb2.Done:
        """Send the first message and follow the job to its last, taking a lost stream up within the grace period.

        Raises:
            UnknownJobError: the very first stream attached to a job that the backend does not know.
            InstanceRemovedError: the instance went away; the job has stopped there.
            ProximaError: the backend did not start the job, was lost, or broke the contract; or storing failed.
        """
        self._instance.guests.add(self)
        try:
            done = await self._follow(first)
        finally:
            self._instance.guests.discard(self)
            self._ended.set()
        if self._is_leaving and self._abort_reason is None and done.outcome not in _KEPT_OUTCOMES:
            raise InstanceRemovedError
        return done

    async def _follow(self, first: bytes) -> backend_pb2.Done:
        message, instance = first, self._instance
        loop = asyncio.get_running_loop()
        lost_since: float | None = None
        while True:
            try:
                self._intake.restart()
                return await self._stream(message)
            except _LostError as lost:
                log.warning("stream lost", execution_id=self._live.record.id, message=lost.cause.message)
                if self._abort_reason is not None:
                    raise lost.cause from lost
                if instance.is_removed:
                    raise InstanceRemovedError from lost
                if self._heard or lost.is_busy or lost_since is None:
                    lost_since = loop.time()
                    if not self._accepted and not lost.is_busy:
                        # Nothing of this job is there yet: those queued behind a dead instance end together.
                        lost_since = instance.unreachable_since or lost_since
                if loop.time() - lost_since > self._grace_seconds:
                    raise self._gone(f"it did not come back within {self._grace_seconds:g} s") from lost
                if self._accepted:
                    message = self.attach_message()
                    if instance.process_is_gone():
                        raise self._gone("its process ended") from lost
                await asyncio.sleep(_RETRY_SECONDS)
                await instance.settle(seconds=1.0)
            except UnknownJobError as unknown:
                if not self._ever_heard:
                    raise
                raise self._gone("it was restarted and no longer knows the run") from unknown

    async def _stream(self, first: bytes) -> backend_pb2.Done:
        """Read one stream to its end and return the last message."""
        self._heard = self._begun = False
        call = self._instance.execute()
        self._call = call
        try:
            await call.write(first)
            await self._send_checkpoint(call)
            self._begun = True
            if self._abort_reason is not None or self._is_leaving:
                await self._send_abort(call)
            elif self._pause_wanted:
                await self._send_pause(call)
            async for message in call:
                self._heard = self._ever_heard = True
                done = await self._take(message)
                if done is not None:
                    return done
            raise _LostError(self._gone("it ended the stream before the run was done"))
        except grpc.aio.AioRpcError as error:
            raise _meaning(from_rpc_error(error)) from error
        except asyncio.InvalidStateError as error:
            raise _LostError(self._gone("the stream broke")) from error
        except DecodeError as error:
            await self._stop(call)
            raise self._broken("sent a message that does not parse") from error
        except ProximaError:
            # The result cannot be taken: the run is of no use any more.
            await self._stop(call)
            raise
        finally:
            self._call = None
            call.cancel()

    async def _take(self, message: bytes) -> backend_pb2.Done | None:
        """Take one message; returns the last."""
        field, position = single_field(message)
        if field == _CHUNK:
            await self._intake.take_chunk(message, position)
        elif field == _HEADER:
            self.note_running()
            await self._intake.take_header(message, position)
        elif field == _PROGRESS:
            self.note_running()
            self._live.feed.report(self._since_start(message, position))
        elif field == _CHECKPOINT:
            await self._checkpoints.take(message, position)
        elif field == _REFUSED:
            self._pause_wanted = False
            self.on_refused(from_status(backend_pb2.PauseRefused.FromString(message[position:]).status))
        elif field == _ACCEPTED:
            self._accepted = True
            accepted = backend_pb2.Accepted.FromString(message[position:])
            self._checkpoints.limit_bytes = accepted.memory_limit_bytes
            self.on_accepted()
            if accepted.queue_position:
                self._live.show()
            else:
                self.note_running()
        elif field == _DONE:
            return backend_pb2.Done.FromString(message[position:])
        else:
            raise self._broken("sent a message that was not asked for")
        return None

    def note_running(self) -> None:
        """A worker has the job: write it down, once."""
        if self._live.record.state is State.READY:
            self._live.pass_through(Trigger.EXECUTE, start_time=now())
            self._live.write()

    def _since_start(self, message: bytes, position: int) -> bytes:
        """Return progress with the time of the run before its pauses counted in."""
        if not self._seconds_before:
            return message
        progress = result_pb2.Progress.FromString(message[position:])
        progress.elapsed.FromNanoseconds(progress.elapsed.ToNanoseconds() + round(self._seconds_before * 1e9))
        return frame(_PROGRESS, progress.SerializeToString())

    async def _send_checkpoint(self, call: ExecuteCall) -> None:
        """Send what the run resumes from, once; stops where the backend refuses it, and its answer says why."""
        if self._resumes_from is None or self._accepted:
            return
        async for message in self._resumes_from.messages():
            if self._abort_reason is not None or self._is_leaving:
                return
            try:
                await call.write(message)
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                return

    async def _send_pause(self, call: ExecuteCall) -> None:
        pause = backend_pb2.ExecuteRequest(pause=backend_pb2.PauseExecution())
        await self._say(call, pause)

    async def _say(self, call: ExecuteCall, request: backend_pb2.ExecuteRequest) -> None:
        """Send a message beside the first; a stream that has ended says by itself what became of the run."""
        async with self._writing:
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await call.write(request.SerializeToString())

    async def _send_abort(self, call: ExecuteCall) -> None:
        reason = self._abort_reason or ("the instance was unregistered" if self._is_leaving else "")
        await self._say(call, backend_pb2.ExecuteRequest(abort=backend_pb2.AbortExecution(reason=reason)))

    async def _stop(self, call: ExecuteCall) -> None:
        """Abort a job whose result is no longer wanted, and wait until the backend says that it has stopped."""
        await self._send_abort(call)
        with contextlib.suppress(grpc.aio.AioRpcError, TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                async for message in call:
                    if single_field(message)[0] == _DONE:
                        return

    def _gone(self, why: str) -> Unavailable:
        return lost_backend(self._instance.backend, why)

    def _broken(self, what: str) -> Internal:
        backend = self._instance.backend
        return Internal(
            f"the backend broke the contract: {backend} {what}",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": backend, "message": what},
        )


def intakes(live: LiveExecution, engine: str, parts: RunParts) -> tuple[ResultIntake, CheckpointIntake]:
    """Return what takes in the result and the checkpoint of an execution's attempt of now."""
    record = live.record
    results = ResultIntake(
        name=f"{record.id}-{record.attempt}",
        engine=engine,
        feed=live.feed,
        store=parts.artifacts,
        max_result_bytes=parts.rules.max_result_bytes,
    )
    checkpoints = CheckpointIntake(execution_id=record.id, attempt=record.attempt, engine=engine, store=parts.artifacts)
    return results, checkpoints


def _meaning(error: ProximaError) -> Exception:
    """Return what the status of a stream means for the run."""
    if error.reason == errors_pb2.ERROR_REASON_NOT_FOUND:
        return UnknownJobError()
    if error.reason == errors_pb2.ERROR_REASON_QUEUE_FULL:
        return _LostError(error, is_busy=True)
    if isinstance(error, Unavailable) or error.reason in _LOST_REASONS:
        return _LostError(error)
    return error
