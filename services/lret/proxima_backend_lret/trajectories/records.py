"""What shots record: classical bits in mid-circuit, and measurements at the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.instructions import Condition

from proxima_backend_lret.compiling.program import Integers, Real

Bits = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.uint64]


def holding(conditions: Sequence[Condition], bits: Bits) -> Integers:
    """Return the shots whose bits, shape (clbits, shots), meet all conditions, ascending."""
    met = np.ones(bits.shape[1], dtype=np.bool_)
    for condition in conditions:
        value = np.array([(condition.value >> place) & 1 for place in range(condition.width)], dtype=np.uint8)
        compared = bits[condition.first_clbit : condition.first_clbit + condition.width]
        met &= np.all(compared == value[:, None], axis=0) != condition.negated
    return np.flatnonzero(met)


def read(true: Integers, readout: Real | None, points: Real) -> Bits:
    """Return what is read of outcomes 0 and 1; `readout` is P(read | true), rows the true value, None if exact."""
    if readout is None:
        return true.astype(np.uint8)
    return np.asarray(points < readout[true, 1], dtype=np.uint8)


def packed(bits: Bits) -> Bits:
    """Pack bits, shape (clbits, shots), into shape (shots, ceil(clbits / 8)): bit b % 8 of byte b // 8."""
    return np.packbits(bits.T, axis=1, bitorder="little")


def counted(rows: Bits) -> tuple[Bits, Counts]:
    """Return the distinct rows, ascending as unsigned little-endian numbers, and how often each is there."""
    # The last key decides first: the most significant byte.
    ordered = rows[np.lexsort(rows.T)]
    starts = np.flatnonzero(np.concatenate(([True], (ordered[1:] != ordered[:-1]).any(axis=1))))
    times = np.diff(np.append(starts, len(ordered)))
    return np.ascontiguousarray(ordered[starts]), times.astype(np.uint64)
