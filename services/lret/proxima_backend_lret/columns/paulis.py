"""Expectation values of Pauli strings in each column of L.

P|j> = i^(number of Y) (-1)^(number of ones of j & z_mask) |j xor x_mask>, so Tr(P |c><c|) = i^(number of Y) sum over j
of (-1)^|j & z| conj(c[j xor x]) c[j]. Strings of one X mask share a pass: the products of a block of rows go through a
Walsh-Hadamard transform, after which every string takes one entry of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.jit import kernel

Planes = npt.NDArray[np.floating]
Real = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_BLOCK_ENTRIES = 1 << 11
_PHASES = (1, 1j, -1, -1j)


def pauli_values(planes: Planes, *, rank: int, strings: Sequence[tuple[int, int, int]]) -> Real:
    """Return <c|P|c> for each string and each column c in use, float64, shape (strings, rank), not normalised.

    Args:
        planes: shape (2, 2^n, capacity).
        rank: columns in use.
        strings: X mask (X and Y), Z mask (Y and Z) and number of Y of each, qubit 0 the least significant bit.
    """
    found = np.zeros((len(strings), rank))
    members: dict[int, list[int]] = {}
    for index, (x_mask, _, _) in enumerate(strings):
        members.setdefault(x_mask, []).append(index)
    height = planes.shape[1]
    block = min(height, 1 << max((_BLOCK_ENTRIES // rank).bit_length() - 1, 0))
    scratch = np.empty((2, block * rank))
    for x_mask, indices in members.items():
        z_masks = np.array([strings[index][1] for index in indices], dtype=np.int64)
        sums = np.zeros((2, len(indices), rank))
        pauli_sums(planes, rank, x_mask, z_masks, scratch, sums)
        for place, index in enumerate(indices):
            phase = _PHASES[strings[index][2] & 3]
            found[index] = phase.real * sums[0, place] - phase.imag * sums[1, place]
    return found


@kernel(
    "void(float32[:, :, ::1], int64, int64, int64[::1], float64[:, ::1], float64[:, :, ::1])",
    "void(float64[:, :, ::1], int64, int64, int64[::1], float64[:, ::1], float64[:, :, ::1])",
)
def pauli_sums(  # noqa: PLR0917 - kernels have no keyword-only arguments
    planes: Planes, rank: int, x_mask: int, z_masks: Integers, scratch: Real, sums: Real
) -> None:
    """Add sum over j of (-1)^|j & z| conj(c[j xor x]) c[j] for each column c and each z.

    Args:
        planes: shape (2, 2^n, capacity).
        rank: columns in use.
        x_mask: x.
        z_masks: z of each string.
        scratch: shape (2, block * rank), block a power of two of at most 2^n.
        sums: real and imaginary parts, shape (2, strings, rank).
    """
    size = scratch.shape[1]
    block = size // rank
    below = block - 1
    re, im = planes[0], planes[1]
    for start in range(0, planes.shape[1], block):
        for row in range(block):
            ket, bra = start + row, (start + row) ^ x_mask
            ket_re, ket_im, bra_re, bra_im = re[ket], im[ket], re[bra], im[bra]
            real, imaginary = (
                scratch[0, row * rank : (row + 1) * rank],
                scratch[1, row * rank : (row + 1) * rank],
            )
            for column in range(rank):
                a, b = np.float64(ket_re[column]), np.float64(ket_im[column])
                c, d = np.float64(bra_re[column]), np.float64(bra_im[column])
                real[column] = a * c + b * d
                imaginary[column] = b * c - a * d
        half = rank
        while half < size:
            for part in range(2):
                for pair in range(0, size, 2 * half):
                    lower, upper = scratch[part, pair : pair + half], scratch[part, pair + half : pair + 2 * half]
                    for place in range(half):
                        a, b = lower[place], upper[place]
                        lower[place], upper[place] = a + b, a - b
            half *= 2
        for string in range(len(z_masks)):
            z = z_masks[string]
            at = (z & below) * rank
            above = start & z
            odd = 0
            while above:
                above &= above - 1
                odd ^= 1
            sign = 1.0 - 2.0 * odd
            for part in range(2):
                for column in range(rank):
                    sums[part, string, column] += sign * scratch[part, at + column]
