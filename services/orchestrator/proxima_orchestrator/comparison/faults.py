"""What is wrong with a result by itself, before it is compared with anything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.comparison.results import Counts, Distribution, MemberResult, State

# Far over what rounding does to a norm; what lies between shows as a distance.
_LOST = 1e-3


def faults_of(result: MemberResult) -> list[str]:
    """Return why a result cannot be right, a sentence each: not finite, of the wrong shape, or of the wrong sum."""
    found = []
    if result.state is not None:
        found += _state_faults(result.state)
    if result.distribution is not None:
        found += _distribution_faults(result.distribution, result)
    if result.counts is not None:
        found += _counts_faults(result.counts, result)
    if not np.isfinite([item.value for item in result.expectations]).all():
        found.append("has expectation values that are not finite")
    return [f"{result.producer} {fault}" for fault in found]


def _state_faults(state: State) -> list[str]:
    if not _is_over(state.data.shape[0], state.bits):
        return [f"gave a state of {state.data.shape[0]} amplitudes over {len(state.bits)} qubits"]
    if not np.isfinite(state.data).all():
        return ["gave a state with numbers that are not finite"]
    return []


def _distribution_faults(distribution: Distribution, result: MemberResult) -> list[str]:
    data: NDArray[np.float64] = distribution.data
    is_beyond = distribution.over_clbits and max(distribution.bits, default=-1) >= result.clbit_count
    if is_beyond or not _is_over(len(data), distribution.bits):
        return [f"gave {len(data)} probabilities over {len(distribution.bits)} bits"]
    if not np.isfinite(data).all():
        return ["gave probabilities that are not finite"]
    total = float(data.sum())
    if abs(total - 1) > _LOST or float(data.min()) < -_LOST:
        return [f"gave probabilities that sum to {total:.6g}, the least of them {float(data.min()):.3g}"]
    return []


def _counts_faults(counts: Counts, result: MemberResult) -> list[str]:
    width = -(-result.clbit_count // 8)
    if counts.outcomes.shape != (len(counts.values), width) or counts.shots != result.shots:
        return [f"gave counts of {counts.shots} shots over {counts.outcomes.shape} bytes, {result.shots} were asked"]
    return []


def _is_over(size: int, bits: Sequence[int]) -> bool:
    """Return whether an axis has a place for each value of these bits, which are all different."""
    return len(bits) < 63 and size == 2 ** len(bits) and len(set(bits)) == len(bits)
