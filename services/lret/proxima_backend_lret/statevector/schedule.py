"""Which step of a circuit runs when, and which qubits are lanes meanwhile.

Matrices are only applied to qubits that are not lanes. Steps run in program order as far as they keep clear of the
lanes; when nothing does any more, the qubits whose next step comes last become lanes, which is the rule of least misses
(Belady, A study of replacement algorithms, IBM Systems Journal 5, 1966).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LANES = 5
"""Lanes of a state vector of `MIN_QUBITS` and more; smaller ones have none, and pay less than for moving qubits."""

MIN_QUBITS = 11

# Steps a qubit that may wait at once: all of them are gone through between two exchanges.
_WAITING = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """Positions that are swapped pairwise.

    Attributes:
        lanes: positions of lanes.
        others: positions that are not lanes, ascending.
    """

    lanes: tuple[int, ...]
    others: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """The order of steps and exchanges.

    Attributes:
        lane_count: lowest positions that are lanes.
        positions: position of each qubit at the start.
        actions: index of the step that runs, or -1 - j for exchange j.
        exchanges: in order.
    """

    lane_count: int
    positions: tuple[int, ...]
    actions: tuple[int, ...]
    exchanges: tuple[Exchange, ...]


def schedule(steps: Sequence[Sequence[int]], *, qubit_count: int) -> Schedule:
    """Order the steps of a circuit, of which `steps` are the operands in program order."""
    widest = max((len(operands) for operands in steps), default=1)
    if qubit_count < max(MIN_QUBITS, LANES + widest):
        return Schedule(
            lane_count=0, positions=tuple(range(qubit_count)), actions=tuple(range(len(steps))), exchanges=()
        )
    lanes = _latest(steps, range(len(steps)), qubit_count)
    order = lanes + [qubit for qubit in range(qubit_count) if qubit not in lanes]
    positions = [0] * qubit_count
    for position, qubit in enumerate(order):
        positions[qubit] = position
    start = tuple(positions)
    actions: list[int] = []
    exchanges: list[Exchange] = []
    waiting: list[int] = []
    following = 0
    while True:
        blocked = set(lanes)
        still: list[int] = []
        for index in waiting:
            _place(index, steps[index], blocked, actions, still)
        while following < len(steps) and len(blocked) < qubit_count and len(still) < _WAITING * qubit_count:
            _place(following, steps[following], blocked, actions, still)
            following += 1
        waiting = still
        if not waiting:
            break
        lanes = _latest(steps, [*waiting, *range(following, min(following + 8 * qubit_count, len(steps)))], qubit_count)
        exchanges.append(_exchange(positions, lanes))
        actions.append(-len(exchanges))
    return Schedule(lane_count=LANES, positions=start, actions=tuple(actions), exchanges=tuple(exchanges))


def _place(index: int, operands: Sequence[int], blocked: set[int], actions: list[int], still: list[int]) -> None:
    """Run a step that no blocked qubit is in the way of; else its qubits wait with it."""
    if blocked.isdisjoint(operands):
        actions.append(index)
    else:
        blocked.update(operands)
        still.append(index)


def _latest(steps: Sequence[Sequence[int]], indices: Sequence[int], qubit_count: int) -> list[int]:
    """Return `LANES` qubits whose first step among `indices` comes last, those without one before all others."""
    left = dict.fromkeys(range(qubit_count))
    for index in indices:
        for qubit in steps[index]:
            if len(left) == LANES:
                return list(left)
            left.pop(qubit, None)
    return list(left)[-LANES:]


def _exchange(positions: list[int], lanes: Sequence[int]) -> Exchange:
    """Move qubits into the lanes, and update their positions."""
    coming = sorted((qubit for qubit in lanes if positions[qubit] >= LANES), key=lambda qubit: positions[qubit])
    going = [qubit for qubit in range(len(positions)) if positions[qubit] < LANES and qubit not in lanes]
    found = Exchange(
        lanes=tuple(positions[qubit] for qubit in going), others=tuple(positions[qubit] for qubit in coming)
    )
    for out, into in zip(going, coming, strict=True):
        positions[out], positions[into] = positions[into], positions[out]
    return found
