"""The fast path: flat programs of OpenQASM 2 and 3, or a clear "not flat".

It reads a header, includes of the shipped libraries, register declarations and applications of library gates, measure,
reset and barrier, with operands that are registers or single bits, and in OpenQASM 2 `if (c == n)` before a gate or a
reset. Whatever it does not fully understand raises NotFlat, never an error and never a skip: the slow path then reads
the whole source and reports what is wrong with its place.
"""

import math
import re
from itertools import repeat

import numpy as np

from proxima_orchestrator.circuit import Circuit, ClassicalConditions, Kind, Operation, Register
from proxima_orchestrator.gates import BUILTINS, LIBRARIES, LibraryGate
from proxima_orchestrator.qasm.columns import identity
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.reserved import RESERVED
from proxima_orchestrator.qasm.source import Header

__all__ = ["NotFlat", "parse_flat"]

_ASCII = re.ASCII
# Quantifiers are possessive: no text makes these patterns take more than linear time.
_DECLARE_OLD = re.compile(r"\s*+(qreg|creg)\s++([A-Za-z_]\w*+)\s*+\[\s*+(\d{1,9})\s*+\]\s*+", _ASCII)
_DECLARE_NEW = re.compile(r"\s*+(qubit|bit)\b\s*+(?:\[\s*+(\d{1,9})\s*+\]\s*+)?([A-Za-z_]\w*+)\s*+", _ASCII)
_INCLUDE = re.compile(r"\s*+include\s*+\"([^\"]*+)\"\s*+", _ASCII)
_APPLY = re.compile(r"\s*+([A-Za-z_]\w*+)(?:\s*+\(([^()]*+)\)\s*+|\s++)([A-Za-z_][^()]*+)", _ASCII)
_OPERAND = re.compile(r"\s*+([A-Za-z_]\w*+)\s*+(?:\[\s*+(\d{1,9})\s*+\]\s*+)?", _ASCII)
_MEASURE_OLD = re.compile(r"\s*+measure\s++([^;>\-]*+)->([^;>]*+)", _ASCII)
_MEASURE_NEW = re.compile(r"([^=]*+)=\s*+measure\s++([^=>]*+)", _ASCII)
_IF_OLD = re.compile(r"\s*+if\s*+\(\s*+([A-Za-z_]\w*+)\s*+==\s*+(\d{1,18})\s*+\)\s*+([A-Za-z_].*+)", _ASCII | re.DOTALL)
_NUMBER = r"(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?"
_TERM = re.compile(
    rf"\s*+(-?)\s*+(?:({_NUMBER})\s*+\*\s*+)?(pi|{_NUMBER})\s*+(?:([*/])\s*+(pi|{_NUMBER}))?\s*+", _ASCII
)
_NUMBER_CHARACTERS = str.maketrans("", "", "0123456789.eE-, \t\r\n")

_MAX_WIDTH = 64

_Bits = tuple[int, int]
"""(start, size) of a register."""
_Condition = tuple[int, int, int]
"""(start, size, value) of a register that is compared."""
_Block = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[float, ...], float, _Condition | None]
"""Opcodes, qubits, clbits, parameters, global phase and condition of what one statement does."""
_DECLARED: _Block = ((), (), (), (), 0.0, None)
"""What a declaration does: nothing to repeat."""

_MEASURE = Operation(kind=Kind.MEASURE, name="measure", qubit_count=1, clbit_count=1)
_RESET = Operation(kind=Kind.RESET, name="reset", qubit_count=1)


class NotFlat(Exception):
    """The program is not flat, or not certainly correct: the slow path decides."""


class _FlatProgram:
    """Names and operations seen so far."""

    def __init__(self, version: int, limits: Limits) -> None:
        self.version = version
        self.limits = limits
        self.gates: dict[str, LibraryGate] = dict(BUILTINS[version])
        self.qubit_registers: dict[str, _Bits] = {}
        self.clbit_registers: dict[str, _Bits] = {}
        self.qubit_count = 0
        self.clbit_count = 0
        self.opcode_of: dict[Operation, int] = {}
        self.gate_opcodes: dict[str, int] = {}
        self.operands: dict[str, tuple[tuple[int, int, bool], ...]] = {}
        self.expressions: dict[str, float] = {}

    def opcode(self, operation: Operation) -> int:
        opcode = self.opcode_of.setdefault(operation, len(self.opcode_of))
        if opcode > 65_535:
            raise NotFlat
        return opcode

    def declare(self, kind: str, name: str, size: int) -> None:
        if name in RESERVED or name in self.gates or name in self.qubit_registers or name in self.clbit_registers:
            raise NotFlat
        if size == 0:
            raise NotFlat
        if kind[0] == "q":
            self.qubit_registers[name] = (self.qubit_count, size)
            self.qubit_count += size
        else:
            self.clbit_registers[name] = (self.clbit_count, size)
            self.clbit_count += size
        if self.qubit_count > self.limits.qubits or self.clbit_count > self.limits.clbits:
            raise NotFlat

    def include(self, name: str) -> None:
        library = LIBRARIES.get(name)
        if library is None or name != ("qelib1.inc" if self.version == 2 else "stdgates.inc"):
            raise NotFlat
        if any(gate in self.qubit_registers or gate in self.clbit_registers for gate in library):
            raise NotFlat
        self.gates.update(library)

    def qubits_of(self, text: str) -> tuple[tuple[int, int, bool], ...]:
        """Operands as (start, size, whether a whole register)."""
        known = self.operands.get(text)
        if known is None:
            known = tuple(self.bits(operand, self.qubit_registers) for operand in text.split(","))
            self.operands[text] = known
        return known

    @staticmethod
    def bits(text: str, registers: dict[str, _Bits]) -> tuple[int, int, bool]:
        match = _OPERAND.fullmatch(text)
        if match is None:
            raise NotFlat
        name, index = match.groups()
        bits = registers.get(name)
        if bits is None:
            raise NotFlat
        if index is None:
            return bits[0], bits[1], True
        position = int(index)
        if position >= bits[1]:
            raise NotFlat
        return bits[0] + position, 1, False

    def value(self, text: str) -> float:
        """The value of `a`, `a*b`, `a/b` or `a*b/c` with numbers and pi, perhaps negated."""
        known = self.expressions.get(text)
        if known is None:
            known = self.expressions[text] = self.evaluate(text)
        return known

    def evaluate(self, text: str) -> float:
        match = _TERM.fullmatch(text)
        if match is None:
            raise NotFlat
        sign, factor, first, operator, second = match.groups()
        if operator is not None or factor is not None:
            parts = [part for part in (factor, first, second) if part is not None]
            if self.version == 3 and operator == "/" and all(map(str.isdigit, parts)):
                raise NotFlat  # OpenQASM 3 divides integers as integers.
            if any(part.isdigit() and len(part) > 7 for part in parts):
                raise NotFlat  # Exact integer arithmetic might round differently.
        value = _number(first) if factor is None else _number(factor) * _number(first)
        if sign:
            value = -value  # Binds to the first number; the sign of a product or quotient is the same.
        if operator == "*":
            value *= _number(second)
        elif operator == "/":
            divisor = _number(second)
            if divisor == 0.0:
                raise NotFlat
            value /= divisor
        return value

    def compile(self, piece: str) -> _Block:  # noqa: PLR0911 - one return a kind of statement
        """What a statement does, declarations included; raises NotFlat."""
        match = _APPLY.fullmatch(piece)
        if match is not None:
            name, arguments, operands = match.groups()
            if name in self.gates:
                return self.apply(name, arguments, operands)
            if arguments is None and name == "barrier":
                return self.barrier(operands)
            if arguments is None and name == "reset":
                return self.reset(operands)
            if name == "measure":
                return self.measure(_MEASURE_OLD.fullmatch(piece), 1, 2)
        if (match := _DECLARE_OLD.fullmatch(piece)) is not None:
            kind, name, size = match.groups()
            self.declare(kind, name, int(size))
            return _DECLARED
        if (match := _INCLUDE.fullmatch(piece)) is not None:
            self.include(match.group(1))
            return _DECLARED
        if self.version == 2 and (match := _IF_OLD.fullmatch(piece)) is not None:
            return self.conditional(match)
        if self.version == 3:
            if (match := _DECLARE_NEW.fullmatch(piece)) is not None:
                kind, size, name = match.groups()
                if size is None:
                    raise NotFlat  # A single bit is not a register: other broadcast rules.
                self.declare(kind, name, int(size))
                return _DECLARED
            if (match := _MEASURE_NEW.fullmatch(piece)) is not None:
                return self.measure(match, 2, 1)
        raise NotFlat

    def apply(self, name: str, arguments: str | None, operands: str) -> _Block:
        gate = self.gates[name]
        given = () if arguments is None or not arguments.strip() else tuple(map(self.value, arguments.split(",")))
        bits = self.qubits_of(operands)
        if len(given) != gate.parameter_count or len(bits) != gate.standard.qubit_count:
            raise NotFlat
        opcode = self.gate_opcode(name, gate)
        parameters = gate.parameters(given) if gate.parameters else given
        phase = gate.phase(given) if gate.phase else 0.0
        count = self.broadcast(bits)
        if len(bits) == 1:
            start = bits[0][0]
            qubits = tuple(range(start, start + count))
        elif count == 1:
            qubits = tuple(bit[0] for bit in bits)
            if len(set(qubits)) != len(qubits):
                raise NotFlat
        else:
            columns = [range(bit[0], bit[0] + count) if bit[2] else repeat(bit[0], count) for bit in bits]
            rows = list(zip(*columns, strict=True))
            if any(len(set(row)) != len(row) for row in rows):
                raise NotFlat
            qubits = tuple(qubit for row in rows for qubit in row)
        return (opcode,) * count, qubits, (), parameters * count, phase * count, None

    def conditional(self, match: re.Match[str]) -> _Block:
        """`if (c == n)` on a gate or a reset; all else is for the slow path."""
        register, value, body = match.groups()
        start, size = self.clbit_registers.get(register, (0, 0))
        if not 0 < size <= _MAX_WIDTH or int(value) >> size:
            raise NotFlat
        inner = _APPLY.fullmatch(body)
        if inner is None:
            raise NotFlat
        name, arguments, operands = inner.groups()
        if name in self.gates:
            block = self.apply(name, arguments, operands)
        elif name == "reset" and arguments is None:
            block = self.reset(operands)
        else:
            raise NotFlat
        return (*block[:5], (start, size, int(value)))

    def gate_opcode(self, name: str, gate: LibraryGate) -> int:
        opcode = self.gate_opcodes.get(name)
        if opcode is None:
            standard = gate.standard
            operation = Operation(
                kind=Kind.GATE,
                name=standard.name,
                qubit_count=standard.qubit_count,
                parameter_count=standard.parameter_count,
            )
            opcode = self.gate_opcodes[name] = self.opcode(operation)
        return opcode

    def broadcast(self, bits: tuple[tuple[int, int, bool], ...]) -> int:
        """The number of repetitions of a statement over registers."""
        sizes = {size for _, size, whole in bits if whole}
        if len(sizes) > 1:
            raise NotFlat
        count = sizes.pop() if sizes else 1
        if count > self.limits.instructions:
            raise NotFlat
        return count

    def measure(self, match: re.Match[str] | None, qubit_group: int, clbit_group: int) -> _Block:
        if match is None:
            raise NotFlat
        qubits = self.bits(match.group(qubit_group), self.qubit_registers)
        clbits = self.bits(match.group(clbit_group), self.clbit_registers)
        if qubits[1:] != clbits[1:]:
            raise NotFlat
        count = self.broadcast((qubits,))
        return (self.opcode(_MEASURE),) * count, _run(qubits), _run(clbits), (), 0.0, None

    def reset(self, operand: str) -> _Block:
        qubits = self.bits(operand, self.qubit_registers)
        count = self.broadcast((qubits,))
        return (self.opcode(_RESET),) * count, _run(qubits), (), (), 0.0, None

    def barrier(self, operands: str) -> _Block:
        parts = self.qubits_of(operands)
        if sum(size for _, size, _ in parts) > self.limits.operands:
            raise NotFlat
        qubits = tuple(qubit for bits in parts for qubit in _run(bits))
        if len(set(qubits)) != len(qubits):
            raise NotFlat
        operation = Operation(kind=Kind.BARRIER, name="barrier", qubit_count=len(qubits))
        return (self.opcode(operation),), qubits, (), (), 0.0, None


def _run(bits: tuple[int, int, bool]) -> tuple[int, ...]:
    return tuple(range(bits[0], bits[0] + bits[1]))


def _number(text: str) -> float:
    return math.pi if text == "pi" else float(text)


def parse_flat(header: Header, limits: Limits) -> Circuit:  # noqa: PLR0912, PLR0915 - one loop, inlined for speed
    """Return the circuit of a flat program (comments blanked); raises NotFlat where it is anything else, or wrong."""
    program = _FlatProgram(header.version, limits)
    pieces = header.text[header.end :].split(";")
    if pieces.pop().strip():
        raise NotFlat
    opcodes: list[int] = []
    qubits: list[int] = []
    clbits: list[int] = []
    parameters: list[float] = []
    literals: list[str] = []
    phase = 0.0
    conditions: list[tuple[int, _Condition]] = []
    blocks: dict[str, _Block] = {}
    heads: dict[str, tuple[int, tuple[int, ...], int]] = {}
    for piece in pieces:
        block = blocks.get(piece)
        if block is None:
            name, bracket, rest = piece.partition("(")
            if bracket:
                arguments, _, operands = rest.partition(")")
                head = heads.get(f"{name}({operands}")
                if head is not None:
                    try:
                        values = [float(text) for text in arguments.split(",")]
                    except ValueError:
                        pass  # An expression: compiled below.
                    else:
                        if len(values) != head[2]:
                            raise NotFlat
                        literals.append(arguments)
                        opcodes.append(head[0])
                        qubits += head[1]
                        parameters += values
                        continue
            block = program.compile(piece)
            if block is not _DECLARED:
                blocks[piece] = block
            if bracket and len(block[0]) == 1 and block[3] and block[5] is None:
                gate = program.gates[name.strip()]
                if gate.parameters is None and gate.phase is None:
                    heads[f"{name}({operands}"] = (block[0][0], block[1], gate.parameter_count)
        if block[5] is not None:
            conditions += zip(range(len(opcodes), len(opcodes) + len(block[0])), repeat(block[5]), strict=False)
        opcodes += block[0]
        qubits += block[1]
        clbits += block[2]
        parameters += block[3]
        phase += block[4]
        if len(opcodes) > limits.instructions or len(qubits) > limits.operands:
            raise NotFlat
    if "".join(literals).replace("e+", "").replace("E+", "").translate(_NUMBER_CHARACTERS):
        raise NotFlat  # float() reads more than the language does: nan, inf, 1_0, +1.
    column = np.array(parameters, dtype=np.float64)
    column += 0.0  # -0.0 and 0.0 are one value.
    if program.qubit_count == 0 or not np.isfinite(column).all() or not math.isfinite(phase):
        raise NotFlat
    return Circuit(
        qubit_count=program.qubit_count,
        clbit_count=program.clbit_count,
        operations=tuple(program.opcode_of),
        opcodes=np.array(opcodes, dtype=np.uint16),
        qubits=np.array(qubits, dtype=np.uint32),
        clbits=np.array(clbits, dtype=np.uint32),
        parameters=column,
        conditions=_conditions(conditions),
        global_phase=phase + 0.0,
        active_qubits=identity(program.qubit_count),
        declared_qubit_count=program.qubit_count,
        qubit_registers=_registers(program.qubit_registers),
        clbit_registers=_registers(program.clbit_registers),
    )


def _conditions(rows: list[tuple[int, _Condition]]) -> ClassicalConditions | None:
    if not rows:
        return None
    table = np.array([(row, *condition) for row, condition in rows], dtype=np.uint64)
    instructions, first_clbits, widths = (table[:, index].astype(np.uint32) for index in range(3))
    return ClassicalConditions(
        instructions=instructions,
        first_clbits=first_clbits,
        widths=widths,
        values=table[:, 3].copy(),
        negated=np.zeros(len(rows), dtype=np.uint8),
    )


def _registers(declared: dict[str, _Bits]) -> tuple[Register, ...]:
    return tuple(Register(name=name, start=start, size=size) for name, (start, size) in declared.items())
