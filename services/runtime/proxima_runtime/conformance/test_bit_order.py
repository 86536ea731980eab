"""Qubit 0 is the least significant bit and bit strings are written highest index first, in every kind of result."""

from __future__ import annotations

import numpy as np
import pytest
from proxima.simulation.v1 import circuit_pb2, result_pb2

from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter

SHOTS = 16


def _need(mode: Mode, kind: result_pb2.ResultKind) -> None:
    if not mode.gives(kind):
        pytest.skip(f"{mode.name} does not offer {result_pb2.ResultKind.Name(kind)}")


def test_x_on_qubit_0_of_three_counts_001(backend: Backend, mode: Mode) -> None:
    """X on qubit 0 of three gives 001."""
    _need(mode, result_pb2.RESULT_KIND_COUNTS)
    circuit = CircuitWriter(qubit_count=3, clbit_count=3).gate("x", (0,)).measure_all()
    assert backend.run(mode.job(circuit, shots=SHOTS)).counts == {"001": SHOTS}


def test_x_on_qubit_2_of_three_has_probability_at_4(backend: Backend, mode: Mode) -> None:
    """X on qubit 2 of three puts all probability on index 4."""
    _need(mode, result_pb2.RESULT_KIND_PROBABILITIES)
    circuit = CircuitWriter(qubit_count=3).gate("x", (2,))
    found = backend.run(mode.job(circuit, probabilities=True)).array(result_pb2.ARRAY_ROLE_PROBABILITIES)
    np.testing.assert_allclose(found, np.eye(8)[4], atol=mode.tolerance)


def test_state_vector_index(backend: Backend, mode: Mode) -> None:
    """X on qubits 0 and 2 of three puts the amplitude at index 5."""
    _need(mode, result_pb2.RESULT_KIND_STATEVECTOR)
    circuit = CircuitWriter(qubit_count=3).gate("x", (0,)).gate("x", (2,))
    found = backend.run(mode.job(circuit, statevector=True)).array(result_pb2.ARRAY_ROLE_STATEVECTOR)
    np.testing.assert_allclose(found, np.eye(8)[5], atol=mode.tolerance)


def test_density_matrix_row_is_the_ket(backend: Backend, mode: Mode) -> None:
    """Rows are the ket: of S H |0> on qubit 1 of two, entry (2, 0) is i/2 and (0, 2) is -i/2."""
    _need(mode, result_pb2.RESULT_KIND_DENSITY_MATRIX)
    circuit = CircuitWriter(qubit_count=2).gate("h", (1,)).gate("s", (1,))
    found = backend.run(mode.job(circuit, density_matrix=True)).array(result_pb2.ARRAY_ROLE_DENSITY_MATRIX)
    assert found.shape == (4, 4)
    np.testing.assert_allclose([found[2, 0], found[0, 2]], [0.5j, -0.5j], atol=mode.tolerance)


def test_permuted_measurement(backend: Backend, mode: Mode) -> None:
    """A qubit's value lands in the classical bit that its measurement names."""
    _need(mode, result_pb2.RESULT_KIND_COUNTS)
    circuit = CircuitWriter(qubit_count=3, clbit_count=4).gate("x", (0,))
    circuit.measure(0, 3).measure(1, 0).measure(2, 1)
    assert backend.run(mode.job(circuit, shots=SHOTS)).counts == {"1000": SHOTS}


def test_unmeasured_bits_are_zero(backend: Backend, mode: Mode) -> None:
    """Classical bits that no measurement writes are 0, over more than one byte of bits."""
    _need(mode, result_pb2.RESULT_KIND_COUNTS)
    circuit = CircuitWriter(qubit_count=2, clbit_count=19).gate("x", (1,)).measure(1, 17)
    assert backend.run(mode.job(circuit, shots=SHOTS)).counts == {"0100000000000000000": SHOTS}


def test_qubit_measured_into_several_bits(backend: Backend, mode: Mode) -> None:
    """Every classical bit that measures a qubit agrees with the others."""
    _need(mode, result_pb2.RESULT_KIND_COUNTS)
    circuit = CircuitWriter(qubit_count=1, clbit_count=3).gate("h", (0,)).measure(0, 0).measure(0, 2)
    assert set(backend.run(mode.job(circuit, shots=64)).counts) == {"000", "101"}


def test_bit_written_twice_keeps_the_last(backend: Backend, mode: Mode) -> None:
    """The last measurement into a classical bit decides it."""
    _need(mode, result_pb2.RESULT_KIND_COUNTS)
    circuit = CircuitWriter(qubit_count=2, clbit_count=1).gate("x", (0,)).measure(0, 0).measure(1, 0)
    assert backend.run(mode.job(circuit, shots=SHOTS)).counts == {"0": SHOTS}


def test_gates_between_measurements_of_other_qubits(backend: Backend, mode: Mode) -> None:
    """A gate after the measurement of another qubit still acts."""
    _need(mode, result_pb2.RESULT_KIND_COUNTS)
    circuit = CircuitWriter(qubit_count=2, clbit_count=2).measure(0, 0).gate("x", (1,)).measure(1, 1)
    assert backend.run(mode.job(circuit, shots=SHOTS)).counts == {"10": SHOTS}


def test_outcomes_ascend(backend: Backend, mode: Mode) -> None:
    """Rows of counts ascend as unsigned integers, across bytes."""
    _need(mode, result_pb2.RESULT_KIND_COUNTS)
    circuit = CircuitWriter(qubit_count=2, clbit_count=10).gate("h", (0,)).gate("h", (1,)).measure(0, 9).measure(1, 0)
    outcomes = list(backend.run(mode.job(circuit, shots=256)).counts)
    assert outcomes == ["0000000000", "0000000001", "1000000000", "1000000001"]


def test_probabilities_of_a_partial_permuted_measurement(backend: Backend, mode: Mode) -> None:
    """Probabilities are over the measured classical bits, ascending, however qubits are wired to them."""
    _need(mode, result_pb2.RESULT_KIND_PROBABILITIES)
    circuit = CircuitWriter(qubit_count=3, clbit_count=5).gate("x", (2,)).gate("h", (0,)).measure(2, 1).measure(0, 4)
    result = backend.run(mode.job(circuit, probabilities=True))
    entry = result.descriptors[result_pb2.ARRAY_ROLE_PROBABILITIES]
    assert (entry.bit_space, list(entry.axis_bits)) == (result_pb2.BIT_SPACE_CLBITS, [1, 4])
    found = result.array(result_pb2.ARRAY_ROLE_PROBABILITIES)
    np.testing.assert_allclose(found, [0, 0.5, 0, 0.5], atol=mode.tolerance)


def test_probabilities_with_fan_out(backend: Backend, mode: Mode) -> None:
    """A qubit in two classical bits makes two axes that always agree."""
    _need(mode, result_pb2.RESULT_KIND_PROBABILITIES)
    circuit = CircuitWriter(qubit_count=2, clbit_count=3).gate("h", (1,)).measure(1, 0).measure(1, 2).measure(0, 1)
    found = backend.run(mode.job(circuit, probabilities=True)).array(result_pb2.ARRAY_ROLE_PROBABILITIES)
    np.testing.assert_allclose(found, [0.5, 0, 0, 0, 0, 0.5, 0, 0], atol=mode.tolerance)


def test_declared_indices(backend: Backend, mode: Mode) -> None:
    """Axes of results over qubits carry the declared indices of stripped circuits."""
    _need(mode, result_pb2.RESULT_KIND_PROBABILITIES)
    circuit = CircuitWriter(qubit_count=2, active_qubits=(3, 7), declared_qubit_count=9).gate("x", (1,))
    result = backend.run(mode.job(circuit, probabilities=True))
    entry = result.descriptors[result_pb2.ARRAY_ROLE_PROBABILITIES]
    assert (entry.bit_space, list(entry.axis_bits)) == (result_pb2.BIT_SPACE_QUBITS, [3, 7])
    assert (result.header.declared_qubit_count, list(result.header.active_qubits)) == (9, [3, 7])
    assert int(np.argmax(result.array(result_pb2.ARRAY_ROLE_PROBABILITIES))) == 2


def test_barriers_do_nothing(backend: Backend, mode: Mode) -> None:
    """A barrier, also between measurements, changes nothing."""
    _need(mode, result_pb2.RESULT_KIND_COUNTS)
    barrier = circuit_pb2.Operation.KIND_BARRIER
    circuit = CircuitWriter(qubit_count=2, clbit_count=2).gate("x", (0,)).other(barrier, (0, 1))
    circuit.measure(0, 0).other(barrier, (0,)).measure(1, 1)
    assert backend.run(mode.job(circuit, shots=SHOTS)).counts == {"01": SHOTS}
