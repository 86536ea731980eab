"""What moves do, said plainly: the kernels are held to it in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.pauli.layout import (
    CLOSE,
    FIRST_WIRE,
    HOME,
    HOME_BITS,
    KIND,
    MASK,
    OTHER,
    OUTER,
    REST,
    TASK,
    WIRES,
    Layout,
)

Real = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def run_plainly(
    layout: Layout,
    blocks: dict[int, Real],
    matrices: Mapping[int, Real],
    values: Mapping[int, Sequence[int]],
) -> None:
    """Run all moves of a layout on its blocks, which are replaced.

    Args:
        layout: moves.
        blocks: the entries of each component at the start.
        matrices: matrix of each task.
        values: of the controls, for which each task that has some acts.
    """
    for index, move in enumerate(layout.moves):
        home = move[HOME]
        if move[KIND] == OUTER:
            blocks[home] = np.multiply.outer(blocks.pop(move[OTHER]), blocks[home]).reshape(-1)
        elif move[KIND] == CLOSE:
            place = np.arange(len(blocks[home]))
            blocks[home] = blocks[home][(place & ~move[MASK]) == 0]
        else:
            controls = layout.controls.get(index, ())
            acts = [_deposit(value, controls) for value in values[move[TASK]]] if controls else [0]
            entries = blocks[home]
            if move[OTHER] >= 0:
                entries = np.multiply.outer(blocks.pop(move[OTHER]), entries).reshape(-1)
            blocks[home] = _map(entries, move, matrices[move[TASK]], controls, acts)


def _map(entries: Real, move: Sequence[int], matrix: Real, controls: Sequence[int], acts: Sequence[int]) -> Real:
    """Return the entries with the wires of a map where they go; places that it frees are 0."""
    place = np.arange(len(entries))
    bits = move[HOME_BITS]
    # What an index has outside of the wires stays, but what was taken in goes to its new places.
    going = place & ((1 << bits) - 1)
    if move[OTHER] >= 0:
        old = [bits + bit for bit in range(move[MASK].bit_length()) if (move[MASK] >> bit) & 1]
        new = [bit for bit in range(move[REST].bit_length()) if (move[REST] >> bit) & 1]
        for before, after in zip(old, new, strict=True):
            going |= ((place >> before) & 1) << after
    column, columns = np.zeros_like(place), 1
    targets = np.zeros(1, dtype=np.int64)
    for wire in range(FIRST_WIRE, FIRST_WIRE + 4 * move[WIRES], 4):
        at, before, to, after = move[wire : wire + 4]
        digits = 1 << before
        column += columns * ((place >> at) & (digits - 1))
        columns *= digits
        if at < bits:
            going &= ~((digits - 1) << at)
        targets = np.concatenate([targets + (digit << to) for digit in range(1 << after)])
    fixed = _deposit((1 << len(controls)) - 1, controls)
    acting = np.isin(place & fixed, acts)
    size = int((going[:, None] | targets[None, :]).max()) + 1
    found = np.zeros(1 << (size - 1).bit_length())
    found[place[~acting]] = entries[~acting]
    for row, target in enumerate(targets):
        np.add.at(found, going[acting] + target, matrix[row, column[acting]] * entries[acting])
    return found


def _deposit(value: int, places: Sequence[int]) -> int:
    return sum(1 << place for bit, place in enumerate(places) if (value >> bit) & 1)
