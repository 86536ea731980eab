"""Turns a Qiskit `QuantumCircuit` into columns, exactly: angles to the last bit, global phase, names of registers.

Gates of the contract are taken as they are; any other gate is replaced by its own definition, recursively, with the
definition's global phase. Qubit i is `circuit.qubits[i]`, classical bit j is `circuit.clbits[j]`, as in Qiskit itself.
"""

import math
from collections.abc import Sequence

from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument, Unimplemented
from qiskit.circuit import (
    ClassicalRegister,
    ControlFlowOp,
    ControlledGate,
    Instruction,
    Parameter,
    QuantumCircuit,
    QuantumRegister,
)

from proxima_client.columns import STANDARD_GATES, ColumnWriter

__all__ = ["convert"]

_MAX_DEPTH = 64
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}
# Names that Qiskit gives to gates of the contract; the parameters are the same.
_OTHER_NAMES = {"u1": "p", "u3": "u", "cu1": "cp", "rcccx": "rc3x"}
# Controlled gates that share one name in Qiskit and differ in size.
_MCX = {1: "cx", 2: "ccx", 3: "c3x", 4: "c4x"}


def convert(circuit: QuantumCircuit) -> circuit_pb2.Circuit:
    """Return the circuit in columns.

    Raises:
        InvalidArgument: a parameter has no value, or an angle is not finite.
        Unimplemented: control flow or another instruction without a definition; the message names it.
    """
    if circuit.parameters:
        names = ", ".join(sorted(parameter.name for parameter in circuit.parameters))
        raise InvalidArgument(
            f"the circuit has parameters without a value: {names}. Bind them first: circuit.assign_parameters({{...}})",
            reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT,
        )
    writer = ColumnWriter(qubit_count=circuit.num_qubits, clbit_count=circuit.num_clbits)
    writer.global_phase = _number(circuit.global_phase)
    qubits = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    clbits = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    for entry in circuit.data:
        _append(
            writer,
            entry.operation,
            [qubits[qubit] for qubit in entry.qubits],
            [clbits[clbit] for clbit in entry.clbits],
            depth=0,
        )
    return writer.circuit(
        qubit_registers=_registers(circuit.qregs, [register[0] for register in circuit.qregs if register.size], qubits),
        clbit_registers=_registers(circuit.cregs, [register[0] for register in circuit.cregs if register.size], clbits),
    )


def _append(
    writer: ColumnWriter, operation: Instruction, qubits: Sequence[int], clbits: Sequence[int], *, depth: int
) -> None:
    name = operation.name
    if name == "measure":
        writer.measure(qubits[0], clbits[0])
    elif name == "barrier":
        writer.barrier(qubits)
    elif name == "reset":
        writer.reset(qubits[0])
    elif name == "delay":
        writer.delay(qubits[0], _delay_seconds(operation))
    elif name == "global_phase":
        writer.global_phase += _number(operation.params[0])
    elif (standard := _standard_name(operation, len(qubits))) is not None:
        writer.gate(standard, qubits, [_number(parameter) for parameter in operation.params])
    else:
        _append_definition(writer, operation, qubits, clbits, depth=depth)


def _append_definition(
    writer: ColumnWriter, operation: Instruction, qubits: Sequence[int], clbits: Sequence[int], *, depth: int
) -> None:
    if isinstance(operation, ControlFlowOp):
        raise Unimplemented(
            f"control flow ({operation.name!r}) of Qiskit circuits is not taken; unroll what is constant, and for what "
            "depends on measurements give OpenQASM 3 text (qiskit.qasm3.dumps), if a backend has these features",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
            metadata={"feature": operation.name},
        )
    definition = None if depth >= _MAX_DEPTH else operation.definition
    if definition is None:
        raise Unimplemented(
            f"Proxima does not take the Qiskit instruction {operation.name!r} (qubits {list(qubits)}): it is no "
            f"gate of the "
            "contract and has no definition. Transpile the circuit to standard gates first",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
            metadata={"feature": operation.name},
        )
    writer.global_phase += _number(definition.global_phase)
    inner_qubits = {qubit: qubits[index] for index, qubit in enumerate(definition.qubits)}
    inner_clbits = {clbit: clbits[index] for index, clbit in enumerate(definition.clbits)}
    for entry in definition.data:
        _append(
            writer,
            entry.operation,
            [inner_qubits[qubit] for qubit in entry.qubits],
            [inner_clbits[clbit] for clbit in entry.clbits],
            depth=depth + 1,
        )


def _standard_name(operation: Instruction, qubit_count: int) -> str | None:
    """Name in the contract, or None where the operation must be replaced by its definition."""
    if isinstance(operation, ControlledGate) and operation.ctrl_state != 2**operation.num_ctrl_qubits - 1:
        return None
    name = _OTHER_NAMES.get(operation.name, operation.name)
    if operation.name == "mcx":
        name = _MCX.get(operation.num_ctrl_qubits, "")
    shape = (qubit_count, len(operation.params))
    if STANDARD_GATES.get(name) != shape:
        return None
    # A user may call a gate of his own "h": only Qiskit's own classes mean Qiskit's gates.
    return name if operation.base_class.__module__.startswith("qiskit.circuit.library.standard_gates") else None


def _delay_seconds(operation: Instruction) -> float:
    scale = _SECONDS.get(operation.unit)
    if scale is None:
        raise Unimplemented(
            f"a delay in units of {operation.unit!r} depends on a device; give it in seconds",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
            metadata={"feature": "delay"},
        )
    return _number(operation.duration) * scale


def _number(value: object) -> float:
    """A bound parameter as a float; expressions without free symbols count as numbers."""
    if isinstance(value, Parameter):
        raise InvalidArgument(
            f"the parameter {value.name} has no value; bind it with assign_parameters",
            reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT,
        )
    number = float(value)  # type: ignore[arg-type]  # ints, floats, numpy scalars and bound expressions
    if not math.isfinite(number):
        raise InvalidArgument(f"the angle {number} is not finite", reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT)
    return number


def _registers(
    registers: Sequence[QuantumRegister] | Sequence[ClassicalRegister],
    firsts: Sequence[object],
    index: dict[object, int],
) -> list[tuple[str, int, int]]:
    """Registers whose bits are consecutive in the circuit; others are presentation that cannot be shown."""
    filled = [register for register in registers if register.size]
    runs = [(register.name, index[first], register.size) for register, first in zip(filled, firsts, strict=True)]
    return [
        run
        for run, register in zip(runs, filled, strict=True)
        if all(index[bit] == run[1] + offset for offset, bit in enumerate(register))
    ]
