"""Moves as arrays, for the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.compiling.program import Program
from proxima_backend_lret.pauli.kernels import LANE_BYTES, SPLIT, SPLIT_COLUMNS, run_moves
from proxima_backend_lret.pauli.layout import (
    FIRST_WIRE,
    HOME,
    KIND,
    MAP,
    MASK,
    MOVE_LENGTH,
    OTHER,
    OTHER_BITS,
    REST,
    TASK,
    WIRES,
    Layout,
)
from proxima_backend_lret.pauli.tasks import Work

Float = npt.NDArray[np.floating]
Real = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_PAIR = 256
_ROUNDING = 2.0**-52
_LEAST_TO_SPLIT = 1 << 14
_SPLIT_LENGTH = sum(len(columns) ** 2 for columns in SPLIT_COLUMNS)
_GROUPS = np.array([[column in columns for columns in SPLIT_COLUMNS] for column in range(16)], dtype=np.float64)
_GROUP_SIZES = np.array([len(columns) for columns in SPLIT_COLUMNS])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Tape:
    """What `run_moves` takes beside the entries; its attributes are named as there, and `addresses` are of the blocks.

    `size` is how many entries all blocks take.
    """

    moves: Integers
    matrices: Float
    bases: Integers
    orders: Integers
    tile: Float
    mapped: Float
    matrix: Float
    sources: Integers
    targets: Integers
    addresses: tuple[int, ...]
    size: int

    def run(self, entries: Float, first: int, last: int) -> None:
        """Run moves[first:last] on the entries."""
        run_moves(
            entries,
            self.moves,
            first,
            last,
            self.matrices,
            self.bases,
            self.orders,
            self.tile,
            self.mapped,
            self.matrix,
            self.sources,
            self.targets,
        )


def write_tape(program: Program, work: Work, layout: Layout, dtype: npt.DTypeLike) -> Tape:
    """Return the tape of a layout; entries and matrices are of `dtype`, float64 or float32."""
    addresses, size = _place_blocks(layout.block_bits)
    moves = np.array(layout.moves, dtype=np.int64).reshape(-1, MOVE_LENGTH)
    steps = moves[:, TASK].copy()
    lookup = np.array(addresses, dtype=np.int64)
    moves[:, HOME] = lookup[moves[:, HOME]]
    moves[:, OTHER] = np.where(moves[:, OTHER] >= 0, lookup[moves[:, OTHER]], -1)

    # Matrices on pairs come first, then those of other shapes, then those that are written in blocks.
    used = np.array(work.slots, dtype=np.int64)
    of_pairs = used >= 0
    slots = used[of_pairs].tolist()
    numbers = {slot: number for number, slot in enumerate(dict.fromkeys(slots))}
    pairs, first = list(numbers), np.array([numbers[slot] for slot in slots], dtype=np.int64)
    whole = np.asarray(program.two, dtype=np.float64)[pairs].reshape(-1, 16, 16)
    address = np.zeros(len(used), dtype=np.int64)
    address[of_pairs] = first * _PAIR
    parts, start = [whole.reshape(-1)], whole.size
    for task, matrix in work.matrices.items():
        address[task] = start
        parts.append(matrix.reshape(-1))
        start += matrix.size
    moves[:, TASK] = address[steps]
    orders = np.zeros((1, 2, 16), dtype=np.int64)
    if size > _LEAST_TO_SPLIT and len(whole):
        split, orders = split_matrices(whole)
        parts.append(split.reshape(-1))
        which = np.full(len(used), -1)
        which[of_pairs] = np.where(orders[first, 0, 0] >= 0, first, -1)
        which = which[steps]
        turned = np.flatnonzero((moves[:, KIND] == MAP) & (moves[:, OTHER] < 0) & (which >= 0))
        moves[turned, KIND] = SPLIT
        moves[turned, OTHER_BITS] = which[turned] * orders[0].size
        moves[turned, TASK] = start + which[turned] * _SPLIT_LENGTH

    bases: list[int] = []
    for move, places in layout.controls.items():
        values = work.values[layout.moves[move][TASK]]
        moves[move, MASK], moves[move, REST] = len(bases), len(values)
        bases += [sum(1 << place for bit, place in enumerate(places) if (value >> bit) & 1) for value in values]

    rows, columns = _largest(layout.moves)
    lanes = LANE_BYTES // np.dtype(dtype).itemsize
    return Tape(
        moves=moves,
        matrices=np.concatenate(parts).astype(dtype),
        bases=np.array(bases or [0], dtype=np.int64),
        orders=orders.reshape(-1),
        tile=np.zeros(columns * lanes, dtype=dtype),
        mapped=np.zeros(rows * lanes, dtype=dtype),
        matrix=np.zeros(rows * columns, dtype=dtype),
        sources=np.zeros(4 * max(rows, columns) + 16, dtype=np.int64),
        targets=np.zeros(rows, dtype=np.int64),
        addresses=addresses,
        size=size,
    )


def split_matrices(matrices: Real) -> tuple[Real, Integers]:
    """Write matrices on two qubits in blocks, where these keep I, local terms of each qubit and joint terms apart.

    Such are Clifford gates with Pauli noise, and local maps that keep I before all of them, or after.

    Args:
        matrices: shape (m, 16, 16), products whose entries are known to 2^-52 at best; smaller ones are taken for 0.

    Returns:
        The entries in the order of SPLIT_COLUMNS, shape (m, 100), and the rows and columns in that order, int64, shape
        (m, 2, 16); -1 for a matrix that cannot be written so.
    """
    filled = np.abs(matrices) > _ROUNDING
    before, rows = _order_of_rows(filled)
    after, columns = _order_of_rows(filled.transpose(0, 2, 1))
    fixed = np.concatenate([np.array(columns) for columns in SPLIT_COLUMNS])
    orders = np.empty((len(matrices), 2, 16), dtype=np.int64)
    orders[:, 0] = np.where(before[:, None], rows, fixed)
    orders[:, 1] = np.where(before[:, None], fixed, columns)
    orders[~(before | after)] = -1
    found = np.empty((len(matrices), _SPLIT_LENGTH))
    first = entry = 0
    every = np.arange(len(matrices))[:, None, None]
    for size in _GROUP_SIZES.tolist():
        block = orders[:, :, first : first + size]
        found[:, entry : entry + size * size] = matrices[every, block[:, 0, :, None], block[:, 1, None, :]].reshape(
            len(matrices), size * size
        )
        first, entry = first + size, entry + size * size
    return found, orders


def _order_of_rows(filled: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.bool_], Integers]:
    """Return whether each row has entries in columns of one block only, as many rows as columns, and their order."""
    touched = (filled @ _GROUPS) > 0
    group = touched.argmax(axis=2)
    sizes = (group[:, :, None] == np.arange(len(SPLIT_COLUMNS))).sum(axis=1)
    possible = (touched.sum(axis=2) == 1).all(axis=1) & (sizes == _GROUP_SIZES).all(axis=1)
    return possible, np.argsort(group, axis=1, kind="stable")


def _place_blocks(block_bits: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """Return an address for each block, the greatest first, so that each is aligned to its size."""
    addresses, size = [0] * len(block_bits), 0
    for block in sorted(range(len(block_bits)), key=lambda block: -block_bits[block]):
        if block_bits[block] >= 0:
            addresses[block] = size
            size += 1 << block_bits[block]
    return tuple(addresses), size


def _largest(moves: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Return the most rows and columns that the matrix of a map has; 16 at least."""
    rows = columns = 4
    for move in moves:
        if move[KIND] == MAP:
            wires = range(FIRST_WIRE, FIRST_WIRE + 4 * move[WIRES], 4)
            taken = move[MASK].bit_count() if move[OTHER] >= 0 else 0
            rows = max(rows, taken + sum(move[wire + 3] for wire in wires))
            columns = max(columns, sum(move[wire + 1] for wire in wires))
    return 1 << rows, 1 << columns
