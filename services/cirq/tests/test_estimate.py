"""Estimates hold against measurement."""

from __future__ import annotations

import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_backend_cirq.estimate import estimate
from proxima_runtime.conformance.circuits import layered
from proxima_runtime.conformance.peak import measured_peak_bytes

_METHOD = capabilities_pb2.Method
_VECTOR, _MATRIX = _METHOD.METHOD_STATEVECTOR, _METHOD.METHOD_DENSITY_MATRIX
_DOUBLE, _SINGLE = result_pb2.PRECISION_DOUBLE, result_pb2.PRECISION_SINGLE
ENGINE = "proxima_backend_cirq.engine:CirqEngine"

_SAMPLING = result_pb2.ResultSpec(shots=1000)
_PROBABILITIES = result_pb2.ResultSpec(probabilities=True)
_STATE = {_VECTOR: result_pb2.ResultSpec(statevector=True), _MATRIX: result_pb2.ResultSpec(density_matrix=True)}
_ALL = {
    _VECTOR: result_pb2.ResultSpec(shots=1000, probabilities=True, statevector=True),
    _MATRIX: result_pb2.ResultSpec(shots=1000, probabilities=True, density_matrix=True),
}


def _job(
    engine: str,
    method: capabilities_pb2.Method,
    width: int,
    results: result_pb2.ResultSpec,
    precision: result_pb2.Precision,
) -> backend_pb2.Job:
    return backend_pb2.Job(
        circuit=layered(width, 2).message(),
        results=results,
        method=method,
        engine=engine,
        precision=precision,
        seed=1,
        thread_count=1,
    )


_TARGETS = [
    *(("qsim", _VECTOR, width, _SINGLE) for width in (18, 21, 24)),
    *(("cirq", _VECTOR, width, precision) for width in (18, 22) for precision in (_SINGLE, _DOUBLE)),
    *(("cirq", _MATRIX, width, precision) for width in (9, 11) for precision in (_SINGLE, _DOUBLE)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "method", "width", "precision"), _TARGETS)
def test_within_a_tenth_of_the_measured_peak(
    engine: str, method: capabilities_pb2.Method, width: int, precision: result_pb2.Precision
) -> None:
    """Sampling, with probabilities, with the state, with all of it: within 10 % of the peak of a fresh worker."""
    for results in (_SAMPLING, _PROBABILITIES, _STATE[method], _ALL[method]):
        job = _job(engine, method, width, results, precision)
        assert estimate(job).peak_memory_bytes == pytest.approx(measured_peak_bytes(ENGINE, job), rel=0.1)


def test_sampling_one_state_is_within_a_tenth() -> None:
    """The same for one quick case, in every run of the tests."""
    job = _job("qsim", _VECTOR, 21, _SAMPLING, _SINGLE)
    assert estimate(job).peak_memory_bytes == pytest.approx(measured_peak_bytes(ENGINE, job), rel=0.1)


def test_saturates() -> None:
    """A state beyond every machine saturates at 2^63 - 1."""
    job = _job("qsim", _VECTOR, 4, _SAMPLING, _SINGLE)
    job.circuit.qubit_count = 100
    assert estimate(job).peak_memory_bytes == 2**63 - 1


@pytest.mark.parametrize(("engine", "method"), [("qsim", _VECTOR), ("cirq", _VECTOR), ("cirq", _MATRIX)])
def test_largest_fitting_is_the_last_that_fits(engine: str, method: capabilities_pb2.Method) -> None:
    """The named size needs at most the limit and one more qubit needs more."""
    job = _job(engine, method, 4, _PROBABILITIES, _SINGLE)
    job.memory_limit_bytes = 1 << 26
    largest = estimate(job).largest_fitting_qubit_count
    at, over = (_job(engine, method, width, _PROBABILITIES, _SINGLE) for width in (largest, largest + 1))
    assert estimate(at).peak_memory_bytes <= 1.01 * job.memory_limit_bytes
    assert estimate(over).peak_memory_bytes > job.memory_limit_bytes


def test_segments_are_refused() -> None:
    """A plan with circuit segments is a violation."""
    job = _job("qsim", _VECTOR, 4, _SAMPLING, _SINGLE)
    job.segmentation.segment_starts.append(1)
    reasons = [violation.reason for violation in estimate(job).violations]
    assert reasons == [errors_pb2.ErrorReason.Name(errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND)]
