"""Density matrices with any instructions are those of the exact reference."""

from __future__ import annotations

import cirq
import numpy as np
import pytest
from proxima.simulation.v1 import result_pb2
from proxima_backend_cirq.superoperator import Superoperator
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison

from .any_circuits import Shape, random_circuit, random_kraus
from .runs import DOUBLE, METHOD, SINGLE, array, counts, job, observable, run

_MATRIX = METHOD.METHOD_DENSITY_MATRIX
_EVERYTHING = result_pb2.ResultSpec(shots=100, probabilities=True, density_matrix=True)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("precision", "tolerance"), [(DOUBLE, 1e-10), (SINGLE, 1e-5)])
def test_random_circuits(seed: int, precision: result_pb2.Precision, tolerance: float) -> None:
    """State, probabilities and expectation values of circuits with every instruction are exact."""
    width, bits = 1 + seed % 4, 1 + seed % 3
    circuit = random_circuit(Shape(qubit_count=width, clbit_count=bits, length=12), seed)
    pauli = "XYZI"[: width - 1] + "Z"
    spec = result_pb2.ResultSpec(observables=[observable(pauli)])
    spec.MergeFrom(_EVERYTHING)
    item = run(job(circuit, _MATRIX, spec, precision=precision))
    state = exact.final_density_matrix(width, circuit.rows)
    written, probabilities = exact.clbit_probabilities(width, circuit.rows)
    found = array(item, result_pb2.ARRAY_ROLE_PROBABILITIES)
    np.testing.assert_allclose(array(item, result_pb2.ARRAY_ROLE_DENSITY_MATRIX), state, atol=tolerance)
    np.testing.assert_allclose(found, probabilities, atol=tolerance)
    assert [entry.axis_bits for entry in item.arrays if entry.role == result_pb2.ARRAY_ROLE_PROBABILITIES] == [
        tuple(written)
    ]
    assert item.expectation_values[0].value == pytest.approx(exact.expectation(pauli, state), abs=tolerance)
    assert not item.expectation_values[0].HasField("standard_error")


def test_records_that_ended_are_added_up() -> None:
    """A bit that is measured, read and measured again over and over costs two records at a time, not 2^rounds."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=1)
    for _ in range(40):
        circuit.gate("ry", (0,), (0.7,)).measure(0, 0)
        circuit.gate("x", (1,)).only_if(Comparison(first_clbit=0, width=1, value=1)).gate("ry", (1,), (0.2,))
    item = run(job(circuit, _MATRIX, result_pb2.ResultSpec(density_matrix=True)))
    expected = exact.final_density_matrix(2, circuit.rows)
    np.testing.assert_allclose(array(item, result_pb2.ARRAY_ROLE_DENSITY_MATRIX), expected, atol=1e-10)


def test_readout_error_is_in_the_record_and_not_in_the_state() -> None:
    """A bit misread always takes `if` the wrong way, is recorded wrong, and the qubit stays as it was."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=1).gate("x", (0,))
    circuit.measure(0, 0, readout=np.array([[0.0, 1.0], [1.0, 0.0]]))
    circuit.gate("x", (1,)).only_if(Comparison(first_clbit=0, width=1, value=0))
    spec = result_pb2.ResultSpec(shots=50, probabilities=True, observables=[observable("IZ"), observable("ZI")])
    item = run(job(circuit, _MATRIX, spec))
    assert counts(item) == {0: 50}
    assert item.readout_included
    assert [value.value for value in item.expectation_values] == pytest.approx([-1, -1])


def test_counts_need_no_probability_array_of_their_own_seed() -> None:
    """Counts are the same with and without probabilities beside them."""
    circuit = random_circuit(Shape(qubit_count=3, clbit_count=3, length=10), 5)
    alone = run(job(circuit, _MATRIX, result_pb2.ResultSpec(shots=500)))
    beside = run(job(circuit, _MATRIX, result_pb2.ResultSpec(shots=500, probabilities=True)))
    assert counts(alone) == counts(beside)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_superoperator_equals_cirqs_sum(width: int, dtype: type[np.complexfloating]) -> None:
    """The one matrix of a channel does what Cirq's sum over its Kraus operators does."""
    generator = np.random.default_rng(width)
    operators = random_kraus(width, 3, generator)
    qubits = cirq.LineQubit.range(5)
    order = [qubits[place] for place in generator.permutation(5)[:width]]
    states = []
    for gate in (Superoperator(operators), cirq.KrausChannel(list(operators))):
        state = cirq.DensityMatrixSimulationState(qubits=qubits, initial_state=0, dtype=dtype)
        for place, qubit in enumerate(qubits):
            cirq.act_on(cirq.ry(0.3 + place).on(qubit), state)
        cirq.act_on(gate.on(*order), state)
        states.append(state.target_tensor)
    np.testing.assert_allclose(states[0], states[1], atol=1e-6 if dtype == np.complex64 else 1e-13)
