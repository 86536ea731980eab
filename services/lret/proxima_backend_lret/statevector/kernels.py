"""What a state vector needs beside matrices on its qubits: other qubits into its lanes, and its entries in their order.

A state vector is kept as planes of one column, shape (2, 2^n): real and imaginary parts. Positions are bits of that
index. Its lowest positions are the lanes, which one vector register or a few hold; matrices on them would not be
vectorised.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.jit import kernel

Planes = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


@kernel("void(float32[:, ::1], int64)", "void(float64[:, ::1], int64)")
def swap_neighbours(planes: Planes, distance: int) -> None:
    """Swap bit 0 of the index with a higher one, in place.

    Args:
        planes: shape (2, 2^n); entries of 8 bytes may be pairs of smaller ones.
        distance: 2^p for the higher bit p.
    """
    for part in range(2):
        for start in range(0, planes.shape[1], 2 * distance):
            lower, upper = planes[part, start : start + distance], planes[part, start + distance : start + 2 * distance]
            for place in range(0, distance, 2):
                # All four are written, so that whole vectors are.
                first, second, third, fourth = lower[place], lower[place + 1], upper[place], upper[place + 1]
                lower[place], lower[place + 1], upper[place], upper[place + 1] = first, third, second, fourth


@kernel("void(complex128[:, ::1], int64, int64)")
def swap_runs(planes: npt.NDArray[np.complex128], run: int, distance: int) -> None:
    """Swap two bits of the index in place.

    Args:
        planes: shape (2, any); entries of 16 bytes, each some of smaller ones.
        run: 2^p for the lower bit p.
        distance: 2^p for the higher bit p.
    """
    for part in range(2):
        for start in range(0, planes.shape[1], 2 * distance):
            lower, upper = planes[part, start : start + distance], planes[part, start + distance : start + 2 * distance]
            for pair in range(0, distance, 2 * run):
                for place in range(pair, pair + run):
                    lower[place + run], upper[place] = upper[place], lower[place + run]


@kernel(
    "void(float32[:, ::1], int64[:, ::1], int64[:, ::1], complex64[::1])",
    "void(float64[:, ::1], int64[:, ::1], int64[:, ::1], complex128[::1])",
)
def write_amplitudes(planes: Planes, low: Integers, high: Integers, found: npt.NDArray[np.complexfloating]) -> None:
    """Write all entries where they belong.

    Args:
        planes: shape (2, 2^n).
        low: for each value of some qubits the place in `planes` and that in `found`, shape (2, 2^l).
        high: the same for the other qubits, shape (2, 2^(n-l)); places add up.
        found: shape (2^n,).
    """
    re, im = planes[0], planes[1]
    for block in range(high.shape[1]):
        source, target = high[0, block], high[1, block]
        for index in range(low.shape[1]):
            at = source + low[0, index]
            found[target + low[1, index]] = complex(re[at], im[at])


@kernel(
    "void(float32[:, ::1], int64[:, ::1], int64[:, ::1], float64[::1])",
    "void(float64[:, ::1], int64[:, ::1], int64[:, ::1], float64[::1])",
)
def add_weights(planes: Planes, low: Integers, high: Integers, found: Real) -> None:
    """Add the squared moduli of all entries, in double precision, where they belong (as `write_amplitudes`)."""
    re, im = planes[0], planes[1]
    for block in range(high.shape[1]):
        source, target = high[0, block], high[1, block]
        for index in range(low.shape[1]):
            at = source + low[0, index]
            real, imaginary = np.float64(re[at]), np.float64(im[at])
            found[target + low[1, index]] += real * real + imaginary * imaginary
