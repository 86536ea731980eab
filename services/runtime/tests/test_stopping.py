"""Stopping runs: abort, time limit, grace period."""

from __future__ import annotations

import asyncio
import time

import pytest
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Aborted, DeadlineExceeded, NotFound
from proxima_runtime.testing import BackendCaller, Execution, RunningBackend, scripted_job


def test_abort_stops_a_run_and_frees_the_worker(
    runner: asyncio.Runner, backend: RunningBackend, caller: BackendCaller
) -> None:
    """An aborted run ends with ABORTED and its usage when its process is gone, and the next run starts at once."""

    async def scenario() -> None:
        execution = await caller.start(scripted_job(("scripted_allocate", 64), ("scripted_sleep", 60)))
        await execution.until("progress")
        await execution.abort("changed my mind")
        answer = await execution.finish()

        assert isinstance(answer.error, Aborted)
        assert answer.error.reason == errors_pb2.ERROR_REASON_ABORTED
        assert "changed my mind" in answer.error.message
        assert answer.done is not None
        assert answer.done.usage.peak_memory_bytes >= 62 * 2**20
        assert (await caller.run(scripted_job(shots=1))).is_complete

    runner.run(scenario())


def test_a_worker_deaf_to_sigterm_is_killed(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """SIGKILL follows SIGTERM, and the run is aborted all the same."""

    async def scenario() -> None:
        execution = await caller.start(scripted_job(("scripted_deafen", 0), ("scripted_sleep", 60)))
        await execution.until("progress")
        await execution.abort()
        error = (await execution.finish()).error
        assert error.reason == errors_pb2.ERROR_REASON_ABORTED

    runner.run(scenario())


def test_a_waiting_job_is_aborted_at_once(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A job that has no worker yet leaves the line."""

    async def scenario() -> None:
        running = await caller.start(scripted_job(("scripted_sleep", 60)))
        await running.until("accepted")
        waiting = await caller.start(scripted_job(shots=1))
        await waiting.abort()
        assert (await waiting.finish()).error.reason == errors_pb2.ERROR_REASON_ABORTED
        await running.abort()
        await running.finish()

    runner.run(scenario())


def test_abort_after_the_end_changes_nothing(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A run that was over when the abort arrived stays completed."""

    async def scenario() -> None:
        execution = await caller.start(scripted_job(shots=1))
        await execution.finish()
        again = await caller.attach(execution.name)
        await again.abort()
        assert (await again.finish()).is_complete

    runner.run(scenario())


def test_a_run_past_its_time_limit_is_stopped(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """It ends with TIMEOUT and names the limit; the service goes on."""
    job = scripted_job(("scripted_sleep", 60))
    job.timeout.FromMilliseconds(300)

    error = runner.run(caller.run(job)).error

    assert isinstance(error, DeadlineExceeded)
    assert error.reason == errors_pb2.ERROR_REASON_TIMEOUT
    assert error.metadata == {"limit": "timeout_seconds", "maximum": "0.3"}
    assert runner.run(caller.run(scripted_job(shots=1))).is_complete


async def is_forgotten(caller: BackendCaller, execution: Execution) -> bool:
    """Attach, which holds the job, and tell whether it was unknown."""
    try:
        await (await caller.attach(execution.name)).until("accepted")
    except NotFound:
        return True
    return False


def test_an_orphan_is_stopped_after_its_grace_period(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """Nobody listens, so the run is stopped; who comes a little late learns why."""

    async def scenario() -> None:
        job = scripted_job(("scripted_sleep", 60))
        job.grace_period.FromMilliseconds(700)
        orphan = await caller.start(job)
        await orphan.until("accepted")
        orphan.drop()
        # The only worker is busy with the orphan, so this one runs when the orphan was stopped.
        assert (await caller.run(scripted_job(shots=1))).is_complete

        late = await (await caller.attach(orphan.name)).finish()

        assert late.error.reason == errors_pb2.ERROR_REASON_ORPHANED
        assert late.error.metadata == {"grace_seconds": "0.7"}

    runner.run(scenario())


def test_a_finished_job_is_forgotten_after_its_grace_period(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A result is kept for the grace period and not longer."""

    async def scenario() -> None:
        job = scripted_job(shots=1)
        job.grace_period.FromMilliseconds(400)
        finished = await caller.start(job)
        await finished.finish()
        ended = time.monotonic()
        forgotten = False
        while not forgotten and time.monotonic() < ended + 30:
            # Runs of other jobs pass the time without touching this one.
            await caller.run(scripted_job(("scripted_sleep", 0.6)))
            forgotten = await is_forgotten(caller, finished)
        assert forgotten

    runner.run(scenario())


def test_an_attached_stream_ends_the_grace_period(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A job that somebody listens to again is not stopped."""

    async def scenario() -> None:
        job = scripted_job(("scripted_sleep", 1.5))
        job.grace_period.FromMilliseconds(700)
        lost = await caller.start(job)
        await lost.until("accepted")
        lost.drop()
        assert (await (await caller.attach(lost.name)).finish()).is_complete

    runner.run(scenario())


@pytest.mark.parametrize("field", ["timeout", "grace_period"])
def test_a_negative_duration_is_refused(runner: asyncio.Runner, caller: BackendCaller, field: str) -> None:
    """Durations are not negative."""
    job = scripted_job(shots=1)
    getattr(job, field).FromMilliseconds(-5)

    with pytest.raises(Exception, match=f"job.{field}"):
        runner.run(caller.run(job))
