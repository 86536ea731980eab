"""Matrices on qubits of L, in place, compiled.

Planes have shape (2, 2^n, capacity), C-contiguous, float32 or float64: planes[0] are real and planes[1] imaginary parts
of the columns of L, the row index is a basis state with qubit 0 least significant, and the first `rank` columns are in
use. What the kernels leave in the other columns has no meaning: the rank is rounded up to whole vectors.

The innermost loop runs along columns, which are contiguous, and where all columns are in use also along the rows below
the lowest operand. Measured on one core of a Zen 4 (peak about 110 GFLOP/s): two qubits in float32 at rank 64 and more
85-100 GFLOP/s, at rank 16 40, whether the planes fit the second cache or only the third.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns.blocks import blocks
from proxima_backend_lret.jit import kernel

Planes = npt.NDArray[np.floating]
Complex = npt.NDArray[np.complex128]
Flat = npt.NDArray[np.floating]

VECTOR_BYTES = 64
_ALL = slice(None)


def apply(planes: Planes, *, rank: int, qubits: Sequence[int], matrix: Complex) -> None:
    """Multiply the columns in use by a matrix on k distinct qubits, in place.

    Args:
        planes: shape (2, 2^n, capacity).
        rank: columns in use, 1 to capacity; the others are left without meaning.
        qubits: the operands, the first the least significant bit of the index of `matrix`.
        matrix: shape (2^k, 2^k), any complex matrix. On more than two qubits the product is done by numpy.
    """
    capacity = planes.shape[2]
    width = whole_vectors(rank, capacity=capacity, itemsize=planes.itemsize)
    flat = planes.reshape(2, -1)
    parts = _parts(matrix, planes.dtype)
    lowest = capacity << min(qubits)
    # Rows below the lowest operand are one run of columns where no column is left out.
    inner, rows = (lowest, 1) if width == capacity else (width, lowest // capacity)
    if len(qubits) == 1:
        apply_one(flat, lowest, inner, rows, capacity, parts)
    elif len(qubits) == 2:
        apply_two(flat, capacity << qubits[0], capacity << qubits[1], inner, rows, capacity, parts)
    else:
        _apply_many(planes[:, :, :rank], qubits, parts)


def whole_vectors(rank: int, *, capacity: int, itemsize: int) -> int:
    """Return the columns that a kernel works on: the rank in whole vectors, or all where those do not fit."""
    lanes = VECTOR_BYTES // itemsize
    return min(-(-rank // lanes) * lanes, capacity)


@kernel(
    "void(float32[:, ::1], int64, int64, int64, int64, float32[:, :, ::1])",
    "void(float64[:, ::1], int64, int64, int64, int64, float64[:, :, ::1])",
)
def apply_one(  # noqa: PLR0917 - kernels have no keyword-only arguments
    planes: Flat, stride: int, inner: int, rows: int, capacity: int, matrix: Flat
) -> None:
    """Multiply by a matrix on one qubit.

    Args:
        planes: shape (2, 2^n capacity).
        stride: distance of the two entries that mix.
        inner: entries from one row on that are worked on.
        rows: how many such runs lie below the qubit, `capacity` apart.
        capacity: length of a row.
        matrix: shape (2, 2, 2), real and imaginary parts.
    """
    re, im = planes[0], planes[1]
    r00, r01 = matrix[0, 0, 0], matrix[0, 0, 1]
    r10, r11 = matrix[0, 1, 0], matrix[0, 1, 1]
    i00, i01 = matrix[1, 0, 0], matrix[1, 0, 1]
    i10, i11 = matrix[1, 1, 0], matrix[1, 1, 1]
    for above in range(0, len(re), 2 * stride):
        for row in range(rows):
            at = above + row * capacity
            re0, im0 = re[at : at + inner], im[at : at + inner]
            at += stride
            re1, im1 = re[at : at + inner], im[at : at + inner]
            for column in range(inner):
                x0, y0 = re0[column], im0[column]
                x1, y1 = re1[column], im1[column]
                re0[column] = r00 * x0 + r01 * x1 - i00 * y0 - i01 * y1
                im0[column] = r00 * y0 + r01 * y1 + i00 * x0 + i01 * x1
                re1[column] = r10 * x0 + r11 * x1 - i10 * y0 - i11 * y1
                im1[column] = r10 * y0 + r11 * y1 + i10 * x0 + i11 * x1


@kernel(
    "void(float32[:, ::1], int64, int64, int64, int64, int64, float32[:, :, ::1])",
    "void(float64[:, ::1], int64, int64, int64, int64, int64, float64[:, :, ::1])",
)
def apply_two(  # noqa: PLR0917 - kernels have no keyword-only arguments
    planes: Flat, first: int, second: int, inner: int, rows: int, capacity: int, matrix: Flat
) -> None:
    """Multiply by a matrix on two qubits.

    Args:
        planes: shape (2, 2^n capacity).
        first: distance of entries that differ in the first operand, the least significant bit of the matrix's index.
        second: the same for the second operand.
        inner: entries from one row on that are worked on.
        rows: how many such runs lie below the lower qubit, `capacity` apart.
        capacity: length of a row.
        matrix: shape (2, 4, 4), real and imaginary parts.
    """
    re, im = planes[0], planes[1]
    low, high = min(first, second), max(first, second)
    r00, r01, r02, r03 = matrix[0, 0, 0], matrix[0, 0, 1], matrix[0, 0, 2], matrix[0, 0, 3]
    r10, r11, r12, r13 = matrix[0, 1, 0], matrix[0, 1, 1], matrix[0, 1, 2], matrix[0, 1, 3]
    r20, r21, r22, r23 = matrix[0, 2, 0], matrix[0, 2, 1], matrix[0, 2, 2], matrix[0, 2, 3]
    r30, r31, r32, r33 = matrix[0, 3, 0], matrix[0, 3, 1], matrix[0, 3, 2], matrix[0, 3, 3]
    i00, i01, i02, i03 = matrix[1, 0, 0], matrix[1, 0, 1], matrix[1, 0, 2], matrix[1, 0, 3]
    i10, i11, i12, i13 = matrix[1, 1, 0], matrix[1, 1, 1], matrix[1, 1, 2], matrix[1, 1, 3]
    i20, i21, i22, i23 = matrix[1, 2, 0], matrix[1, 2, 1], matrix[1, 2, 2], matrix[1, 2, 3]
    i30, i31, i32, i33 = matrix[1, 3, 0], matrix[1, 3, 1], matrix[1, 3, 2], matrix[1, 3, 3]
    for above in range(0, len(re), 2 * high):
        for between in range(above, above + high, 2 * low):
            for row in range(rows):
                at = between + row * capacity
                re0, im0 = re[at : at + inner], im[at : at + inner]
                at += first
                re1, im1 = re[at : at + inner], im[at : at + inner]
                at += second
                re3, im3 = re[at : at + inner], im[at : at + inner]
                at -= first
                re2, im2 = re[at : at + inner], im[at : at + inner]
                for column in range(inner):
                    x0, y0 = re0[column], im0[column]
                    x1, y1 = re1[column], im1[column]
                    x2, y2 = re2[column], im2[column]
                    x3, y3 = re3[column], im3[column]
                    re0[column] = r00 * x0 + r01 * x1 + r02 * x2 + r03 * x3 - i00 * y0 - i01 * y1 - i02 * y2 - i03 * y3
                    im0[column] = r00 * y0 + r01 * y1 + r02 * y2 + r03 * y3 + i00 * x0 + i01 * x1 + i02 * x2 + i03 * x3
                    re1[column] = r10 * x0 + r11 * x1 + r12 * x2 + r13 * x3 - i10 * y0 - i11 * y1 - i12 * y2 - i13 * y3
                    im1[column] = r10 * y0 + r11 * y1 + r12 * y2 + r13 * y3 + i10 * x0 + i11 * x1 + i12 * x2 + i13 * x3
                    re2[column] = r20 * x0 + r21 * x1 + r22 * x2 + r23 * x3 - i20 * y0 - i21 * y1 - i22 * y2 - i23 * y3
                    im2[column] = r20 * y0 + r21 * y1 + r22 * y2 + r23 * y3 + i20 * x0 + i21 * x1 + i22 * x2 + i23 * x3
                    re3[column] = r30 * x0 + r31 * x1 + r32 * x2 + r33 * x3 - i30 * y0 - i31 * y1 - i32 * y2 - i33 * y3
                    im3[column] = r30 * y0 + r31 * y1 + r32 * y2 + r33 * y3 + i30 * x0 + i31 * x1 + i32 * x2 + i33 * x3


def _parts(matrix: Complex, dtype: npt.DTypeLike) -> Flat:
    return cast("Flat", np.stack([matrix.real, matrix.imag]).astype(dtype))


def _apply_many(planes: Planes, qubits: Sequence[int], matrix: Flat) -> None:
    """Multiply all columns by a matrix on k qubits, shape (2, 2^k, 2^k), through copies of blocks."""
    real, imaginary = matrix
    for re, im in zip(blocks(planes[0], qubits, _ALL), blocks(planes[1], qubits, _ALL), strict=True):
        a, b = re.reshape(len(real), -1), im.reshape(len(real), -1)
        re[...], im[...] = (real @ a - imaginary @ b).reshape(re.shape), (real @ b + imaginary @ a).reshape(im.shape)
