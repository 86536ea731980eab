"""Spreads a map over columns of L: their images under one operator in place, and under others as columns behind them.

Planes are laid out as in `columns.kernels`: shape (2, 2^n, capacity), real parts in planes[0] and imaginary parts in
planes[1], columns contiguous, the first `rank` in use.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns.kernels import VECTOR_BYTES, apply
from proxima_backend_lret.columns.offsets import offsets
from proxima_backend_lret.jit import kernel

Planes = npt.NDArray[np.floating]
Flat = npt.NDArray[np.floating]
Complex = npt.NDArray[np.complex128]
Integers = npt.NDArray[np.int64]

_LANES = 16
_TWO = 2


def spread(
    planes: Planes, *, rank: int, qubits: Sequence[int], leading: Complex, sources: Integers, operators: Complex
) -> None:
    """Apply an operator to the columns in use, and write behind them what other operators make of some of them.

    Args:
        planes: shape (2, 2^n, capacity), capacity at least rank + children.
        rank: columns in use.
        qubits: k operands, the first the least significant bit of the index of an operator.
        leading: applied in place, shape (2^k, 2^k).
        sources: column that each child is made of, as it was before, shape (children,).
        operators: operator of each child, shape (children, 2^k, 2^k).
    """
    if not len(sources):
        apply(planes, rank=rank, qubits=qubits, matrix=leading)
        return
    # Whole vectors of columns are worked on in place, the columns that are left together with the children.
    lanes = VECTOR_BYTES // planes.itemsize
    whole = rank // lanes * lanes
    side = 1 << len(qubits)
    count = rank - whole + len(sources)
    batches = -(-count // _LANES)
    padded = np.zeros((batches * _LANES, side, side), dtype=np.complex128)
    padded[: rank - whole] = leading
    padded[rank - whole : count] = operators
    by_lane = padded.reshape(batches, _LANES, side, side).transpose(0, 2, 3, 1)
    parts = np.stack([by_lane.real, by_lane.imag], axis=1).astype(planes.dtype).reshape(-1)
    work = np.zeros(4 * side * _LANES, dtype=planes.dtype)
    read = np.concatenate([np.arange(whole, rank), sources]).astype(np.int64)
    write = write_columns_two if len(qubits) == _TWO else write_columns
    write(planes, whole, np.array(sorted(qubits), dtype=np.int64), offsets(qubits), read, parts, work)
    if whole:
        apply(planes, rank=whole, qubits=qubits, matrix=leading)


@kernel(
    "void(float32[:,:,::1], int64, int64[::1], int64[::1], int64[::1], float32[::1], float32[::1])",
    "void(float64[:,:,::1], int64, int64[::1], int64[::1], int64[::1], float64[::1], float64[::1])",
)
def write_columns(  # noqa: PLR0917 - kernels have no keyword-only arguments
    planes: Planes,
    first: int,
    ascending: Integers,
    offsets: Integers,
    sources: Integers,
    operators: Flat,
    work: Flat,
) -> None:
    """Write to columns first, first + 1, ... the images of columns, each under an operator of its own.

    They are made in batches of 16, the last batch first. Only columns of the first batch may be written over while
    they are also sources.

    Args:
        planes: shape (2, 2^n, capacity).
        first: column to begin with.
        ascending: the qubits in ascending order.
        offsets: row of each value of the qubits, in order of the operands, where all others are 0.
        sources: column that each is made of.
        operators: entries of the operators, from shape (batches, 2, 2^k, 2^k, 16): real and imaginary parts.
        work: 64 2^k entries: real and imaginary parts of what the operators act on, and of what comes out.
    """
    re, im = planes[0], planes[1]
    side = len(offsets)
    batches = (len(sources) + 15) // 16
    part = 16 * side
    for group in range(planes.shape[1] // side):
        base = group
        for qubit in ascending:
            base = (base >> qubit << (qubit + 1)) | (base & ((1 << qubit) - 1))
        for batch in range(batches - 1, -1, -1):
            start = 16 * batch
            count = min(16, len(sources) - start)
            for value in range(side):
                row = base + offsets[value]
                for lane in range(count):
                    work[16 * value + lane] = re[row, sources[start + lane]]
                    work[part + 16 * value + lane] = im[row, sources[start + lane]]
            for a in range(side):
                real, imaginary = work[2 * part + 16 * a :][:16], work[3 * part + 16 * a :][:16]
                real[:], imaginary[:] = 0, 0
                for b in range(side):
                    at = ((2 * batch * side + a) * side + b) * 16
                    reals, imaginaries = operators[at : at + 16], operators[at + part * side :][:16]
                    x, y = work[16 * b :][:16], work[part + 16 * b :][:16]
                    for lane in range(16):
                        real[lane] += reals[lane] * x[lane] - imaginaries[lane] * y[lane]
                        imaginary[lane] += reals[lane] * y[lane] + imaginaries[lane] * x[lane]
            for value in range(side):
                row, column = base + offsets[value], first + start
                for lane in range(count):
                    re[row, column + lane] = work[2 * part + 16 * value + lane]
                    im[row, column + lane] = work[3 * part + 16 * value + lane]


@kernel(
    "void(float32[:,:,::1], int64, int64[::1], int64[::1], int64[::1], float32[::1], float32[::1])",
    "void(float64[:,:,::1], int64, int64[::1], int64[::1], int64[::1], float64[::1], float64[::1])",
)
def write_columns_two(  # noqa: PLR0917 - kernels have no keyword-only arguments
    planes: Planes,
    first: int,
    ascending: Integers,
    offsets: Integers,
    sources: Integers,
    operators: Flat,
    work: Flat,
) -> None:
    """Do what `write_columns` does for two qubits, unrolled."""
    re, im = planes[0], planes[1]
    # A number that the compiler does not know, or it would unroll the loop before it makes vectors of it.
    lanes = len(work) // 16
    batches = (len(sources) + 15) // 16
    low, high = ascending[0], ascending[1]
    for group in range(planes.shape[1] // 4):
        base = (group >> low << (low + 1)) | (group & ((1 << low) - 1))
        base = (base >> high << (high + 1)) | (base & ((1 << high) - 1))
        for batch in range(batches - 1, -1, -1):
            start = 16 * batch
            count = min(16, len(sources) - start)
            matrix = operators[512 * batch : 512 * batch + 512]
            for value in range(4):
                row = base + offsets[value]
                for lane in range(count):
                    work[16 * value + lane] = re[row, sources[start + lane]]
                    work[64 + 16 * value + lane] = im[row, sources[start + lane]]
            for lane in range(lanes):
                x0, y0 = work[0 + lane], work[64 + lane]
                x1, y1 = work[16 + lane], work[80 + lane]
                x2, y2 = work[32 + lane], work[96 + lane]
                x3, y3 = work[48 + lane], work[112 + lane]
                work[128 + lane] = (
                    matrix[lane] * x0
                    + matrix[16 + lane] * x1
                    + matrix[32 + lane] * x2
                    + matrix[48 + lane] * x3
                    - matrix[256 + lane] * y0
                    - matrix[272 + lane] * y1
                    - matrix[288 + lane] * y2
                    - matrix[304 + lane] * y3
                )
                work[192 + lane] = (
                    matrix[lane] * y0
                    + matrix[16 + lane] * y1
                    + matrix[32 + lane] * y2
                    + matrix[48 + lane] * y3
                    + matrix[256 + lane] * x0
                    + matrix[272 + lane] * x1
                    + matrix[288 + lane] * x2
                    + matrix[304 + lane] * x3
                )
                work[144 + lane] = (
                    matrix[64 + lane] * x0
                    + matrix[80 + lane] * x1
                    + matrix[96 + lane] * x2
                    + matrix[112 + lane] * x3
                    - matrix[320 + lane] * y0
                    - matrix[336 + lane] * y1
                    - matrix[352 + lane] * y2
                    - matrix[368 + lane] * y3
                )
                work[208 + lane] = (
                    matrix[64 + lane] * y0
                    + matrix[80 + lane] * y1
                    + matrix[96 + lane] * y2
                    + matrix[112 + lane] * y3
                    + matrix[320 + lane] * x0
                    + matrix[336 + lane] * x1
                    + matrix[352 + lane] * x2
                    + matrix[368 + lane] * x3
                )
                work[160 + lane] = (
                    matrix[128 + lane] * x0
                    + matrix[144 + lane] * x1
                    + matrix[160 + lane] * x2
                    + matrix[176 + lane] * x3
                    - matrix[384 + lane] * y0
                    - matrix[400 + lane] * y1
                    - matrix[416 + lane] * y2
                    - matrix[432 + lane] * y3
                )
                work[224 + lane] = (
                    matrix[128 + lane] * y0
                    + matrix[144 + lane] * y1
                    + matrix[160 + lane] * y2
                    + matrix[176 + lane] * y3
                    + matrix[384 + lane] * x0
                    + matrix[400 + lane] * x1
                    + matrix[416 + lane] * x2
                    + matrix[432 + lane] * x3
                )
                work[176 + lane] = (
                    matrix[192 + lane] * x0
                    + matrix[208 + lane] * x1
                    + matrix[224 + lane] * x2
                    + matrix[240 + lane] * x3
                    - matrix[448 + lane] * y0
                    - matrix[464 + lane] * y1
                    - matrix[480 + lane] * y2
                    - matrix[496 + lane] * y3
                )
                work[240 + lane] = (
                    matrix[192 + lane] * y0
                    + matrix[208 + lane] * y1
                    + matrix[224 + lane] * y2
                    + matrix[240 + lane] * y3
                    + matrix[448 + lane] * x0
                    + matrix[464 + lane] * x1
                    + matrix[480 + lane] * x2
                    + matrix[496 + lane] * x3
                )
            for value in range(4):
                row, column = base + offsets[value], first + start
                reals, imaginaries = re[row, column : column + count], im[row, column : column + count]
                for lane in range(count):
                    reals[lane] = work[128 + 16 * value + lane]
                    imaginaries[lane] = work[192 + 16 * value + lane]
