"""Qiskit circuits in columns; runs where Qiskit is installed."""

import math

import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument, Unimplemented

qiskit = pytest.importorskip("qiskit", reason="needs Qiskit: `just tests` runs it in the environment of that backend")
from proxima_client.qiskit_circuits import convert  # noqa: E402
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister  # noqa: E402
from qiskit.circuit import Parameter  # noqa: E402
from qiskit.circuit.library import QFTGate, get_standard_gate_name_mapping  # noqa: E402
from qiskit.circuit.random import random_circuit  # noqa: E402
from qiskit.quantum_info import Operator  # noqa: E402

_GATES = get_standard_gate_name_mapping()


def rebuild(columns: circuit_pb2.Circuit) -> QuantumCircuit:
    """Return the Qiskit circuit that the columns describe, by Qiskit's own gates."""
    circuit = QuantumCircuit(columns.qubit_count, columns.clbit_count, global_phase=columns.global_phase)
    qubits = iter(np.frombuffer(columns.qubits, "<u4").tolist())
    clbits = iter(np.frombuffer(columns.clbits, "<u4").tolist())
    parameters = iter(np.frombuffer(columns.parameters, "<f8").tolist())
    names = {"rc3x": "rcccx", "c3x": "mcx", "c4x": "mcx"}
    for opcode in np.frombuffer(columns.opcodes, "<u2"):
        operation = columns.operations[opcode]
        operands = [next(qubits) for _ in range(operation.qubit_count)]
        values = [next(parameters) for _ in range(operation.parameter_count)]
        if operation.kind == circuit_pb2.Operation.KIND_MEASURE:
            circuit.measure(operands[0], next(clbits))
        elif operation.name in ("c3x", "c4x"):
            circuit.mcx(operands[:-1], operands[-1])
        else:
            gate = _GATES.get(names.get(operation.name, operation.name))
            gate_class = qiskit.circuit.library.C3SXGate if operation.name == "c3sx" else type(gate)
            circuit.append(gate_class(*values), operands)
    assert next(qubits, None) is next(clbits, None) is next(parameters, None) is None
    return circuit


@pytest.mark.parametrize("seed", range(8))
def test_random_circuits_are_the_same_operator(seed: int) -> None:
    """Every standard gate of Qiskit's random circuits survives, global phase included."""
    circuit = random_circuit(4, 12, max_operands=4, seed=seed)
    circuit.global_phase = 0.3
    rebuilt = rebuild(convert(circuit))
    assert np.allclose(Operator(rebuilt).data, Operator(circuit).data, atol=1e-12)


def test_angles_are_kept_to_the_last_bit() -> None:
    """No angle is rounded to a multiple of pi or to decimals."""
    angle = math.nextafter(math.pi / 2, 0)
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    assert np.frombuffer(convert(circuit).parameters, "<f8").tolist() == [angle]


def test_library_circuits_and_open_controls_are_unrolled() -> None:
    """A composite gate and a gate controlled on 0 are replaced by their definitions."""
    circuit = QuantumCircuit(4)
    circuit.append(QFTGate(3), [0, 1, 2])
    circuit.append(qiskit.circuit.library.CXGate(ctrl_state=0), [0, 3])
    circuit.unitary(np.array([[0, 1j], [1, 0]]), [1])
    assert np.allclose(Operator(rebuild(convert(circuit))).data, Operator(circuit).data, atol=1e-12)


def test_a_users_gate_called_h_is_not_the_hadamard() -> None:
    """A gate is known by its class, not by its name alone."""
    inner = QuantumCircuit(1, name="h")
    inner.x(0)
    circuit = QuantumCircuit(1)
    circuit.append(inner.to_gate(), [0])
    assert [operation.name for operation in convert(circuit).operations] == ["x"]


def test_registers_and_measurements_keep_their_bits() -> None:
    """Classical bit j of the columns is Qiskit's clbit j; registers carry their names."""
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(1, "a"), ClassicalRegister(2, "b"))
    circuit.measure(1, 2)
    columns = convert(circuit)
    assert np.frombuffer(columns.clbits, "<u4").tolist() == [2]
    assert [(r.name, r.start, r.size) for r in columns.clbit_registers] == [("a", 0, 1), ("b", 1, 2)]


def test_an_unbound_parameter_is_named() -> None:
    """The error names the parameter and the remedy."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("theta"), 0)
    with pytest.raises(InvalidArgument, match=r"theta.*assign_parameters"):
        convert(circuit)


def test_control_flow_is_refused_by_name() -> None:
    """What Proxima does not run yet is named."""
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    with pytest.raises(Unimplemented, match="if_else") as caught:
        convert(circuit)
    assert caught.value.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE
