"""Products of the columns of L with one another and with matrices: reduced states, weights, Gram matrix, rotation.

Planes are laid out as in `columns.kernels`: shape (2, 2^n, capacity), real parts in planes[0] and imaginary parts in
planes[1], columns contiguous, the first `rank` in use. Sums run in the precision of the planes over `_RUN` groups of
rows at most, and in double precision over those. Matrix products are left to BLAS.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns.offsets import offsets
from proxima_backend_lret.jit import kernel

Planes = npt.NDArray[np.floating]
Flat = npt.NDArray[np.floating]
Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Integers = npt.NDArray[np.int64]

BLOCK_ENTRIES = 1 << 15
"""Entries of a block that a matrix product works on at once: 256 KiB in double precision."""

_RUN = 256


def reduced_states(planes: Planes, *, count: int, qubits: Sequence[int]) -> Complex:
    """Return the reduced states of k qubits of the first `count` columns, complex128, shape (count, 2^k, 2^k)."""
    side = 1 << len(qubits)
    found = np.zeros((2, side, side, count))
    partial = np.zeros((2, side, side, count), dtype=planes.dtype)
    add_reduced(planes, np.array(sorted(qubits), dtype=np.int64), offsets(qubits), partial, found)
    states = (found[0] + 1j * found[1]).transpose(2, 0, 1)
    lower = np.tril(states, -1)
    whole: Complex = states + lower.conj().transpose(0, 2, 1)
    return whole


def column_weights(planes: Planes, *, rank: int) -> Real:
    """Return the squared norms of the columns in use, float64, shape (rank,)."""
    found = np.zeros(rank)
    add_weights(planes, np.zeros(rank, dtype=planes.dtype), found)
    return found


def row_weights(planes: Planes, *, rank: int) -> Real:
    """Return the diagonal of L L^dagger, float64, shape (2^n,)."""
    found = np.empty(planes.shape[1])
    write_row_weights(planes, rank, found)
    return found


def gram(planes: Planes, *, rank: int) -> Complex:
    """Return L^dagger L, complex128, shape (rank, rank), computed in the precision of the planes."""
    re, im = planes[0, :, :rank], planes[1, :, :rank]
    real = re.T @ re
    real += im.T @ im
    cross = re.T @ im
    found = np.empty((rank, rank), dtype=np.complex128)
    found.real, found.imag = real, cross - cross.T
    return found


def rotate(planes: Planes, *, rank: int, rotation: Complex, single_precision: bool) -> None:
    """Replace the columns in use by as many linear combinations as `rotation`, shape (rank, kept), has columns.

    Args:
        planes: shape (2, 2^n, capacity).
        rank: columns in use.
        rotation: kept <= rank.
        single_precision: multiply in single precision; else the products are summed in double and rounded once.
    """
    kept = rotation.shape[1]
    dtype = np.float32 if single_precision else np.float64
    real = np.empty((2 * rank, 2 * kept), dtype=dtype)
    real[:rank, :kept] = real[rank:, kept:] = rotation.real
    real[:rank, kept:] = rotation.imag
    np.negative(real[:rank, kept:], out=real[rank:, :kept])
    height = planes.shape[1]
    step = min(height, max(16, BLOCK_ENTRIES // (2 * rank)))
    before = np.empty((step, 2 * rank), dtype=dtype)
    after = np.empty((step, 2 * kept), dtype=dtype)
    for start in range(0, height, step):
        count = min(step, height - start)
        rows = slice(start, start + count)
        before[:count, :rank] = planes[0, rows, :rank]
        before[:count, rank:] = planes[1, rows, :rank]
        np.matmul(before[:count], real, out=after[:count])
        planes[0, rows, :kept] = after[:count, :kept]
        planes[1, rows, :kept] = after[:count, kept:]


@kernel(
    "void(float32[:,:,::1], int64[::1], int64[::1], float32[:,:,:,::1], float64[:,:,:,::1])",
    "void(float64[:,:,::1], int64[::1], int64[::1], float64[:,:,:,::1], float64[:,:,:,::1])",
)
def add_reduced(planes: Planes, ascending: Integers, offsets: Integers, partial: Flat, found: Real) -> None:
    """Add the lower triangles of the reduced states of columns to `found`.

    Args:
        planes: shape (2, 2^n, capacity).
        ascending: the qubits in ascending order.
        offsets: row of each value of the qubits, in order of the operands, where all others are 0.
        partial: zeros, shape (2, 2^k, 2^k, count).
        found: real and imaginary parts, of the same shape.
    """
    re, im = planes[0], planes[1]
    side, count = len(offsets), found.shape[3]
    groups = planes.shape[1] // side
    for group in range(groups):
        base = group
        for qubit in ascending:
            base = (base >> qubit << (qubit + 1)) | (base & ((1 << qubit) - 1))
        for a in range(side):
            ra, ia = re[base + offsets[a], :count], im[base + offsets[a], :count]
            real, imaginary = partial[0, a, a], partial[1, a, a]
            for column in range(count):
                real[column] += ra[column] * ra[column] + ia[column] * ia[column]
            for b in range(a):
                rb, ib = re[base + offsets[b], :count], im[base + offsets[b], :count]
                real, imaginary = partial[0, a, b], partial[1, a, b]
                for column in range(count):
                    real[column] += ra[column] * rb[column] + ia[column] * ib[column]
                    imaginary[column] += ia[column] * rb[column] - ra[column] * ib[column]
        if group % _RUN == _RUN - 1 or group == groups - 1:
            for part in range(2):
                for a in range(side):
                    for b in range(a + 1):
                        for column in range(count):
                            found[part, a, b, column] += partial[part, a, b, column]
                            partial[part, a, b, column] = 0


@kernel(
    "void(float32[:,:,::1], float32[::1], float64[::1])",
    "void(float64[:,:,::1], float64[::1], float64[::1])",
)
def add_weights(planes: Planes, partial: Flat, found: Real) -> None:
    """Add the squared norms of the first columns to `found`; `partial` are zeros of its shape."""
    re, im = planes[0], planes[1]
    rows, count = planes.shape[1], len(found)
    for row in range(rows):
        reals, imaginaries = re[row, :count], im[row, :count]
        for column in range(count):
            partial[column] += reals[column] * reals[column] + imaginaries[column] * imaginaries[column]
        if row % _RUN == _RUN - 1 or row == rows - 1:
            for column in range(count):
                found[column] += partial[column]
                partial[column] = 0


@kernel(
    "void(float32[:,:,::1], int64, float64[::1])",
    "void(float64[:,:,::1], int64, float64[::1])",
)
def write_row_weights(planes: Planes, rank: int, found: Real) -> None:
    """Write the squared norm of each row."""
    for row in range(planes.shape[1]):
        total = 0.0
        for column in range(rank):
            x, y = np.float64(planes[0, row, column]), np.float64(planes[1, row, column])
            total += x * x + y * y
        found[row] = total
