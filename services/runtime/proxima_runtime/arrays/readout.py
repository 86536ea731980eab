"""From measured qubits to classical bits: sampling, packing of outcomes, probabilities over classical bits.

A slot is one measured qubit that at least one classical bit records; slots are numbered by the first classical bit that
records them, so that without fan-out slot j is the j-th written bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.uint64]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Readout:
    """Which classical bits record which slots.

    Attributes:
        slot_qubits: qubit of each slot.
        clbits: classical bits that are written, ascending.
        slots: slot that each of `clbits` records.
        clbit_count: declared classical bits.
    """

    slot_qubits: tuple[int, ...]
    clbits: tuple[int, ...]
    slots: tuple[int, ...]
    clbit_count: int

    @property
    def has_fan_out(self) -> bool:
        """Some slot is recorded by several classical bits."""
        return len(self.clbits) > len(self.slot_qubits)

    def probabilities(self, of_slots: Real) -> Real:
        """Turn probabilities over slots, shape (2^slots,), into those over `clbits`, shape (2^clbits,)."""
        if not self.has_fan_out:
            return of_slots
        source = np.arange(len(of_slots))
        target = np.zeros_like(source)
        for position, slot in enumerate(self.slots):
            target |= ((source >> slot) & 1) << position
        spread = np.zeros(1 << len(self.clbits))
        spread[target] = of_slots
        return spread

    def pack(self, of_slots: Bytes, values: Counts) -> tuple[Bytes, Counts]:
        """Pack outcomes over all declared classical bits, rows ascending as unsigned integers.

        Args:
            of_slots: shape (outcomes, ceil(slots / 8)), slot j is bit j % 8 of byte j // 8; rows distinct.
            values: how often each was seen.
        """
        size = -(-self.clbit_count // 8)
        if self.clbits == tuple(range(len(self.slot_qubits))) and size == of_slots.shape[1]:
            packed = of_slots
        else:
            packed = np.zeros((len(values), size), dtype=np.uint8)
            for clbit, slot in zip(self.clbits, self.slots, strict=True):
                packed[:, clbit >> 3] |= ((of_slots[:, slot >> 3] >> (slot & 7)) & 1) << (clbit & 7)
        # The last key decides first: the most significant byte.
        order = np.lexsort(packed.T)
        return np.ascontiguousarray(packed[order]), np.ascontiguousarray(values[order])


def read(measured: Mapping[int, int], clbit_count: int) -> Readout:
    """Number the slots of `measured`, which maps written classical bits, ascending, to qubits."""
    slot_of: dict[int, int] = {}
    slots = tuple(slot_of.setdefault(qubit, len(slot_of)) for qubit in measured.values())
    return Readout(slot_qubits=tuple(slot_of), clbits=tuple(measured), slots=slots, clbit_count=clbit_count)


def batch_seeds(job: backend_pb2.Job, item_index: int) -> Sequence[tuple[int, np.random.SeedSequence]]:
    """Return shots and seed of each batch of the plan; one batch draws from the seed itself."""
    batches = tuple(job.segmentation.shot_batches) or (job.results.shots,)
    if len(batches) == 1:
        return ((batches[0], np.random.SeedSequence(job.seed)),)
    return tuple((shots, np.random.SeedSequence((job.seed, item_index, index))) for index, shots in enumerate(batches))


def draw(of_slots: Real, batches: Sequence[tuple[int, np.random.SeedSequence]]) -> tuple[Bytes, Counts]:
    """Sample outcomes of exact probabilities over slots; weights are relative.

    Returns:
        Outcomes, shape (outcomes, ceil(slots / 8)), ascending, and how often each was seen.
    """
    size = len(of_slots)
    totals = np.zeros(size, dtype=np.int64)
    edges = np.cumsum(of_slots)
    for shots, seed in batches:
        generator = np.random.Generator(np.random.PCG64(seed))
        if shots > size:
            totals += generator.multinomial(shots, of_slots / edges[-1])
        else:
            points = generator.random(shots) * edges[-1]
            # "right": an outcome of probability zero has no width, so no point falls on it.
            picked = np.minimum(np.searchsorted(edges, points, side="right"), size - 1)
            totals += np.bincount(picked, minlength=size)
    outcomes = np.flatnonzero(totals)
    bytes_each = max(1, -(-(size.bit_length() - 1) // 8))
    rows = outcomes.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :bytes_each]
    return np.ascontiguousarray(rows), totals[outcomes].astype(np.uint64)
