"""Tails of distributions that numpy does not have: normal, hypergeometric, binomial, and a gamma fit."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_NORMAL = NormalDist()
_NEGLIGIBLE = 1e-18


def normal_quantile(probability: float) -> float:
    """Return z with P(Z <= z) = probability, which is in (0, 1)."""
    return _NORMAL.inv_cdf(probability)


def normal_cdf(value: float) -> float:
    """Return P(Z <= value)."""
    return _NORMAL.cdf(value)


def normal_tail(value: float) -> float:
    """Return P(Z >= value), accurate far out."""
    return 0.5 * math.erfc(value / math.sqrt(2))


def hypergeometric_p_value(seen: int, *, marked: int, total: int, drawn: int) -> float:
    """Return the two-sided p-value of `seen` marked shots among `drawn` of `total`, of which `marked` are.

    Twice the smaller exact tail, at most 1.
    """

    def log_weight(count: int) -> float:
        return -_log_choose_inverse(marked, count) - _log_choose_inverse(total - marked, drawn - count)

    log_norm = -_log_choose_inverse(total, drawn)
    least, most = max(0, drawn - (total - marked)), min(marked, drawn)

    def up(count: int) -> float:
        return (marked - count) * (drawn - count) / ((count + 1) * (total - marked - drawn + count + 1))

    def down(count: int) -> float:
        return count * (total - marked - drawn + count) / ((marked - count + 1) * (drawn - count + 1))

    first = math.exp(log_weight(seen) - log_norm)
    above, below = first, first
    term, count = first, seen
    while count < most and term > _NEGLIGIBLE * above:
        term *= up(count)
        count += 1
        above += term
    term, count = first, seen
    while count > least and term > _NEGLIGIBLE * below:
        term *= down(count)
        count -= 1
        below += term
    return min(1.0, 2 * min(above, below))


def binomial_p_value(seen: int, *, shots: int, probability: float) -> float:
    """Return a two-sided p-value of `seen` successes of `shots`: twice Chernoff's bound, which is never too small."""
    return min(1.0, 2 * math.exp(-shots * relative_entropy(seen / shots, probability)))


def relative_entropy(observed: float, expected: float) -> float:
    """Return the Kullback-Leibler divergence of two coins in nats: observed ln(observed/expected) + ... ."""
    total = 0.0
    for share, model in ((observed, expected), (1 - observed, 1 - expected)):
        if share > 0:
            if model <= 0:
                return math.inf
            total += share * math.log(share / model)
    return max(0.0, total)


def gamma_tail(value: float, draws: NDArray[np.float64]) -> float:
    """Return P(T >= value) of the gamma distribution with mean, variance and skewness of the draws.

    Pearson's type III fit with the Wilson-Hilferty approximation of its tail; normal where the draws are not skewed to
    the right. For statistics that sum many small terms, where more draws would take too long.
    """
    mean, deviation = float(draws.mean()), float(draws.std())
    if deviation == 0:
        return 1.0 if value <= mean else 0.0
    score = (value - mean) / deviation
    skew = float(np.mean(((draws - mean) / deviation) ** 3))
    if skew < 1e-3:
        return normal_tail(score)
    freedom = 8 / skew**2
    ratio = 1 + score * math.sqrt(2 / freedom)
    if ratio <= 0:
        return 1.0
    spread = 2 / (9 * freedom)
    return normal_tail((ratio ** (1 / 3) - (1 - spread)) / math.sqrt(spread))


def _log_choose_inverse(total: int, count: int) -> float:
    """Return -ln of the binomial coefficient."""
    return math.lgamma(count + 1) + math.lgamma(total - count + 1) - math.lgamma(total + 1)
