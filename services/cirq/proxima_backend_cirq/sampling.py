"""Weights and samples of a final state, in blocks, so that large states need little memory beside themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.readout import Bytes, Counts, Real

State = npt.NDArray[np.complexfloating]

WHOLE_QUBITS = 16
"""Largest state vector whose weights are held at once to draw counts."""

BLOCK = 1 << 13
"""Amplitudes that are squared at once."""


def weights(state: State) -> Real:
    """Return the probability of every basis state, float64, shape (2^n,), of a vector or a density matrix."""
    if state.ndim == 2:
        return np.maximum(np.ascontiguousarray(state.diagonal().real, dtype=np.float64), 0.0)
    found = np.empty(len(state))
    for start in range(0, len(state), BLOCK):
        found[start : start + BLOCK] = _squares(state[start : start + BLOCK])
    return found


def marginal(of_states: Real, qubits: Sequence[int]) -> Real:
    """Sum weights over all other qubits: shape (2^len(qubits),), qubits[0] least significant."""
    width = len(of_states).bit_length() - 1
    if tuple(qubits) == tuple(range(width)):
        return of_states
    axes = [width - 1 - qubit for qubit in reversed(qubits)]
    others = tuple(sorted(set(range(width)) - set(axes)))
    summed = of_states.reshape((2,) * width).sum(axis=others)
    # The axes that remain keep their order; bring them into that of `qubits`.
    ranks = {axis: rank for rank, axis in enumerate(sorted(axes))}
    return np.ascontiguousarray(summed.transpose([ranks[axis] for axis in axes])).reshape(-1)


def draw_slots(
    state: State, slot_qubits: Sequence[int], batches: Sequence[tuple[int, np.random.SeedSequence]]
) -> tuple[Bytes, Counts]:
    """Sample the slots of a state vector block by block.

    Returns:
        Outcomes, shape (outcomes, ceil(slots / 8)), distinct, and how often each was seen.
    """
    starts = range(0, len(state), BLOCK)
    edges = np.cumsum([_squares(state[start : start + BLOCK]).sum() for start in starts])
    points = np.concatenate(
        [np.random.Generator(np.random.PCG64(seed)).random(shots) * edges[-1] for shots, seed in batches]
    )
    points.sort()
    found: list[npt.NDArray[np.int64]] = []
    times: list[npt.NDArray[np.int64]] = []
    splits = np.searchsorted(points, edges[:-1], side="left")
    for index, inside in enumerate(np.split(points, splits)):
        if len(inside):
            start = starts[index]
            local = np.cumsum(_squares(state[start : start + BLOCK]))
            offset = edges[index - 1] if index else 0.0
            # "right": an outcome of probability zero has no width; rounding at the end falls to the last with weight.
            last = int(np.searchsorted(local, local[-1], side="left"))
            picked = np.minimum(np.searchsorted(local, inside - offset, side="right"), last)
            outcomes, seen = np.unique(picked, return_counts=True)
            found.append(outcomes + start)
            times.append(seen)
    basis, counts = np.concatenate(found), np.concatenate(times)
    slots = np.zeros(len(basis), dtype=np.uint64)
    for position, qubit in enumerate(slot_qubits):
        slots |= ((basis >> qubit) & 1).astype(np.uint64) << np.uint64(position)
    distinct, inverse = np.unique(slots, return_inverse=True)
    totals = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(totals, inverse, counts)
    rows = distinct.astype("<u8").view(np.uint8).reshape(-1, 8)[:, : max(1, -(-len(slot_qubits) // 8))]
    return np.ascontiguousarray(rows), totals.astype(np.uint64)


def _squares(amplitudes: State) -> Real:
    real, imaginary = amplitudes.real.astype(np.float64), amplitudes.imag.astype(np.float64)
    return real * real + imaginary * imaginary


def sample(of_states: Real, shots: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return a basis index for each shot, int64, shape (shots,), drawn by weights that need not sum to 1."""
    edges = np.cumsum(of_states)
    last = int(np.searchsorted(edges, edges[-1], side="left"))
    # "right": an outcome of probability zero has no width; rounding at the end falls to the last with weight.
    found = np.searchsorted(edges, generator.random(shots) * edges[-1], side="right")
    return np.asarray(np.minimum(found, last), dtype=np.int64)
