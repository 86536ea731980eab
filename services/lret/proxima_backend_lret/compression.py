"""Fewer columns from the right: L -> L W with W W^dagger <= 1, which drops a positive part of L L^dagger or nothing.

The left side is never touched: projecting rows (a range finder) would not leave a certificate.
"""

from __future__ import annotations

import numpy as np

from proxima_backend_lret.columns import Columns, Complex, row_blocks


def square(columns: Columns) -> Columns:
    """Return at most 2^n columns with the same L L^dagger: the triangular factor of L^dagger, transposed.

    L^dagger = Q R with Q^dagger Q = 1, so L Q = R^dagger, and nothing is dropped.
    """
    if columns.shape[1] <= len(columns):
        return columns
    adjoint: Complex = columns.conj().T.astype(np.complex128, copy=False)
    # In this mode it is an array; its type information says otherwise.
    triangle: Complex = np.asarray(np.linalg.qr(adjoint, mode="r"))
    return np.ascontiguousarray(triangle.conj().T).astype(columns.dtype, copy=False)


def compress(columns: Columns, *, droppable: float) -> tuple[Columns, float]:
    """Rotate the columns to the eigenvectors of L^dagger L and drop the lightest.

    Args:
        columns: shape (2^n, r).
        droppable: weight, part of the trace, that may be dropped in all.

    Returns:
        The columns that are kept, heaviest first, and the weight that was dropped.
    """
    weights, rotation = np.linalg.eigh(_gram(columns))
    gone = np.cumsum(np.maximum(weights, 0.0))
    dropped = int(np.searchsorted(gone, droppable, side="right"))
    kept = rotation[:, : dropped - 1 if dropped else None : -1].astype(columns.dtype)
    del rotation
    found = np.empty((len(columns), kept.shape[1]), dtype=columns.dtype)
    for rows in row_blocks(columns):
        np.matmul(columns[rows], kept, out=found[rows])
    return found, float(gone[dropped - 1]) if dropped else 0.0


def _gram(columns: Columns) -> Complex:
    """Return L^dagger L in double precision, shape (r, r)."""
    found = np.zeros((columns.shape[1],) * 2, dtype=np.complex128)
    for rows in row_blocks(columns):
        part = columns[rows].astype(np.complex128, copy=False)
        found += part.conj().T @ part
    return found
