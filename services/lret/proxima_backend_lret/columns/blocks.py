"""Views that cover columns block by block, so that what is copied at once stays small."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Scalar = TypeVar("_Scalar", bound=np.generic)

BLOCK_ENTRIES = 1 << 15
"""Entries that are worked on at once: 512 KiB of complex128."""


def blocks(columns: npt.NDArray[_Scalar], qubits: Sequence[int], part: slice) -> Iterator[npt.NDArray[_Scalar]]:
    """Yield views that cover a part of the columns, shape (2^n, r).

    The axes of a view are those of the qubits first, the last operand foremost, then others, the columns last.
    """
    width, rank = len(columns).bit_length() - 1, columns.shape[1]
    shape: list[int] = []
    axis_of: dict[int, int] = {}
    above = width
    for qubit in sorted(qubits, reverse=True):
        shape.append(1 << (above - qubit - 1))
        axis_of[qubit] = len(shape)
        shape.append(2)
        above = qubit
    shape += [1 << above, rank]
    front = [axis_of[qubit] for qubit in reversed(qubits)]
    rest = [axis for axis in range(len(shape)) if axis not in front]
    view = columns.reshape(shape)[..., part].transpose(front + rest)
    limit = max(BLOCK_ENTRIES >> len(qubits), rank)
    whole = (slice(None),) * len(front)
    for place in _places(view.shape[len(front) :], limit):
        yield view[whole + place]


def _places(shape: Sequence[int], limit: int) -> Iterator[tuple[slice, ...]]:
    """Yield slices that cover a shape in parts of at most `limit` entries; the last axis is never cut."""
    inner = math.prod(shape[1:])
    if len(shape) == 1 or shape[0] * inner <= limit:
        yield (slice(None),) * len(shape)
    elif inner > limit:
        for start in range(shape[0]):
            for place in _places(shape[1:], limit):
                yield (slice(start, start + 1), *place)
    else:
        step = limit // inner
        for start in range(0, shape[0], step):
            yield (slice(start, start + step), *(slice(None),) * (len(shape) - 1))
