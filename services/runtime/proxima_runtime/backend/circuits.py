"""Whether the columns of a Circuit message agree: lengths, ranges, operands, numbers.

Every failure is INVALID_ARGUMENT with ERROR_REASON_MALFORMED_CIRCUIT and the field's name in the metadata. A circuit
that passes can be decoded without another check.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.backend.columns import all_below, all_finite, counts_of
from proxima_runtime.backend.malformed import malformed, require
from proxima_runtime.backend.measurements import bits_read, has_mid_circuit_measurement
from proxima_runtime.backend.operations import MAX_QUBITS, check_operation, check_values

MAX_CLBITS = 1_000_000
MAX_OPERATIONS = 65_536
_MAX_CONDITION_WIDTH = 64
# Of one instruction; deeper than any nesting of `if`.
_MAX_CONDITIONS = 256

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
    require(
        len(table) <= MAX_OPERATIONS, "operations", f"has {len(table)} entries, at most {MAX_OPERATIONS} are allowed"
    )
    for index, operation in enumerate(table):
        check_operation(operation, f"operations[{index}]")
    require(len(circuit.opcodes) % 2 == 0, "opcodes", "is no column of uint16")
    counts = counts_of(circuit.opcodes)
    for opcode, _ in counts:
        require(opcode < len(table), "opcodes", f"names operation {opcode}, the table has {len(table)}")
    _check_length(circuit.qubits, 4, sum(table[code].qubit_count * count for code, count in counts), "qubits")
    _check_length(circuit.clbits, 4, sum(table[code].clbit_count * count for code, count in counts), "clbits")
    _check_length(
        circuit.parameters, 8, sum(table[code].parameter_count * count for code, count in counts), "parameters"
    )
    require(all_below(circuit.qubits, circuit.qubit_count), "qubits", f"has an index not below {circuit.qubit_count}")
    require(all_below(circuit.clbits, circuit.clbit_count), "clbits", f"has an index not below {circuit.clbit_count}")
    require(all_finite(circuit.parameters), "parameters", "has a number that is not finite")
    require(math.isfinite(circuit.global_phase), "global_phase", "is not finite")
    if circuit.HasField("conditions"):
        _check_conditions(circuit)
    if circuit.HasField("symbolic_parameters"):
        _check_symbols(circuit)
    used = [table[code] for code, _ in counts]
    _check_operands(circuit, table, used)
    check_values(circuit, table, used)
    read = bits_read(circuit, table)
    return CircuitUse(
        instruction_count=len(circuit.opcodes) // 2,
        operations=used,
        has_mid_circuit_measurement=has_mid_circuit_measurement(circuit, table, [code for code, _ in counts], read),
        has_conditions=bool(read),
    )


def _check_counts(circuit: circuit_pb2.Circuit) -> None:
    qubits, clbits, declared = circuit.qubit_count, circuit.clbit_count, circuit.declared_qubit_count
    require(1 <= qubits <= MAX_QUBITS, "qubit_count", f"is {qubits}, expected 1 to {MAX_QUBITS}")
    require(0 <= clbits <= MAX_CLBITS, "clbit_count", f"is {clbits}, expected 0 to {MAX_CLBITS}")
    require(
        qubits <= declared <= MAX_QUBITS, "declared_qubit_count", f"is {declared}, expected {qubits} to {MAX_QUBITS}"
    )
    active = list(circuit.active_qubits)
    if active:
        require(len(active) == qubits, "active_qubits", f"has {len(active)} entries, expected {qubits}")
        ascending = all(low < high for low, high in pairwise(active))
        require(ascending, "active_qubits", "is not ascending")
        require(active[0] >= 0 and active[-1] < declared, "active_qubits", f"has an index outside 0 to {declared - 1}")
    for field, registers, size in (
        ("clbit_registers", circuit.clbit_registers, clbits),
        ("qubit_registers", circuit.qubit_registers, declared),
    ):
        for index, register in enumerate(registers):
            inside = register.start >= 0 and register.size >= 0 and register.start + register.size <= size
            require(inside, f"{field}[{index}]", f"lies outside the {size} bits")


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
    require(instructions == sorted(instructions), "conditions.instructions", "is not sorted")
    last = instructions[-1] if instructions else 0
    rows = len(circuit.opcodes) // 2
    require(count == 0 or last < rows, "conditions.instructions", f"names instruction {last}, there are {rows}")
    require(not conditions.negated.translate(None, b"\0\1"), "conditions.negated", "has a value other than 0 and 1")
    most = max(Counter(instructions).values(), default=0)
    field = "conditions.instructions"
    require(most <= _MAX_CONDITIONS, field, f"puts {most} conditions on one, at most {_MAX_CONDITIONS} are allowed")
    firsts = memoryview(conditions.first_clbits).cast("I")
    widths = memoryview(conditions.widths).cast("I")
    values = memoryview(conditions.values).cast("Q")
    for row, (first, width, value) in enumerate(zip(firsts, widths, values, strict=True)):
        legal = 1 <= width <= _MAX_CONDITION_WIDTH
        require(legal, "conditions.widths", f"row {row} is {width}, expected 1 to {_MAX_CONDITION_WIDTH}")
        require(
            first + width <= circuit.clbit_count,
            "conditions.first_clbits",
            f"row {row} reads bits {first} to {first + width - 1}, there are {circuit.clbit_count}",
        )
        require(value >> width == 0, "conditions.values", f"row {row} is {value}, which has more than {width} bits")


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
    require(all_below(symbolic.positions, parameters), field, f"has an index not below {parameters}")
    positions = memoryview(symbolic.positions).cast("I").tolist()
    require(len(set(positions)) == count, field, "names a parameter twice")
    values = memoryview(circuit.parameters).cast("d")
    require(not any(values[place] for place in positions), "parameters", "holds a number where a symbol stands")
    symbols = len(symbolic.symbols)
    below = all_below(symbolic.symbol_indices, symbols)
    require(below, "symbolic_parameters.symbol_indices", f"has an index not below {symbols}")
    require(len(set(symbolic.symbols)) == symbols, "symbolic_parameters.symbols", "has a name twice")
    require(all_finite(symbolic.scales), "symbolic_parameters.scales", "has a number that is not finite")
    require(all_finite(symbolic.offsets), "symbolic_parameters.offsets", "has a number that is not finite")


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
            raise malformed("qubits", f"instruction {row} uses one qubit twice")
        position += size


def _sizes(circuit: circuit_pb2.Circuit, table: Sequence[circuit_pb2.Operation]) -> Iterator[int]:
    """Yield the qubit count of each instruction."""
    sizes = [operation.qubit_count for operation in table]
    return map(sizes.__getitem__, memoryview(circuit.opcodes).cast("H"))


def _check_length(column: bytes, width: int, count: int, field: str) -> None:
    if len(column) != width * count:
        raise malformed(field, f"has {len(column)} bytes, expected {width * count} ({count} entries of {width} bytes)")
