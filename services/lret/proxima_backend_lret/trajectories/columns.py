"""The columns of one batch of shots: operators chosen for each by its own random number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns import kernels as shared
from proxima_backend_lret.columns.blocks import blocks
from proxima_backend_lret.compiling.program import Integers, Real
from proxima_backend_lret.low_rank.kernels import reduced_states
from proxima_backend_lret.trajectories import kernels
from proxima_backend_lret.trajectories.instruments import Instrument, pick, weights

Planes = npt.NDArray[np.floating]

_ALL = slice(None)
_FEW = 0.15
# Rows from which on few columns are worked on one by one, as rows are contiguous then.
_TALL = 1 << 10
# Columns below which there is not a vector of them.
_NARROW = 8
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
    picked = np.zeros(width, dtype=np.int64)
    looked_at = np.flatnonzero(points >= found.floor)
    is_tall = planes.shape[1] >= _TALL
    if len(looked_at) > _FEW * width and not (is_tall and width < _NARROW):
        return _apply_to_all(planes, found, qubits, points)
    if not is_tall:
        few = _taken(planes, looked_at)
        shared.apply(planes, rank=width, qubits=qubits, matrix=found.first)
        if len(looked_at):
            picked[looked_at] = _apply_to_all(few, found, qubits, points[looked_at])
            kernels.put(planes, looked_at, few)
        return picked
    columns = [np.ascontiguousarray(planes[:, :, place : place + 1]) for place in looked_at]
    shared.apply(planes, rank=width, qubits=qubits, matrix=found.first)
    for place, column in zip(looked_at.tolist(), columns, strict=True):
        picked[place] = _apply_to_one(column, found, qubits, float(points[place]))
        planes[:, :, place] = column[:, :, 0]
    return picked


def apply_where(planes: Planes, found: Instrument, qubits: Sequence[int], points: Real, where: Integers) -> Integers:
    """Do the same for the columns `where` alone, ascending, and return their operators."""
    if len(where) == planes.shape[2]:
        return apply(planes, found, qubits, points)
    if not len(where):
        return where
    part = _taken(planes, where)
    picked = apply(part, found, qubits, points[where])
    kernels.put(planes, where, part)
    return picked


def draw_rows(planes: Planes, points: Real) -> Integers:
    """Draw a basis state of each column by its weights, int64, shape (columns,)."""
    height, width = planes.shape[1:]
    # About as many blocks as rows in one: the least that a draw reads.
    blocks = min(1 << ((height.bit_length() - 1) // 2), _MAX_BLOCKS)
    found = np.zeros(width, dtype=np.int64)
    kernels.draw_rows(planes, points, np.empty((blocks, width)), found)
    return found


def _apply_to_all(planes: Planes, found: Instrument, qubits: Sequence[int], points: Real) -> Integers:
    of_operators = weights(found, reduced_states(planes, count=planes.shape[2], qubits=qubits))
    picked = pick(of_operators, points)
    columns = np.arange(len(picked))
    scale = 1 / np.sqrt(of_operators[picked, columns])
    matrices = (found.operators[picked] * scale[:, None, None]).transpose(1, 2, 0)
    parts = np.ascontiguousarray(np.stack([matrices.real, matrices.imag]), dtype=planes.dtype)
    scratch = np.empty((2, len(found.first), planes.shape[2]), dtype=planes.dtype)
    kernels.apply_each(planes, np.array(sorted(qubits)), _offsets(qubits), parts, scratch)
    return picked


def _apply_to_one(column: Planes, found: Instrument, qubits: Sequence[int], point: float) -> int:
    """Do the same for one column, shape (2, 2^n, 1), whose rows are contiguous."""
    side = len(found.first)
    state = np.zeros((side, side), dtype=np.complex128)
    for re, im in zip(blocks(column[0], qubits, _ALL), blocks(column[1], qubits, _ALL), strict=True):
        part = (re + 1j * im).reshape(side, -1)
        state += part @ part.conj().T
    of_operators = weights(found, state[None])
    picked = int(pick(of_operators, np.array([point]))[0])
    matrix = found.operators[picked] / np.sqrt(of_operators[picked, 0])
    shared.apply(column, rank=1, qubits=qubits, matrix=matrix)
    return picked


def _offsets(qubits: Sequence[int]) -> Integers:
    found = np.zeros(1, dtype=np.int64)
    for qubit in qubits:
        found = np.concatenate((found, found | (1 << qubit)))
    return found


def _taken(planes: Planes, chosen: Integers) -> Planes:
    found = np.empty((*planes.shape[:2], len(chosen)), dtype=planes.dtype)
    kernels.take(planes, chosen, found)
    return found
