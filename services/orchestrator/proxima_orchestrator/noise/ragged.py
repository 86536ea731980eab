"""Index arithmetic on columns whose rows have different numbers of entries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["entry_starts", "gather"]

Integers = NDArray[np.int64]


def entry_starts(lengths: Integers) -> Integers:
    """Return the index of each row's first entry, int64, shape (rows,)."""
    starts = np.zeros(lengths.size, dtype=np.int64)
    np.cumsum(lengths[:-1], out=starts[1:])
    return starts


def gather(starts: Integers, lengths: Integers) -> Integers:
    """Return the indices starts[i], ..., starts[i] + lengths[i] - 1 of every row after another, int64."""
    total = int(lengths.sum())
    if not total:
        return np.zeros(0, dtype=np.int64)
    shifts = np.repeat(starts - entry_starts(lengths), lengths)
    return np.asarray(shifts + np.arange(total, dtype=np.int64))
