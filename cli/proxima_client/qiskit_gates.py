"""Qiskit's gates as single instructions of the contract: by name, as an explicit unitary, or not at all."""

import math

import numpy as np
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import InvalidArgument
from qiskit.circuit import (
    AnnotatedOperation,
    Barrier,
    ControlledGate,
    ControlModifier,
    Gate,
    Instruction,
    InverseModifier,
    Operation,
    Parameter,
    PowerModifier,
    QuantumCircuit,
)
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import Operator

from proxima_client.columns import STANDARD_GATES
from proxima_client.operators import MAX_QUBITS, Matrix

__all__ = ["controlled_body", "explicit_unitary", "number", "standard_gate", "without_annotations"]

_STANDARD_MODULE = "qiskit.circuit.library.standard_gates"
# Names that Qiskit gives to gates of the contract; the parameters are the same.
_OTHER_NAMES = {"u1": "p", "u3": "u", "cu1": "cp", "rcccx": "rc3x"}
# Controlled gates that share one name in Qiskit and differ in size.
_MCX = {1: "cx", 2: "ccx", 3: "c3x", 4: "c4x"}


def standard_gate(operation: Instruction, qubit_count: int) -> tuple[str, list[float]] | None:
    """Return name and parameters in the contract, or None where no gate of it is this one."""
    # A user may call a gate of his own "h": only Qiskit's own classes mean Qiskit's gates.
    if not _is_standard(operation) or _has_open_controls(operation):
        return None
    parameters = [number(parameter) for parameter in operation.params]
    if operation.name == "u2":
        return "u", [math.pi / 2, *parameters]
    if operation.name == "cu3":
        return "cu", [*parameters, 0.0]
    name = _OTHER_NAMES.get(operation.name, operation.name)
    if operation.name == "mcx":
        name = _MCX.get(operation.num_ctrl_qubits, "")
    return (name, parameters) if STANDARD_GATES.get(name) == (qubit_count, len(parameters)) else None


def explicit_unitary(operation: Instruction, qubit_count: int) -> Matrix | None:
    """Return the matrix of a `UnitaryGate`, or of a standard gate or one of these under controls that has no name in
    the contract; None on more than four qubits, and for composite gates, which are replaced by their definitions.

    complex128, shape (2^k, 2^k), the first qubit least significant, as Qiskit itself has it.
    """
    if qubit_count > MAX_QUBITS:
        return None
    body = operation
    while isinstance(body, ControlledGate):
        body = body.base_gate
    if not (isinstance(body, UnitaryGate) or (body is not operation and _is_standard(body))):
        return None
    return np.asarray(Operator(operation).data, dtype=np.complex128)


def without_annotations(operation: AnnotatedOperation) -> Operation:
    """Return the operation that lazily applied modifiers (control, inverse, power) describe."""
    found = operation.base_op
    for modifier in operation.modifiers:
        if isinstance(modifier, InverseModifier):
            found = found.inverse()
        elif isinstance(modifier, PowerModifier):
            found = found.power(modifier.power)
        elif isinstance(modifier, ControlModifier):
            found = found.control(modifier.num_ctrl_qubits, ctrl_state=modifier.ctrl_state, annotated=False)
    return found


def controlled_body(operation: Instruction) -> QuantumCircuit | None:
    """Return a gate of the user's own under controls as its body with each gate under the controls, controls first.

    None for any other operation, and where a global phase of the body under several or open controls has no name.
    """
    if not isinstance(operation, ControlledGate) or _is_standard(operation.base_gate):
        return None
    body, count, state = operation.base_gate.definition, operation.num_ctrl_qubits, operation.ctrl_state
    if body is None or not all(isinstance(entry.operation, (Gate, Barrier)) for entry in body.data):
        return None
    found = QuantumCircuit(operation.num_qubits)
    qubits = {qubit: count + index for index, qubit in enumerate(body.qubits)}
    for entry in body.data:
        operands = [qubits[qubit] for qubit in entry.qubits]
        if isinstance(entry.operation, Barrier):
            found.barrier(operands)
        else:
            inner = entry.operation.control(count, ctrl_state=state, annotated=False)
            found.append(inner, [*range(count), *operands])
    phase = number(body.global_phase)
    if phase and (count, state) != (1, 1):
        return None
    if phase:
        found.p(phase, 0)
    return found


def number(value: object) -> float:
    """Return a bound parameter as a float; expressions without free symbols count as numbers.

    Raises:
        InvalidArgument: it has a symbol without a value, or is not finite.
    """
    if isinstance(value, Parameter):
        raise InvalidArgument(
            f"the parameter {value.name} has no value; bind it with assign_parameters",
            reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT,
        )
    found = float(value)  # type: ignore[arg-type]  # ints, floats, numpy scalars and bound expressions
    if not math.isfinite(found):
        raise InvalidArgument(f"the angle {found} is not finite", reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT)
    return found


def _is_standard(operation: Instruction) -> bool:
    return bool(operation.base_class.__module__.startswith(_STANDARD_MODULE))


def _has_open_controls(operation: Instruction) -> bool:
    return isinstance(operation, ControlledGate) and operation.ctrl_state != 2**operation.num_ctrl_qubits - 1
