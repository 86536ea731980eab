"""A run that was paused and resumed is the run that was not, to the last bit; only its own checkpoint is taken."""

from __future__ import annotations

import hashlib
import os
import signal

import numpy as np
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2

from proxima_runtime.conformance.backend import Backend, Result, new_execution
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import ghz
from proxima_runtime.conformance.long_jobs import long_job
from proxima_runtime.conformance.pausing import LongRuns, assert_same, chunks, pause, resume
from proxima_runtime.errors import Aborted, InvalidArgument, ProximaError

_FORGERIES = 6
# A worker that died of what a caller sent.
_DEATHS = (errors_pb2.ERROR_REASON_WORKER_CRASHED, errors_pb2.ERROR_REASON_WORKER_KILLED)


@pytest.fixture(scope="session")
def long_runs(backend: Backend) -> LongRuns:
    """Runs of seconds with a checkpoint of their middle."""
    return LongRuns(backend)


def test_pause_in_the_middle(backend: Backend, long_runs: LongRuns, mode: Mode) -> None:
    """A run of seconds that is paused twice, in the middle and as it resumes, gives the bits of one that was not."""
    whole = long_runs.of(mode)
    with resume(backend, whole.job, whole.checkpoint) as stream:
        checkpoint = pause(stream)
    with resume(backend, whole.job, checkpoint) as stream:
        assert_same(stream.collect(), whole.result)


def test_pause_at_once(backend: Backend, long_runs: LongRuns, method_mode: Mode) -> None:
    """A pause that comes with the start is taken at the first boundary, and nothing of the run is lost."""
    whole = long_runs.of(method_mode)
    with backend.begin(whole.job) as stream:
        checkpoint = pause(stream)
    with resume(backend, whole.job, checkpoint) as stream:
        assert_same(stream.collect(), whole.result)


def test_pause_while_it_waits(backend: Backend, long_runs: LongRuns, method_mode: Mode) -> None:
    """A run that waits for a worker pauses without one, and begins when it is resumed."""
    whole = long_runs.of(method_mode)
    busy = [backend.begin(whole.job) for _ in range(backend.capabilities.worker_count)]
    for blocker in busy:
        blocker.until("accepted")
    with backend.begin(whole.job) as stream:
        assert stream.until("accepted").accepted.queue_position
        checkpoint = pause(stream)
    for blocker in busy:
        assert_same(blocker.collect(), whole.result)
    with resume(backend, whole.job, checkpoint) as stream:
        assert_same(stream.collect(), whole.result)


def test_resume_in_another_worker(backend: Backend, long_runs: LongRuns, method_mode: Mode) -> None:
    """Nothing of a paused run is left in the worker that began it: that may die."""
    whole = long_runs.of(method_mode)
    pids = backend.worker_pids()
    if not pids:
        pytest.skip("the backend's worker processes cannot be seen from here")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    # The service may give a job to one of them before it has seen its end.
    ends = (_result(backend, whole.job, whole.checkpoint) for _ in range(len(pids) + 1))
    assert_same(next(result for result in ends if result is not None), whole.result)


def _result(backend: Backend, asked: backend_pb2.Job, checkpoint: bytes) -> Result | None:
    """Return the result of a resumed run, or None where its worker was killed."""
    try:
        with resume(backend, asked, checkpoint) as stream:
            return stream.collect()
    except Aborted as error:
        if error.reason == errors_pb2.ERROR_REASON_WORKER_KILLED:
            return None
        raise


def test_a_paused_run_leaves_a_worker_for_others(backend: Backend, long_runs: LongRuns, method_mode: Mode) -> None:
    """After a pause the next job runs, and the paused one can be resumed and aborted."""
    whole = long_runs.of(method_mode)
    assert set(backend.run(method_mode.job(ghz(2), shots=100)).counts) == {"00", "11"}
    with resume(backend, whole.job, whole.checkpoint) as stream:
        stream.until("accepted")
        stream.abort()
        with pytest.raises(ProximaError) as caught:
            stream.collect()
    assert caught.value.reason == errors_pb2.ERROR_REASON_ABORTED


def test_a_changed_checkpoint_is_refused(backend: Backend, long_runs: LongRuns, method_mode: Mode) -> None:
    """A byte that changed on the way, a missing end and a gap are INVALID_ARGUMENT before a worker is taken."""
    whole = long_runs.of(method_mode)
    checkpoint, digest = whole.checkpoint, hashlib.sha256(whole.checkpoint).hexdigest()
    changed = bytearray(checkpoint)
    changed[len(changed) // 2] ^= 1
    with resume(backend, whole.job, checkpoint[:-1]) as stream, pytest.raises(InvalidArgument):
        stream.collect()
    for data, shift in ((bytes(changed), 0), (checkpoint, 1)):
        with backend.open() as stream:
            start = backend_pb2.StartExecution(execution=new_execution(), attempt=1, job=whole.job, resume=True)
            stream.send(backend_pb2.ExecuteRequest(start=start))
            for chunk in chunks(data, sha256=digest):
                chunk.offset += shift
                stream.send(backend_pb2.ExecuteRequest(input_chunk=chunk))
            with pytest.raises(InvalidArgument):
                stream.collect()


def test_a_checkpoint_of_another_job_is_refused(backend: Backend, long_runs: LongRuns, method_mode: Mode) -> None:
    """Neither another seed nor another circuit is resumed from it."""
    whole = long_runs.of(method_mode)
    seed = backend_pb2.Job()
    seed.CopyFrom(whole.job)
    seed.seed += 1
    for other in (seed, method_mode.job(ghz(2), shots=10)):
        with resume(backend, other, whole.checkpoint) as stream, pytest.raises(InvalidArgument):
            stream.collect()


def test_a_forged_checkpoint_kills_nothing(backend: Backend, long_runs: LongRuns, method_mode: Mode) -> None:
    """A checkpoint with a changed byte and the SHA-256 of what it is now ends in a typed error or a result."""
    whole = long_runs.of(method_mode)
    generator = np.random.default_rng(7)
    for trial in range(_FORGERIES):
        forged = bytearray(whole.checkpoint)
        # Most of them where the numbers are that say how long things are.
        place = int(generator.integers(min(len(forged), 512 if trial % 4 else len(forged))))
        forged[place] ^= 1 << int(generator.integers(8))
        error = _end(backend, whole.job, bytes(forged))
        assert error is None or error.reason not in _DEATHS, f"byte {place}: {error.message}"


def _end(backend: Backend, asked: backend_pb2.Job, checkpoint: bytes) -> ProximaError | None:
    """Return the error that a resumed run ends with, or None where it completes."""
    try:
        with resume(backend, asked, checkpoint) as stream:
            stream.collect()
    except ProximaError as error:
        return error
    return None


def test_a_method_that_cannot_pause_says_so(backend: Backend, method_mode: Mode) -> None:
    """Where pause_support is NONE, pause and resume are UNIMPLEMENTED, and the next job runs."""
    if method_mode.capability.pause_support != capabilities_pb2.PAUSE_SUPPORT_NONE:
        pytest.skip(f"{method_mode.name} can pause")
    with (
        resume(backend, method_mode.job(ghz(2), shots=10), b"anything") as stream,
        pytest.raises(ProximaError) as caught,
    ):
        stream.collect()
    assert caught.value.reason == errors_pb2.ERROR_REASON_NOT_IMPLEMENTED
    with backend.begin(long_job(method_mode)) as stream:
        stream.until("progress")
        stream.send(backend_pb2.ExecuteRequest(pause=backend_pb2.PauseExecution()))
        with pytest.raises(ProximaError) as caught:
            stream.collect()
    assert caught.value.reason == errors_pb2.ERROR_REASON_NOT_IMPLEMENTED
