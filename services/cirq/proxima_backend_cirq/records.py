"""From sampled bits to counts of classical records. A record is all classical bits as a number, bit b for bit b."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.uint64]
Real = npt.NDArray[np.float64]

CHUNK = 1 << 16
"""Shots whose bits are held one byte each at a time."""


def misread(bits: Bits, readouts: Sequence[Real | None], generator: np.random.Generator) -> Bits:
    """Return what is read of true bits.

    Args:
        bits: shape (shots, b), 0 or 1; altered in place.
        readouts: P(read | true), shape (2, 2), of each of the b bits; None where reading is exact.
        generator: draws the errors.
    """
    for column, readout in enumerate(readouts):
        if readout is not None:
            ones = readout[:, 1][bits[:, column]]
            bits[:, column] = generator.random(len(bits)) < ones
    return bits


def tally(bits: Bits, clbits: Sequence[int], *, start: int = 0, into: dict[int, int]) -> None:
    """Add shots to counts of records.

    Args:
        bits: shape (shots, b), 0 or 1.
        clbits: the classical bit that each of the b bits is, all different.
        start: the other classical bits of the record.
        into: counts by record, added to.
    """
    if not clbits:
        into[start] = into.get(start, 0) + len(bits)
        return
    found: dict[int, int] = {}
    _add_rows(np.packbits(bits, axis=1, bitorder="little"), found)
    dense = tuple(clbits) == tuple(range(len(clbits)))
    for value, count in found.items():
        spread = value if dense else sum(((value >> place) & 1) << clbit for place, clbit in enumerate(clbits))
        into[start | spread] = into.get(start | spread, 0) + count


def misread_outcomes(
    outcomes: Bits, times: Counts, readouts: Mapping[int, Real], generator: np.random.Generator
) -> dict[int, int]:
    """Return counts of what is read from counts of what is true.

    Args:
        outcomes: shape (outcomes, bytes), classical bit b is bit b % 8 of byte b // 8.
        times: how often each was seen, shape (outcomes,).
        readouts: P(read | true), shape (2, 2), of the classical bits that are read with errors.
        generator: draws the errors.
    """
    edges = np.cumsum(times).astype(np.int64)
    chunk = max(1, (CHUNK * 8) // max(outcomes.shape[1], 8))
    found: dict[int, int] = {}
    for start in range(0, int(edges[-1]), chunk):
        shots = np.arange(start, min(start + chunk, int(edges[-1])))
        rows = outcomes[np.searchsorted(edges, shots, side="right")]
        for clbit, readout in readouts.items():
            column, place = rows[:, clbit >> 3], np.uint8(clbit & 7)
            true = (column >> place) & 1
            read = (generator.random(len(rows)) < readout[:, 1][true]).astype(np.uint8)
            column ^= (true ^ read) << place
        _add_rows(rows, found)
    return found


def bits_of(outcomes: npt.NDArray[np.int64], places: Sequence[int]) -> Bits:
    """Return some bits of basis indices, shape (len(outcomes), len(places))."""
    return ((outcomes[:, None] >> np.asarray(places, dtype=np.int64)) & 1).astype(np.uint8)


def reindex(clbits: Sequence[int], written: Sequence[int], *, start: int) -> npt.NDArray[np.int64]:
    """Return the places, shape (2^len(clbits),), that values of some classical bits have among those of all written.

    Args:
        clbits: part of `written`; clbits[0] is the least significant bit of an index.
        written: all written classical bits; written[0] is the least significant bit of a place.
        start: record of the other written bits.
    """
    place_of = {clbit: place for place, clbit in enumerate(written)}
    source = np.arange(1 << len(clbits), dtype=np.int64)
    target = np.zeros_like(source)
    for position, clbit in enumerate(clbits):
        target |= ((source >> position) & 1) << place_of.pop(clbit)
    for clbit, place in place_of.items():
        target |= ((start >> clbit) & 1) << place
    return target


def _add_rows(rows: Bits, into: dict[int, int]) -> None:
    """Add packed rows, shape (shots, bytes), least significant byte first, to counts by their value."""
    cells = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).reshape(-1)
    distinct, times = np.unique(cells, return_counts=True)
    for cell, count in zip(distinct, times.tolist(), strict=True):
        value = int.from_bytes(cell.tobytes(), "little")
        into[value] = into.get(value, 0) + count
