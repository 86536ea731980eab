"""Fewer columns from the right: L -> L W with W W^dagger <= 1, which drops a positive part of L L^dagger or nothing.

With r <= 2^n columns, W has the heavier eigenvectors of L^dagger L. With more, the eigenvectors V of L L^dagger give
the new columns V sqrt(lambda), which is L W for W = L^dagger V / sqrt(lambda). Rows are never projected by themselves
(a range finder): that would not leave a certificate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns import Columns, Complex, Real, row_blocks


def compress(columns: Columns, *, droppable: float) -> tuple[Columns, float]:
    """Rotate the columns to the eigenvectors of the state and drop the lightest.

    Args:
        columns: shape (2^n, r).
        droppable: weight, part of the trace, that may be dropped in all.

    Returns:
        The columns that are kept, at most 2^n, heaviest first, and the weight that was dropped.
    """
    if columns.shape[1] > len(columns):
        state = np.zeros((len(columns),) * 2, dtype=np.complex128)
        add_state(columns, state)
        return factor(state, droppable=droppable, dtype=columns.dtype)
    weights, rotation = np.linalg.eigh(_gram(columns))
    count, dropped = _droppable_count(weights, droppable)
    kept = np.ascontiguousarray(rotation[:, count:][:, ::-1])
    del rotation
    found = np.empty((len(columns), kept.shape[1]), dtype=columns.dtype)
    for rows in row_blocks(columns):
        # In double precision whatever that of the columns, so that theirs is lost once only.
        found[rows] = columns[rows].astype(np.complex128, copy=False) @ kept
    return found, dropped


def add_state(columns: Columns, state: Complex) -> None:
    """Add L L^dagger to a matrix of shape (2^n, 2^n), in double precision."""
    adjoint = columns.conj().T.astype(np.complex128, copy=False)
    for rows in row_blocks(columns):
        state[rows] += columns[rows].astype(np.complex128, copy=False) @ adjoint


def factor(state: Complex, *, droppable: float, dtype: npt.DTypeLike) -> tuple[Columns, float]:
    """Return columns whose L L^dagger is the state, shape (2^n, 2^n), less the lightest; and the weight dropped."""
    weights, vectors = np.linalg.eigh(state)
    count, dropped = _droppable_count(weights, droppable)
    vectors[:, count:] *= np.sqrt(np.maximum(weights[count:], 0.0))
    return vectors[:, count:][:, ::-1].astype(dtype), dropped


def _droppable_count(weights: Real, droppable: float) -> tuple[int, float]:
    """Return how many of the ascending weights may go, and their sum; negative ones are zero but for rounding."""
    gone = np.cumsum(np.maximum(weights, 0.0))
    count = min(int(np.searchsorted(gone, droppable, side="right")), len(weights) - 1)
    return count, float(gone[count - 1]) if count else 0.0


def _gram(columns: Columns) -> Complex:
    """Return L^dagger L in double precision, shape (r, r)."""
    found = np.zeros((columns.shape[1],) * 2, dtype=np.complex128)
    for rows in row_blocks(columns):
        part = columns[rows].astype(np.complex128, copy=False)
        found += part.conj().T @ part
    return found
