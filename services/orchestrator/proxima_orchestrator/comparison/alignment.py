"""Arrays of two results brought to the same axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.comparison.results import Complex, Counts, Distribution, State

MOST_BITS = 26
"""Arrays over more bits than this are not compared."""


def align_states(first: State, second: State) -> tuple[Complex, Complex]:
    """Return both states over the qubits that either has, ascending.

    Raises:
        ValueError: together they have more than `MOST_BITS` qubits (13 for density matrices).
    """
    bits = sorted({*first.bits, *second.bits})
    rank = max(first.data.ndim, second.data.ndim)
    if rank * len(bits) > MOST_BITS:
        raise ValueError(f"the two states are over {len(bits)} qubits together")
    return _state_over(first, bits), _state_over(second, bits)


def align_distributions(first: Distribution, second: Distribution) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both distributions over the bits that either has, ascending.

    Raises:
        ValueError: together they have more than `MOST_BITS` bits.
    """
    bits = sorted({*first.bits, *second.bits})
    if len(bits) > MOST_BITS:
        raise ValueError(f"the two distributions are over {len(bits)} bits together")
    return _distribution_over(first, bits), _distribution_over(second, bits)


def align_counts(first: Counts, second: Counts) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return the outcomes that either saw, and how often each saw them."""
    outcomes = np.concatenate((first.outcomes, second.outcomes))
    places, union = _distinct(outcomes)
    left = np.zeros(len(union), dtype=np.int64)
    right = np.zeros(len(union), dtype=np.int64)
    left[places[: len(first.outcomes)]] = first.values
    right[places[len(first.outcomes) :]] = second.values
    return union, left, right


def counts_over(counts: Counts, distribution: Distribution) -> tuple[NDArray[np.int64], int]:
    """Return counts over a distribution's indices, shape (2^b,), and how many shots have another bit set."""
    indices = np.zeros(len(counts.outcomes), dtype=np.int64)
    rest = counts.outcomes.copy()
    for place, bit in enumerate(distribution.bits):
        byte, shift = divmod(bit, 8)
        indices |= (counts.outcomes[:, byte].astype(np.int64) >> shift & 1) << place
        rest[:, byte] &= np.uint8(0xFF ^ (1 << shift))
    outside = rest.any(axis=1)
    found = np.bincount(
        indices[~outside], weights=counts.values[~outside].astype(np.float64), minlength=len(distribution.data)
    )
    return np.rint(found).astype(np.int64), int(counts.values[outside].sum())


def _state_over(state: State, bits: Sequence[int]) -> Complex:
    if state.bits == tuple(bits):
        return state.data
    places = _places(state.bits, bits)
    if state.data.ndim == 1:
        vector = np.zeros(2 ** len(bits), dtype=np.complex128)
        vector[places] = state.data
        return vector
    matrix = np.zeros((2 ** len(bits),) * 2, dtype=np.complex128)
    matrix[np.ix_(places, places)] = state.data
    return matrix


def _distribution_over(distribution: Distribution, bits: Sequence[int]) -> NDArray[np.float64]:
    if distribution.bits == tuple(bits):
        return distribution.data
    full = np.zeros(2 ** len(bits))
    full[_places(distribution.bits, bits)] = distribution.data
    return full


def _places(own: Sequence[int], bits: Sequence[int]) -> NDArray[np.int64]:
    """Return for each index over `own` bits the index over `bits`."""
    inner = np.arange(2 ** len(own), dtype=np.int64)
    outer = np.zeros_like(inner)
    for place, bit in enumerate(own):
        outer |= (inner >> place & 1) << bits.index(bit)
    return outer


def _distinct(rows: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Return for each row its place among the distinct rows, and those."""
    if rows.shape[1] == 0:
        return np.zeros(len(rows), dtype=np.intp), rows[:1]
    keys = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, firsts, places = np.unique(keys, return_index=True, return_inverse=True)
    return places, rows[firsts]
