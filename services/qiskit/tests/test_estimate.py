"""Estimates hold against measurement."""

from __future__ import annotations

import numpy as np
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_backend_qiskit.estimate import estimate
from proxima_runtime.conformance.circuits import CircuitWriter, layered
from proxima_runtime.conformance.peak import measured_peak_bytes

_METHOD = capabilities_pb2.Method
_VECTOR, _MATRIX = _METHOD.METHOD_STATEVECTOR, _METHOD.METHOD_DENSITY_MATRIX
_DOUBLE, _SINGLE = result_pb2.PRECISION_DOUBLE, result_pb2.PRECISION_SINGLE
ENGINE = "proxima_backend_qiskit.engine:QiskitEngine"

_SAMPLING = result_pb2.ResultSpec(shots=1000)
_PROBABILITIES = result_pb2.ResultSpec(probabilities=True)
_STATE = {_VECTOR: result_pb2.ResultSpec(statevector=True), _MATRIX: result_pb2.ResultSpec(density_matrix=True)}
_ALL = {
    _VECTOR: result_pb2.ResultSpec(shots=1000, probabilities=True, statevector=True),
    _MATRIX: result_pb2.ResultSpec(shots=1000, probabilities=True, density_matrix=True),
}


def _job(
    method: capabilities_pb2.Method, width: int, results: result_pb2.ResultSpec, precision: result_pb2.Precision
) -> backend_pb2.Job:
    return backend_pb2.Job(
        circuit=layered(width, 2).message(),
        results=results,
        method=method,
        engine="aer",
        precision=precision,
        seed=1,
        thread_count=1,
    )


@pytest.mark.slow
@pytest.mark.parametrize("precision", [_DOUBLE, _SINGLE])
@pytest.mark.parametrize(("method", "width"), [*((_VECTOR, n) for n in (18, 21, 24)), *((_MATRIX, n) for n in (9, 11))])
def test_within_a_tenth_of_the_measured_peak(
    method: capabilities_pb2.Method, width: int, precision: result_pb2.Precision
) -> None:
    """Sampling, with probabilities, with the state, with all of it: within 10 % of the peak of a fresh worker."""
    for results in (_SAMPLING, _PROBABILITIES, _STATE[method], _ALL[method]):
        job = _job(method, width, results, precision)
        assert estimate(job).peak_memory_bytes == pytest.approx(measured_peak_bytes(ENGINE, job), rel=0.1)


def test_sampling_one_state_is_within_a_tenth() -> None:
    """The same for one quick case, in every run of the tests."""
    job = _job(_VECTOR, 20, _SAMPLING, _DOUBLE)
    assert estimate(job).peak_memory_bytes == pytest.approx(measured_peak_bytes(ENGINE, job), rel=0.1)


def _records(width: int) -> CircuitWriter:
    """Three measurements in mid-circuit whose bits are kept: eight records."""
    circuit = CircuitWriter(qubit_count=width, clbit_count=3)
    for clbit in range(3):
        circuit.gate("h", (clbit,)).channel("depolarizing", (clbit, 3), (0.01,)).measure(clbit, clbit)
    for qubit in range(width):
        circuit.gate("h", (qubit,))
    return circuit


def _trajectory(width: int) -> CircuitWriter:
    circuit = CircuitWriter(qubit_count=width, clbit_count=width)
    for qubit in range(width):
        circuit.gate("h", (qubit,)).channel("amplitude_damping", (qubit,), (0.1, 0.0))
    # Aer leaves out qubits that no measured one depends on.
    return circuit.measure_all()


@pytest.mark.parametrize(
    ("circuit", "method", "results"),
    [
        (_records(9), _MATRIX, result_pb2.ResultSpec(shots=100)),
        (_records(9), _MATRIX, result_pb2.ResultSpec(shots=100, density_matrix=True)),
        (_trajectory(11), _MATRIX, result_pb2.ResultSpec(shots=100, density_matrix=True)),
        (_trajectory(21), _METHOD.METHOD_TRAJECTORIES, result_pb2.ResultSpec(shots=2)),
    ],
    ids=["records", "records with matrix", "channels", "trajectories"],
)
def test_noise_and_records_are_within_a_tenth(
    circuit: CircuitWriter, method: capabilities_pb2.Method, results: result_pb2.ResultSpec
) -> None:
    """Channels cost nothing beside the state, records a matrix each: within 10 % of the peak of a fresh worker."""
    job = backend_pb2.Job(
        circuit=circuit.message(), results=results, method=method, engine="aer", precision=_DOUBLE, thread_count=1
    )
    assert estimate(job).peak_memory_bytes == pytest.approx(measured_peak_bytes(ENGINE, job), rel=0.1)


def test_runs_once_a_shot_cost_by_the_shot() -> None:
    """Twice the shots of a noisy circuit are twice the work."""

    def units(shots: int) -> float:
        spec = result_pb2.ResultSpec(shots=shots)
        method = _METHOD.METHOD_TRAJECTORIES
        return estimate(backend_pb2.Job(circuit=_trajectory(8).message(), results=spec, method=method)).work_units

    assert units(2000) == pytest.approx(2 * units(1000))


def test_many_misread_bits_of_a_density_matrix() -> None:
    """The joint law of forty bits that one qubit is read into is part of the estimate."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=40)
    for clbit in range(40):
        circuit.measure(0, clbit, readout=np.array([[0.9, 0.1], [0.1, 0.9]]))
    job = backend_pb2.Job(circuit=circuit.message(), results=_SAMPLING, method=_MATRIX)
    assert estimate(job).peak_memory_bytes > 1 << 40


def test_saturates() -> None:
    """A state beyond every machine saturates at 2^63 - 1."""
    job = _job(_VECTOR, 4, _SAMPLING, _DOUBLE)
    job.circuit.qubit_count = 4000
    assert estimate(job).peak_memory_bytes == 2**63 - 1


@pytest.mark.parametrize("method", [_VECTOR, _MATRIX, _METHOD.METHOD_MATRIX_PRODUCT_STATE, _METHOD.METHOD_STABILIZER])
def test_largest_fitting_is_the_last_that_fits(method: capabilities_pb2.Method) -> None:
    """The named size needs at most the limit and one more qubit needs more."""
    job = _job(method, 4, _PROBABILITIES, _DOUBLE)
    job.memory_limit_bytes = 1 << 26
    largest = estimate(job).largest_fitting_qubit_count
    at, over = _job(method, largest, _PROBABILITIES, _DOUBLE), _job(method, largest + 1, _PROBABILITIES, _DOUBLE)
    assert estimate(at).peak_memory_bytes <= 1.01 * job.memory_limit_bytes
    assert estimate(over).peak_memory_bytes > job.memory_limit_bytes


def test_probabilities_of_a_tableau_cost_by_the_outcome() -> None:
    """Aer lists a tableau's outcomes one by one: one more qubit doubles the work of probabilities, not of samples."""

    def units(width: int, results: result_pb2.ResultSpec) -> float:
        return estimate(_job(_METHOD.METHOD_STABILIZER, width, results, _DOUBLE)).work_units

    assert units(21, _PROBABILITIES) > 2 * units(20, _PROBABILITIES)
    assert units(21, _SAMPLING) < 1.1 * units(20, _SAMPLING)


def test_segments_are_refused() -> None:
    """A plan with circuit segments is a violation."""
    job = _job(_VECTOR, 4, _SAMPLING, _DOUBLE)
    job.segmentation.segment_starts.append(1)
    reasons = [violation.reason for violation in estimate(job).violations]
    assert reasons == [errors_pb2.ErrorReason.Name(errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND)]
