"""Which classical bits still matter, so that records that differ in others need not be told apart, without numpy.

A bit matters from its measurement to the last condition that reads that value, and to the end where results need it.
Measurements of bits that do not matter only dephase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.backend.measurements import IDLE, Step

_MEASURE = circuit_pb2.Operation.KIND_MEASURE


@dataclass(frozen=True, kw_only=True, slots=True)
class Liveness:
    """What becomes of the classical bits of a circuit; positions are those of the steps.

    Attributes:
        tracked: positions of measurements, none of them terminal, whose outcome matters later.
        deaths: bits that no longer matter after a position.
        live_bit_counts: for each position, how many bits of tracked measurements matter while its step is done, its own
            outcome included; there are at most 2 to this power records.
    """

    tracked: frozenset[int]
    deaths: Mapping[int, Sequence[int]]
    live_bit_counts: Sequence[int]


def find_liveness(steps: Sequence[Step], terminal: frozenset[int], *, keeps_records: bool) -> Liveness:
    """Find the bits that matter.

    Args:
        steps: the circuit, in program order.
        terminal: positions of its terminal measurements.
        keeps_records: counts or probabilities are wanted, so that the final value of each bit matters.
    """
    # Bits whose present value matters to what comes later.
    wanted = {step.clbit for step in steps if step.kind == _MEASURE} if keeps_records else set()
    tracked: set[int] = set()
    deaths: dict[int, list[int]] = {}
    for position in range(len(steps) - 1, -1, -1):
        step = steps[position]
        if step.kind == _MEASURE:
            if step.clbit in wanted and position not in terminal:
                tracked.add(position)
            # An unconditional measurement replaces what the bit was before.
            if not step.reads:
                wanted.discard(step.clbit)
        if step.kind in IDLE:
            continue
        for bits in step.reads:
            for bit in bits:
                if bit not in wanted:
                    wanted.add(bit)
                    deaths.setdefault(position, []).append(bit)
    return Liveness(
        tracked=frozenset(tracked),
        deaths=MappingProxyType(deaths),
        live_bit_counts=_live_bit_counts(steps, tracked, deaths),
    )


def _live_bit_counts(steps: Sequence[Step], tracked: set[int], deaths: Mapping[int, Sequence[int]]) -> Sequence[int]:
    live: set[int] = set()
    counts: list[int] = []
    for position, step in enumerate(steps):
        if position in tracked:
            live.add(step.clbit)
        counts.append(len(live))
        live.difference_update(deaths.get(position, ()))
    return counts
