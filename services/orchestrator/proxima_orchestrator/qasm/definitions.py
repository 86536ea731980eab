"""Gates defined in the source: checked and counted once, expanded into blocks of instructions on local qubits."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from proxima_orchestrator.circuit import Kind, Operation
from proxima_orchestrator.gates import LibraryGate
from proxima_orchestrator.qasm.columns import Columns
from proxima_orchestrator.qasm.errors import (
    CircuitError,
    GateRecursionError,
    LimitError,
    NameNotFoundError,
    OperandError,
    UnsupportedFeatureError,
)
from proxima_orchestrator.qasm.expressions import as_float
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.names import Gate, Names, OpaqueGate, UserGate
from proxima_orchestrator.qasm.operands import distinct
from proxima_orchestrator.qasm.syntax import ast, name_of

__all__ = ["Expansions", "Template", "check_call", "define", "gate_operation", "refuse_modifiers"]

_CACHED_INSTRUCTIONS = 200_000
_WORK_FACTOR = 10


@dataclass(kw_only=True, slots=True)
class Template:
    """What a gate does on its own qubits 0, 1, ...: columns and a global phase in radians."""

    opcodes: "array[int]" = field(default_factory=lambda: array("H"))
    qubits: "array[int]" = field(default_factory=lambda: array("I"))
    parameters: "array[float]" = field(default_factory=lambda: array("d"))
    phase: float = 0.0

    def on(self, qubits: Sequence[int]) -> "array[int]":
        """Return the qubit column with local qubits replaced by these."""
        return array("I", map(qubits.__getitem__, self.qubits))


def gate_operation(gate: LibraryGate) -> Operation:
    """Return the operation of a gate of the standard vocabulary."""
    standard = gate.standard
    return Operation(
        kind=Kind.GATE, name=standard.name, qubit_count=standard.qubit_count, parameter_count=standard.parameter_count
    )


def check_call(gate: Gate, name: str, parameter_count: int, qubit_count: int) -> None:
    """Raise a CircuitError without a place unless the gate can be applied to so many parameters and qubits."""
    if isinstance(gate, OpaqueGate):
        raise UnsupportedFeatureError(
            f"'{name}' is opaque: nothing says what it does; define it with 'gate'", details={"feature": "opaque gate"}
        )
    if isinstance(gate, UserGate):
        parameters, qubits = len(gate.parameters), len(gate.qubits)
    else:
        parameters, qubits = gate.parameter_count, gate.standard.qubit_count
    if parameter_count != parameters:
        raise OperandError(f"gate '{name}' takes {parameters} parameter(s), found {parameter_count}")
    if qubit_count != qubits:
        raise OperandError(f"gate '{name}' acts on {qubits} qubit(s), found {qubit_count}")


def refuse_modifiers(names: Names, call: ast.GateCall | ast.GlobalPhase) -> None:
    """Raise UnsupportedFeatureError for gate modifiers and durations, which no backend has yet."""
    if call.modifiers:
        kind = call.modifiers[0].kind.value
        raise names.at(
            UnsupportedFeatureError(
                f"the gate modifier '{kind} @' is not supported; use a library gate (cx, ccx, sdg, ...) or define one",
                details={"feature": f"gate modifier {kind}"},
            ),
            call.modifiers[0],
        )
    if call.duration is not None:
        raise names.at(
            UnsupportedFeatureError(
                "gate durations are not supported; remove them", details={"feature": "gate duration"}
            ),
            call.duration,
        )


def define(names: Names, node: ast.GateDefinition, limits: Limits) -> UserGate:  # noqa: PLR0912 - one a statement kind
    """Check a definition and return its gate with what one application costs; raises CircuitErrors with their place."""
    name = name_of(node.name)
    parameters = tuple(name_of(parameter) for parameter in node.parameters)
    qubits = tuple(name_of(qubit) for qubit in node.qubits)
    if len(set(parameters + qubits)) != len(parameters) + len(qubits):
        raise names.at(OperandError(f"gate '{name}' has two parameters or qubits of one name; rename one"), node)
    if len(qubits) > limits.qubits:
        raise names.at(LimitError(f"gate '{name}' has more than {limits.qubits} qubits"), node)
    instructions, operands, work, depth = 0, 0, 1, 0
    known = {qubit: index for index, qubit in enumerate(qubits)}
    for statement in node.body:
        match statement:
            case ast.GateCall():
                refuse_modifiers(names, statement)
                called = name_of(statement.name)
                if called == name:
                    raise names.at(
                        GateRecursionError(f"gate '{name}' uses itself; a gate may only use gates defined before it"),
                        statement,
                    )
                gate = names.gate(called, statement.name)
                locals_ = _locals(names, statement.qubits, known)
                try:
                    check_call(gate, called, len(statement.arguments), len(locals_))
                except CircuitError as error:
                    raise names.at(error, statement) from None
                if isinstance(gate, UserGate):
                    instructions += gate.instruction_count
                    operands += gate.operand_count
                    work += gate.work
                    depth = max(depth, gate.depth)
                else:
                    instructions, operands, work = instructions + 1, operands + len(locals_), work + 1
            case ast.Barrier():
                locals_ = _locals(names, statement.operands, known)
                instructions, operands = instructions + 1, operands + (len(locals_) or len(qubits))
            case ast.GlobalPhase():
                refuse_modifiers(names, statement)
                if statement.qubits:
                    raise names.at(OperandError("gphase acts on no qubit; remove the operands"), statement)
            case ast.Nop():
                _locals(names, statement.operands, known)
            case _:
                what = type(statement).__name__
                raise names.at(
                    UnsupportedFeatureError(
                        f"{what} in a gate definition is not supported; write the gates out",
                        details={"feature": f"{what} in a gate"},
                    ),
                    statement,
                )
    if depth + 1 > limits.nesting_depth:
        raise names.at(
            LimitError(
                f"gate definitions nest deeper than {limits.nesting_depth}; flatten them",
                details={"limit": "nesting_depth", "maximum": str(limits.nesting_depth)},
            ),
            node,
        )
    return UserGate(
        name=name,
        parameters=parameters,
        qubits=qubits,
        body=tuple(node.body),
        origin=names.origin,
        instruction_count=instructions,
        operand_count=operands,
        work=work,
        depth=depth + 1,
    )


def _locals(names: Names, operands: Sequence[ast.Operand], known: dict[str, int]) -> tuple[int, ...]:
    found: list[int] = []
    for operand in operands:
        if not isinstance(operand, ast.Identifier):
            raise names.at(OperandError("the qubits of a gate have no index; name them one by one"), operand)
        index = known.get(name_of(operand))
        if index is None:
            listed = ", ".join(list(known)[:8])
            raise names.at(
                NameNotFoundError(f"'{name_of(operand)}' is not a qubit of this gate; its qubits are {listed}"), operand
            )
        found.append(index)
    if not distinct(found):
        raise names.at(OperandError("a qubit occurs twice in one instruction; operands must differ"), operands[0])
    return tuple(found)


class Expansions:
    """Expands defined gates, keeping the latest expansions for reuse."""

    def __init__(self, names: Names, columns: Columns, limits: Limits) -> None:
        self._names = names
        self._columns = columns
        self._limits = limits
        self._kept: dict[tuple[UserGate, tuple[float, ...]], Template] = {}
        self._kept_size = 0
        self._work = 0

    def expand(self, gate: UserGate, parameters: tuple[float, ...], repetitions: int) -> Template:
        """Return what the gate does with these parameters, having checked that so many applications are within limits.

        Raises CircuitErrors, those about the gate's body with their place there.
        """
        self._columns.require(gate.instruction_count * repetitions, gate.operand_count * repetitions)
        if (kept := self._kept.get((gate, parameters))) is not None:
            return kept
        self._work += gate.work
        if self._work > _WORK_FACTOR * self._limits.instructions:
            raise LimitError(
                "expanding the gate definitions takes too many steps; flatten them",
                details={"limit": "instructions", "maximum": str(self._limits.instructions)},
            )
        return self._template(gate, parameters)

    def _template(self, gate: UserGate, parameters: tuple[float, ...]) -> Template:
        if (kept := self._kept.get((gate, parameters))) is not None:
            return kept
        template = Template()
        local = {qubit: index for index, qubit in enumerate(gate.qubits)}
        with self._names.gate_body(gate.origin, dict(zip(gate.parameters, parameters, strict=True))):
            for statement in gate.body:
                self._append(template, statement, local)
        size = len(template.opcodes) + 16
        if self._kept_size + size > _CACHED_INSTRUCTIONS:
            self._kept.clear()
            self._kept_size = 0
        self._kept[gate, parameters] = template
        self._kept_size += size
        return template

    def _append(self, template: Template, statement: ast.Statement, local: dict[str, int]) -> None:
        match statement:
            case ast.GateCall():
                name = name_of(statement.name)
                gate = self._names.gate(name, statement.name)
                given = tuple(self._parameter(argument) for argument in statement.arguments)
                qubits = [
                    local[name_of(operand)] for operand in statement.qubits if isinstance(operand, ast.Identifier)
                ]
                if isinstance(gate, UserGate):
                    inner = self._template(gate, given)
                    template.opcodes.extend(inner.opcodes)
                    template.qubits.extend(inner.on(qubits))
                    template.parameters.extend(inner.parameters)
                    template.phase += inner.phase
                elif isinstance(gate, LibraryGate):
                    template.opcodes.append(self._columns.opcode(gate_operation(gate)))
                    template.qubits.extend(qubits)
                    template.parameters.extend(gate.parameters(given) if gate.parameters else given)
                    template.phase += gate.phase(given) if gate.phase else 0.0
            case ast.GlobalPhase():
                template.phase += self._parameter(statement.argument)
            case ast.Barrier():
                qubits = [
                    local[name_of(operand)] for operand in statement.operands if isinstance(operand, ast.Identifier)
                ]
                qubits = qubits or list(range(len(local)))
                operation = Operation(kind=Kind.BARRIER, name="barrier", qubit_count=len(qubits))
                template.opcodes.append(self._columns.opcode(operation))
                template.qubits.extend(qubits)

    def _parameter(self, node: ast.Expression) -> float:
        try:
            return as_float(self._names.evaluate(node))
        except CircuitError as error:
            raise self._names.at(error, node) from None
