"""Operators on the columns of L, block by block, so that little memory is needed beside L itself.

L has shape (2^n, r), C-contiguous: the row index is a basis state with qubit 0 least significant, and L L^dagger is the
state. Matrices have the first operand as the least significant bit of their row index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns.blocks import BLOCK_ENTRIES, blocks

Columns = npt.NDArray[np.complexfloating]
Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

_ALL = slice(None)


def zero_state(qubit_count: int, *, single_precision: bool) -> Columns:
    """Return |0...0> as one column, shape (2^n, 1)."""
    columns = np.zeros((1 << qubit_count, 1), dtype=np.complex64 if single_precision else np.complex128)
    columns[0, 0] = 1
    return columns


def apply(matrix: Complex, qubits: Sequence[int], columns: Columns, part: slice = _ALL) -> None:
    """Multiply a part of the columns, shape (2^n, r), by a matrix, shape (2^k, 2^k), on k distinct qubits, in place."""
    small = matrix.astype(columns.dtype)
    for block in blocks(columns, qubits, part):
        block[...] = (small @ block.reshape(len(small), -1)).reshape(block.shape)


def take(columns: Columns, chosen: Indices, out: Columns) -> None:
    """Copy the chosen columns to `out`, shape (2^n, len(chosen))."""
    if len(chosen) == columns.shape[1]:
        np.copyto(out, columns)
        return
    for rows in row_blocks(columns):
        out[rows] = columns[rows, chosen]


def reduced_states(qubits: Sequence[int], columns: Columns) -> Complex:
    """Return the reduced state of k qubits of each column, complex128, shape (r, 2^k, 2^k)."""
    side, rank = 1 << len(qubits), columns.shape[1]
    found = np.zeros((rank, side, side), dtype=np.complex128)
    for block in blocks(columns, qubits, _ALL):
        part = block.reshape(side, -1, rank).astype(np.complex128, copy=False)
        conjugate = part.conj()
        for row in range(side):
            for column in range(row + 1):
                found[:, row, column] += np.einsum("ij,ij->j", part[row], conjugate[column])
    for row in range(side):
        for column in range(row):
            found[:, column, row] = found[:, row, column].conj()
    return found


def column_weights(columns: Columns) -> Real:
    """Return the squared norm of each column, float64, shape (r,)."""
    found = np.zeros(columns.shape[1])
    for rows in row_blocks(columns):
        real, imaginary = columns[rows].real.astype(np.float64), columns[rows].imag.astype(np.float64)
        found += np.einsum("ij,ij->j", real, real) + np.einsum("ij,ij->j", imaginary, imaginary)
    return found


def row_weights(columns: Columns) -> Real:
    """Return the diagonal of L L^dagger, float64, shape (2^n,)."""
    found = np.empty(len(columns))
    for rows in row_blocks(columns):
        real, imaginary = columns[rows].real.astype(np.float64), columns[rows].imag.astype(np.float64)
        found[rows] = np.einsum("ij,ij->i", real, real) + np.einsum("ij,ij->i", imaginary, imaginary)
    return found


def row_blocks(columns: Columns) -> Iterator[slice]:
    """Yield slices of rows that together hold about `BLOCK_ENTRIES` entries each."""
    height = max(1, BLOCK_ENTRIES // max(columns.shape[1], 1))
    for start in range(0, len(columns), height):
        yield slice(start, start + height)
