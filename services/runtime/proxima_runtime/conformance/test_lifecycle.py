"""A run can be watched, stopped, lost and found again, and what happens to its worker never takes the service."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from google.protobuf import duration_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2

from proxima_runtime.conformance.backend import Backend, attach_request, new_execution
from proxima_runtime.conformance.cases import Mode, modes
from proxima_runtime.conformance.circuits import ghz
from proxima_runtime.conformance.long_jobs import long_job
from proxima_runtime.errors import Aborted, ProximaError

# HealthCheckResponse.SERVING.
_SERVING = 1
# Until a worker is warm again on a machine that is busy.
_RECOVERY_SECONDS = 120.0


def _runs_again(backend: Backend, mode: Mode) -> None:
    counts = backend.run(mode.job(ghz(2), shots=100)).counts
    assert set(counts) == {"00", "11"}


def test_abort(backend: Backend, method_mode: Mode) -> None:
    """A run of minutes that is aborted ends with ABORTED, and the next job finds a worker."""
    with backend.begin(long_job(method_mode)) as stream:
        stream.until("progress")
        stream.abort()
        with pytest.raises(ProximaError) as caught:
            stream.collect()
    assert caught.value.reason == errors_pb2.ERROR_REASON_ABORTED
    _runs_again(backend, method_mode)


def test_health_during_a_long_run(backend: Backend, engine_mode: Mode) -> None:
    """Health, capabilities' estimates and other calls are answered while a simulation runs."""
    with backend.begin(long_job(engine_mode)) as stream:
        stream.until("progress")
        assert backend.health() == _SERVING
        assert not backend.estimate(engine_mode.job(ghz(2), shots=1)).violations
        stream.abort()
        with pytest.raises(ProximaError):
            stream.collect()


def test_timeout(backend: Backend, engine_mode: Mode) -> None:
    """A run that passes its time limit ends with TIMEOUT."""
    job = long_job(engine_mode)
    job.timeout.CopyFrom(duration_pb2.Duration(nanos=200_000_000))
    assert backend.refusal(job).reason == errors_pb2.ERROR_REASON_TIMEOUT
    _runs_again(backend, engine_mode)


def test_killed_worker(backend: Backend) -> None:
    """A run whose worker is killed ends with a typed error that says so, and a fresh worker takes the next."""
    mode = modes(backend.capabilities)[0]
    with backend.begin(long_job(mode)) as stream:
        stream.until("progress")
        pids = backend.worker_pids()
        if not pids:
            pytest.skip("the backend's worker processes cannot be seen from here")
        # The busiest one is the one that runs.
        os.kill(pids[0], signal.SIGKILL)
        with pytest.raises(ProximaError) as caught:
            stream.collect()
    assert caught.value.reason == errors_pb2.ERROR_REASON_WORKER_KILLED
    assert caught.value.metadata["signal"]
    _runs_again(backend, mode)


def test_attach_to_a_finished_run(backend: Backend) -> None:
    """After a lost stream an attach gives the whole result from its beginning."""
    mode, execution = modes(backend.capabilities)[0], new_execution()
    job = mode.job(ghz(5), shots=500, probabilities=mode.gives(result_pb2.RESULT_KIND_PROBABILITIES))
    job.grace_period.FromSeconds(60)
    with backend.begin(job, execution=execution) as lost:
        lost.until("accepted")
    with backend.open() as stream:
        stream.send(attach_request(execution))
        found = stream.collect()
    expected = backend.run(job)
    assert sorted(found.arrays) == sorted(expected.arrays)
    for role, array in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[role], array)


def test_start_again_attaches(backend: Backend) -> None:
    """A second start of the same execution and attempt attaches to the first and takes it over."""
    mode, execution = modes(backend.capabilities)[0], new_execution()
    job = long_job(mode)
    with backend.begin(job, execution=execution) as first:
        first.until("progress")
        with backend.begin(job, execution=execution) as second:
            assert second.until("accepted").accepted.attached
            with pytest.raises(Aborted):
                first.collect()
            second.abort()
            with pytest.raises(ProximaError):
                second.collect()


def test_attach_to_nothing(backend: Backend) -> None:
    """An attach to an execution that is not known starts nothing."""
    with backend.open() as stream:
        stream.send(attach_request(new_execution()))
        with pytest.raises(ProximaError) as caught:
            stream.collect()
    assert caught.value.reason == errors_pb2.ERROR_REASON_NOT_FOUND


def test_orphan_ends(backend: Backend) -> None:
    """A run whose caller is gone for longer than its grace period is killed and leaves a worker for others."""
    mode = modes(backend.capabilities)[0]
    job = long_job(mode)
    job.grace_period.CopyFrom(duration_pb2.Duration(nanos=100_000_000))
    with backend.begin(job) as lost:
        lost.until("progress")
    # With one worker the next job waits in the queue until the orphan is gone; its deadline is the test's.
    with backend.begin(mode.job(ghz(2), shots=10), deadline_seconds=_RECOVERY_SECONDS) as stream:
        assert stream.collect().counts
