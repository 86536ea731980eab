"""A circuit message decoded row by row, with all instructions: channels, measurements, resets, conditions.

`proxima_runtime.arrays.program` is the faster decoder of circuits for which `is_plain` holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.arrays.channels import kraus
from proxima_runtime.arrays.gates import unitary
from proxima_runtime.backend.measurements import terminal_measurements
from proxima_runtime.errors import FailedPrecondition

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

_KIND = circuit_pb2.Operation
_PLAIN = frozenset((_KIND.KIND_GATE, _KIND.KIND_MEASURE, _KIND.KIND_BARRIER))
_NO_CONDITIONS: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A comparison of classical bits with a number.

    Attributes:
        first_clbit: least significant of the bits compared.
        width: how many bits, 1 to 64.
        value: unsigned, below 2^width.
        negated: holds where the bits differ from `value`.
    """

    first_clbit: int
    width: int
    value: int
    negated: bool

    @property
    def bits(self) -> range:
        """The bits compared."""
        return range(self.first_clbit, self.first_clbit + self.width)

    def holds(self, record: int) -> bool:
        """It holds for `record`, all classical bits as a number, bit b for classical bit b."""
        return (((record >> self.first_clbit) & ((1 << self.width) - 1)) == self.value) is not self.negated


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """One row of a circuit.

    Attributes:
        row: its index in the message, barriers counted.
        kind: value of `Operation.Kind`.
        name: name of a gate or channel; for the rest the name in the source, for messages.
        qubits: operands, the first the least significant bit of the index of `matrix`.
        clbit: the bit that a measurement writes, else -1.
        parameters: angles in radians; seconds of a delay; parameters of a named channel.
        matrix: read-only complex128: the unitary of a gate or explicit unitary, shape (2^k, 2^k); the Kraus operators
            of a channel, named or explicit, shape (m, 2^k, 2^k); None for other kinds.
        readout: float64, shape (2, 2), P(read | true), rows are the true value; None where reading is exact.
        conditions: all of them must hold for the instruction to run; empty where it always runs.
    """

    row: int
    kind: int
    name: str
    qubits: tuple[int, ...]
    clbit: int = -1
    parameters: tuple[float, ...] = ()
    matrix: Complex | None = None
    readout: Real | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def reads(self) -> Sequence[range]:
        """The bits that each of its conditions reads."""
        return [condition.bits for condition in self.conditions]

    def runs(self, record: int) -> bool:
        """Its conditions hold for `record` (see `Condition.holds`)."""
        return all(condition.holds(record) for condition in self.conditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """All instructions of a circuit, in the qubits of the columns.

    Attributes:
        qubit_count: qubits, 1 or more.
        clbit_count: declared classical bits.
        declared_qubit_count: qubits that the source declared.
        active_qubits: declared index of each qubit.
        global_phase: radians, without that of instructions.
        instructions: every row but barriers, in program order.
        terminal: positions in `instructions` of the terminal measurements. A measurement is terminal where it has no
            condition, nothing but barriers, delays and other terminal measurements follow on its qubit, no later
            condition reads its bit and no later measurement that is not terminal writes it. Terminal measurements may
            therefore all be done at the end, in order; the last into a bit is what the bit records.
    """

    qubit_count: int
    clbit_count: int
    declared_qubit_count: int
    active_qubits: tuple[int, ...]
    global_phase: float
    instructions: tuple[Instruction, ...]
    terminal: frozenset[int]

    @property
    def is_unitary(self) -> bool:
        """There is no channel, reset, condition or measurement that is not terminal: a pure state stays pure."""
        return all(
            not instruction.conditions
            and instruction.kind not in (_KIND.KIND_CHANNEL, _KIND.KIND_RESET)
            and (instruction.kind != _KIND.KIND_MEASURE or position in self.terminal)
            for position, instruction in enumerate(self.instructions)
        )

    @property
    def has_readout(self) -> bool:
        """Some measurement has a readout error."""
        return any(instruction.readout is not None for instruction in self.instructions)

    @property
    def measured(self) -> Mapping[int, int]:
        """Position of the last terminal measurement into each bit that one writes, by ascending bit."""
        last = {self.instructions[position].clbit: position for position in sorted(self.terminal)}
        return MappingProxyType(dict(sorted(last.items())))

    @property
    def written_clbits(self) -> tuple[int, ...]:
        """Bits that some measurement writes, ascending."""
        return tuple(sorted({step.clbit for step in self.instructions if step.kind == _KIND.KIND_MEASURE}))


def is_plain(circuit: circuit_pb2.Circuit) -> bool:
    """The circuit has only gates, barriers and exactly read terminal measurements: `program.decode` takes it."""
    operations = circuit.operations
    if circuit.HasField("conditions") or circuit.HasField("symbolic_parameters"):
        return False
    if any(operation.kind not in _PLAIN or operation.readout for operation in operations):
        return False
    kinds = [operation.kind for operation in operations]
    if _KIND.KIND_MEASURE not in kinds or _KIND.KIND_GATE not in kinds:
        return True
    opcodes = np.frombuffer(circuit.opcodes, dtype="<u2")
    by_row = np.array(kinds, dtype=np.uint8)[opcodes]
    measures, gates = np.flatnonzero(by_row == _KIND.KIND_MEASURE), np.flatnonzero(by_row == _KIND.KIND_GATE)
    if not len(measures) or not len(gates) or measures[0] > gates[-1]:
        return True
    widths = np.array([operation.qubit_count for operation in operations], dtype=np.int64)[opcodes]
    starts = np.cumsum(widths) - widths
    qubits = np.frombuffer(circuit.qubits, dtype="<u4")
    last_gate = np.full(circuit.qubit_count, -1, dtype=np.int64)
    # For a repeated index numpy keeps the last value assigned, which is the latest row.
    last_gate[qubits[np.repeat(by_row == _KIND.KIND_GATE, widths)]] = np.repeat(gates, widths[gates])
    return not bool(np.any(last_gate[qubits[starts[measures]]] > measures))


def list_instructions(circuit: circuit_pb2.Circuit) -> Listing:
    """Decode a circuit that the runtime has checked.

    Raises:
        FailedPrecondition: it has symbolic parameters (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
    """
    refuse_symbols(circuit)
    instructions = _instructions(circuit)
    return Listing(
        qubit_count=circuit.qubit_count,
        clbit_count=circuit.clbit_count,
        declared_qubit_count=circuit.declared_qubit_count or circuit.qubit_count,
        active_qubits=tuple(circuit.active_qubits) or tuple(range(circuit.qubit_count)),
        global_phase=circuit.global_phase,
        instructions=instructions,
        terminal=terminal_measurements(instructions),
    )


def refuse_symbols(circuit: circuit_pb2.Circuit) -> None:
    """Refuse a circuit with symbolic parameters.

    Raises:
        FailedPrecondition: it has some (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
    """
    if circuit.symbolic_parameters.positions:
        raise FailedPrecondition(
            "this backend does not run symbolic parameters; bind them, or choose a backend whose capabilities list "
            "FEATURE_PARAMETER_BINDINGS",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
            metadata={"feature": "symbolic parameters"},
        )


def conditions_by_row(circuit: circuit_pb2.Circuit) -> Mapping[int, tuple[Condition, ...]]:
    """Return the conditions of each conditional row, by its index in the message."""
    columns = circuit.conditions
    found: dict[int, tuple[Condition, ...]] = {}
    for row, first, width, value, negated in zip(
        np.frombuffer(columns.instructions, dtype="<u4").tolist(),
        np.frombuffer(columns.first_clbits, dtype="<u4").tolist(),
        np.frombuffer(columns.widths, dtype="<u4").tolist(),
        np.frombuffer(columns.values, dtype="<u8").tolist(),
        columns.negated,
        strict=True,
    ):
        condition = Condition(first_clbit=first, width=width, value=value, negated=bool(negated))
        found[row] = (*found.get(row, _NO_CONDITIONS), condition)
    return found


def _instructions(circuit: circuit_pb2.Circuit) -> tuple[Instruction, ...]:
    table = tuple(circuit.operations)
    shapes = [(entry.kind, entry.name, entry.qubit_count, entry.clbit_count, entry.parameter_count) for entry in table]
    explicit = [_explicit(entry) for entry in table]
    readouts = [_readout(entry) for entry in table]
    qubits = np.frombuffer(circuit.qubits, dtype="<u4").tolist()
    clbits = np.frombuffer(circuit.clbits, dtype="<u4").tolist()
    parameters = np.frombuffer(circuit.parameters, dtype="<f8").tolist()
    conditions = conditions_by_row(circuit)
    known: dict[tuple[int, tuple[float, ...]], Complex | None] = {}
    found: list[Instruction] = []
    at_qubit = at_clbit = at_parameter = 0
    for row, opcode in enumerate(np.frombuffer(circuit.opcodes, dtype="<u2").tolist()):
        kind, name, width, writes, arity = shapes[opcode]
        operands = tuple(qubits[at_qubit : at_qubit + width])
        values = tuple(parameters[at_parameter : at_parameter + arity])
        clbit = clbits[at_clbit] if writes else -1
        at_qubit, at_clbit, at_parameter = at_qubit + width, at_clbit + writes, at_parameter + arity
        if kind == _KIND.KIND_BARRIER:
            continue
        matrix = explicit[opcode]
        if matrix is None and kind in (_KIND.KIND_GATE, _KIND.KIND_CHANNEL):
            key = opcode, values
            if key not in known:
                known[key] = _named(kind, name, values, width)
            matrix = known[key]
        found.append(
            Instruction(
                row=row,
                kind=kind,
                name=name,
                qubits=operands,
                clbit=clbit,
                parameters=values,
                matrix=matrix,
                readout=readouts[opcode],
                conditions=conditions.get(row, _NO_CONDITIONS),
            )
        )
    return tuple(found)


def _named(kind: int, name: str, parameters: tuple[float, ...], width: int) -> Complex:
    if kind == _KIND.KIND_GATE:
        return unitary(name, parameters)
    operators = kraus(name, parameters, width)
    operators.flags.writeable = False
    return operators


def _explicit(operation: circuit_pb2.Operation) -> Complex | None:
    if not operation.matrix:
        return None
    side = 1 << operation.qubit_count
    matrices = np.frombuffer(operation.matrix, dtype="<c16").reshape(-1, side, side)
    return matrices if operation.kind == _KIND.KIND_CHANNEL else matrices[0]


def _readout(operation: circuit_pb2.Operation) -> Real | None:
    return np.frombuffer(operation.readout, dtype="<f8").reshape(2, 2) if operation.readout else None
