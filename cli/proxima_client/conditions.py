"""Comparisons of classical bits as rows of the contract: conjunctions, and the opposite of one row."""

from collections.abc import Sequence

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Unimplemented

from proxima_client.columns import Condition

__all__ = ["Rows", "both", "equals", "opposite", "unsupported_condition"]

Rows = tuple[Condition, ...] | bool
"""Rows that must all hold, or a constant."""

_MAX_WIDTH = 64


def equals(bits: Sequence[int], value: int) -> Rows:
    """Return "the bits, lowest first, hold the unsigned value"; one row for each run of consecutive bits."""
    if not 0 <= value < 1 << len(bits):
        return False
    rows: list[Condition] = []
    position = 0
    while position < len(bits):
        width = 1
        while position + width < len(bits) and bits[position + width] == bits[position] + width and width < _MAX_WIDTH:
            width += 1
        rows.append((bits[position], width, value >> position & ((1 << width) - 1), False))
        position += width
    return tuple(rows) or True


def both(left: Rows, right: Rows) -> Rows:
    """Return "left and right"."""
    if left is False or right is False:
        return False
    return (() if left is True else left) + (() if right is True else right) or True


def opposite(rows: Rows) -> Rows:
    """Return "not"; of one row only.

    Raises:
        Unimplemented: there are several.
    """
    if isinstance(rows, bool):
        return not rows
    if len(rows) != 1:
        raise unsupported_condition("the opposite of a condition with several parts; write it as separate conditions")
    first, width, value, negated = rows[0]
    if width == 1:
        return ((first, 1, 1 - value, False),)
    return ((first, width, value, not negated),)


def unsupported_condition(what: str) -> Unimplemented:
    """Return the error for a condition that is no conjunction of comparisons with constants."""
    return Unimplemented(
        f"a condition that Proxima does not take: {what}. Compare bits and registers with constants (equal or "
        "different), and join comparisons by and",
        reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
        metadata={"feature": "classical expression over measured bits"},
    )
