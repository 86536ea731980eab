"""What cannot run is named before it runs, and the rest is estimated."""

from __future__ import annotations

import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_backend_cirq.estimate import estimate
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.peak import measured_peak_bytes

from .runs import DOUBLE, METHOD, SINGLE, job, observable

_VECTOR, _MATRIX, _TRAJECTORIES = (
    METHOD.METHOD_STATEVECTOR,
    METHOD.METHOD_DENSITY_MATRIX,
    METHOD.METHOD_TRAJECTORIES,
)
ENGINE = "proxima_backend_cirq.engine:CirqEngine"


def _measured_in_the_middle() -> CircuitWriter:
    return CircuitWriter(qubit_count=1, clbit_count=1).gate("h", (0,)).measure(0, 0).gate("h", (0,))


def _noisy(width: int, *, rounds: int = 0) -> CircuitWriter:
    circuit = CircuitWriter(qubit_count=width, clbit_count=width)
    for qubit in range(width):
        circuit.gate("u", (qubit,), (0.3 + qubit / 7, 0.1, 0.05 * qubit))
        circuit.channel("amplitude_damping", (qubit,), (0.05, 0.1))
    for qubit in range(width - 1):
        circuit.gate("cx", (qubit, qubit + 1)).channel("depolarizing", (qubit, qubit + 1), (0.02,))
    for bit in range(rounds):
        circuit.measure(bit, bit)
    for bit in range(rounds):
        circuit.gate("x", (bit,)).only_if(Comparison(first_clbit=bit, width=1, value=1))
    return circuit.measure_all()


def _sentences(wanted: backend_pb2.Job) -> list[str]:
    found = estimate(wanted)
    reasons = {violation.reason for violation in found.violations}
    assert reasons <= {errors_pb2.ErrorReason.Name(errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND)}
    return [violation.description for violation in found.violations]


@pytest.mark.parametrize(
    ("method", "results", "remedy"),
    [
        (_VECTOR, result_pb2.ResultSpec(statevector=True), "density matrix"),
        (_VECTOR, result_pb2.ResultSpec(probabilities=True), "probabilities from density_matrix"),
        (_VECTOR, result_pb2.ResultSpec(observables=[observable("Z")]), "at least 2 shots"),
        (_TRAJECTORIES, result_pb2.ResultSpec(shots=1, observables=[observable("Z")]), "at least 2 shots"),
    ],
)
def test_what_sampling_cannot_give(
    method: capabilities_pb2.Method, results: result_pb2.ResultSpec, remedy: str
) -> None:
    """Exact results of a sampled circuit are refused with a remedy; the same circuit with shots is not."""
    circuit = _measured_in_the_middle()
    (sentence,) = _sentences(job(circuit, method, results))
    assert remedy in sentence
    assert not _sentences(job(circuit, method, result_pb2.ResultSpec(shots=2, observables=[observable("Z")])))


def test_too_many_records() -> None:
    """A density matrix refuses a circuit of which more than 10 bits matter at once, and says which bits count."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=11)
    for bit in range(11):
        circuit.gate("h", (0,)).measure(0, bit)
    circuit.gate("h", (0,))
    (sentence,) = _sentences(job(circuit, _MATRIX, result_pb2.ResultSpec(shots=10)))
    assert "11 classical bits" in sentence
    assert "trajectories" in sentence
    assert not _sentences(job(circuit, _MATRIX, result_pb2.ResultSpec(density_matrix=True)))


def test_records_multiply_the_memory() -> None:
    """Each bit that matters at once doubles the matrices, and the rule says how many there are."""
    few, many = (
        estimate(job(_noisy(10, rounds=rounds), _MATRIX, result_pb2.ResultSpec(shots=10))) for rounds in (1, 4)
    )
    assert many.peak_memory_bytes - few.peak_memory_bytes >= 14 * (16 << 20)
    assert "16 records" in many.rule


def test_work_counts_the_shots() -> None:
    """Twice the trajectories are twice the work on qsim."""
    once, twice = (
        estimate(job(_noisy(6), _TRAJECTORIES, result_pb2.ResultSpec(shots=shots), engine="qsim")).work_units
        for shots in (500, 1000)
    )
    assert twice == pytest.approx(2 * once, rel=0.01)


def test_a_noisy_density_matrix_is_within_a_tenth() -> None:
    """Channels on a density matrix take what is estimated, measured in a fresh process."""
    wanted = job(_noisy(9), _MATRIX, result_pb2.ResultSpec(shots=1000))
    assert estimate(wanted).peak_memory_bytes == pytest.approx(measured_peak_bytes(ENGINE, wanted), rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("precision", [SINGLE, DOUBLE])
@pytest.mark.parametrize("width", [9, 10, 11])
@pytest.mark.parametrize("rounds", [0, 2])
def test_density_matrices_are_within_a_tenth(width: int, precision: result_pb2.Precision, rounds: int) -> None:
    """The same for other sizes, results and records."""
    circuit = _noisy(width, rounds=rounds)
    for results in (
        result_pb2.ResultSpec(shots=1000),
        result_pb2.ResultSpec(probabilities=True),
        result_pb2.ResultSpec(density_matrix=True, observables=[observable("Z" * width)]),
    ):
        wanted = job(circuit, _MATRIX, results, precision=precision)
        assert estimate(wanted).peak_memory_bytes == pytest.approx(measured_peak_bytes(ENGINE, wanted), rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("width", [18, 20, 22])
def test_qsims_trajectories_are_within_a_tenth(width: int) -> None:
    """A trajectory of qsim takes one state, measured in a fresh process."""
    wanted = job(_noisy(width), _TRAJECTORIES, result_pb2.ResultSpec(shots=4), engine="qsim")
    assert estimate(wanted).peak_memory_bytes == pytest.approx(measured_peak_bytes(ENGINE, wanted), rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("precision", [SINGLE, DOUBLE])
def test_cirqs_trajectories_stay_within_the_estimate(precision: result_pb2.Precision) -> None:
    """States saved while shots part are fewer than estimated, never more."""
    wanted = job(_noisy(18), _TRAJECTORIES, result_pb2.ResultSpec(shots=16), precision=precision)
    assert measured_peak_bytes(ENGINE, wanted) <= 1.1 * estimate(wanted).peak_memory_bytes
