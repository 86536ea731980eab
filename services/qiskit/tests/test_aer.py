"""The direct route into Aer gives what AerSimulator gives, and its failures are typed."""

from __future__ import annotations

import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2
from proxima_backend_qiskit import aer
from proxima_backend_qiskit.gates import NATIVE
from proxima_backend_qiskit.translate import append_gates
from proxima_runtime.arrays.program import decode
from proxima_runtime.conformance.circuits import CircuitWriter, layered
from proxima_runtime.errors import Internal
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.backends.backend_utils import BASIS_GATES

_METHOD = capabilities_pb2.Method


def _native(writer: CircuitWriter, slot_count: int = 0) -> aer.NativeCircuit:
    program = decode(writer.message())
    circuit = aer.new_circuit(qubit_count=program.qubit_count, slot_count=slot_count, global_phase=program.global_phase)
    append_gates(program, NATIVE[_METHOD.METHOD_STATEVECTOR], circuit)
    return circuit


def _qiskit(writer: CircuitWriter) -> QuantumCircuit:
    circuit = QuantumCircuit(writer.qubit_count, writer.clbit_count, global_phase=writer.global_phase)
    for name, qubits, parameters in writer.steps:
        getattr(circuit, name)(*parameters, *qubits)
    return circuit


def test_state_equals_aer_simulator() -> None:
    """The same circuit has the same state through AerSimulator, bit for bit."""
    writer = layered(6, 4, measure=False)
    writer.global_phase = 0.3
    native, stock = _native(writer), _qiskit(writer)
    aer.save_statevector(native)
    stock.save_statevector()
    found = aer.Controller().run(native, aer.RunOptions(method="statevector")).state
    expected = AerSimulator(method="statevector", max_parallel_threads=1).run(stock).result().get_statevector()
    np.testing.assert_array_equal(found, np.asarray(expected))


def test_counts_equal_aer_simulator() -> None:
    """The same seed gives the same counts through AerSimulator."""
    writer = layered(5, 3)
    native, stock = _native(writer, slot_count=5), _qiskit(writer)
    native.measure(range(5), range(5), ())
    stock.measure(range(5), range(5))
    options = aer.RunOptions(method="statevector", shots=500, seed=9)
    simulator = AerSimulator(method="statevector", max_parallel_threads=1)
    expected = simulator.run(stock, shots=500, seed_simulator=9).result().get_counts()
    found = {f"{int(outcome, 16):05b}": seen for outcome, seen in aer.Controller().run(native, options).counts.items()}
    assert found == dict(expected)


@pytest.mark.parametrize("method", sorted(NATIVE))
def test_native_gates_are_of_aers_basis(method: capabilities_pb2.Method) -> None:
    """What we hand to Aer as native is in the basis that Aer declares for the method."""
    assert NATIVE[method] <= set(BASIS_GATES[aer.METHODS[method]])


def test_too_little_memory_is_a_memory_error() -> None:
    """Aer's refusal for lack of memory is a MemoryError."""
    circuit = _native(layered(24, 1, measure=False))
    aer.save_statevector(circuit)
    with pytest.raises(MemoryError):
        aer.Controller().run(circuit, aer.RunOptions(method="statevector", memory_limit_bytes=16 << 20))


def test_other_failures_carry_aers_message() -> None:
    """Any other failure is ENGINE_FAILED with what Aer said."""
    circuit = aer.new_circuit(qubit_count=1, slot_count=0, global_phase=0.0)
    circuit.gate("t", (0,), (), (), -1, None, "t")
    aer.save_probabilities(circuit, (0,))
    with pytest.raises(Internal) as caught:
        aer.Controller().run(circuit, aer.RunOptions(method="stabilizer"))
    assert caught.value.reason == errors_pb2.ERROR_REASON_ENGINE_FAILED
    assert caught.value.metadata["engine"] == "aer"
    assert caught.value.metadata["message"]


def test_a_read_only_matrix_is_not_transposed() -> None:
    """A matrix acts as it is whether or not its array can be written."""
    matrix = np.array([[0, 1], [1j, 0]], dtype=np.complex128)
    matrix.flags.writeable = False
    circuit = aer.new_circuit(qubit_count=1, slot_count=0, global_phase=0.0)
    aer.append_unitary(circuit, (0,), matrix)
    aer.save_statevector(circuit)
    found = aer.Controller().run(circuit, aer.RunOptions(method="statevector")).state
    np.testing.assert_array_equal(found, np.array([0, 1j]))
