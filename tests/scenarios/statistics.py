"""The one-sample test of sampled counts against an exact distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def goodness_of_fit(
    counts: NDArray[np.int64], probabilities: NDArray[np.float64], rng: np.random.Generator, *, resamples: int = 2000
) -> float:
    """Return the p-value of `counts` being drawn from `probabilities`.

    The statistic is the unbiased collision form T = sum over x of ((X - N p)^2 - X) / max(p, 1/N), its null is found by
    Monte Carlo multinomial draws. An outcome that was seen although its probability is under 1e-12 gives 0.

    Args:
        counts: shape (outcomes,), sums to the shots N.
        probabilities: shape (outcomes,), sums to 1.
        rng: source of the null draws.
        resamples: null draws; the smallest p-value that can come out is 1 / (resamples + 1).
    """
    if np.any((probabilities < 1e-12) & (counts > 0)):
        return 0.0
    shots = int(counts.sum())
    scale = np.maximum(probabilities, 1.0 / shots)

    def statistic(sample: NDArray[np.int64]) -> NDArray[np.float64]:
        terms: NDArray[np.float64] = ((sample - shots * probabilities) ** 2 - sample) / scale
        return np.asarray(terms.sum(axis=-1), dtype=np.float64)

    clipped = np.clip(probabilities, 0.0, None)
    null = statistic(rng.multinomial(shots, clipped / clipped.sum(), size=resamples))
    return float((1 + np.count_nonzero(null >= statistic(counts))) / (resamples + 1))


def holm_rejections(p_values: list[float], *, alpha: float = 1e-3) -> list[int]:
    """Return the indices that Holm's step-down procedure rejects at family-wise level `alpha`."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    rejected: list[int] = []
    for rank, index in enumerate(order):
        if p_values[index] > alpha / (len(p_values) - rank):
            break
        rejected.append(index)
    return rejected
