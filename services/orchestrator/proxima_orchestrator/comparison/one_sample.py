"""Whether a sample is of a known distribution: the two-sample test with one side exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.comparison.correlators import Signs, signs_of
from proxima_orchestrator.comparison.resampling import Draws, compare_with_null
from proxima_orchestrator.comparison.rules import Rules
from proxima_orchestrator.comparison.tails import binomial_p_value
from proxima_orchestrator.comparison.two_sample import HistogramTest

IMPOSSIBLE = 1e-12
"""An outcome less likely than this that was seen is a disagreement by itself."""

# By the model of permutation.py: of one outcome of a multinomial draw with its statistic, and of one multiplication.
_OUTCOME_SECONDS = 2.5e-7
_MULTIPLY_SECONDS = 1e-9
_ROW_SECONDS = 2e-6


def compare_with_distribution(
    counts: NDArray[np.int64], probabilities: NDArray[np.float64], rules: Rules, rng: np.random.Generator
) -> HistogramTest:
    """Test whether a sample is of a distribution.

    The statistic is T = sum over x of ((X - N p)^2 - X)/(X + N p), and beside it the largest |z| over the correlators
    of one and two bits; both nulls from the same multinomial draws. A seen outcome of p < 1e-12 gives the p-value 0.

    Args:
        counts: how often each outcome was seen, shape (2^bits,), sums to N > 0.
        probabilities: shape (2^bits,); what is under 0 by rounding counts as 0, and the rest is made to sum to 1.
        rules: level and number of pairs.
        rng: makes the draws; the same generator makes the same test.
    """
    model = np.clip(probabilities, 0.0, None)
    model = model / model.sum()
    shots = int(counts.sum())
    distance = float(np.abs(counts / shots - model).sum() / 2)
    impossible = bool(np.any((model < IMPOSSIBLE) & (counts > 0)))
    kept = np.flatnonzero((model >= IMPOSSIBLE) | (counts > 0))
    seen, expected = counts[kept], shots * model[kept]
    pvals = model[kept] / model[kept].sum()
    signs = signs_of(_packed(kept))
    matrix = signs.matrix() if signs.is_small else None
    mean = pvals @ matrix if matrix is not None else np.zeros(0)
    deviation = np.sqrt(shots * np.maximum(1 - mean**2, 0.0))

    def largest(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        assert matrix is not None  # noqa: S101  # called only where there is one
        apart = np.abs(rows @ matrix - shots * mean)
        scores = np.divide(apart, deviation, out=np.zeros_like(apart), where=deviation > 1e-6)
        return np.asarray(scores.max(axis=1), dtype=np.float64)

    def draw(size: int) -> Draws:
        rows = rng.multinomial(shots, pvals, size=size)
        return Draws(
            statistic=_statistic(rows, expected),
            correlator=None if matrix is None else largest(rows),
            tvd=np.asarray(np.abs(rows / shots - pvals).sum(axis=1) / 2, dtype=np.float64),
        )

    seconds = len(kept) * _OUTCOME_SECONDS + _ROW_SECONDS
    if matrix is not None:
        seconds += matrix.size * _MULTIPLY_SECONDS
    null = compare_with_null(
        draw,
        statistic=float(_statistic(seen[None], expected)[0]),
        correlator=0.0 if matrix is None else float(largest(seen[None])[0]),
        elements=len(kept),
        draw_seconds=seconds,
        rules=rules,
    )
    other = null.correlator_p_value
    if other is None:
        other = _bounded_p_value(signs, seen, pvals, shots)
    return HistogramTest(
        p_value=0.0 if impossible else min(1.0, 2 * min(null.p_value, other)),
        total_variation_distance=distance,
        null_quantile=null.tvd_quantile,
        draw_count=null.draw_count,
        is_extrapolated=null.is_extrapolated,
    )


def _statistic(rows: NDArray[np.int64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    terms = ((rows - expected) ** 2 - rows) / np.maximum(rows + expected, 1e-300)
    return np.asarray(terms.sum(axis=1), dtype=np.float64)


def _bounded_p_value(signs: Signs, seen: NDArray[np.int64], pvals: NDArray[np.float64], shots: int) -> float:
    """Return a p-value of the largest |z| without draws: Chernoff's bound, times the number of correlators."""
    if signs.correlator_count == 0:
        return 1.0
    sums, mean = signs.sums(seen.astype(np.float64)), signs.sums(pvals)
    variance = np.maximum(1 - mean**2, 1e-12)
    place = int(np.argmax(np.abs(sums - shots * mean) / np.sqrt(variance)))
    probability = min(1.0, max(0.0, (1 + float(mean[place])) / 2))
    p_value = binomial_p_value(round((shots + float(sums[place])) / 2), shots=shots, probability=probability)
    return min(1.0, signs.correlator_count * p_value)


def _packed(indices: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Return indices as packed outcomes, shape (indices, 8), the least significant byte first."""
    return indices.astype("<u8").view(np.uint8).reshape(-1, 8)
