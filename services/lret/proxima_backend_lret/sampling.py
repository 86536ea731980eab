"""Counts: samples of the filled distribution, record by record."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima_runtime.arrays.readout import batch_seeds
from proxima_runtime.arrays.records import packed_counts, with_readout
from proxima_runtime.backend.engine import ResultArray

from proxima_backend_lret.compiling.program import Real
from proxima_backend_lret.outcomes import Outcomes

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]


def count_arrays(job: backend_pb2.Job, found: Outcomes, readouts: Mapping[int, Real | None]) -> list[ResultArray]:
    """Draw the shots of a job, batch by batch, and return the two arrays of counts."""
    space = _Space(found, readouts)
    drawn = [space.draw(np.random.Generator(np.random.PCG64(seed)), shots) for shots, seed in batch_seeds(job, 0)]
    rows, times = _united(np.concatenate([part for part, _ in drawn]), np.concatenate([part for _, part in drawn]))
    return packed_counts(rows, times.astype(np.uint64))


class _Space:
    """What is drawn in each branch: the slots, or the bits themselves where several bits read one qubit with errors."""

    def __init__(self, found: Outcomes, readouts: Mapping[int, Real | None]) -> None:
        readout = found.readout
        by_bit = readout.has_fan_out and any(entry is not None for entry in readouts.values())
        count = len(readout.clbits) if by_bit else len(readout.slot_qubits)
        # Bits that each drawn axis sets.
        self._axes: list[list[int]] = [[] for _ in range(count)]
        for position, (clbit, slot) in enumerate(zip(readout.clbits, readout.slots, strict=True)):
            self._axes[position if by_bit else slot].append(clbit)
        errors = [readouts.get(bits[0]) for bits in self._axes]
        self._weights = [
            with_readout(readout.probabilities(weights) if by_bit else weights, errors) for weights in found.weights
        ]
        if found.missing:
            size = len(found.weights[0]) if found.weights else 1 << len(readout.slot_qubits)
            even = np.full(size, found.missing / size)
            self._weights.append(with_readout(readout.probabilities(even) if by_bit else even, errors))
        self._records = found.records
        self._recorded = found.recorded
        self._byte_count = -(-readout.clbit_count // 8)

    def draw(self, generator: np.random.Generator, shots: int) -> tuple[Bytes, Integers]:
        """Return outcomes packed over all classical bits, not distinct, and how often each was drawn."""
        totals = np.array([weights.sum() for weights in self._weights])
        shares = generator.multinomial(shots, totals / totals.sum()) if len(totals) > 1 else np.array([shots])
        rows: list[Bytes] = []
        times: list[Integers] = []
        for index, (weights, count) in enumerate(zip(self._weights, shares.tolist(), strict=True)):
            if not count:
                continue
            values, seen = _draw(generator, weights, count)
            packed = np.zeros((len(values), self._byte_count), dtype=np.uint8)
            for axis, bits in enumerate(self._axes):
                ones = ((values >> axis) & 1).astype(np.uint8)
                for bit in bits:
                    packed[:, bit >> 3] |= ones << (bit & 7)
            if index < len(self._records):
                for bit in self._recorded:
                    packed[:, bit >> 3] |= ((self._records[index] >> bit) & 1) << (bit & 7)
            elif self._recorded:
                # What is filled in has every value of the recorded bits alike.
                packed, seen = np.repeat(packed, seen, axis=0), np.ones(count, dtype=np.int64)
                for bit in self._recorded:
                    packed[:, bit >> 3] |= generator.integers(0, 2, size=count, dtype=np.uint8) << (bit & 7)
            rows.append(packed)
            times.append(seen)
        return np.concatenate(rows), np.concatenate(times)


def _draw(generator: np.random.Generator, weights: Real, shots: int) -> tuple[Integers, Integers]:
    """Sample indices by relative weights; return the distinct ones, ascending, and how often each was drawn."""
    size = len(weights)
    if shots > size:
        totals = generator.multinomial(shots, weights / weights.sum())
    else:
        edges = np.cumsum(weights)
        points = generator.random(shots) * edges[-1]
        # "right": an index of weight zero has no width, so no point falls on it.
        picked = np.minimum(np.searchsorted(edges, points, side="right"), size - 1)
        totals = np.bincount(picked, minlength=size)
    values = np.flatnonzero(totals).astype(np.int64)
    return values, totals[values].astype(np.int64)


def _united(rows: Bytes, times: Integers) -> tuple[Bytes, Integers]:
    """Make outcomes distinct, ascending as unsigned numbers."""
    # The last key decides first: the most significant byte.
    order = np.lexsort(rows.T)
    rows, times = rows[order], times[order]
    starts = np.flatnonzero(np.concatenate(([True], (rows[1:] != rows[:-1]).any(axis=1))))
    return np.ascontiguousarray(rows[starts]), np.add.reduceat(times, starts)
