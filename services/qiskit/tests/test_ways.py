"""What a method cannot give is refused by name before it runs."""

from __future__ import annotations

import pytest
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_backend_qiskit.estimate import estimate
from proxima_runtime.conformance.circuits import CircuitWriter

from .jobs import METHOD, job, observable

_PURE = (METHOD.METHOD_STATEVECTOR, METHOD.METHOD_MATRIX_PRODUCT_STATE, METHOD.METHOD_STABILIZER)


def _random() -> CircuitWriter:
    return CircuitWriter(qubit_count=2, clbit_count=1).gate("h", (0,)).reset(0).measure(0, 0)


def _refusals(circuit: CircuitWriter, method: capabilities_pb2.Method, results: result_pb2.ResultSpec) -> list[str]:
    return [violation.description for violation in estimate(job(circuit, method, results=results)).violations]


@pytest.mark.parametrize("method", _PURE)
@pytest.mark.parametrize(
    ("results", "named"),
    [
        (result_pb2.ResultSpec(probabilities=True), "exact probabilities"),
        (result_pb2.ResultSpec(statevector=True), "no one state vector"),
        (result_pb2.ResultSpec(shots=1, observables=[observable("ZZ")]), "at least 2 shots"),
    ],
)
def test_random_circuits_of_pure_states(
    method: capabilities_pb2.Method, results: result_pb2.ResultSpec, named: str
) -> None:
    """A pure state that is run once a shot has neither probabilities nor a state, and samples expectation values."""
    (sentence,) = _refusals(_random(), method, results)
    assert named in sentence


@pytest.mark.parametrize("method", _PURE)
def test_counts_are_given(method: capabilities_pb2.Method) -> None:
    """Counts of the same circuit are given."""
    assert not _refusals(_random(), method, result_pb2.ResultSpec(shots=10))


def test_channels_of_a_tableau() -> None:
    """A tableau takes mixtures of Pauli operators and names the other channels of a circuit."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).channel("depolarizing", (0,), (0.1,)).measure(0, 0)
    shots = result_pb2.ResultSpec(shots=10)
    assert not _refusals(circuit, METHOD.METHOD_STABILIZER, shots)
    circuit.channel("amplitude_damping", (0,), (0.1, 0.0))
    (sentence,) = _refusals(circuit, METHOD.METHOD_STABILIZER, shots)
    assert "amplitude_damping" in sentence


def test_too_many_records() -> None:
    """Exact results of 2^20 records are refused; counts of the same circuit are run shot by shot."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=20)
    for clbit in range(20):
        circuit.gate("h", (0,)).measure(0, clbit)
    circuit.gate("h", (0,))
    method = METHOD.METHOD_DENSITY_MATRIX
    (sentence,) = _refusals(circuit, method, result_pb2.ResultSpec(probabilities=True))
    assert "2^20" in sentence
    assert not _refusals(circuit, method, result_pb2.ResultSpec(shots=10))
    assert not _refusals(circuit, method, result_pb2.ResultSpec(density_matrix=True))
