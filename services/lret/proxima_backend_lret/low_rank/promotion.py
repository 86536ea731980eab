"""From columns to the Pauli vector v_P = Tr(P rho), without a density matrix.

P = i^|x & z| X^x Z^z for two masks. So with d(i) = sum over k of L_ik conj(L_jk), j = i xor x, and f_x = Re d + Im d,

    v_P = sign * sum over i of (-1)^|i & z| f_x(i),    sign = (-1)^ceil(|x & z| / 2):

exchanging i and j conjugates d(i), so of its parts only the one that P needs survives the sum. f_x comes from products
of blocks of L, 2^6 masks at a time, and the sums over i are a Walsh-Hadamard transform.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns.kernels import Planes
from proxima_backend_lret.jit import kernel
from proxima_backend_lret.low_rank.state import State

Real = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_BLOCK_QUBITS = 6


def pauli_vector(state: State) -> Real:
    """Return Tr(P L L^dagger) of every Pauli string, float64, shape (4^n,).

    The index has base-4 digits I X Y Z = 0..3, qubit 0 the least significant.
    """
    height = state.height
    width = height.bit_length() - 1
    side = 1 << min(width, _BLOCK_QUBITS)
    found = np.empty(height * height)
    spread = _spread(width)
    sums = np.empty((height, side))
    for above in range(0, height, side):
        for start in range(0, height, side):
            ket = _rows(state.planes, state.rank, start, side)
            bra = _rows(state.planes, state.rank, start ^ above, side)
            re, im = bra[:, : state.rank], bra[:, state.rank :]
            # Re d + Im d, d = (S + iT)(S' - iT')^T: S (S' - T')^T + T (S' + T')^T.
            scatter_block(ket @ np.concatenate([re - im, re + im], axis=1).T, start, sums)
        transform(sums)
        write_strings(sums, above, spread, found)
    return found


def flipped_sums(planes: Planes, *, rank: int, flip: int) -> Real:
    """Return sum over i of (-1)^|i & z| f_x(i) for x = `flip` and every z, float64, shape (2^n,)."""
    found = np.empty((planes.shape[1], 1))
    flat: Real = found.reshape(-1)
    write_flipped(planes, rank, flip, flat)
    transform(found)
    return flat


def sign_of(y_count: int) -> int:
    """Return the sign that turns a sum of `flipped_sums` into the value of a string with so many Y."""
    return -1 if (y_count + 1) // 2 % 2 else 1


def promote(states: Sequence[State]) -> list[tuple[int, Real]]:
    """Return the Pauli vector of each record, with the record, by ascending record; states of one record add up."""
    found: dict[int, Real] = {}
    for state in states:
        vector = pauli_vector(state)
        if state.record in found:
            found[state.record] += vector
        else:
            found[state.record] = vector
    return sorted(found.items(), key=lambda pair: pair[0])


def promotion_bytes(*, qubit_count: int, rank: int, record_count: int) -> int:
    """Return the bytes that `promote` takes beside the columns."""
    height = 1 << qubit_count
    side = min(height, 1 << _BLOCK_QUBITS)
    return 8 * (record_count * height * height + (side + 1) * height + 6 * side * rank + side * side)


def _rows(planes: Planes, rank: int, start: int, count: int) -> Real:
    """Return real and imaginary parts of some rows side by side, float64, shape (count, 2 rank)."""
    rows = slice(start, start + count)
    return np.concatenate([planes[0, rows, :rank], planes[1, rows, :rank]], axis=1, dtype=np.float64)


def _spread(width: int) -> Integers:
    """Return each number of `width` bits with its bit q at bit 2q."""
    found = np.zeros(1 << width, dtype=np.int64)
    numbers = np.arange(1 << width, dtype=np.int64)
    for qubit in range(width):
        found |= (numbers >> qubit & 1) << (2 * qubit)
    return found


@kernel("void(float64[:,::1], int64, float64[:,::1])")
def scatter_block(block: Real, start: int, sums: Real) -> None:
    """Write block[i, j] to sums[start + i, i xor j]."""
    for i in range(len(block)):
        for j in range(len(block)):
            sums[start + i, i ^ j] = block[i, j]


@kernel(
    "void(float32[:,:,::1], int64, int64, float64[::1])",
    "void(float64[:,:,::1], int64, int64, float64[::1])",
)
def write_flipped(planes: Planes, rank: int, flip: int, found: Real) -> None:
    """Write f_x(i) for x = `flip`."""
    re, im = planes[0], planes[1]
    for row in range(len(found)):
        other = row ^ flip
        total = 0.0
        for column in range(rank):
            x, y = np.float64(re[row, column]), np.float64(im[row, column])
            u, v = np.float64(re[other, column]), np.float64(im[other, column])
            total += x * (u - v) + y * (u + v)
        found[row] = total


@kernel("void(float64[:,::1])")
def transform(sums: Real) -> None:
    """Replace each column f by sum over i of (-1)^|i & z| f(i), for every z."""
    size = len(sums)
    half = 1
    while half < size:
        for pair in range(0, size, 2 * half):
            for row in range(pair, pair + half):
                lower, upper = sums[row], sums[row + half]
                for place in range(sums.shape[1]):
                    a, b = lower[place], upper[place]
                    lower[place], upper[place] = a + b, a - b
        half *= 2


@kernel("void(float64[:,::1], int64, int64[::1], float64[::1])")
def write_strings(sums: Real, above: int, spread: Integers, found: Real) -> None:
    """Write v_P of the X masks above, above + 1, ...; of an X and a Z bit the digit is 3 z xor x."""
    for z in range(len(sums)):
        place = 3 * spread[z]
        for low in range(sums.shape[1]):
            x = above + low
            odd = 0
            both = x & z
            while both:
                both &= both - 1
                odd += 1
            value = sums[z, low]
            found[place ^ spread[x]] = -value if ((odd + 1) >> 1) & 1 else value
