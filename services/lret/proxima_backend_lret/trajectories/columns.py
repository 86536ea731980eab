"""The columns of one batch of shots: operators chosen for each by its own random number.

Where few columns need another operator than the rest they are copied out and put back; otherwise every column gets a
matrix of its own. So little memory is needed beside the columns (`batches.copied_columns`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns import kernels as shared
from proxima_backend_lret.columns.blocks import blocks
from proxima_backend_lret.columns.offsets import offsets
from proxima_backend_lret.compiling.program import Integers, Real
from proxima_backend_lret.low_rank.products import reduced_states
from proxima_backend_lret.trajectories import kernels
from proxima_backend_lret.trajectories.batches import copied_columns
from proxima_backend_lret.trajectories.instruments import Instrument, pick, weights

Planes = npt.NDArray[np.floating]

_ALL = slice(None)
# Rows from which on few columns are worked on one by one, as rows are contiguous then.
_TALL = 1 << 10
_MAX_BLOCKS = 256


def apply(planes: Planes, found: Instrument, qubits: Sequence[int], points: Real) -> Integers:
    """Let one operator act on each column, in place, and return which.

    Columns that are looked at end with norm 1; the others may lose some norm, which their next look makes good.

    Args:
        planes: shape (2, 2^n, columns), none of them zero.
        found: the operators.
        qubits: the operands.
        points: numbers from [0, 1), shape (columns,).
    """
    width = planes.shape[2]
    looked_at = np.flatnonzero(points >= found.floor)
    if len(looked_at) > copied_columns(width):
        return _apply_to_all(planes, found, qubits, points, np.arange(width))
    picked = np.zeros(width, dtype=np.int64)
    few = _taken(planes, looked_at)
    picked[looked_at] = _apply_to_few(few, found, qubits, points[looked_at])
    shared.apply(planes, rank=width, qubits=qubits, matrix=found.first)
    _put(planes, looked_at, few)
    return picked


def apply_where(planes: Planes, found: Instrument, qubits: Sequence[int], points: Real, where: Integers) -> Integers:
    """Do the same for the columns `where` alone, ascending, and return their operators."""
    width = planes.shape[2]
    if len(where) == width:
        return apply(planes, found, qubits, points)
    if len(where) > copied_columns(width):
        return _apply_to_all(planes, found, qubits, points, where)
    few = _taken(planes, where)
    picked = _apply_to_few(few, found, qubits, points[where])
    _put(planes, where, few)
    return picked


def draw_rows(planes: Planes, points: Real) -> Integers:
    """Draw a basis state of each column by its weights, int64, shape (columns,)."""
    height, width = planes.shape[1:]
    # About as many blocks as rows in one: the least that a draw reads.
    blocks_of_rows = min(1 << ((height.bit_length() - 1) // 2), _MAX_BLOCKS)
    found = np.zeros(width, dtype=np.int64)
    kernels.draw_rows(planes, points, np.empty((blocks_of_rows, width)), found)
    return found


def _taken(planes: Planes, chosen: Integers) -> list[Planes]:
    """Return copies of the chosen columns: one by one where they are tall, else in one piece."""
    if not len(chosen):
        return []
    if planes.shape[1] >= _TALL:
        return [planes[:, :, place : place + 1].copy() for place in chosen]
    found = np.empty((*planes.shape[:2], len(chosen)), dtype=planes.dtype)
    kernels.take(planes, chosen, found)
    return [found]


def _put(planes: Planes, chosen: Integers, pieces: Sequence[Planes]) -> None:
    start = 0
    for piece in pieces:
        end = start + piece.shape[2]
        kernels.put(planes, chosen[start:end], piece)
        start = end


def _apply_to_few(pieces: Sequence[Planes], found: Instrument, qubits: Sequence[int], points: Real) -> Integers:
    picked: list[Integers] = [np.zeros(0, dtype=np.int64)]
    start = 0
    for piece in pieces:
        end = start + piece.shape[2]
        if piece.shape[2] == 1:
            picked.append(_apply_to_one(piece, found, qubits, points[start:end]))
        else:
            picked.append(_apply_to_all(piece, found, qubits, points[start:end], np.arange(end - start)))
        start = end
    return np.concatenate(picked)


def _apply_to_one(column: Planes, found: Instrument, qubits: Sequence[int], points: Real) -> Integers:
    """Let an operator act on a column, shape (2, 2^n, 1), whose rows are contiguous."""
    side = len(found.first)
    state = np.zeros((side, side), dtype=np.complex128)
    for re, im in zip(blocks(column[0], qubits, _ALL), blocks(column[1], qubits, _ALL), strict=True):
        part = (re + 1j * im).reshape(side, -1)
        state += part @ part.conj().T
    of_operators = weights(found, state[None])
    picked = pick(of_operators, points)
    matrix = found.operators[picked[0]] / np.sqrt(of_operators[picked[0], 0])
    shared.apply(column, rank=1, qubits=qubits, matrix=matrix)
    return picked


def _apply_to_all(planes: Planes, found: Instrument, qubits: Sequence[int], points: Real, where: Integers) -> Integers:
    """Multiply every column by a matrix of its own; that of columns not in `where` is 1."""
    width, side = planes.shape[2], len(found.first)
    if width == 1:
        return _apply_to_one(planes, found, qubits, points)
    of_operators = weights(found, reduced_states(planes, count=width, qubits=qubits))[:, where]
    picked = pick(of_operators, points[where])
    scale = 1 / np.sqrt(of_operators[picked, np.arange(len(where))])
    matrices = np.zeros((side, side, width), dtype=np.complex128)
    matrices[np.arange(side), np.arange(side)] = 1
    matrices[:, :, where] = (found.operators[picked] * scale[:, None, None]).transpose(1, 2, 0)
    parts = np.ascontiguousarray(np.stack([matrices.real, matrices.imag]), dtype=planes.dtype)
    scratch = np.empty((2, side, width), dtype=planes.dtype)
    kernels.apply_each(planes, np.array(sorted(qubits)), offsets(qubits), parts, scratch)
    return picked
