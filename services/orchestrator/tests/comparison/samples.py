"""Samples and results for the tests of comparisons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from proxima_orchestrator.comparison.results import Counts, Distribution, MemberResult


def packed(count: int) -> NDArray[np.uint8]:
    """Return the outcomes 0 to count - 1, packed as results have them."""
    return np.arange(count).astype("<u8").view(np.uint8).reshape(-1, 8)


def sampled(
    probabilities: NDArray[np.float64], shots: int, rng: np.random.Generator, *, error: float = 0.0
) -> MemberResult:
    """Return a member that drew shots from a distribution over all indices."""
    drawn = rng.multinomial(shots, probabilities)
    seen = drawn > 0
    counts = Counts(outcomes=packed(len(drawn))[seen], values=drawn[seen])
    return member(counts=counts, shots=shots, error=error)


def exact(probabilities: NDArray[np.float64], *, error: float = 0.0, readout_included: bool = False) -> MemberResult:
    """Return a member that computed a distribution over classical bits."""
    bits = len(probabilities).bit_length() - 1
    distribution = Distribution(
        data=probabilities, bits=tuple(range(bits)), over_clbits=True, readout_included=readout_included
    )
    return member(distribution=distribution, error=error)


def member(
    *,
    counts: Counts | None = None,
    distribution: Distribution | None = None,
    shots: int = 0,
    error: float = 0.0,
) -> MemberResult:
    """Return a member's result in double precision over up to 64 classical bits."""
    return MemberResult(
        producer="test/test statevector",
        is_single=False,
        certified_error=error,
        shots=shots,
        clbit_count=64,
        counts=counts,
        distribution=distribution,
    )


def alternating(count: int, distance: float) -> NDArray[np.float64]:
    """Return a distribution at a total variation distance from the uniform one, spread over all outcomes alike."""
    signs = np.where(np.arange(count) % 2, -1.0, 1.0)
    shuffled = np.random.default_rng(1).permutation(signs)
    return np.asarray((1 + 2 * distance * shuffled) / count, dtype=np.float64)
