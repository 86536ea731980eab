"""Whether two samples are of one distribution: a permutation test of their histograms and of their correlators."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.comparison.correlators import Signs, signs_of
from proxima_orchestrator.comparison.permutation import split_seconds, splitter, thinned
from proxima_orchestrator.comparison.resampling import Draws, compare_with_null
from proxima_orchestrator.comparison.rules import Rules
from proxima_orchestrator.comparison.tails import hypergeometric_p_value

# Of one multiplication and of one outcome in the statistics, by the model of permutation.py.
_MULTIPLY_SECONDS = 1e-9
_OUTCOME_SECONDS = 1.5e-8
_ROW_SECONDS = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class HistogramTest:
    """What the test of a histogram found.

    Attributes:
        p_value: of the two tests together (Bonferroni), at most 1.
        total_variation_distance: of the two histograms, or of the histogram and the distribution.
        null_quantile: what that stays under for equal distributions with probability 1 - false alarm rate.
        draw_count: draws from the null.
        is_extrapolated: the p-value rests on a gamma fit.
    """

    p_value: float
    total_variation_distance: float
    null_quantile: float
    draw_count: int
    is_extrapolated: bool = False


def compare_samples(
    outcomes: NDArray[np.uint8],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    rules: Rules,
    rng: np.random.Generator,
) -> HistogramTest:
    """Test whether two samples are of one distribution.

    The statistic is T = sum over x of ((N2 X - N1 Y)^2 - N2^2 X - N1^2 Y)/(X + Y), and beside it the largest |z| over
    the correlators of one and two bits; both nulls from the same random halves of the pooled shots. Where those are too
    many numbers, the largest |z| is judged by its own hypergeometric tail times the number of correlators, which is
    never too small.

    Args:
        outcomes: packed outcomes, uint8, shape (outcomes, bytes); no two rows are equal.
        first, second: how often each was seen, shape (outcomes,); neither sums to 0.
        rules: level and number of pairs.
        rng: makes the draws; the same generator makes the same test.
    """
    distance = _distance(first, second, int(first.sum()), int(second.sum()))
    first, second = thinned(first, rng), thinned(second, rng)
    pooled = first + second
    seen = pooled > 0
    outcomes, first, second, pooled = outcomes[seen], first[seen], second[seen], pooled[seen]
    signs = signs_of(outcomes)
    shots, others = int(first.sum()), int(second.sum())
    observed = float(_statistic(first[None], second[None], pooled, shots=shots, others=others)[0])
    if signs.is_small:
        score = _Score(signs, pooled, shots, others)
        drawn_from, ones, correlator = pooled, pooled == 1, float(score.largest(first[None])[0])
    else:
        score = None
        drawn_from, ones = _merge_ones(pooled)
        correlator = 0.0
    split = splitter(drawn_from, shots, rng)

    def draw(size: int) -> Draws:
        rows = split(size)
        rest = drawn_from - rows
        statistic = _statistic(rows, rest, drawn_from, shots=shots, others=others, ones=ones)
        return Draws(
            statistic=statistic,
            correlator=None if score is None else score.largest(rows),
            tvd=_distances(rows, rest, shots, others, ones),
        )

    seconds = split_seconds(drawn_from, shots) + len(drawn_from) * _OUTCOME_SECONDS + _ROW_SECONDS
    if score is not None:
        seconds += len(pooled) * signs.correlator_count * _MULTIPLY_SECONDS
    null = compare_with_null(
        draw,
        statistic=observed,
        correlator=correlator,
        elements=len(drawn_from),
        draw_seconds=seconds,
        rules=rules,
    )
    other = null.correlator_p_value
    if other is None:
        other = _bounded_p_value(signs, first, pooled, shots)
    return HistogramTest(
        p_value=min(1.0, 2 * min(null.p_value, other)),
        total_variation_distance=distance,
        null_quantile=null.tvd_quantile,
        draw_count=null.draw_count,
        is_extrapolated=null.is_extrapolated,
    )


class _Score:
    """The largest |z| over all correlators of rows of counts; their null variance depends on the pooled shots alone."""

    def __init__(self, signs: Signs, pooled: NDArray[np.int64], shots: int, others: int) -> None:
        self._matrix = signs.matrix()
        total = shots + others
        mean = (pooled @ self._matrix) / total
        self._expected = shots * mean
        variance = (1 - mean**2) * shots * others / max(1, total - 1)
        scale = np.zeros_like(variance)
        # A correlator that is +1 or -1 for every shot says nothing.
        np.divide(
            1.0, np.sqrt(variance, where=variance > 0, out=np.ones_like(variance)), where=variance > 1e-9, out=scale
        )
        self._scale = scale

    def largest(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return it for each row, shape (rows,)."""
        scores = np.abs(rows @ self._matrix - self._expected) * self._scale
        return np.asarray(scores.max(axis=1), dtype=np.float64)


def _bounded_p_value(signs: Signs, first: NDArray[np.int64], pooled: NDArray[np.int64], shots: int) -> float:
    """Return a p-value of the largest |z| without draws: its own tail, times the number of correlators."""
    if signs.correlator_count == 0:
        return 1.0
    total = int(pooled.sum())
    sums, all_sums = signs.sums(first.astype(np.float64)), signs.sums(pooled.astype(np.float64))
    mean = all_sums / total
    variance = np.maximum(1 - mean**2, 1e-300)
    scores = np.where(np.abs(mean) < 1, np.abs(sums - shots * mean) / np.sqrt(variance), 0.0)
    place = int(np.argmax(scores))
    # How many shots have the sign +1 is hypergeometric.
    p_value = hypergeometric_p_value(
        round((shots + float(sums[place])) / 2),
        marked=round((total + float(all_sums[place])) / 2),
        total=total,
        drawn=shots,
    )
    return min(1.0, signs.correlator_count * p_value)


def _merge_ones(pooled: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the pooled counts with the outcomes seen once as one last entry, and which entry is that one.

    An outcome seen once adds 0 to the statistic, whoever saw it: only how many each side saw matters.
    """
    once = pooled == 1
    count = int(np.count_nonzero(once))
    merged = np.append(pooled[~once], count) if count else pooled
    ones = np.zeros(len(merged), dtype=np.bool_)
    if count:
        ones[-1] = True
    return merged, ones


def _statistic(
    rows: NDArray[np.int64],
    rest: NDArray[np.int64],
    pooled: NDArray[np.int64],
    *,
    shots: int,
    others: int,
    ones: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Return T / (N1 N2) of each row, shape (rows,); entries of `ones` add 0."""
    # In floating point: the squares of 10^9 shots times 10^9 are past any integer.
    share = others / shots
    root = math.sqrt(share)
    difference = root * rows - rest / root
    terms = (difference**2 - share * rows - rest / share) / pooled
    if ones is not None:
        terms[:, ones] = 0.0
    return np.asarray(terms.sum(axis=1), dtype=np.float64)


def _distances(
    rows: NDArray[np.int64], rest: NDArray[np.int64], shots: int, others: int, ones: NDArray[np.bool_]
) -> NDArray[np.float64]:
    apart = np.abs(rows / shots - rest / others)
    # One entry may stand for many outcomes, each seen by one side only.
    apart[:, ones] = rows[:, ones] / shots + rest[:, ones] / others
    return np.asarray(apart.sum(axis=1) / 2, dtype=np.float64)


def _distance(first: NDArray[np.int64], second: NDArray[np.int64], shots: int, others: int) -> float:
    return float(np.abs(first / shots - second / others).sum() / 2)
