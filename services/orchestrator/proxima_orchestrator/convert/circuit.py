"""Circuit messages to columns and back; a message from outside is checked entry by entry before anything uses it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from proxima.simulation.v1 import circuit_pb2

from proxima_orchestrator.circuit import Circuit, ClassicalConditions, Operation, Register
from proxima_orchestrator.convert.columns import array, column
from proxima_orchestrator.convert.errors import malformed
from proxima_orchestrator.convert.operations import check_parameters, operation_from_message, operation_to_message

_MAX_BITS = 1_000_000
_MAX_OPERATIONS = 65_536


def circuit_to_message(circuit: Circuit) -> circuit_pb2.Circuit:
    """Return the message of a circuit."""
    message = circuit_pb2.Circuit(
        qubit_count=circuit.qubit_count,
        clbit_count=circuit.clbit_count,
        operations=[operation_to_message(operation) for operation in circuit.operations],
        opcodes=column(circuit.opcodes, "<u2"),
        qubits=column(circuit.qubits, "<u4"),
        clbits=column(circuit.clbits, "<u4"),
        parameters=column(circuit.parameters, "<f8"),
        global_phase=circuit.global_phase,
        active_qubits=circuit.active_qubits.tolist() if circuit.qubit_count != circuit.declared_qubit_count else (),
        declared_qubit_count=circuit.declared_qubit_count,
        clbit_registers=[_register_to_message(register) for register in circuit.clbit_registers],
        qubit_registers=[_register_to_message(register) for register in circuit.qubit_registers],
    )
    if (conditions := circuit.conditions) is not None:
        message.conditions.CopyFrom(
            circuit_pb2.ClassicalConditions(
                instructions=column(conditions.instructions, "<u4"),
                first_clbits=column(conditions.first_clbits, "<u4"),
                widths=column(conditions.widths, "<u4"),
                values=column(conditions.values, "<u8"),
                negated=column(conditions.negated, "u1"),
            )
        )
    return message


def circuit_from_message(message: circuit_pb2.Circuit) -> Circuit:
    """Return the columns of a message from outside; what was changed of it is in `notices`.

    Raises:
        InvalidArgument: MALFORMED_CIRCUIT; the columns disagree or are out of range, a unitary is not unitary, or a
            channel is outside of its legal range. Names the field, and the instruction where it has one.
    """
    _check_counts(message)
    notices: list[str] = []
    operations = tuple(operation_from_message(index, entry, notices) for index, entry in enumerate(message.operations))
    opcodes = array("opcodes", message.opcodes, "<u2")
    if opcodes.size and int(opcodes.max()) >= len(operations):
        raise malformed("opcodes", f"an opcode is not below the number of operations, {len(operations)}")
    qubits = array("qubits", message.qubits, "<u4")
    clbits = array("clbits", message.clbits, "<u4")
    parameters = array("parameters", message.parameters, "<f8")
    for field, entries, attribute in (
        ("qubits", qubits, "qubit_count"),
        ("clbits", clbits, "clbit_count"),
        ("parameters", parameters, "parameter_count"),
    ):
        expected = int(_per_row(operations, opcodes, attribute).sum())
        if entries.size != expected:
            raise malformed(field, f"has {entries.size} entries, the instructions take {expected}")
    if qubits.size and int(qubits.max()) >= message.qubit_count:
        raise malformed("qubits", f"an entry is not below qubit_count, {message.qubit_count}")
    if clbits.size and int(clbits.max()) >= message.clbit_count:
        raise malformed("clbits", f"an entry is not below clbit_count, {message.clbit_count}")
    if not np.isfinite(parameters).all() or not math.isfinite(message.global_phase):
        raise malformed("parameters", "an entry or the global phase is not finite")
    _check_operands_differ(operations, opcodes, qubits)
    active = np.array(message.active_qubits or range(message.qubit_count), dtype=np.int32)
    _check_active(message, active)
    if message.HasField("symbolic_parameters"):
        raise malformed("symbolic_parameters", "symbols are not served by this version; bind them before sending")
    check_parameters(operations, opcodes, parameters)
    return Circuit(
        qubit_count=message.qubit_count,
        clbit_count=message.clbit_count,
        operations=operations,
        opcodes=opcodes,
        qubits=qubits,
        clbits=clbits,
        parameters=parameters,
        conditions=_conditions_from_message(message, opcodes.size) if message.HasField("conditions") else None,
        global_phase=message.global_phase,
        active_qubits=active,
        declared_qubit_count=message.declared_qubit_count or message.qubit_count,
        qubit_registers=_registers("qubit_registers", message.qubit_registers, message.declared_qubit_count),
        clbit_registers=_registers("clbit_registers", message.clbit_registers, message.clbit_count),
        notices=tuple(notices),
    )


def _check_counts(message: circuit_pb2.Circuit) -> None:
    if not 1 <= message.qubit_count <= _MAX_BITS:
        raise malformed("qubit_count", f"must be 1 to {_MAX_BITS}, not {message.qubit_count}")
    if not 0 <= message.clbit_count <= _MAX_BITS:
        raise malformed("clbit_count", f"must be 0 to {_MAX_BITS}, not {message.clbit_count}")
    if message.declared_qubit_count and not message.qubit_count <= message.declared_qubit_count <= _MAX_BITS:
        raise malformed(
            "declared_qubit_count", f"must be qubit_count to {_MAX_BITS}, not {message.declared_qubit_count}"
        )
    if len(message.operations) > _MAX_OPERATIONS:
        raise malformed("operations", f"has {len(message.operations)} entries, at most {_MAX_OPERATIONS} are allowed")


def _check_active(message: circuit_pb2.Circuit, active: NDArray[np.int32]) -> None:
    declared = message.declared_qubit_count or message.qubit_count
    if active.size != message.qubit_count:
        raise malformed("active_qubits", f"has {active.size} entries, qubit_count is {message.qubit_count}")
    if int(active[0]) < 0 or int(active[-1]) >= declared or bool((np.diff(active) <= 0).any()):
        raise malformed("active_qubits", f"must ascend within the {declared} declared qubits")


def _check_operands_differ(
    operations: tuple[Operation, ...], opcodes: NDArray[np.uint16], qubits: NDArray[np.uint32]
) -> None:
    counts = _per_row(operations, opcodes, "qubit_count")
    rows = np.repeat(np.arange(opcodes.size, dtype=np.uint64), counts)
    keys = np.sort(rows << np.uint64(32) | qubits)
    repeated = np.flatnonzero(keys[1:] == keys[:-1])
    if repeated.size:
        raise malformed("qubits", f"instruction {int(keys[repeated[0]]) >> 32} has one qubit twice")


def _conditions_from_message(message: circuit_pb2.Circuit, instruction_count: int) -> ClassicalConditions | None:
    columns = message.conditions
    instructions = array("conditions.instructions", columns.instructions, "<u4")
    first_clbits = array("conditions.first_clbits", columns.first_clbits, "<u4")
    widths = array("conditions.widths", columns.widths, "<u4")
    values = array("conditions.values", columns.values, "<u8")
    negated = array("conditions.negated", columns.negated, "u1")
    if len({instructions.size, first_clbits.size, widths.size, values.size, negated.size}) != 1:
        raise malformed("conditions", "the columns have different lengths")
    if not instructions.size:
        return None
    if int(instructions.max()) >= instruction_count or bool((np.diff(instructions.astype(np.int64)) < 0).any()):
        raise malformed("conditions.instructions", f"must ascend below the number of instructions, {instruction_count}")
    ends = first_clbits.astype(np.int64) + widths
    if int(widths.min()) < 1 or int(widths.max()) > 64 or int(ends.max()) > message.clbit_count:
        raise malformed("conditions.widths", f"must be 1 to 64 within the {message.clbit_count} classical bits")
    if int(negated.max()) > 1:
        raise malformed("conditions.negated", "entries must be 0 or 1")
    return ClassicalConditions(
        instructions=instructions, first_clbits=first_clbits, widths=widths, values=values, negated=negated
    )


def _registers(field: str, messages: object, size: int) -> tuple[Register, ...]:
    registers = tuple(Register(name=item.name, start=item.start, size=item.size) for item in messages)  # type: ignore[attr-defined]
    for register in registers:
        if register.start < 0 or register.size < 0 or register.start + register.size > size:
            raise malformed(field, f"{register.name[:100]!r} is not within the {size} declared bits")
    return registers


def _register_to_message(register: Register) -> circuit_pb2.Register:
    return circuit_pb2.Register(name=register.name, start=register.start, size=register.size)


def _per_row(operations: tuple[Operation, ...], opcodes: NDArray[np.uint16], attribute: str) -> NDArray[np.int64]:
    table = np.array([getattr(operation, attribute) for operation in operations], dtype=np.int64)
    return table[opcodes] if table.size else np.zeros(0, dtype=np.int64)
