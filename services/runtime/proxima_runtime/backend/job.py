"""One job of the instance: from its acceptance to the end of its grace period."""

from __future__ import annotations

import asyncio
import enum
import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2

from proxima_runtime.backend.checkpoints import StoredCheckpoint
from proxima_runtime.backend.deaths import classify_death
from proxima_runtime.backend.durations import from_duration, to_duration
from proxima_runtime.backend.frames import Frame, Kind
from proxima_runtime.backend.oom_kills import OomKills
from proxima_runtime.backend.results import StoredItem
from proxima_runtime.backend.vigil import Vigil
from proxima_runtime.backend.worker_process import Exit, WorkerProcess
from proxima_runtime.errors import (
    Aborted,
    DeadlineExceeded,
    ProximaError,
    ResourceExhausted,
    from_status,
    to_status,
)

# First byte of a serialised ExecuteResponse that is a result_header or pause_refused: fields 4 and 7, length-delimited.
_HEADER_TAG, _REFUSED_TAG = 0x22, 0x3A

_PAUSED = "paused"
_OUTCOMES = {backend_pb2.Done.OUTCOME_COMPLETED: "completed", backend_pb2.Done.OUTCOME_PAUSED: _PAUSED}

JobKey = tuple[str, int]
"""Resource name of the execution, and attempt."""


class JobState(enum.Enum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class JobTerms:
    """What a job was accepted with.

    Attributes:
        memory_limit_bytes: memory limit over the warm worker.
        estimated_bytes: what the engine's estimate said.
        timeout_seconds: time limit from the worker's receipt; None for none.
        predicted_seconds: predicted run time; None where unknown.
        grace_seconds: how long it is kept without a caller.
        hang_seconds: silence without processor time that means hung.
        max_result_bytes: largest result, 0 for no limit of its own.
        producer: who computes it; None where its method cannot pause.
    """

    memory_limit_bytes: int
    estimated_bytes: int
    timeout_seconds: float | None
    predicted_seconds: float | None
    grace_seconds: float
    hang_seconds: float
    max_result_bytes: int
    producer: result_pb2.Producer | None = None


class JobOwner(Protocol):
    """Who keeps the jobs."""

    def job_finished(self, job: Job) -> None:
        """The job has its `done`."""


class Stream:
    """One caller's stream on a job.

    Attributes:
        wake: set when there may be something to send.
        fault: the error that must end the stream, once there is one.
        notices: serialised messages for this stream only, to be sent in order.
    """

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.fault: ProximaError | None = None
        self.notices: deque[bytes] = deque()

    def fail(self, error: ProximaError) -> None:
        """End the stream with an error; the first one counts."""
        if self.fault is None:
            self.fault = error
        self.wake.set()


class Job:
    """A job and everything that it has yielded.

    Attributes:
        key: execution and attempt.
        payload: the serialised ExecuteRequest; empty once a worker has it.
        state: where it is.
        items: results so far.
        progress: the latest serialised progress message, or None.
        done: the serialised last message, or None.
        resumes_from: the checkpoint that it begins with, until a worker has it; or None.
        checkpoint: the checkpoint of its pause, or None.
        outcome: "completed", "paused", or the reason's name once it has failed.
        peak_memory_bytes: peak memory over the warm worker, once it has ended.
        stream: the stream that holds it, or None.
        was_delivered: some stream got everything.
    """

    def __init__(
        self,
        *,
        key: JobKey,
        terms: JobTerms,
        payload: bytes,
        owner: JobOwner,
        oom_kills: OomKills,
        resumes_from: StoredCheckpoint | None = None,
    ) -> None:
        self.key = key
        self.terms = terms
        self.payload = payload
        self.state = JobState.QUEUED
        self.items: list[StoredItem] = []
        self.progress: bytes | None = None
        self.done: bytes | None = None
        self.resumes_from = resumes_from
        self.checkpoint: StoredCheckpoint | None = None
        self.outcome = ""
        self.peak_memory_bytes = 0
        self.stream: Stream | None = None
        self.was_delivered = False
        self.grace_timer: asyncio.TimerHandle | None = None
        self._owner = owner
        self._oom_kills = oom_kills
        self._oom_kills_before = (0, 0)
        self._accepted = time.monotonic()
        self._started = 0.0
        self._queued_seconds = 0.0
        self._worker: WorkerProcess | None = None
        self._vigil: Vigil | None = None
        self._timeout_timer: asyncio.TimerHandle | None = None
        self._verdict: ProximaError | None = None
        self._excess: ProximaError | None = None
        self._pause_pending = False

    @property
    def file_bytes(self) -> int:
        """Bytes of its results and checkpoint in memfds."""
        return sum(item.file_bytes for item in self.items) + (self.checkpoint.size if self.checkpoint else 0)

    @property
    def is_paused(self) -> bool:
        """It ended with a checkpoint."""
        return self.outcome == _PAUSED

    def begin(self, worker: WorkerProcess) -> None:
        """The job was sent to a worker."""
        self.state = JobState.RUNNING
        self.payload = b""
        self._worker = worker
        self._started = time.monotonic()
        self._queued_seconds = self._started - self._accepted
        self._oom_kills_before = self._oom_kills.recent()
        self._vigil = Vigil(
            worker=worker,
            predicted_seconds=self.terms.predicted_seconds,
            hang_seconds=self.terms.hang_seconds,
            on_progress=self._show_progress,
            on_hang=self.stop,
        )
        if self.resumes_from is not None:
            # It counts on from where it was; time alone would show it at its beginning.
            self._vigil.counts = True
            self.resumes_from.close()
            self.resumes_from = None
        if self.terms.timeout_seconds is not None:
            self._timeout_timer = asyncio.get_running_loop().call_later(self.terms.timeout_seconds, self._time_out)

    def stop(self, error: ProximaError) -> None:
        """End the job with an error; its `done` follows when the worker's memory is back."""
        if self.state is JobState.QUEUED:
            self._fail(error, usage=result_pb2.Usage(queued_duration=to_duration(time.monotonic() - self._accepted)))
        elif self.state is JobState.RUNNING and self._verdict is None:
            self._verdict = error
            if self._worker is not None and self._vigil is not None:
                self._vigil.sample()
                self._worker.terminate()

    def abort(self, why: str) -> None:
        """Stop on the caller's request."""
        note = f": {why[:200]}" if why else ""
        self.stop(Aborted(f"the run was aborted on request{note}", reason=errors_pb2.ERROR_REASON_ABORTED))

    def pause(self) -> None:
        """Pause on the caller's request; its method can."""
        if self.state is JobState.QUEUED and self.terms.producer is not None:
            job = backend_pb2.ExecuteRequest.FromString(self.payload).start.job
            kept, self.resumes_from = self.resumes_from, None
            self.checkpoint = kept or StoredCheckpoint.of_beginning(job, self.terms.producer)
            self.outcome = _PAUSED
            usage = result_pb2.Usage(queued_duration=to_duration(time.monotonic() - self._accepted))
            done = backend_pb2.Done(outcome=backend_pb2.Done.OUTCOME_PAUSED, usage=usage)
            self._finish(backend_pb2.ExecuteResponse(done=done).SerializeToString())
        elif self.state is JobState.RUNNING and self._worker is not None and not self._pause_pending:
            self._pause_pending = True
            self._worker.send_pause()

    def receive(self, frame: Frame) -> None:
        """See `Assignment`."""
        if self._vigil is not None:
            self._vigil.heard()
        if frame.kind is Kind.CHECKPOINT:
            self.checkpoint = StoredCheckpoint(frame.file)
        elif frame.kind is not Kind.RESPONSE:
            message = backend_pb2.ExecuteResponse.FromString(frame.payload)
            done = message.done
            done.usage.queued_duration.CopyFrom(to_duration(self._queued_seconds))
            if self._worker is not None:
                self._worker.spent_seconds += from_duration(done.usage.cpu_duration)
            if self._excess is not None:
                self._fail(self._excess, usage=done.usage)
                return
            if done.outcome == backend_pb2.Done.OUTCOME_PAUSED and self._verdict is not None:
                # It was stopped while it wrote its checkpoint, which nobody wants any more.
                self._fail(self._verdict, usage=done.usage)
                return
            self.peak_memory_bytes = done.usage.peak_memory_bytes
            self.outcome = _OUTCOMES.get(done.outcome) or from_status(done.status).reason_name
            self._finish(message.SerializeToString())
        elif frame.payload[0] == _HEADER_TAG:
            self._take(StoredItem(header=frame.payload, file=frame.file))
        elif frame.payload[0] == _REFUSED_TAG:
            self._pause_pending = False
            if self.stream is not None:
                self.stream.notices.append(frame.payload)
            self._notify()
        else:
            if self._vigil is not None:
                self._vigil.counts = True
            self._show_progress(frame.payload)

    def lose_worker(self, ended: Exit) -> None:
        """See `Assignment`."""
        worker, vigil = self._worker, self._vigil
        if worker is None or vigil is None:
            return
        peak = max(vigil.peak_bytes, worker.peak_of(ended))
        error = self._verdict or classify_death(
            ended,
            peak_bytes=peak,
            estimated_bytes=self.terms.estimated_bytes,
            limit_bytes=self.terms.memory_limit_bytes,
            oom_kills_before=self._oom_kills_before,
            oom_kills_after=self._oom_kills.now(),
        )
        usage = result_pb2.Usage(
            worker_duration=to_duration(time.monotonic() - self._started),
            queued_duration=to_duration(self._queued_seconds),
            peak_memory_bytes=peak,
            cpu_duration=to_duration(max(ended.processor_seconds - worker.spent_seconds, 0.0)),
        )
        self._fail(error, usage=usage)

    def close(self) -> None:
        """Give its memory back."""
        if self.grace_timer is not None:
            self.grace_timer.cancel()
        for item in self.items:
            item.close()
        self._drop_checkpoints()

    def _take(self, item: StoredItem) -> None:
        limit, size = self.terms.max_result_bytes, self.file_bytes + item.file_bytes
        if limit and size > limit:
            item.close()
            self._excess = _too_large(size, limit)
            self.stop(self._excess)
            return
        self.items.append(item)
        self._notify()

    def _drop_checkpoints(self) -> None:
        for kept in (self.resumes_from, self.checkpoint):
            if kept is not None:
                kept.close()
        self.resumes_from = self.checkpoint = None

    def _time_out(self) -> None:
        seconds = self.terms.timeout_seconds
        self.stop(
            DeadlineExceeded(
                f"the run passed its time limit of {seconds:g} s; allow it more time, or choose a smaller job",
                reason=errors_pb2.ERROR_REASON_TIMEOUT,
                metadata={"limit": "timeout_seconds", "maximum": f"{seconds:g}"},
            )
        )

    def _show_progress(self, message: bytes) -> None:
        self.progress = message
        self._notify()

    def _fail(self, error: ProximaError, *, usage: result_pb2.Usage) -> None:
        self.outcome = error.reason_name
        self.peak_memory_bytes = usage.peak_memory_bytes
        self._drop_checkpoints()
        done = backend_pb2.Done(outcome=backend_pb2.Done.OUTCOME_FAILED, status=to_status(error), usage=usage)
        self._finish(backend_pb2.ExecuteResponse(done=done).SerializeToString())

    def _finish(self, done: bytes) -> None:
        self.state = JobState.FINISHED
        self.payload = b""
        self.done = done
        self._worker = None
        # Thousands of finished jobs may be kept: they are to be small.
        if self._vigil is not None:
            self._vigil.close()
            self._vigil = None
        if self._timeout_timer is not None:
            self._timeout_timer.cancel()
            self._timeout_timer = None
        self._owner.job_finished(self)
        self._notify()

    def _notify(self) -> None:
        if self.stream is not None:
            self.stream.wake.set()


def _too_large(size: int, limit: int) -> ResourceExhausted:
    return ResourceExhausted(
        f"the result has more than {size} bytes, this service returns at most {limit}; ask for less, or have "
        "max_result_bytes raised",
        reason=errors_pb2.ERROR_REASON_MESSAGE_LIMIT,
        metadata={"limit": "max_result_bytes", "maximum": str(limit)},
    )
