"""Which classical bits still matter, so that records that differ in others become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import Listing

_MEASURE = circuit_pb2.Operation.KIND_MEASURE


@dataclass(frozen=True, kw_only=True, slots=True)
class Liveness:
    """What becomes of the bits of a circuit.

    Attributes:
        recorded: positions of measurements whose bit matters afterwards; the others only disturb the state.
        forgotten: bits that matter no more after a position.
    """

    recorded: frozenset[int]
    forgotten: Mapping[int, Sequence[int]]


def find_liveness(listing: Listing, *, keeps_records: bool) -> Liveness:
    """Find the bits that matter, from the end backwards.

    Args:
        listing: the circuit.
        keeps_records: results depend on the bits at the end; else only conditions do.
    """
    live = set(listing.written_clbits) if keeps_records else set()
    recorded: set[int] = set()
    forgotten: dict[int, list[int]] = {}
    for position in range(len(listing.instructions) - 1, -1, -1):
        step = listing.instructions[position]
        if step.kind == _MEASURE:
            if step.clbit in live:
                recorded.add(position)
            if not step.conditions:
                live.discard(step.clbit)
        for condition in step.conditions:
            bits = range(condition.first_clbit, condition.first_clbit + condition.width)
            last_read = [bit for bit in bits if bit not in live]
            if last_read:
                forgotten.setdefault(position, []).extend(last_read)
                live.update(last_read)
    return Liveness(recorded=frozenset(recorded), forgotten=forgotten)
