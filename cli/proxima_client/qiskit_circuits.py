"""Turns a Qiskit `QuantumCircuit` into columns, exactly: angles to the last bit, global phase, names of registers.

Gates of the contract are taken as they are, `UnitaryGate` and controlled gates without a name there as explicit
unitaries of up to four qubits, `Kraus` instructions as channels; any other gate is replaced by its own definition,
recursively, with the definition's global phase. Conditions of `if` and `switch` become conditions of instructions,
loops over constants are unrolled. Qubit i is `circuit.qubits[i]`, classical bit j is `circuit.clbits[j]`, as in Qiskit
itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument, Unimplemented
from qiskit.circuit import (
    CASE_DEFAULT,
    AnnotatedOperation,
    BoxOp,
    ClassicalRegister,
    ControlFlowOp,
    ForLoopOp,
    IfElseOp,
    Operation,
    QuantumCircuit,
    QuantumRegister,
    SwitchCaseOp,
)

from proxima_client.columns import ColumnWriter
from proxima_client.conditions import Rows, both, equals, opposite
from proxima_client.operators import MAX_QUBITS, few_kraus
from proxima_client.qiskit_conditions import bits_of_target, rows_of
from proxima_client.qiskit_gates import (
    controlled_body,
    explicit_unitary,
    number,
    standard_gate,
    without_annotations,
)

__all__ = ["convert"]

_MAX_DEPTH = 64
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """The bits of a (sub)circuit by index in the whole, and how deep it is nested."""

    qubits: Sequence[int]
    clbits: Sequence[int]
    depth: int


def convert(circuit: QuantumCircuit) -> circuit_pb2.Circuit:
    """Return the circuit in columns.

    Raises:
        InvalidArgument: a parameter has no value, or an angle is not finite.
        Unimplemented: a while loop, a classical expression beyond comparisons with constants, or an instruction
            without a definition; the message names it.
    """
    if circuit.parameters:
        names = ", ".join(sorted(parameter.name for parameter in circuit.parameters))
        raise InvalidArgument(
            f"the circuit has parameters without a value: {names}. Bind them first: circuit.assign_parameters({{...}})",
            reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT,
        )
    writer = ColumnWriter(qubit_count=circuit.num_qubits, clbit_count=circuit.num_clbits)
    whole = _Place(qubits=range(circuit.num_qubits), clbits=range(circuit.num_clbits), depth=0)
    _append_circuit(writer, circuit, whole)
    qubits = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    clbits = {clbit: index for index, clbit in enumerate(circuit.clbits)}
    return writer.circuit(
        qubit_registers=_registers(circuit.qregs, qubits), clbit_registers=_registers(circuit.cregs, clbits)
    )


def _append_circuit(writer: ColumnWriter, circuit: QuantumCircuit, place: _Place) -> None:
    """Append all of a circuit, its bits being those of the place in order."""
    writer.add_phase(number(circuit.global_phase))
    qubits = dict(zip(circuit.qubits, place.qubits, strict=True))
    clbits = dict(zip(circuit.clbits, place.clbits, strict=True))
    for entry in circuit.data:
        inner = _Place(
            qubits=[qubits[qubit] for qubit in entry.qubits],
            clbits=[clbits[clbit] for clbit in entry.clbits],
            depth=place.depth + 1,
        )
        # Qiskit before 2.0 has conditions on instructions.
        condition = getattr(entry.operation, "_condition", None)
        if isinstance(entry.operation, ControlFlowOp):
            _append_control_flow(writer, entry.operation, clbits, inner)
        elif condition is not None:
            _append_if(writer, rows_of(condition, clbits), entry.operation, inner)
        else:
            _append(writer, entry.operation, inner)


def _append(writer: ColumnWriter, operation: Operation, place: _Place) -> None:
    name, qubits = operation.name, place.qubits
    if name == "measure":
        writer.measure(qubits[0], place.clbits[0])
    elif name == "barrier":
        writer.barrier(qubits)
    elif name == "reset":
        writer.reset(qubits[0])
    elif name == "delay":
        writer.delay(qubits[0], _delay_seconds(operation))
    elif name == "global_phase":
        writer.add_phase(number(operation.params[0]))
    elif name == "kraus" and operation.definition is None and len(qubits) <= MAX_QUBITS:
        writer.kraus("kraus", few_kraus(np.array(operation.params, dtype=np.complex128)), qubits)
    elif isinstance(operation, AnnotatedOperation):
        _append(writer, without_annotations(operation), place)
    elif (gate := standard_gate(operation, len(qubits))) is not None:
        writer.gate(gate[0], qubits, gate[1])
    elif (matrix := explicit_unitary(operation, len(qubits))) is not None:
        writer.unitary(name, matrix, qubits)
    else:
        definition = None
        if place.depth < _MAX_DEPTH:
            definition = controlled_body(operation) or getattr(operation, "definition", None)
        if definition is None:
            raise _unsupported(
                f"the Qiskit instruction {name!r} (qubits {list(qubits)}): it is no gate of the contract and has no "
                "definition. Transpile the circuit to standard gates first",
                name,
            )
        _append_circuit(writer, definition, place)


def _append_if(writer: ColumnWriter, rows: Rows, operation: Operation, place: _Place) -> None:
    if rows is True:
        _append(writer, operation, place)
    elif rows is not False:
        with writer.condition(*rows):
            _append(writer, operation, place)


def _append_control_flow(
    writer: ColumnWriter, operation: ControlFlowOp, clbits: Mapping[object, int], place: _Place
) -> None:
    if place.depth > _MAX_DEPTH:
        raise _unsupported(f"control flow nested deeper than {_MAX_DEPTH}; flatten it", operation.name)
    match operation:
        case IfElseOp():
            rows = rows_of(operation.condition, clbits)
            then, *other = operation.blocks
            branches: list[tuple[Rows, QuantumCircuit]] = [(rows, then)]
            if other and other[0] is not None:
                branches.append((opposite(rows), other[0]))
            _append_branches(writer, branches, place)
        case SwitchCaseOp():
            _append_branches(writer, _cases(operation, clbits), place)
        case ForLoopOp():
            indices, parameter, body = operation.params
            for index in indices:
                bound = body
                if parameter is not None and parameter in body.parameters:
                    bound = body.assign_parameters({parameter: index})
                _append_circuit(writer, bound, place)
        case BoxOp():
            _append_circuit(writer, operation.blocks[0], place)
        case _:
            raise _unsupported(
                f"the control flow {operation.name!r} of Qiskit circuits; use for_loop with constant bounds, if_test "
                "and switch",
                operation.name,
            )


def _cases(operation: SwitchCaseOp, clbits: Mapping[object, int]) -> list[tuple[Rows, QuantumCircuit]]:
    """Condition and body of each value of each case; the default's is "differs from all values before it"."""
    bits = bits_of_target(operation.target, clbits)
    branches: list[tuple[Rows, QuantumCircuit]] = []
    others: Rows = True
    for values, body in operation.cases_specifier():
        for value in values:
            if value is CASE_DEFAULT:
                branches.append((others, body))
            else:
                rows = equals(bits, int(value))
                branches.append((rows, body))
                others = both(others, opposite(rows)) if _has_default(operation) else True
    return branches


def _has_default(operation: SwitchCaseOp) -> bool:
    return any(value is CASE_DEFAULT for values, _ in operation.cases_specifier() for value in values)


def _append_branches(writer: ColumnWriter, branches: Sequence[tuple[Rows, QuantumCircuit]], place: _Place) -> None:
    """Append bodies of which at most one runs; none may depend on a bit that one before it has measured over."""
    stale = False
    for rows, body in branches:
        if rows is True:
            _append_circuit(writer, body, place)
        elif rows is not False:
            with writer.condition(*rows, stale=stale):
                _append_circuit(writer, body, place)
                stale = stale or writer.is_stale


def _delay_seconds(operation: Operation) -> float:
    scale = _SECONDS.get(operation.unit)
    if scale is None:
        raise _unsupported(f"a delay in units of {operation.unit!r}, which depend on a device; give seconds", "delay")
    return number(operation.duration) * scale


def _unsupported(what: str, feature: str) -> Unimplemented:
    return Unimplemented(
        f"Proxima does not take {what}",
        reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
        metadata={"feature": feature},
    )


def _registers(
    registers: Sequence[QuantumRegister] | Sequence[ClassicalRegister], index: Mapping[object, int]
) -> list[tuple[str, int, int]]:
    """Registers whose bits are consecutive in the circuit; others are presentation that cannot be shown."""
    runs = [(register, index[register[0]]) for register in registers if register.size]
    return [
        (register.name, start, register.size)
        for register, start in runs
        if all(index[bit] == start + offset for offset, bit in enumerate(register))
    ]
