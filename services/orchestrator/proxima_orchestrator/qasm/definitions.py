"""Gates defined in the source: checked and counted once, when they are defined."""

from collections.abc import Sequence

from proxima_orchestrator.qasm.errors import (
    CircuitError,
    GateRecursionError,
    LimitError,
    NameNotFoundError,
    OperandError,
    UnsupportedFeatureError,
)
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.modifiers import read_controls
from proxima_orchestrator.qasm.names import Gate, Names, OpaqueGate, UserGate
from proxima_orchestrator.qasm.operands import distinct
from proxima_orchestrator.qasm.syntax import ast, name_of

__all__ = ["check_call", "define", "is_power", "refuse_duration"]


def check_call(gate: Gate, name: str, parameter_count: int, qubit_count: int, control_count: int = 0) -> None:
    """Raise a CircuitError without a place unless the gate takes so many parameters and qubits, controls included."""
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
    if qubit_count != qubits + control_count:
        with_controls = f" after {control_count} control(s)" if control_count else ""
        raise OperandError(f"gate '{name}' acts on {qubits} qubit(s){with_controls}, found {qubit_count}")


def refuse_duration(names: Names, call: ast.GateCall | ast.GlobalPhase) -> None:
    """Raise UnsupportedFeatureError for the duration of a gate, which means something to devices only."""
    if call.duration is not None:
        raise names.at(
            UnsupportedFeatureError(
                "gate durations are not supported; remove them", details={"feature": "gate duration"}
            ),
            call.duration,
        )


def is_power(call: ast.GateCall | ast.GlobalPhase) -> bool:
    """Return whether a call has the modifier pow: it may then come to no instruction at all."""
    return any(modifier.kind is ast.GateModifierKind.POW for modifier in call.modifiers)


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
                refuse_duration(names, statement)
                controls = read_controls(names, statement.modifiers)
                called = name_of(statement.name)
                if called == name:
                    raise names.at(
                        GateRecursionError(f"gate '{name}' uses itself; a gate may only use gates defined before it"),
                        statement,
                    )
                gate = names.gate(called, statement.name)
                locals_ = _locals(names, statement.qubits, known)
                try:
                    check_call(gate, called, len(statement.arguments), len(locals_), len(controls))
                except CircuitError as error:
                    raise names.at(error, statement) from None
                if isinstance(gate, UserGate):
                    # At least so much: under controls an instruction may become several.
                    instructions += 0 if is_power(statement) else gate.instruction_count
                    operands += 0 if is_power(statement) else gate.operand_count
                    work += gate.work
                    depth = max(depth, gate.depth)
                else:
                    instructions, operands, work = instructions + 1, operands + len(locals_), work + 1
            case ast.Barrier():
                locals_ = _locals(names, statement.operands, known)
                instructions, operands = instructions + 1, operands + (len(locals_) or len(qubits))
            case ast.GlobalPhase():
                refuse_duration(names, statement)
                found = len(_locals(names, statement.qubits, known))
                if found != len(read_controls(names, statement.modifiers)):
                    raise names.at(
                        OperandError("gphase acts on its controls alone; name one qubit a control"), statement
                    )
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
