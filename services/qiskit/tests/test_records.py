"""Density matrices with records are exact."""

from __future__ import annotations

import numpy as np
import pytest
from proxima.simulation.v1 import result_pb2
from proxima_backend_qiskit.engine import QiskitEngine
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.random_circuits import random_circuit

from .jobs import METHOD, array, counts, job, observable, run, worst_deviation

_MATRIX = METHOD.METHOD_DENSITY_MATRIX
_READOUT = np.array([[0.9, 0.1], [0.2, 0.8]])
_MODE = Mode(
    capability=next(entry for entry in QiskitEngine().methods() if entry.method == _MATRIX),
    precision=result_pb2.PRECISION_DOUBLE,
)


@pytest.mark.parametrize("seed", range(25))
def test_random_circuits(seed: int) -> None:
    """Probabilities, density matrix and expectation value of a random circuit are the reference's."""
    circuit = random_circuit(_MODE, seed)
    width = circuit.qubit_count
    pauli = "XYZ"[:width]
    spec = result_pb2.ResultSpec(probabilities=True, density_matrix=True, observables=[observable(pauli)])
    found = run(job(circuit, _MATRIX, results=spec))
    expected = exact.final_density_matrix(width, circuit.rows)
    written, probabilities = exact.clbit_probabilities(width, circuit.rows)
    np.testing.assert_allclose(array(found, result_pb2.ARRAY_ROLE_DENSITY_MATRIX), expected, atol=1e-12)
    np.testing.assert_allclose(array(found, result_pb2.ARRAY_ROLE_PROBABILITIES), probabilities, atol=1e-12)
    (entry,) = (entry for entry in found.arrays if entry.role == result_pb2.ARRAY_ROLE_PROBABILITIES)
    assert list(entry.axis_bits) == written
    (value,) = found.expectation_values
    assert value.value == pytest.approx(exact.expectation(pauli, expected), abs=1e-12)
    assert not value.HasField("standard_error")


def test_only_mid_circuit_measurements() -> None:
    """Counts of a circuit without a terminal measurement follow the records."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=3)
    for clbit in (2, 0):
        circuit.gate("ry", (0,), (0.8,)).measure(0, clbit, readout=_READOUT)
    circuit.gate("h", (0,))
    found = counts(run(job(circuit, _MATRIX, results=result_pb2.ResultSpec(shots=20_000))))
    assert worst_deviation(circuit, found) < 5


def test_one_qubit_read_into_two_bits() -> None:
    """Two readings of one qubit err independently of each other."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=2).gate("h", (0,))
    circuit.measure(0, 0, readout=_READOUT).measure(0, 1, readout=_READOUT)
    spec = result_pb2.ResultSpec(probabilities=True)
    for method in (_MATRIX, METHOD.METHOD_STATEVECTOR, METHOD.METHOD_STABILIZER):
        found = array(run(job(circuit, method, results=spec)), result_pb2.ARRAY_ROLE_PROBABILITIES)
        np.testing.assert_allclose(found, [0.425, 0.125, 0.125, 0.325], atol=1e-12)


def test_many_records_of_one_bit() -> None:
    """A bit that is measured forty times does not need 2^40 matrices."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=1)
    for _ in range(40):
        circuit.gate("ry", (0,), (0.3,)).measure(0, 0).gate("x", (0,))
        circuit.only_if(Comparison(first_clbit=0, width=1, value=1))
    circuit.gate("ry", (0,), (0.3,)).measure(0, 0)
    found = array(
        run(job(circuit, _MATRIX, results=result_pb2.ResultSpec(probabilities=True))),
        result_pb2.ARRAY_ROLE_PROBABILITIES,
    )
    np.testing.assert_allclose(found[1], np.sin(0.15) ** 2, atol=1e-12)


def test_weak_noise_is_not_dropped() -> None:
    """A channel of strength 1e-11 moves the density matrix by as much."""
    circuit = CircuitWriter(qubit_count=1).channel("pauli_channel", (0,), (1e-11, 0.0, 0.0))
    found = array(
        run(job(circuit, _MATRIX, results=result_pb2.ResultSpec(density_matrix=True))),
        result_pb2.ARRAY_ROLE_DENSITY_MATRIX,
    )
    assert found[1, 1].real == pytest.approx(1e-11, rel=1e-3)
