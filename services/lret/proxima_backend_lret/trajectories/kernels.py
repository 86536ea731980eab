"""What trajectories need beside one matrix for all columns: a matrix for each, and what draws a basis state of each.

Planes have shape (2, 2^n, capacity); every column is a trajectory of its own, all of them are in use. Rows of a group
are those that differ in the operands only: `offsets[j]` is the distance of the j-th from the first, where bit p of j is
the value of operand p.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.jit import kernel

Planes = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


@kernel(
    "void(float32[:, :, ::1], int64[::1], int64[::1], float32[:, :, :, ::1], float32[:, :, ::1])",
    "void(float64[:, :, ::1], int64[::1], int64[::1], float64[:, :, :, ::1], float64[:, :, ::1])",
)
def apply_each(planes: Planes, qubits: Integers, offsets: Integers, matrices: Planes, scratch: Planes) -> None:
    """Multiply each column by a matrix of its own, in place.

    Args:
        planes: shape (2, 2^n, columns).
        qubits: the operands, ascending.
        offsets: shape (2^k,).
        matrices: real and imaginary parts, shape (2, 2^k, 2^k, columns).
        scratch: shape (2, 2^k, columns).
    """
    size, width = len(offsets), planes.shape[2]
    for group in range(planes.shape[1] // size):
        start = group
        for qubit in qubits:
            below = (1 << qubit) - 1
            start = ((start & ~below) << 1) | (start & below)
        for row in range(size):
            scratch[0, row] = planes[0, start + offsets[row]]
            scratch[1, row] = planes[1, start + offsets[row]]
        for row in range(size):
            re, im = planes[0, start + offsets[row]], planes[1, start + offsets[row]]
            a, b, x, y = matrices[0, row, 0], matrices[1, row, 0], scratch[0, 0], scratch[1, 0]
            for column in range(width):
                re[column] = a[column] * x[column] - b[column] * y[column]
                im[column] = a[column] * y[column] + b[column] * x[column]
            for other in range(1, size):
                a, b, x, y = matrices[0, row, other], matrices[1, row, other], scratch[0, other], scratch[1, other]
                for column in range(width):
                    re[column] += a[column] * x[column] - b[column] * y[column]
                    im[column] += a[column] * y[column] + b[column] * x[column]


@kernel(
    "void(float32[:, :, ::1], int64[::1], float32[:, :, ::1])",
    "void(float64[:, :, ::1], int64[::1], float64[:, :, ::1])",
)
def take(planes: Planes, chosen: Integers, found: Planes) -> None:
    """Copy the chosen columns to `found`, shape (2, 2^n, chosen)."""
    for part in range(2):
        for row in range(planes.shape[1]):
            source, target = planes[part, row], found[part, row]
            for place in range(len(chosen)):
                target[place] = source[chosen[place]]


@kernel(
    "void(float32[:, :, ::1], int64[::1], float32[:, :, ::1])",
    "void(float64[:, :, ::1], int64[::1], float64[:, :, ::1])",
)
def put(planes: Planes, chosen: Integers, columns: Planes) -> None:
    """Copy columns, shape (2, 2^n, chosen), back to their places."""
    for part in range(2):
        for row in range(planes.shape[1]):
            source, target = columns[part, row], planes[part, row]
            for place in range(len(chosen)):
                target[chosen[place]] = source[place]


@kernel(
    "void(float32[:, :, ::1], float64[::1], float64[:, ::1], int64[::1])",
    "void(float64[:, :, ::1], float64[::1], float64[:, ::1], int64[::1])",
)
def draw_rows(planes: Planes, points: Real, sums: Real, found: Integers) -> None:
    """Draw a basis state of each column by its weights.

    Args:
        planes: shape (2, 2^n, columns).
        points: uniform in [0, 1), one a column.
        sums: scratch, shape (blocks, columns), blocks a power of two of at most 2^n.
        found: the basis state of each column.
    """
    blocks, width = sums.shape
    rows = planes.shape[1] // blocks
    for block in range(blocks):
        total = sums[block]
        total[:] = 0.0
        for row in range(block * rows, (block + 1) * rows):
            re, im = planes[0, row], planes[1, row]
            for column in range(width):
                real, imaginary = np.float64(re[column]), np.float64(im[column])
                total[column] += real * real + imaginary * imaginary
    for column in range(width):
        left = 0.0
        for block in range(blocks):
            left += sums[block, column]
        left *= points[column]
        block = 0
        while block < blocks - 1 and left >= sums[block, column]:
            left -= sums[block, column]
            block += 1
        # Rounding may leave a point past the end: the last row that has any weight is its row then.
        while block > 0 and sums[block, column] == 0.0:
            block -= 1
        for row in range(block * rows, (block + 1) * rows):
            real, imaginary = np.float64(planes[0, row, column]), np.float64(planes[1, row, column])
            weight = real * real + imaginary * imaginary
            if weight > 0:
                found[column] = row
                if left < weight:
                    break
            left -= weight
