"""How far explicit matrices are from unitary or trace preserving, without numpy.

Operators are mostly zeros, so only pairs of entries that are not zero are multiplied. The largest dense channel, 256
operators on 4 qubits, takes a fraction of a second.
"""

from __future__ import annotations

import math

TOLERANCE = 1e-8
"""Largest entry of |sum K^dagger K - I| that is allowed (docs/noise.md); unitaries are held to the same."""


def identity_deviation(matrices: bytes, side: int) -> float:
    """Return the largest entry of |sum K^dagger K - I|; infinity where numbers overflow.

    Args:
        matrices: complex128 little-endian, row-major, shape (m, side, side), all finite.
        side: 2^k.
    """
    numbers = memoryview(matrices).cast("d").tolist()
    width = 2 * side
    gram = [[0j] * side for _ in range(side)]
    for start in range(0, len(numbers), width):
        row = numbers[start : start + width]
        entries = [
            (column, complex(real, imaginary))
            for column, (real, imaginary) in enumerate(zip(row[::2], row[1::2], strict=True))
            if real or imaginary
        ]
        # Sum over rows of conj(row)^T row; Hermitian, so one triangle is enough.
        for place, (column, entry) in enumerate(entries):
            conjugate, sums = entry.conjugate(), gram[column]
            for other, value in entries[place:]:
                sums[other] += conjugate * value
    largest = 0.0
    for column, sums in enumerate(gram):
        for other in range(column, side):
            # Not abs(): it raises where the modulus overflows.
            entry = sums[other] - (column == other)
            deviation = math.hypot(entry.real, entry.imag)
            if not math.isfinite(deviation):
                return math.inf
            largest = max(largest, deviation)
    return largest
