"""Conditions of `if` statements: from expressions over classical bits to conjunctions of rows."""

from collections.abc import Sequence
from typing import NoReturn

from proxima_orchestrator.qasm.columns import Condition
from proxima_orchestrator.qasm.errors import ExpressionError, UnsupportedFeatureError
from proxima_orchestrator.qasm.expressions import NotConstantError, as_int, truth
from proxima_orchestrator.qasm.names import Bits, Names
from proxima_orchestrator.qasm.operands import resolve
from proxima_orchestrator.qasm.syntax import ast

__all__ = ["conjunction", "negation", "switch_branches"]

_MAX_WIDTH = 64
_B = ast.BinaryOperator
_MIRRORED = {_B.LESS: _B.GREATER, _B.LESS_EQUAL: _B.GREATER_EQUAL, _B.GREATER: _B.LESS, _B.GREATER_EQUAL: _B.LESS_EQUAL}
_RELATIONS = {_B.EQUAL, _B.NOT_EQUAL, *_MIRRORED}


def conjunction(  # noqa: PLR0911 - one return a kind of condition
    names: Names, node: ast.Expression, largest: int
) -> bool | tuple[Condition, ...]:
    """Return what a condition comes to: a constant, or rows that must all hold.

    Bits may be compared with constants by any relation that comes to "equal" or "different", be negated and be joined
    by `&&`. Raises UnsupportedFeatureError with its place for other classical expressions.
    """
    try:
        return truth(names.evaluate(node))
    except NotConstantError:
        pass
    match node:
        case ast.BinaryExpression(op=_B.LOGICAL_AND):
            left = conjunction(names, node.lhs, largest)
            right = conjunction(names, node.rhs, largest)
            return _both(left, right)
        case ast.BinaryExpression() if node.op in _RELATIONS:
            return _relation(names, node, largest)
        case ast.UnaryExpression(op=ast.UnaryOperator.LOGICAL_NOT):
            return negation(names, conjunction(names, node.operand, largest), node)
        case ast.UnaryExpression(op=ast.UnaryOperator.BIT_NOT):
            bits = _bits(names, node.operand, largest)
            if len(bits.indices) == 1:
                return _equal(names, bits, 0, node)
            _refuse(names, node)
        case ast.Identifier() | ast.IndexExpression() | ast.Cast():
            bits = _bits(names, node, largest)
            if len(bits.indices) == 1:
                return _equal(names, bits, 1, node)
            return negation(names, _equal(names, bits, 0, node), node)
    _refuse(names, node)


def negation(names: Names, condition: bool | tuple[Condition, ...], node: ast.Node) -> bool | tuple[Condition, ...]:
    """Return the opposite of a condition; raises UnsupportedFeatureError for that of several rows."""
    if isinstance(condition, bool):
        return not condition
    if len(condition) != 1:
        raise names.at(
            UnsupportedFeatureError(
                "the opposite of a condition with several parts is not supported; write it as separate if statements",
                details={"feature": "disjunction of classical conditions"},
            ),
            node,
        )
    first, width, value, negated = condition[0]
    if width == 1:
        return ((first, 1, 1 - value, False),)
    return ((first, width, value, not negated),)


def switch_branches(
    names: Names, node: ast.Switch, largest: int
) -> tuple[list[tuple[bool | tuple[Condition, ...], list[ast.Statement]]], bool | tuple[Condition, ...]]:
    """Return (condition, body) of each value of each case, and the condition of the default.

    Raises CircuitErrors with their place: UnsupportedFeatureError where the target is neither a constant nor bits, and
    ExpressionError for a value that comes twice.
    """
    seen: set[int] = set()
    branches: list[tuple[bool | tuple[Condition, ...], list[ast.Statement]]] = []
    others: bool | tuple[Condition, ...] = True
    try:
        constant: int | None = as_int(names.evaluate(node.target))
        bits = None
    except NotConstantError:
        constant, bits = None, _bits(names, node.target, largest)
    for case in node.cases:
        for label in case.values:
            value = as_int(names.evaluate(label))
            if value in seen:
                raise names.at(ExpressionError(f"the value {value} has two cases; give it one"), label)
            seen.add(value)
            condition: bool | tuple[Condition, ...]
            if bits is None:
                condition = value == constant
            elif 0 <= value < 1 << len(bits.indices):
                condition = _equal(names, bits, value, label)
            else:
                condition = False
            branches.append((condition, case.body))
            if node.default is not None:
                others = _both(others, negation(names, condition, label))
    return branches, others


def _both(left: bool | tuple[Condition, ...], right: bool | tuple[Condition, ...]) -> bool | tuple[Condition, ...]:
    if left is False or right is False:
        return False
    return (() if left is True else left) + (() if right is True else right) or True


def _relation(names: Names, node: ast.BinaryExpression, largest: int) -> bool | tuple[Condition, ...]:
    op, variable, other = node.op, node.lhs, node.rhs
    try:
        constant = names.evaluate(other)
    except NotConstantError:
        variable, other, op = other, variable, _MIRRORED.get(op, op)
        try:
            constant = names.evaluate(other)
        except NotConstantError:
            _refuse(names, node)
    number = int(constant) if isinstance(constant, float) and constant.is_integer() else as_int(constant)
    if isinstance(variable, ast.UnaryExpression) and number in (0, 1) and op in {_B.EQUAL, _B.NOT_EQUAL}:
        inner = conjunction(names, variable, largest)
        return inner if (number == 1) == (op is _B.EQUAL) else negation(names, inner, node)
    bits = _bits(names, variable, largest)
    top = (1 << len(bits.indices)) - 1
    low, high = {
        _B.EQUAL: (number, number),
        _B.NOT_EQUAL: (number, number),
        _B.LESS: (0, number - 1),
        _B.LESS_EQUAL: (0, number),
        _B.GREATER: (number + 1, top),
        _B.GREATER_EQUAL: (number, top),
    }[op]
    negated = op is _B.NOT_EQUAL
    low, high = max(low, 0), min(high, top)
    if low > high or (low, high) == (0, top):
        return (low <= high) is not negated
    if low == high:
        condition = _equal(names, bits, low, node)
    elif low == 1 and high == top:
        condition, negated = _equal(names, bits, 0, node), True
    elif low == 0 and high == top - 1:
        condition, negated = _equal(names, bits, top, node), True
    else:
        _refuse(names, node)
    return negation(names, condition, node) if negated else condition


def _equal(names: Names, bits: Bits, value: int, node: ast.Node) -> tuple[Condition, ...]:
    """Rows that say that the bits hold the value: one for each run of consecutive bits of at most 64."""
    rows: list[Condition] = []
    for first, width in _runs(bits.indices):
        rows.append((first, width, value & ((1 << width) - 1), False))
        value >>= width
    return tuple(rows)


def _runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and index == sum(runs[-1]) and runs[-1][1] < _MAX_WIDTH:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((index, 1))
    return runs


def _bits(names: Names, node: ast.Expression, largest: int) -> Bits:
    """The bits that an expression names, through casts that keep their unsigned value."""
    while isinstance(node, ast.Cast) and isinstance(node.type, (ast.UintType, ast.BitType, ast.IntType, ast.BoolType)):
        inner = _bits(names, node.operand, largest)
        size = 1 if isinstance(node.type, ast.BoolType) else node.type.size
        if isinstance(size, ast.Expression):
            size = as_int(names.evaluate(size))
        spare = 1 if isinstance(node.type, ast.IntType) else 0
        if size is not None and size < len(inner.indices) + spare:
            _refuse(names, node)
        return inner
    if isinstance(node, (ast.Identifier, ast.IndexExpression)):
        return resolve(names, node, quantum=False, largest=largest)
    _refuse(names, node)


def _refuse(names: Names, node: ast.Node) -> NoReturn:
    raise names.at(
        UnsupportedFeatureError(
            "this classical expression over measured bits is not supported; compare a bit or register with a constant "
            "(== or !=), and join comparisons with &&",
            details={"feature": "classical expression over measured bits"},
        ),
        node,
    )
