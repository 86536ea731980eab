"""Checks on columns of little-endian numbers at C speed, without numpy."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Sequence

if sys.byteorder != "little":
    raise ImportError("Proxima's columns are little-endian and are read in place; this machine is big-endian")

_NOT_HUGE = bytes(byte for byte in range(256) if byte not in (0x7F, 0xFF))
_ZERO = b"\0"


def counts_of(column: bytes) -> Sequence[tuple[int, int]]:
    """Return each value of a uint16 column with its count."""
    if not any(column[1::2].translate(None, _ZERO)):
        low = column[0::2]
        return [(value, low.count(value)) for value in set(low)]
    return list(Counter(memoryview(column).cast("H")).items())


def all_below(column: bytes, bound: int) -> bool:
    """Every value of a uint32 column is less than `bound`."""
    if not column:
        return True
    if bound <= 256:
        if column[0::4].translate(None, bytes(range(max(bound, 0)))):
            return False
        return not any(column[place::4].translate(None, _ZERO) for place in (1, 2, 3))
    return max(memoryview(column).cast("I")) < bound


def all_finite(column: bytes) -> bool:
    """Every value of a float64 column is finite."""
    # Only the largest numbers, infinities and NaN have a top byte of 0x7f or 0xff.
    if not column[7::8].translate(None, _NOT_HUGE):
        return True
    return all(map(math.isfinite, memoryview(column).cast("d")))
