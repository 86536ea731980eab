"""Workers that die, hang, fail or run out of memory: typed errors, and the service lives on."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from proxima.errors.v1 import errors_pb2
from proxima_runtime.backend.deaths import classify_death
from proxima_runtime.backend.worker_process import Exit
from proxima_runtime.errors import Aborted, Internal, ResourceExhausted
from proxima_runtime.testing import BackendCaller, RunningBackend, scripted_job, start_backend

MIB = 2**20


def workers_of(pid: int) -> set[int]:
    """Return the process ids of a service's workers."""
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@pytest.fixture(autouse=True)
def _service_lives_on(runner: asyncio.Runner, caller: BackendCaller) -> object:
    yield
    assert runner.run(caller.run(scripted_job(shots=1))).is_complete
    assert runner.run(caller.is_serving())


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGTERM])
def test_a_crash_names_its_signal(runner: asyncio.Runner, caller: BackendCaller, number: signal.Signals) -> None:
    """A worker that dies of a signal is WORKER_CRASHED; nothing is guessed about memory."""
    error = runner.run(caller.run(scripted_job(("scripted_signal", number)))).error

    assert isinstance(error, Internal)
    assert error.reason == errors_pb2.ERROR_REASON_WORKER_CRASHED
    assert error.metadata["signal"] == number.name
    assert "probable_cause" not in error.metadata


def test_a_crash_near_the_cap_is_probably_memory(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """Only an estimate near the limit makes memory the probable cause."""
    job = scripted_job(("scripted_claim", 900), ("scripted_signal", signal.SIGSEGV))

    error = runner.run(caller.run(job)).error

    assert error.metadata["probable_cause"] == "memory"
    assert "probably for lack of memory" in error.message


def test_a_worker_that_exits_by_itself_is_a_crash(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A simulator that calls exit() is reported with the status."""
    error = runner.run(caller.run(scripted_job(("scripted_exit", 7)))).error

    assert error.reason == errors_pb2.ERROR_REASON_WORKER_CRASHED
    assert error.metadata["exit_status"] == "7"


def test_a_worker_killed_from_outside_says_so(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """SIGKILL that the memory killer did not send is ABORTED: running it again may help."""
    error = runner.run(caller.run(scripted_job(("scripted_signal", signal.SIGKILL)))).error

    assert isinstance(error, Aborted)
    assert error.reason == errors_pb2.ERROR_REASON_WORKER_KILLED
    assert error.metadata == {"signal": "SIGKILL"}


def test_the_memory_killer_is_named() -> None:
    """When the kernel's count rose, it is RESOURCE_EXHAUSTED with memory as the cause."""
    error = classify_death(
        Exit(status=0, signal_number=signal.SIGKILL, peak_bytes=0, processor_seconds=0),
        peak_bytes=0,
        estimated_bytes=0,
        limit_bytes=1,
        oom_kills_before=(3, 5),
        oom_kills_after=(4, 6),
    )

    assert isinstance(error, ResourceExhausted)
    assert error.reason == errors_pb2.ERROR_REASON_WORKER_KILLED
    assert error.metadata == {"signal": "SIGKILL", "probable_cause": "memory"}


def test_the_memory_cap_is_enforced(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A run that takes more than its limit ends OUT_OF_MEMORY with the figures, whatever its estimate said."""
    job = scripted_job(("scripted_allocate", 200))
    job.memory_limit_bytes = 100 * MIB

    error = runner.run(caller.run(job)).error

    assert isinstance(error, ResourceExhausted)
    assert error.reason == errors_pb2.ERROR_REASON_OUT_OF_MEMORY
    assert error.metadata["memory_cap_bytes"] == str(100 * MIB)


def test_the_cap_is_set_anew_for_each_run(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A small limit binds its own run only, and a run under its limit completes."""
    small = scripted_job(("scripted_allocate", 50))
    small.memory_limit_bytes = 100 * MIB

    assert runner.run(caller.run(small)).is_complete
    assert runner.run(caller.run(scripted_job(("scripted_allocate", 300)))).is_complete


def test_the_copy_of_a_result_counts_against_the_cap(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A result that fits once and not twice ends OUT_OF_MEMORY."""
    job = scripted_job(("scripted_large", 64), statevector=True)
    job.memory_limit_bytes = 100 * MIB

    assert runner.run(caller.run(job)).error.reason == errors_pb2.ERROR_REASON_OUT_OF_MEMORY


def test_memory_given_back_is_not_counted_again(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """The peak of a run does not show what an earlier run of the same worker took."""

    async def scenario() -> int:
        await caller.run(scripted_job(("scripted_allocate", 300)))
        done = (await caller.run(scripted_job(shots=1))).done
        assert done is not None
        return int(done.usage.peak_memory_bytes)

    assert runner.run(scenario()) < 20 * MIB


def test_an_exception_of_the_engine_is_its_failure(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """What the engine lets through is ENGINE_FAILED with the engine's own words."""
    error = runner.run(caller.run(scripted_job(("scripted_fail", 0)))).error

    assert error.reason == errors_pb2.ERROR_REASON_ENGINE_FAILED
    assert error.metadata == {"engine": "scripted", "message": "the script says so"}


def test_a_typed_error_of_the_engine_passes_through(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A ProximaError keeps its class and reason."""
    error = runner.run(caller.run(scripted_job(("scripted_error", 0)))).error

    assert (type(error), error.reason) == (Internal, errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH)


def test_a_failed_run_keeps_the_worker_warm(
    runner: asyncio.Runner, backend: RunningBackend, caller: BackendCaller
) -> None:
    """An engine's failure is no reason to replace its process."""

    async def scenario() -> None:
        await caller.run(scripted_job(shots=1))
        before = workers_of(backend.process.pid)
        await caller.run(scripted_job(("scripted_fail", 0)))
        await caller.run(scripted_job(shots=1))
        assert before <= workers_of(backend.process.pid)

    runner.run(scenario())


def test_a_worker_that_leaks_is_replaced(
    runner: asyncio.Runner, backend: RunningBackend, caller: BackendCaller
) -> None:
    """A worker that keeps more than 256 MiB ends after its job, which completes."""

    async def scenario() -> None:
        before = workers_of(backend.process.pid)
        assert (await caller.run(scripted_job(("scripted_leak", 300)))).is_complete
        await caller.run(scripted_job(("scripted_sleep", 0.3)))
        assert len(before - workers_of(backend.process.pid)) == 1

    runner.run(scenario())


def test_an_idle_worker_that_is_killed_is_replaced(
    runner: asyncio.Runner, backend: RunningBackend, caller: BackendCaller
) -> None:
    """Losing the warm workers between jobs costs at most what is sent before the service has seen it, and says so."""

    async def scenario() -> None:
        await caller.run(scripted_job(shots=1))
        pids = workers_of(backend.process.pid)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        ends = [await caller.run(scripted_job(shots=1)) for _ in range(len(pids) + 1)]
        assert ends[-1].is_complete
        lost = [end for end in ends if not end.is_complete]
        assert all(end.error.reason == errors_pb2.ERROR_REASON_WORKER_KILLED for end in lost)

    runner.run(scenario())


def test_a_worker_that_does_nothing_any_more_hung(runner: asyncio.Runner) -> None:
    """Silence without processor time for `hang_seconds` is WORKER_HUNG, a worker that computes silently is not."""

    async def scenario() -> None:
        environment = {"PROXIMA_BACKEND_HANG_SECONDS": "1"}
        async with start_backend(environment=environment) as backend, BackendCaller(backend.target) as caller:
            assert (await caller.run(scripted_job(("scripted_busy", 2.5)))).is_complete
            error = (await caller.run(scripted_job(("scripted_signal", signal.SIGSTOP)))).error
            assert error.reason == errors_pb2.ERROR_REASON_WORKER_HUNG
            assert int(error.metadata["silent_seconds"]) >= 1
            assert (await caller.run(scripted_job(shots=1))).is_complete

    runner.run(scenario())
