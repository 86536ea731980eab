"""The slow path: every statement of a program, unrolled into columns."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from proxima_orchestrator.circuit import Circuit, Kind, Operation
from proxima_orchestrator.qasm.columns import Columns, Condition, too_large
from proxima_orchestrator.qasm.conditions import conjunction, negation, switch_branches
from proxima_orchestrator.qasm.controls import standard_operation
from proxima_orchestrator.qasm.definitions import check_call, define, refuse_duration
from proxima_orchestrator.qasm.errors import (
    CircuitError,
    CircuitSyntaxError,
    ExpressionError,
    IncludeError,
    LimitError,
    OperandError,
    RedeclarationError,
    UnsupportedFeatureError,
    in_body_of,
    unsupported,
)
from proxima_orchestrator.qasm.expansions import Expansions, Template
from proxima_orchestrator.qasm.expressions import NotConstantError, Seconds, Value, as_float, as_int
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.loops import at_least, loop_values, unknown
from proxima_orchestrator.qasm.modifiers import NONE, Modifiers, read_modifiers
from proxima_orchestrator.qasm.names import Bits, Constant, LibraryGate, Names, OpaqueGate, UserGate, library_of
from proxima_orchestrator.qasm.operands import broadcast_count, distinct, resolve, rows
from proxima_orchestrator.qasm.registers import Registers
from proxima_orchestrator.qasm.source import Header, statements
from proxima_orchestrator.qasm.syntax import (
    NEWER_WORDS,
    StatementError,
    ast,
    name_of,
    parse_expression,
    parse_statement,
)

__all__ = ["unroll"]

# Quantifiers are possessive: no text makes these patterns take more than linear time.
_QUICK = re.compile(r"([A-Za-z_]\w*+)(?:\s*+\(([^()]*+)\)\s*+|\s++)([A-Za-z_][\w\s,\[\]]*+);", re.ASCII)
_MODIFIED = re.compile(r"((?:(?:ctrl|negctrl|inv|pow)\b\s*+(?:\([^()]*+\)\s*+)?+@\s*+)++)(.*+)", re.ASCII | re.DOTALL)
_QUICK_OPERAND = re.compile(r"\s*+([A-Za-z_]\w*+)\s*+(?:\[\s*+(\d{1,9})\s*+\]\s*+)?", re.ASCII)
_LITERAL = re.compile(r"\s*+-?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?\s*+", re.ASCII)
_FIRST_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)

# Trees kept for statements and expressions that come again.
_KEPT_LENGTH = 200
_KEPT_TREES = 10_000

_MEASURE = Operation(kind=Kind.MEASURE, name="measure", qubit_count=1, clbit_count=1)
_RESET = Operation(kind=Kind.RESET, name="reset", qubit_count=1)
_DELAY = Operation(kind=Kind.DELAY, name="delay", qubit_count=1, parameter_count=1)

_REFUSED: dict[type[ast.Statement], tuple[str, str]] = {
    ast.While: ("while loops", "use a for loop with constant bounds"),
    ast.SubroutineDefinition: ("subroutines (def)", "use gate definitions or write the statements out"),
    ast.ExternDeclaration: ("extern functions", "write the values out"),
    ast.CalibrationDefinition: ("calibrations (defcal)", "remove them"),
    ast.CalibrationBlock: ("calibrations (cal)", "remove them"),
    ast.CalibrationGrammar: ("calibration grammars", "remove them"),
    ast.IODeclaration: ("input and output variables", "write the values out as constants"),
    ast.Box: ("box", "remove the box and keep its body"),
    ast.Break: ("break", "give the loop its exact bounds"),
    ast.Continue: ("continue", "use if inside the loop"),
    ast.End: ("end", "remove what follows"),
    ast.Return: ("return", "remove it"),
    ast.Pragma: ("pragmas", "remove them"),
    ast.ExpressionStatement: ("statements that are an expression", "remove them"),
}


@dataclass(slots=True, eq=False)
class _Active:
    """A condition in force; `stale` once the block measured into its bits."""

    condition: Condition
    stale: bool = False


def unroll(header: Header, limits: Limits) -> Circuit:
    """Return the circuit of a program (comments blanked); raises CircuitError with its place."""
    return _Unroller(header, limits).run()


class _Unroller:
    def __init__(self, header: Header, limits: Limits) -> None:
        self._header = header
        self._limits = limits
        self._names = Names(header)
        self._columns = Columns(limits)
        self._expansions = Expansions(self._names, self._columns, limits)
        self._registers = Registers(self._names, limits)
        self._active: list[_Active] = []
        self._conditions: tuple[Condition, ...] = ()
        self._iterations = 0
        self._trees: dict[str, ast.Expression] = {}
        self._parsed: dict[str, list[ast.Statement]] = {}

    def run(self) -> Circuit:
        for offset, text in statements(self._header, self._limits):
            self._names.origin = offset
            try:
                if not self._quick(text):
                    self._slow(text)
            except StatementError as error:
                raise self._names.at_relative(CircuitSyntaxError(error.message), error.line, error.column) from None
            except CircuitError as error:
                raise self._names.at_relative(error, 1, 1) from None
            except NotConstantError as error:
                raise self._names.at(_measured(), error.node) from None
            except RecursionError:
                nested = LimitError(
                    "this statement nests too deeply; split it",
                    details={"limit": "nesting_depth", "maximum": str(self._limits.nesting_depth)},
                )
                raise self._names.at_relative(nested, 1, 1) from None
        return self._columns.finish(
            qubit_count=self._registers.qubit_count,
            clbit_count=self._registers.clbit_count,
            qubit_registers=self._registers.quantum,
            clbit_registers=self._registers.classical,
        )

    # Whole statements

    def _quick(self, text: str) -> bool:
        """Apply a gate to registers and single bits without the library; False where the statement is anything else."""
        modifiers = NONE
        match = _QUICK.fullmatch(text)
        if match is None:
            parts = _MODIFIED.fullmatch(text) if self._names.version == 3 else None
            match = _QUICK.fullmatch(parts.group(2)) if parts is not None else None
            if parts is None or match is None:
                return False
            modifiers = read_modifiers(self._names, self._modifier_trees(parts.group(1)))
        name, arguments, operands = match.groups()
        gate = self._names.find(name)
        if not isinstance(gate, (LibraryGate, UserGate)):
            return False
        bits: list[Bits] = []
        for part in operands.split(","):
            operand = _QUICK_OPERAND.fullmatch(part)
            register = self._names.find(operand.group(1)) if operand is not None else None
            if operand is None or not isinstance(register, Bits) or not register.quantum:
                return False
            if (index := operand.group(2)) is not None:
                position = int(index)
                if register.scalar or position >= len(register.indices):
                    return False
                register = Bits(indices=(register.indices[position],), quantum=True, scalar=True)
            bits.append(register)
        given = () if arguments is None or not arguments.strip() else tuple(map(self._argument, arguments.split(",")))
        self._apply(gate, name, given, bits, modifiers)
        return True

    def _modifier_trees(self, text: str) -> Sequence[ast.GateModifier]:
        """The trees of modifiers, read in front of a statement that is always right."""
        statements = self._parsed.get(text)
        if statements is None:
            statements = parse_statement(f"{text}x q;", self._names.version)
            if len(text) <= _KEPT_LENGTH and len(self._parsed) < _KEPT_TREES:
                self._parsed[text] = statements
        return statements[0].modifiers if isinstance(statements[0], ast.GateCall) else ()

    def _argument(self, text: str) -> float:
        if _LITERAL.fullmatch(text):
            return as_float(float(text))
        tree = self._trees.get(text)
        if tree is None:
            tree = parse_expression(text, self._names.version)
            if len(text) <= _KEPT_LENGTH and len(self._trees) < _KEPT_TREES:
                self._trees[text] = tree
        return as_float(self._names.evaluate(tree))

    def _slow(self, text: str) -> None:
        if self._names.version == 2 and (word := _FIRST_WORD.match(text)) is not None:
            name = word.group()
            if name in NEWER_WORDS and self._names.find(name) is None:
                raise CircuitSyntaxError(f"'{name}' belongs to OpenQASM 3; change the header, or write OpenQASM 2")
        parsed = self._parsed.get(text)
        if parsed is None:
            parsed = parse_statement(text, self._names.version)
            if len(text) <= _KEPT_LENGTH and len(self._parsed) < _KEPT_TREES:
                self._parsed[text] = parsed
        self._block(parsed)

    def _block(self, body: Sequence[ast.Statement]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.Statement) -> None:
        if node.annotations:
            raise self._names.at(unsupported("annotations", "remove them"), node.annotations[0])
        try:
            self._execute(node)
        except CircuitError as error:
            raise self._names.at(error, node) from None

    def _execute(self, node: ast.Statement) -> None:  # noqa: PLR0912 - one branch a kind of statement
        match node:
            case ast.GateCall():
                refuse_duration(self._names, node)
                name = name_of(node.name)
                gate = self._names.gate(name, node.name)
                given = tuple(as_float(self._names.evaluate(argument)) for argument in node.arguments)
                modifiers = read_modifiers(self._names, node.modifiers)
                self._apply(gate, name, given, [self._qubits(operand) for operand in node.qubits], modifiers)
            case ast.MeasureStatement():
                self._measure(node.measure, node.target, node)
            case ast.Barrier():
                self._barrier(node)
            case ast.Reset():
                self._each(_RESET, self._qubits(node.operand), ())
            case ast.If():
                self._if(node)
            case ast.Switch():
                self._switch(node)
            case ast.For():
                self._for(node)
            case ast.GateDefinition():
                self._names.declare(name_of(node.name), define(self._names, node, self._limits), node.name)
            case ast.QubitDeclaration() | ast.ClassicalDeclaration() | ast.ConstDeclaration():
                self._declare(node)
            case ast.AliasDeclaration():
                self._alias(node)
            case ast.Assignment():
                self._assign(node)
            case ast.GlobalPhase():
                self._global_phase(node)
            case ast.Delay():
                self._delay(node)
            case ast.Include():
                self._include(node)
            case ast.OpaqueDefinition():
                self._names.declare(name_of(node.name), OpaqueGate(name=name_of(node.name)), node.name)
            case ast.Block():
                with self._names.scope():
                    self._block(node.statements)
            case ast.Nop():
                for operand in node.operands:
                    self._qubits(operand)
            case _:
                feature, remedy = _REFUSED.get(type(node), (type(node).__name__, "remove it"))
                raise unsupported(feature, remedy)

    # Quantum instructions

    def _apply(
        self,
        gate: LibraryGate | UserGate | OpaqueGate,
        name: str,
        given: tuple[float, ...],
        operands: Sequence[Bits],
        modifiers: Modifiers = NONE,
    ) -> None:
        check_call(gate, name, len(given), len(operands), len(modifiers.controls))
        count = broadcast_count(operands)
        if modifiers != NONE:
            with in_body_of(name):
                template = self._expansions.modified(gate, name, given, modifiers)
            self._repeat(template, operands, count)
        elif isinstance(gate, LibraryGate):
            self._columns.require(count, count * len(operands))
            self._fresh(count)
            opcode = self._columns.opcode(standard_operation(gate.standard.name))
            parameters = gate.parameters(given) if gate.parameters else given
            for qubits in rows(operands, count):
                _require_distinct(qubits)
                self._columns.append(opcode, qubits, (), parameters, self._conditions)
            if gate.phase:
                self._columns.add_phase(gate.phase(given) * count, self._conditions)
        elif isinstance(gate, UserGate):
            with in_body_of(name):
                template = self._expansions.expand(gate, given, count)
            self._repeat(template, operands, count)

    def _repeat(self, template: Template, operands: Sequence[Bits], count: int) -> None:
        """Append a block of instructions for each row of its operands."""
        self._columns.require(len(template.opcodes) * count, len(template.qubits) * count)
        self._fresh(count * len(template.opcodes) + (template.phase != 0.0))
        for qubits in rows(operands, count):
            _require_distinct(qubits)
            self._columns.extend(template.opcodes, template.on(qubits), template.parameters, self._conditions)
        self._columns.add_phase(template.phase * count, self._conditions)

    def _global_phase(self, node: ast.GlobalPhase) -> None:
        refuse_duration(self._names, node)
        modifiers = read_modifiers(self._names, node.modifiers)
        operands = [self._qubits(operand) for operand in node.qubits]
        if len(operands) != len(modifiers.controls):
            raise OperandError("gphase acts on its controls alone; name one qubit a control")
        template = self._expansions.phase(as_float(self._names.evaluate(node.argument)), modifiers)
        self._repeat(template, operands, broadcast_count(operands))

    def _each(self, operation: Operation, bits: Bits, parameters: tuple[float, ...]) -> None:
        self._columns.require(len(bits.indices), len(bits.indices))
        self._fresh(len(bits.indices))
        opcode = self._columns.opcode(operation)
        for qubit in bits.indices:
            self._columns.append(opcode, (qubit,), (), parameters, self._conditions)

    def _measure(
        self, measure: ast.MeasureExpression | ast.QuantumCall, target: ast.Assignable | None, node: ast.Node
    ) -> None:
        if isinstance(measure, ast.QuantumCall):
            raise unsupported("measurement through a calibration", "use measure")
        if target is None:
            raise unsupported("measurement without a target", "assign it to a bit: c[0] = measure q[0];")
        self._measure_into(
            self._qubits(measure.operand), resolve(self._names, target, quantum=False, largest=self._limits.clbits)
        )

    def _measure_into(self, qubits: Bits, clbits: Bits) -> None:
        count = len(qubits.indices)
        if count != len(clbits.indices):
            raise OperandError(
                f"{count} qubit(s) are measured into {len(clbits.indices)} bit(s); the sizes must be equal"
            )
        self._columns.require(count, count)
        opcode = self._columns.opcode(_MEASURE)
        for qubit, clbit in zip(qubits.indices, clbits.indices, strict=True):
            self._fresh(1)
            self._columns.append(opcode, (qubit,), (clbit,), (), self._conditions)
            for active in self._active:
                first, width, _, _ = active.condition
                active.stale = active.stale or first <= clbit < first + width

    def _barrier(self, node: ast.Barrier) -> None:
        if node.operands:
            parts = [self._qubits(operand) for operand in node.operands]
            self._columns.require(1, sum(len(part.indices) for part in parts))
            qubits: Sequence[int] = [qubit for part in parts for qubit in part.indices]
        else:
            qubits = range(self._registers.qubit_count)
        if not qubits:
            raise OperandError("this barrier has no qubit; declare a quantum register first")
        self._columns.require(1, len(qubits))
        _require_distinct(qubits)
        self._fresh(1)
        operation = Operation(kind=Kind.BARRIER, name="barrier", qubit_count=len(qubits))
        self._columns.append(self._columns.opcode(operation), qubits, (), (), self._conditions)

    def _delay(self, node: ast.Delay) -> None:
        duration = self._names.evaluate(node.duration)
        if not isinstance(duration, Seconds) or not 0 <= duration.value < math.inf:
            raise ExpressionError("expected a duration that is not negative, such as 100ns")
        for operand in node.operands:
            self._each(_DELAY, self._qubits(operand), (duration.value,))
        if not node.operands:
            raise unsupported("delay without operands", "name the qubits")

    def _qubits(self, node: ast.Operand) -> Bits:
        if isinstance(node, ast.HardwareQubit):
            return self._registers.hardware_qubit(node)
        return resolve(self._names, node, quantum=True, largest=self._limits.qubits)

    def _fresh(self, count: int) -> None:
        """Refuse an instruction whose conditions its own block has measured over."""
        if count and any(active.stale for active in self._active):
            raise unsupported(
                "a block that changes the bits of its own condition and goes on",
                "measure into other bits, or at its end",
            )

    # Control flow

    def _if(self, node: ast.If) -> None:
        condition = conjunction(self._names, node.condition, self._limits.clbits)
        if isinstance(condition, bool):
            with self._names.scope():
                self._block(node.then_body if condition else node.else_body)
            return
        branch = [_Active(part) for part in condition]
        self._branch(branch, node.then_body)
        if node.else_body:
            opposite = negation(self._names, condition, node)
            stale = any(active.stale for active in branch)
            if not isinstance(opposite, bool):
                self._branch([_Active(part, stale=stale) for part in opposite], node.else_body)

    def _switch(self, node: ast.Switch) -> None:
        """Run each case under "equals its value", once a value, and the default under "differs from all of them"."""
        cases, others = switch_branches(self._names, node, self._limits.clbits)
        stale = False
        for condition, body in [*cases, (others, node.default or [])]:
            if condition is False or not body:
                continue
            branch = [] if condition is True else [_Active(part, stale=stale) for part in condition]
            self._branch(branch, body)
            stale = stale or any(active.stale for active in branch)

    def _branch(self, conditions: list[_Active], body: Sequence[ast.Statement]) -> None:
        outer = self._active, self._conditions
        self._active = self._active + conditions
        self._conditions = tuple(active.condition for active in self._active)
        with self._names.scope():
            self._block(body)
        self._active, self._conditions = outer

    def _for(self, node: ast.For) -> None:
        values = loop_values(self._names, self._limits, node)
        if values:
            with unknown(self._names, node):
                least = at_least(self._names, self._limits, node.body) * len(values)
            self._columns.require(least, 0)
        for value in values:
            self._iterations += 1
            if self._iterations > self._limits.instructions:
                raise too_large(
                    "instructions", self._limits.instructions, "too many loop iterations", "use shorter loops"
                )
            with self._names.scope():
                constant = Constant(value=self._names.evaluate.convert(value, node.type), type=None)
                self._names.declare(name_of(node.variable), constant, node.variable)
                self._block(node.body)

    # Declarations

    def _declare(self, node: ast.QubitDeclaration | ast.ClassicalDeclaration | ast.ConstDeclaration) -> None:
        name = name_of(node.name)
        if isinstance(node, ast.QubitDeclaration):
            size = 1 if node.size is None else as_int(self._names.evaluate(node.size))
            self._registers.declare(
                name, size, scalar=node.size is None and not node.legacy_syntax, quantum=True, node=node.name
            )
            return
        declared = node.type
        if not isinstance(declared, ast.ScalarType):
            raise unsupported("arrays", "use scalar constants")
        init = node.init
        if isinstance(declared, ast.BitType) and isinstance(node, ast.ClassicalDeclaration):
            size = 1 if declared.size is None else as_int(self._names.evaluate(declared.size))
            if isinstance(init, ast.Expression):
                value = self._names.evaluate(init)
                if as_int(value) != 0:
                    raise unsupported("a bit register with initial ones", "start from 0, or use const bit")
            elif init is not None and not isinstance(init, ast.MeasureExpression):
                raise unsupported("this initial value of a bit register", "measure into it afterwards")
            scalar = declared.size is None and not node.legacy_syntax
            bits = self._registers.declare(name, size, scalar=scalar, quantum=False, node=node.name)
            if isinstance(init, ast.MeasureExpression):
                self._measure_into(self._qubits(init.operand), bits)
            return
        if init is None:
            zero: Value = Seconds(0.0) if isinstance(declared, ast.DurationType) else 0
            value = zero
        elif isinstance(init, ast.Expression):
            value = self._names.evaluate(init)
        else:
            raise _measured() if isinstance(init, ast.MeasureExpression) else unsupported("arrays", "use scalars")
        value = self._names.evaluate.convert(value, declared)
        variable = None if isinstance(node, ast.ConstDeclaration) else declared
        self._names.declare(name, Constant(value=value, type=variable), node.name)

    def _alias(self, node: ast.AliasDeclaration) -> None:
        first: ast.Node = node.value
        while isinstance(first, (ast.Concatenation, ast.IndexExpression)):
            first = first.lhs if isinstance(first, ast.Concatenation) else first.collection
        meaning = self._names.find(name_of(first)) if isinstance(first, ast.Identifier) else None
        quantum = not isinstance(meaning, Bits) or meaning.quantum
        largest = self._limits.qubits if quantum else self._limits.clbits
        bits = resolve(self._names, node.value, quantum=quantum, largest=largest)
        self._names.declare(name_of(node.name), bits, node.name)

    def _assign(self, node: ast.Assignment) -> None:
        target = node.target
        name = name_of(target if isinstance(target, ast.Identifier) else target.name)
        known = self._names.find(name)
        if isinstance(known, Bits):
            raise unsupported("assignment to classical bits other than by measure", "measure into them")
        if not isinstance(known, Constant) or known.type is None:
            raise RedeclarationError(f"'{name}' is not a variable; declare it without const before assigning it")
        if not isinstance(target, ast.Identifier) or not isinstance(node.value, ast.Expression):
            raise unsupported("assignment to part of a variable", "assign the whole variable")
        if self._conditions:
            raise unsupported("assignment to a variable under a measured condition", "move it out of the if")
        binary = node.op.binary
        value = node.value
        if binary is not None:
            value = ast.BinaryExpression(binary, target, node.value, span=node.span)
        assigned = self._names.evaluate.convert(self._names.evaluate(value), known.type)
        self._names.assign(name, Constant(value=assigned, type=known.type))

    def _include(self, node: ast.Include) -> None:
        library = library_of(self._names.version)
        if node.filename != library:
            shown = node.filename if len(node.filename) <= 80 else node.filename[:80] + "..."
            raise IncludeError(
                f'include "{shown}" is refused: OpenQASM {self._names.version} programs may include only "{library}"; '
                "paste what the file defines into the source"
            )
        self._names.include(library)


def _require_distinct(qubits: Sequence[int]) -> None:
    if not distinct(qubits):
        raise OperandError("a qubit occurs twice in one instruction; operands must differ")


def _measured() -> UnsupportedFeatureError:
    return unsupported("a value that depends on a measurement", "only if conditions may depend on measured bits")
