"""The jobs of one instance: known by (execution, attempt), queued for the workers, kept for their grace period."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

import structlog
from proxima.errors.v1 import errors_pb2

from proxima_runtime.backend.checkpoints import StoredCheckpoint
from proxima_runtime.backend.job import Job, JobKey, JobState, JobTerms, Stream
from proxima_runtime.backend.metrics import BackendMetrics
from proxima_runtime.backend.oom_kills import OomKills
from proxima_runtime.backend.pool import WorkerPool
from proxima_runtime.errors import Aborted, NotFound, ResourceExhausted, Unavailable

# Circuits that wait take memory, and one may have as much as a message.
_QUEUE_BYTES = 512 * 2**20

# From the end of the drain to the end of what is still there: workers get SIGKILL long before.
_STOP_SECONDS = 3.0

_log = structlog.get_logger(__name__)


class Jobs:
    """All jobs that the instance knows.

    A job runs at most once. It is forgotten when no stream has held it for its grace period; if it runs or waits at
    that time it is stopped first, and its ORPHANED end is kept for one grace period more.

    Attributes:
        on_worker_change: called with None when the instance has a worker (again), with a sentence when it has none and
            cannot start one.
    """

    def __init__(
        self, *, pool: WorkerPool, queue_limit: int, retained_result_bytes: int, metrics: BackendMetrics
    ) -> None:
        self._pool = pool
        self._queue_limit = queue_limit
        self._retained_result_bytes = retained_result_bytes
        self._metrics = metrics
        self._oom_kills = OomKills()
        self._jobs: dict[JobKey, Job] = {}
        self._queue: deque[Job] = deque()
        # Finished, delivered, and held by nobody; oldest first.
        self._retained: dict[JobKey, Job] = {}
        self._retained_bytes = 0
        self._running_count = 0
        self._draining = False
        self._all_ended = asyncio.Event()
        self._broken: str | None = None
        self.on_worker_change: Callable[[str | None], None] = lambda problem: None
        pool.on_idle = self._dispatch
        pool.on_broken = self._set_broken

    def find(self, key: JobKey) -> Job | None:
        """Return a known job."""
        return self._jobs.get(key)

    def attach(self, key: JobKey) -> Job:
        """Return a known job.

        Raises:
            NotFound: it is not known, or not any more.
        """
        job = self._jobs.get(key)
        if job is None:
            execution, attempt = key
            raise NotFound(
                f"attempt {attempt} of {execution[:128]} is not known here (any more); start a new attempt",
                reason=errors_pb2.ERROR_REASON_NOT_FOUND,
                metadata={"resource": execution},
            )
        return job

    def check_alive(self) -> None:
        """Raise if the instance stops.

        Raises:
            Unavailable: ERROR_REASON_DRAINING.
        """
        if self._draining:
            raise Unavailable(
                "this instance is stopping and starts nothing; use another one", reason=errors_pb2.ERROR_REASON_DRAINING
            )

    def check_open(self) -> None:
        """Raise if no job could be added now.

        Raises:
            Unavailable: the instance drains, or its workers cannot start.
            ResourceExhausted: ERROR_REASON_QUEUE_FULL.
        """
        self.check_alive()
        if self._broken is not None:
            raise _no_worker(self._broken)
        waiting_bytes = sum(len(job.payload) for job in self._queue)
        if len(self._queue) >= self._queue_limit or waiting_bytes > _QUEUE_BYTES:
            raise ResourceExhausted(
                f"every worker is busy and {len(self._queue)} jobs wait already; try again later",
                reason=errors_pb2.ERROR_REASON_QUEUE_FULL,
                metadata={"limit": "queue_limit", "maximum": str(self._queue_limit)},
            )

    @property
    def waiting_checkpoint_bytes(self) -> int:
        """Bytes of the checkpoints of jobs that wait for a worker."""
        return sum(job.resumes_from.size for job in self._queue if job.resumes_from is not None)

    def add(self, key: JobKey, terms: JobTerms, payload: bytes, *, resumes_from: StoredCheckpoint | None = None) -> Job:
        """Add a job and run it as soon as a worker is free; a paused job of this key is forgotten.

        Args:
            key: execution and attempt; of no known job but a paused one.
            terms: the limits in force.
            payload: the serialised ExecuteRequest, with the limits in force.
            resumes_from: the checkpoint to begin with, which is the job's from here on.

        Raises:
            Unavailable, ResourceExhausted: see `check_open`.
        """
        self.check_open()
        paused = self._jobs.get(key)
        if paused is not None:
            self._replace(paused)
        job = Job(
            key=key,
            terms=terms,
            payload=payload,
            owner=self,
            oom_kills=self._oom_kills,
            resumes_from=resumes_from,
        )
        self._jobs[key] = job
        self._queue.append(job)
        self._dispatch()
        return job

    def queue_position(self, job: Job) -> int:
        """Return how many jobs are to run before this one; 0 when it runs."""
        return self._queue.index(job) + 1 if job.state is JobState.QUEUED else 0

    def hold(self, job: Job) -> Stream:
        """Give a job to a new stream; the one that held it ends with ABORTED."""
        stream = Stream()
        if job.stream is not None:
            job.stream.fail(
                Aborted("a newer stream has taken over this job", reason=errors_pb2.ERROR_REASON_TAKEN_OVER)
            )
        if job.grace_timer is not None:
            job.grace_timer.cancel()
            job.grace_timer = None
        if self._retained.pop(job.key, None) is not None:
            self._retained_bytes -= job.file_bytes
        job.stream = stream
        return stream

    def release(self, job: Job, stream: Stream) -> None:
        """A stream has ended; its job's grace period begins, unless another stream has taken over."""
        if job.stream is stream:
            job.stream = None
            self._keep_for_grace(job)
            if job.was_delivered and job.file_bytes:
                self._retained[job.key] = job
                self._retained_bytes += job.file_bytes
                self._drop_delivered()

    def job_finished(self, job: Job) -> None:
        """See `JobOwner`."""
        if job in self._queue:
            self._queue.remove(job)
        else:
            self._running_count -= 1
        self._metrics.executions.labels(outcome=job.outcome).inc()
        self._metrics.peak_memory.observe(job.peak_memory_bytes)
        log = _log.debug if job.outcome == "completed" or job.is_paused else _log.warning
        log("execution ended", execution_id=job.key[0], attempt=job.key[1], outcome=job.outcome)
        if job.stream is None:
            if job.grace_timer is not None:
                job.grace_timer.cancel()
            self._keep_for_grace(job)
        self._check_all_ended()

    async def drain(self) -> None:
        """Start nothing any more and wait for every job to end and every stream to have it."""
        self._draining = True
        self._check_all_ended()
        await self._all_ended.wait()

    async def stop_all(self) -> None:
        """Stop every job that has not ended, because the service stops, and let the streams have that end."""
        self._draining = True
        for job in list(self._jobs.values()):
            job.stop(
                Unavailable(
                    "the service stopped before the run ended; run it again elsewhere",
                    reason=errors_pb2.ERROR_REASON_DRAINING,
                )
            )
        self._check_all_ended()
        with contextlib.suppress(TimeoutError):
            # A caller that does not read its stream cannot hold the service up.
            await asyncio.wait_for(self._all_ended.wait(), _STOP_SECONDS)

    def close(self) -> None:
        """Forget everything."""
        for job in self._jobs.values():
            job.close()
        self._jobs.clear()

    def _dispatch(self) -> None:
        while self._queue:
            job = self._queue[0]
            kept = job.resumes_from
            worker = self._pool.assign(job, job.payload, file=kept.file if kept is not None else -1)
            if worker is None:
                return
            self._queue.popleft()
            self._running_count += 1
            job.begin(worker)
            if job.stream is not None:
                job.stream.wake.set()

    def _keep_for_grace(self, job: Job) -> None:
        loop = asyncio.get_running_loop()
        job.grace_timer = loop.call_later(job.terms.grace_seconds, self._expire, job)
        self._check_all_ended()

    def _expire(self, job: Job) -> None:
        if job.state is JobState.FINISHED:
            self._forget(job)
            return
        job.stop(
            Aborted(
                f"nobody listened for {job.terms.grace_seconds:g} s, so the run was stopped",
                reason=errors_pb2.ERROR_REASON_ORPHANED,
                metadata={"grace_seconds": f"{job.terms.grace_seconds:g}"},
            )
        )

    def _drop_delivered(self) -> None:
        # Kept results are memory that no job may count on.
        while self._retained and self._retained_bytes > self._retained_result_bytes:
            job = next(iter(self._retained.values()))
            if job.grace_timer is not None:
                job.grace_timer.cancel()
            self._forget(job)

    def _forget(self, job: Job) -> None:
        del self._jobs[job.key]
        if self._retained.pop(job.key, None) is not None:
            self._retained_bytes -= job.file_bytes
        job.close()

    def _replace(self, paused: Job) -> None:
        """Forget a paused job whose next part begins; a stream that still reads it ends."""
        if paused.stream is not None:
            paused.stream.fail(
                Aborted("the run was resumed by a newer stream", reason=errors_pb2.ERROR_REASON_TAKEN_OVER)
            )
            paused.stream = None
        if paused.grace_timer is not None:
            paused.grace_timer.cancel()
        self._forget(paused)

    def _set_broken(self, message: str | None) -> None:
        self._broken = message
        if message is not None:
            for job in list(self._queue):
                job.stop(_no_worker(message))
        self.on_worker_change(message)

    def _check_all_ended(self) -> None:
        held = any(job.stream is not None for job in self._jobs.values()) if self._draining else True
        if self._draining and not self._queue and not self._running_count and not held:
            self._all_ended.set()


def _no_worker(problem: str) -> Unavailable:
    return Unavailable(
        f"this instance has no worker, because its simulator does not start: {problem}",
        reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
    )
