"""The kernel that writes a density matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.jit import kernel

Float = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]


@kernel("void(float64[::1], int64[::1], float64[:, ::1])", "void(float32[::1], int64[::1], float32[:, ::1])")
def fill_density(entries: Float, low: Integers, matrix: Float) -> None:
    """Write the density matrix of a vector of Pauli coefficients.

    Row i has its entry at column i xor a: 2^-n sum over z of v(a, z) (-i)^|a & z| (-1)^|i & z|, where the digit of a
    qubit in (a, z) is I, Z, X, Y for 00, 01, 10, 11.

    Args:
        entries: 4^n of them, two places of the index a qubit.
        low: for each number x below 2^n the index that has the lower of the two places of each qubit as in x.
        matrix: real and imaginary parts in turn, shape (2^n, 2 * 2^n).
    """
    size = len(low)
    real, imaginary = np.empty(size, dtype=entries.dtype), np.empty(size, dtype=entries.dtype)
    scale = entries[0] * 0 + 1
    for _ in range(size):
        if scale * size > 1:
            scale /= 2
    for flips in range(size):
        for signs in range(size):
            # The digits are 0, 3, 1, 2: the higher place is z, the lower one a xor z.
            value = entries[2 * low[signs] + low[signs ^ flips]] * scale
            quarter, left = 0, flips & signs
            while left:
                quarter, left = quarter + 1, left & (left - 1)
            quarter &= 3
            real[signs] = value if quarter == 0 else -value if quarter == 2 else 0
            imaginary[signs] = -value if quarter == 1 else value if quarter == 3 else 0
        half = 1
        while half < size:
            for first in range(0, size, 2 * half):
                for place in range(first, first + half):
                    x, y = real[place], real[place + half]
                    real[place], real[place + half] = x + y, x - y
                    x, y = imaginary[place], imaginary[place + half]
                    imaginary[place], imaginary[place + half] = x + y, x - y
            half *= 2
        for row in range(size):
            matrix[row, 2 * (row ^ flips)] = real[row]
            matrix[row, 2 * (row ^ flips) + 1] = imaginary[row]
