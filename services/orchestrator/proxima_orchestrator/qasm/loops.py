"""Loops with constant bounds: what they run over, and at least how much they unroll to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from proxima_orchestrator.qasm.columns import too_large
from proxima_orchestrator.qasm.definitions import is_power
from proxima_orchestrator.qasm.errors import CircuitError, ExpressionError, LimitError, unsupported
from proxima_orchestrator.qasm.expressions import NotConstantError, Value, as_int
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.names import Bits, Names, UserGate
from proxima_orchestrator.qasm.syntax import ast, name_of

__all__ = ["at_least", "loop_values", "unknown"]


def loop_values(names: Names, limits: Limits, node: ast.For) -> Sequence[Value]:
    """Return the values that a loop runs over; raises CircuitErrors with their place, LimitError for too many."""
    iterable = node.iterable
    if isinstance(iterable, ast.DiscreteSet):
        return [names.evaluate(item) for item in iterable.values]
    if not isinstance(iterable, ast.Range):
        raise names.at(unsupported("for over anything but a range or a set", "use [start:end] or {a, b}"), iterable)
    if iterable.start is None or iterable.end is None:
        raise names.at(ExpressionError("a loop's range needs a start and an end: [0:9]"), iterable)
    start, end = as_int(names.evaluate(iterable.start)), as_int(names.evaluate(iterable.end))
    step = 1 if iterable.step is None else as_int(names.evaluate(iterable.step))
    if step == 0:
        raise names.at(ExpressionError("the step of a range must not be 0"), iterable)
    count = max(0, (end - start) // step + 1)
    if count > limits.instructions:
        raise names.at(
            too_large("instructions", limits.instructions, f"a loop of {count:.0e} iterations", "use shorter loops")
            if count < 10**300
            else too_large("instructions", limits.instructions, "an endless loop", "use shorter loops"),
            iterable,
        )
    return range(start, start + step * count, step)


def at_least(names: Names, limits: Limits, body: Sequence[ast.Statement]) -> int:
    """Return a lower bound of what a loop's body unrolls to, to refuse bombs before they are unrolled.

    Raises LimitError where a loop in it is too long by itself.
    """
    total = 0
    fixed = not _assigns(body)
    for statement in body:
        if isinstance(statement, ast.GateCall):
            gate = names.find(name_of(statement.name))
            fewest = gate.instruction_count if isinstance(gate, UserGate) else 1
            total += 0 if is_power(statement) else fewest
        elif isinstance(statement, (ast.MeasureStatement, ast.Reset, ast.Barrier)):
            total += 1
        elif isinstance(statement, ast.For) and fixed:
            try:
                count = len(loop_values(names, limits, statement))
            except LimitError:
                raise
            except (CircuitError, NotConstantError):
                count = 0
            if count:
                with unknown(names, statement):
                    total += count * at_least(names, limits, statement.body)
    return total


@contextmanager
def unknown(names: Names, node: ast.For) -> Iterator[None]:
    """Hide the outer meaning of a loop's variable: within the block it has no constant value."""
    with names.scope():
        names.declare(name_of(node.variable), Bits(indices=(), quantum=False, scalar=True), node.variable)
        yield


def _assigns(body: Sequence[ast.Statement]) -> bool:
    """Whether a variable may change while the body runs, and with it the bounds of its loops."""
    pending = list(body)
    while pending:
        statement = pending.pop()
        match statement:
            case ast.Assignment() | ast.ClassicalDeclaration() | ast.ConstDeclaration():
                return True
            case ast.For():
                pending.extend(statement.body)
            case ast.If():
                pending.extend((*statement.then_body, *statement.else_body))
            case ast.Block():
                pending.extend(statement.statements)
            case _:
                pass
    return False
