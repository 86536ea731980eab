"""The distribution of what a circuit records, from the weights of measured qubits in each classical record.

The weight that was dropped is filled in evenly over all values of the measured qubits and recorded bits. Readout errors
of terminal measurements act after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.readout import Readout
from proxima_runtime.arrays.records import with_readout

from proxima_backend_lret.compiling.program import Source

Real = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """The distribution of what the circuit records.

    Attributes:
        readout: which classical bits record which terminally measured qubits (the slots).
        recorded: bits that are written in mid-circuit only, ascending.
        records: record of each branch, as a number.
        weights: probabilities of the slots in each branch, not normalised, float64, shape (2^slots,).
        missing: weight that is filled in evenly over slots and recorded bits.
    """

    readout: Readout
    recorded: tuple[int, ...]
    records: tuple[int, ...]
    weights: tuple[Real, ...]
    missing: float


def find_outcomes(
    source: Source, readout: Readout, slot_weights: Sequence[tuple[int, Real]], *, missing: float
) -> Outcomes:
    """Return the distribution over terminally measured qubits and recorded bits, before their readout errors.

    Args:
        source: of a circuit that measures.
        readout: which bits record which of its terminally measured qubits.
        slot_weights: unnormalised probabilities of these qubits in each record.
        missing: weight that was dropped.
    """
    return Outcomes(
        readout=readout,
        recorded=tuple(bit for bit in source.written_clbits if bit not in source.terminal),
        records=tuple(record for record, _ in slot_weights),
        weights=tuple(weights for _, weights in slot_weights),
        missing=missing,
    )


def bit_readouts(source: Source) -> Mapping[int, Real | None]:
    """Return the readout error of each bit that a terminal measurement writes last."""
    return {clbit: reading.readout for clbit, reading in source.terminal.items()}


def bit_probabilities(found: Outcomes, readouts: Mapping[int, Real | None]) -> Real:
    """Return the probabilities of all written bits, ascending, float64, shape (2^b,); readout errors included."""
    clbits = sorted((*found.readout.clbits, *found.recorded))
    if not found.recorded and clbits == list(found.readout.clbits) and not found.readout.has_fan_out:
        # Without bits of mid-circuit measurements there is one branch, in the order of the bits already.
        (weights,) = found.weights
        if found.missing:
            weights = weights + found.missing / len(weights)
        return with_readout(weights, [readouts.get(clbit) for clbit in clbits])
    place = {clbit: position for position, clbit in enumerate(clbits)}
    spread = _spread(
        [place[clbit] for clbit in found.readout.clbits], found.readout.slots, len(found.readout.slot_qubits)
    )
    total = np.zeros(1 << len(clbits))
    for record, weights in zip(found.records, found.weights, strict=True):
        base = sum(1 << place[bit] for bit in found.recorded if (record >> bit) & 1)
        total[spread | base] += weights
    if found.missing:
        places = [place[bit] for bit in found.recorded]
        records = _spread(places, range(len(places)), len(places))
        each = found.missing / (len(spread) * len(records))
        for base in records:
            total[spread | base] += each
    return with_readout(total, [readouts.get(clbit) for clbit in clbits])


def _spread(places: Sequence[int], slots: Sequence[int], slot_count: int) -> npt.NDArray[np.int64]:
    """Return, for every value of the slots, the number with bit `places[j]` set where slot `slots[j]` is 1."""
    source = np.arange(1 << slot_count, dtype=np.int64)
    target = np.zeros_like(source)
    for place, slot in zip(places, slots, strict=True):
        target |= ((source >> slot) & 1) << place
    return target
