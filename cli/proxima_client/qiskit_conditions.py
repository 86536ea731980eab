"""Conditions of Qiskit's control flow as rows of the contract."""

from collections.abc import Callable, Mapping
from typing import cast

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from proxima_client.conditions import Rows, both, equals, opposite, unsupported_condition

__all__ = ["bits_of_target", "rows_of"]

Bits = list[int]
_OPS = expr.Binary.Op
_MIRRORED = {
    _OPS.LESS: _OPS.GREATER,
    _OPS.LESS_EQUAL: _OPS.GREATER_EQUAL,
    _OPS.GREATER: _OPS.LESS,
    _OPS.GREATER_EQUAL: _OPS.LESS_EQUAL,
}
_RELATIONS = {_OPS.EQUAL, _OPS.NOT_EQUAL, *_MIRRORED}


def rows_of(condition: object, clbits: Mapping[object, int]) -> Rows:
    """Return the rows of a condition: a pair (bit or register, value) or an expression.

    Args:
        condition: what `IfElseOp.condition` holds.
        clbits: index of each classical bit that the condition may name.

    Raises:
        Unimplemented: it is no conjunction of comparisons with constants.
    """
    if isinstance(condition, tuple):
        target, value = condition
        return equals(bits_of_target(target, clbits), int(value))
    return _rows(condition, clbits)


def bits_of_target(target: object, clbits: Mapping[object, int]) -> Bits:
    """Return the indices of a bit, a register, or an expression that names one, lowest first.

    Raises:
        Unimplemented: it is anything else.
    """
    if isinstance(target, expr.Cast) and target.type.kind in (types.Bool, types.Uint):
        inner = bits_of_target(target.operand, clbits)
        width = 1 if target.type.kind is types.Bool else target.type.width
        if width >= len(inner):
            return inner
    if isinstance(target, expr.Var):
        target = target.var
    if isinstance(target, Clbit):
        target = [target]
    if isinstance(target, (ClassicalRegister, list)) and all(bit in clbits for bit in target):
        return [clbits[bit] for bit in target]
    if isinstance(target, expr.Index) and isinstance(target.index, expr.Value):
        bits = bits_of_target(target.target, clbits)
        if 0 <= target.index.value < len(bits):
            return [bits[target.index.value]]
    raise unsupported_condition(f"{target!s:.200}")


def _rows(node: object, clbits: Mapping[object, int]) -> Rows:
    match node:
        case expr.Value():
            return bool(node.value)
        case expr.Unary() if node.op is expr.Unary.Op.LOGIC_NOT or node.type.kind is types.Bool:
            return opposite(_rows(node.operand, clbits))
        case expr.Binary() if node.op in _RELATIONS:
            return _relation(node, clbits)
        case expr.Binary() if node.op is _OPS.LOGIC_AND or (node.op is _OPS.BIT_AND and node.type.kind is types.Bool):
            return both(_rows(node.left, clbits), _rows(node.right, clbits))
        case expr.Cast() if isinstance(node.operand, (expr.Binary, expr.Unary)):
            return _rows(node.operand, clbits)
        case expr.Var() | expr.Index() | expr.Cast():
            bits = bits_of_target(node, clbits)
            return equals(bits, 1) if len(bits) == 1 else opposite(equals(bits, 0))
    raise unsupported_condition(f"{node!s:.200}")


def _relation(node: "expr.Binary", clbits: Mapping[object, int]) -> Rows:
    left, right, op = node.left, node.right, node.op
    if _constant(right) is None:
        left, right, op = right, left, _MIRRORED.get(op, op)
    number = _constant(right)
    if number is None:
        raise unsupported_condition(f"{node!s:.200}")
    if isinstance(left, (expr.Unary, expr.Binary)) and op in (_OPS.EQUAL, _OPS.NOT_EQUAL) and number in (0, 1):
        inner = _rows(left, clbits)
        return inner if (number == 1) == (op is _OPS.EQUAL) else opposite(inner)
    bits = bits_of_target(left, clbits)
    top = (1 << len(bits)) - 1
    ranges: dict[object, Callable[[int], tuple[int, int]]] = {
        _OPS.EQUAL: lambda value: (value, value),
        _OPS.NOT_EQUAL: lambda value: (value, value),
        _OPS.LESS: lambda value: (0, value - 1),
        _OPS.LESS_EQUAL: lambda value: (0, value),
        _OPS.GREATER: lambda value: (value + 1, top),
        _OPS.GREATER_EQUAL: lambda value: (value, top),
    }
    low, high = ranges[op](number)
    low, high = max(low, 0), min(high, top)
    rows: Rows
    if low > high or (low, high) == (0, top):
        rows = low <= high
    elif low == high:
        rows = equals(bits, low)
    elif (low, high) == (1, top):
        rows = opposite(equals(bits, 0))
    elif (low, high) == (0, top - 1):
        rows = opposite(equals(bits, top))
    else:
        raise unsupported_condition(f"{node!s:.200}")
    return opposite(rows) if op is _OPS.NOT_EQUAL else rows


def _constant(node: object) -> int | None:
    while isinstance(node, expr.Cast):
        node = node.operand
    return int(cast(int, node.value)) if isinstance(node, expr.Value) else None
