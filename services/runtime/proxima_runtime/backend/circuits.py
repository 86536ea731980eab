"""Whether the columns of a Circuit message agree: lengths, ranges, operands, numbers.

Every failure is INVALID_ARGUMENT with ERROR_REASON_MALFORMED_CIRCUIT and the field's name in the metadata. A circuit
that passes can be decoded without another check.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.backend.columns import all_below, all_finite, counts_of
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.backend.measurements import bits_read, has_mid_circuit_measurement
from proxima_runtime.backend.noise import MAX_CHANNEL_QUBITS, NAMED_CHANNELS, channel_fault
from proxima_runtime.backend.operators import TOLERANCE, identity_deviation
from proxima_runtime.errors import InvalidArgument

MAX_QUBITS = 1_000_000
MAX_CLBITS = 1_000_000
MAX_OPERATIONS = 65_536
MAX_UNITARY_QUBITS = MAX_CHANNEL_QUBITS
_MAX_CONDITION_WIDTH = 64
_READOUT_TOLERANCE = 1e-9

_Operation = circuit_pb2.Operation


@dataclass(frozen=True, kw_only=True)
class CircuitUse:
    """What a circuit uses, for the check against the capabilities.

    Attributes:
        instruction_count: rows.
        operations: the operations that occur at least once.
        has_mid_circuit_measurement: some measurement is not terminal (`measurements.py`).
        has_conditions: some instruction other than a barrier is conditional.
    """

    instruction_count: int
    operations: Sequence[circuit_pb2.Operation]
    has_mid_circuit_measurement: bool
    has_conditions: bool

    @property
    def is_unitary(self) -> bool:
        """A pure state stays pure up to the terminal measurements."""
        mixes = self.uses(_Operation.KIND_CHANNEL) or self.uses(_Operation.KIND_RESET)
        return not (mixes or self.has_conditions or self.has_mid_circuit_measurement)

    def uses(self, kind: circuit_pb2.Operation.Kind) -> bool:
        """The circuit has an operation of this kind."""
        return any(operation.kind == kind for operation in self.operations)


def check_circuit(circuit: circuit_pb2.Circuit) -> CircuitUse:
    """Check a circuit and return what it uses.

    Raises:
        InvalidArgument: ERROR_REASON_MALFORMED_CIRCUIT.
    """
    _check_counts(circuit)
    table = list(circuit.operations)
    _require(
        len(table) <= MAX_OPERATIONS, "operations", f"has {len(table)} entries, at most {MAX_OPERATIONS} are allowed"
    )
    for index, operation in enumerate(table):
        _check_operation(operation, f"operations[{index}]")
    _require(len(circuit.opcodes) % 2 == 0, "opcodes", "is no column of uint16")
    counts = counts_of(circuit.opcodes)
    for opcode, _ in counts:
        _require(opcode < len(table), "opcodes", f"names operation {opcode}, the table has {len(table)}")
    _check_length(circuit.qubits, 4, sum(table[code].qubit_count * count for code, count in counts), "qubits")
    _check_length(circuit.clbits, 4, sum(table[code].clbit_count * count for code, count in counts), "clbits")
    _check_length(
        circuit.parameters, 8, sum(table[code].parameter_count * count for code, count in counts), "parameters"
    )
    _require(all_below(circuit.qubits, circuit.qubit_count), "qubits", f"has an index not below {circuit.qubit_count}")
    _require(all_below(circuit.clbits, circuit.clbit_count), "clbits", f"has an index not below {circuit.clbit_count}")
    _require(all_finite(circuit.parameters), "parameters", "has a number that is not finite")
    _require(math.isfinite(circuit.global_phase), "global_phase", "is not finite")
    if circuit.HasField("conditions"):
        _check_conditions(circuit)
    if circuit.HasField("symbolic_parameters"):
        _check_symbols(circuit)
    used = [table[code] for code, _ in counts]
    _check_operands(circuit, table, used)
    _check_channels(circuit, table, used)
    read = bits_read(circuit, table)
    return CircuitUse(
        instruction_count=len(circuit.opcodes) // 2,
        operations=used,
        has_mid_circuit_measurement=has_mid_circuit_measurement(circuit, table, [code for code, _ in counts], read),
        has_conditions=bool(read),
    )


def _check_counts(circuit: circuit_pb2.Circuit) -> None:
    qubits, clbits, declared = circuit.qubit_count, circuit.clbit_count, circuit.declared_qubit_count
    _require(1 <= qubits <= MAX_QUBITS, "qubit_count", f"is {qubits}, expected 1 to {MAX_QUBITS}")
    _require(0 <= clbits <= MAX_CLBITS, "clbit_count", f"is {clbits}, expected 0 to {MAX_CLBITS}")
    _require(
        qubits <= declared <= MAX_QUBITS, "declared_qubit_count", f"is {declared}, expected {qubits} to {MAX_QUBITS}"
    )
    active = list(circuit.active_qubits)
    if active:
        _require(len(active) == qubits, "active_qubits", f"has {len(active)} entries, expected {qubits}")
        ascending = all(low < high for low, high in pairwise(active))
        _require(ascending, "active_qubits", "is not ascending")
        _require(active[0] >= 0 and active[-1] < declared, "active_qubits", f"has an index outside 0 to {declared - 1}")
    for field, registers, size in (
        ("clbit_registers", circuit.clbit_registers, clbits),
        ("qubit_registers", circuit.qubit_registers, declared),
    ):
        for index, register in enumerate(registers):
            inside = register.start >= 0 and register.size >= 0 and register.start + register.size <= size
            _require(inside, f"{field}[{index}]", f"lies outside the {size} bits")


def _check_operation(operation: circuit_pb2.Operation, field: str) -> None:
    qubits, clbits, parameters = operation.qubit_count, operation.clbit_count, operation.parameter_count
    _require(0 <= qubits <= MAX_QUBITS, f"{field}.qubit_count", f"is {qubits}, expected 0 to {MAX_QUBITS}")
    _require(0 <= parameters <= MAX_QUBITS, f"{field}.parameter_count", f"is {parameters}")
    expected_clbits = 1 if operation.kind == _Operation.KIND_MEASURE else 0
    _require(clbits == expected_clbits, f"{field}.clbit_count", f"is {clbits}, expected {expected_clbits}")
    _require(
        not operation.readout or operation.kind == _Operation.KIND_MEASURE,
        f"{field}.readout",
        "is for measurements only",
    )
    has_matrix = operation.kind in (_Operation.KIND_UNITARY, _Operation.KIND_CHANNEL)
    _require(not operation.matrix or has_matrix, f"{field}.matrix", "is for unitaries and channels only")
    match operation.kind:
        case _Operation.KIND_GATE:
            _require(bool(operation.name), f"{field}.name", "is empty")
            shape = STANDARD_GATES.get(operation.name)
            if shape is not None:
                _check_shape(operation, field, *shape)
        case _Operation.KIND_UNITARY:
            _check_matrix(operation, field, may_be_several=False)
            _check_shape(operation, field, qubits, 0)
        case _Operation.KIND_CHANNEL:
            _require(bool(operation.matrix or operation.name), f"{field}.name", "is empty, and there is no matrix")
            if operation.matrix:
                _check_matrix(operation, field, may_be_several=True)
                _check_shape(operation, field, qubits, 0)
            elif operation.name in NAMED_CHANNELS:
                _check_shape(operation, field, qubits, len(NAMED_CHANNELS[operation.name].parameters))
                largest = NAMED_CHANNELS[operation.name].max_qubit_count
                legal = 1 <= qubits <= largest
                _require(legal, f"{field}.qubit_count", f"is {qubits}, {operation.name} acts on 1 to {largest}")
        case _Operation.KIND_MEASURE:
            _check_shape(operation, field, 1, 0)
            _check_readout(operation.readout, f"{field}.readout")
        case _Operation.KIND_RESET:
            _check_shape(operation, field, 1, 0)
        case _Operation.KIND_BARRIER:
            _check_shape(operation, field, qubits, 0)
        case _Operation.KIND_DELAY:
            _check_shape(operation, field, qubits, 1)
        case _Operation.KIND_GLOBAL_PHASE:
            _check_shape(operation, field, 0, 1)
        case _:
            _require(False, f"{field}.kind", f"is {operation.kind}, which is no kind of operation")


def _check_shape(operation: circuit_pb2.Operation, field: str, qubits: int, parameters: int) -> None:
    name = operation.name or _Operation.Kind.Name(operation.kind)
    _require(
        operation.qubit_count == qubits,
        f"{field}.qubit_count",
        f"is {operation.qubit_count}, but {name} acts on {qubits}",
    )
    _require(
        operation.parameter_count == parameters,
        f"{field}.parameter_count",
        f"is {operation.parameter_count}, but {name} takes {parameters}",
    )


def _check_matrix(operation: circuit_pb2.Operation, field: str, *, may_be_several: bool) -> None:
    qubits, size = operation.qubit_count, len(operation.matrix)
    _require(
        1 <= qubits <= MAX_UNITARY_QUBITS, f"{field}.qubit_count", f"is {qubits}, expected 1 to {MAX_UNITARY_QUBITS}"
    )
    one = 16 * 4**qubits
    most = 4**qubits if may_be_several else 1
    right = size in range(one, one * most + 1, one)
    _require(right, f"{field}.matrix", f"has {size} bytes, {qubits} qubits need {one} a matrix, at most {most} of them")
    _require(all_finite(operation.matrix), f"{field}.matrix", "has a number that is not finite")
    deviation = identity_deviation(operation.matrix, 2**qubits)
    if not deviation <= TOLERANCE:
        what = "trace preserving: the sum of K^dagger K" if may_be_several else "unitary: U^dagger U"
        raise _malformed(f"{field}.matrix", f"is not {what} differs from 1 by {deviation:.3g}, at most {TOLERANCE:g}")


def _check_readout(readout: bytes, field: str) -> None:
    if not readout:
        return
    _require(len(readout) == 32, field, f"has {len(readout)} bytes, expected 32")
    table = memoryview(readout).cast("d").tolist()
    legal = all(0 <= value <= 1 for value in table) and all(
        abs(table[row] + table[row + 1] - 1) <= _READOUT_TOLERANCE for row in (0, 2)
    )
    _require(legal, field, "is no table of probabilities with rows that sum to 1")


def _check_conditions(circuit: circuit_pb2.Circuit) -> None:
    conditions = circuit.conditions
    count = len(conditions.instructions) // 4
    for name, column, width in (
        ("instructions", conditions.instructions, 4),
        ("first_clbits", conditions.first_clbits, 4),
        ("widths", conditions.widths, 4),
        ("values", conditions.values, 8),
        ("negated", conditions.negated, 1),
    ):
        _check_length(column, width, count, f"conditions.{name}")
    instructions = memoryview(conditions.instructions).cast("I").tolist()
    _require(instructions == sorted(instructions), "conditions.instructions", "is not sorted")
    last = instructions[-1] if instructions else 0
    rows = len(circuit.opcodes) // 2
    _require(count == 0 or last < rows, "conditions.instructions", f"names instruction {last}, there are {rows}")
    _require(not conditions.negated.translate(None, b"\0\1"), "conditions.negated", "has a value other than 0 and 1")
    firsts = memoryview(conditions.first_clbits).cast("I")
    widths = memoryview(conditions.widths).cast("I")
    values = memoryview(conditions.values).cast("Q")
    for row, (first, width, value) in enumerate(zip(firsts, widths, values, strict=True)):
        legal = 1 <= width <= _MAX_CONDITION_WIDTH
        _require(legal, "conditions.widths", f"row {row} is {width}, expected 1 to {_MAX_CONDITION_WIDTH}")
        _require(
            first + width <= circuit.clbit_count,
            "conditions.first_clbits",
            f"row {row} reads bits {first} to {first + width - 1}, there are {circuit.clbit_count}",
        )
        _require(value >> width == 0, "conditions.values", f"row {row} is {value}, which has more than {width} bits")


def _check_symbols(circuit: circuit_pb2.Circuit) -> None:
    symbolic = circuit.symbolic_parameters
    count = len(symbolic.positions) // 4
    for name, column, width in (
        ("positions", symbolic.positions, 4),
        ("symbol_indices", symbolic.symbol_indices, 4),
        ("scales", symbolic.scales, 8),
        ("offsets", symbolic.offsets, 8),
    ):
        _check_length(column, width, count, f"symbolic_parameters.{name}")
    field = "symbolic_parameters.positions"
    parameters = len(circuit.parameters) // 8
    _require(all_below(symbolic.positions, parameters), field, f"has an index not below {parameters}")
    positions = memoryview(symbolic.positions).cast("I").tolist()
    _require(len(set(positions)) == count, field, "names a parameter twice")
    values = memoryview(circuit.parameters).cast("d")
    _require(not any(values[place] for place in positions), "parameters", "holds a number where a symbol stands")
    symbols = len(symbolic.symbols)
    below = all_below(symbolic.symbol_indices, symbols)
    _require(below, "symbolic_parameters.symbol_indices", f"has an index not below {symbols}")
    _require(len(set(symbolic.symbols)) == symbols, "symbolic_parameters.symbols", "has a name twice")
    _require(all_finite(symbolic.scales), "symbolic_parameters.scales", "has a number that is not finite")
    _require(all_finite(symbolic.offsets), "symbolic_parameters.offsets", "has a number that is not finite")


def _check_operands(
    circuit: circuit_pb2.Circuit, table: Sequence[circuit_pb2.Operation], used: Sequence[circuit_pb2.Operation]
) -> None:
    if all(operation.qubit_count < 2 for operation in used):
        return
    qubits = array("I", circuit.qubits)
    position = 0
    for row, size in enumerate(_sizes(circuit, table)):
        if size == 2:
            differ = qubits[position] != qubits[position + 1]
        elif size > 2:
            differ = len(set(qubits[position : position + size])) == size
        else:
            differ = True
        if not differ:
            raise _malformed("qubits", f"instruction {row} uses one qubit twice")
        position += size


def _check_channels(
    circuit: circuit_pb2.Circuit, table: Sequence[circuit_pb2.Operation], used: Sequence[circuit_pb2.Operation]
) -> None:
    """Refuse parameters of named channels outside of docs/noise.md, and name the instruction."""
    named = [entry.kind == _Operation.KIND_CHANNEL and not entry.matrix for entry in table]
    has_named = any(entry.kind == _Operation.KIND_CHANNEL and not entry.matrix for entry in used)
    # The value of a symbol is not known here.
    if not has_named or circuit.symbolic_parameters.positions:
        return
    legal: set[tuple[int, bytes]] = set()
    arities = [8 * entry.parameter_count for entry in table]
    column = circuit.parameters
    position = 0
    for row, code in enumerate(memoryview(circuit.opcodes).cast("H")):
        start, position = position, position + arities[code]
        if not named[code]:
            continue
        key = code, column[start:position]
        if key in legal:
            continue
        entry = table[code]
        if entry.name in NAMED_CHANNELS:
            fault = channel_fault(entry.name, memoryview(key[1]).cast("d").tolist(), entry.qubit_count)
            if fault is not None:
                raise _malformed("parameters", f"of instruction {row} are illegal: the channel {entry.name} {fault}")
        legal.add(key)


def _sizes(circuit: circuit_pb2.Circuit, table: Sequence[circuit_pb2.Operation]) -> Iterator[int]:
    """Yield the qubit count of each instruction."""
    sizes = [operation.qubit_count for operation in table]
    return map(sizes.__getitem__, memoryview(circuit.opcodes).cast("H"))


def _check_length(column: bytes, width: int, count: int, field: str) -> None:
    if len(column) != width * count:
        raise _malformed(field, f"has {len(column)} bytes, expected {width * count} ({count} entries of {width} bytes)")


def _require(condition: bool, field: str, problem: str) -> None:
    if not condition:
        raise _malformed(field, problem)


def _malformed(field: str, problem: str) -> InvalidArgument:
    return InvalidArgument(
        f"circuit.{field} {problem}",
        reason=errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT,
        metadata={"field": f"circuit.{field}"},
    )
