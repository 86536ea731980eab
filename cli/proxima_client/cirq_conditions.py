"""Classical controls of Cirq as rows of the contract."""

from collections.abc import Mapping

import cirq
import sympy

from proxima_client.conditions import Rows, both, equals, opposite, unsupported_condition

__all__ = ["rows_of"]

Keys = Mapping[str, tuple[int, int]]
"""First classical bit and number of bits of each measurement key."""


def rows_of(operation: cirq.Operation, keys: Keys) -> Rows:
    """Return the rows of all classical controls of an operation.

    A key's integer has its first qubit as the most significant bit, as in Cirq; its bits here are lowest first, so
    the value is turned around.

    Raises:
        Unimplemented: a control is no comparison of one key with a constant.
    """
    rows: Rows = True
    for condition in sorted(operation.classical_controls, key=str):
        rows = both(rows, _rows(condition, keys))
    return rows


def _rows(condition: cirq.Condition, keys: Keys) -> Rows:
    match condition:
        case cirq.KeyCondition():
            start, size = _bits(condition, condition.key, keys)
            return opposite(equals(range(start, start + size), 0))
        case cirq.BitMaskKeyCondition():
            start, size = _bits(condition, condition.key, keys)
            rows = _masked(start, size, condition)
            return rows if condition.equal_target else opposite(rows)
        case cirq.SympyCondition():
            return _relation(condition, keys)
    raise unsupported_condition(f"{condition!s:.200}")


def _masked(start: int, size: int, condition: "cirq.BitMaskKeyCondition") -> Rows:
    mask = (1 << size) - 1 if condition.bitmask is None else condition.bitmask & ((1 << size) - 1)
    if condition.target_value & ~mask:
        return False
    bits = [start + position for position in range(size) if mask >> (size - 1 - position) & 1]
    values = [condition.target_value >> (size - 1 - position) & 1 for position in range(size)]
    wanted = [values[bit - start] for bit in bits]
    return equals(bits, sum(value << position for position, value in enumerate(wanted)))


def _relation(condition: "cirq.SympyCondition", keys: Keys) -> Rows:
    relation = condition.expr
    if isinstance(relation, sympy.Symbol):
        start, size = _bits(condition, relation.name, keys)
        return opposite(equals(range(start, start + size), 0))
    if not isinstance(relation, (sympy.Eq, sympy.Ne)):
        raise unsupported_condition(f"{relation!s:.200}")
    left, right = relation.args
    if isinstance(right, (sympy.Symbol, sympy.Indexed)):
        left, right = right, left
    if not getattr(right, "is_Integer", False):
        raise unsupported_condition(f"{relation!s:.200}")
    value = int(right)
    if isinstance(left, sympy.Symbol):
        start, size = _bits(condition, left.name, keys)
        turned = int(format(value, f"0{size}b")[::-1], 2) if 0 <= value < 1 << size else -1
        rows = equals(range(start, start + size), turned)
    elif isinstance(left, sympy.Indexed) and len(left.indices) == 1 and left.indices[0].is_Integer:
        start, size = _bits(condition, left.base.name, keys)
        index = int(left.indices[0])
        if not 0 <= index < size:
            raise unsupported_condition(f"{relation!s:.200}, an index that the key does not have")
        rows = equals([start + index], value)
    else:
        raise unsupported_condition(f"{relation!s:.200}")
    return rows if isinstance(relation, sympy.Eq) else opposite(rows)


def _bits(condition: cirq.Condition, key: object, keys: Keys) -> tuple[int, int]:
    found = keys.get(str(key))
    if found is None:
        raise unsupported_condition(f"{condition!s:.200}, on the key {str(key)!r:.100}, which nothing measures")
    if getattr(condition, "index", -1) not in (-1, 0):
        raise unsupported_condition(f"{condition!s:.200}, on an earlier measurement of a key")
    return found
