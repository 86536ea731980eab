"""Bit strings: highest index first, as everywhere in Proxima."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["packed_bit_strings", "placed_bit_strings"]


def packed_bit_strings(rows: NDArray[np.uint8], *, width: int) -> list[str]:
    """Return one bit string a row of packed bits.

    Args:
        rows: uint8, shape (rows, ceil(width / 8)); bit b is bit b % 8 of byte b // 8.
        width: number of bits, at least 1.
    """
    bits = np.unpackbits(rows, axis=1, count=width, bitorder="little")
    return _strings(bits)


def placed_bit_strings(indices: NDArray[np.intp], *, axis_bits: Sequence[int], width: int) -> list[str]:
    """Return one bit string of `width` bits an index; bit j of the index is bit `axis_bits[j]`, all other bits are 0.

    Args:
        indices: shape (rows,), not negative.
        axis_bits: positions in [0, width), least significant bit of the index first.
        width: number of bits, at least 1.
    """
    bits = np.zeros((indices.size, width), dtype=np.uint8)
    for j, place in enumerate(axis_bits):
        bits[:, place] = (indices >> j) & 1
    return _strings(bits)


def _strings(bits: NDArray[np.uint8]) -> list[str]:
    rows, width = bits.shape
    if rows == 0:
        return []
    text = np.ascontiguousarray(bits[:, ::-1]) + np.uint8(ord("0"))
    decoded: list[str] = text.view(f"S{width}").reshape(rows).astype(f"U{width}").tolist()
    return decoded
