"""How many shots a test needs, and what it would have seen with those it has."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.comparison.rules import Rules
from proxima_orchestrator.comparison.tails import normal_cdf, normal_quantile

_MAX_SHOTS = 10**18


def outcome_count(counts: NDArray[np.int64], *, bit_count: int) -> float:
    """Estimate how many outcomes a distribution has from how often each was seen, shape (seen,).

    Chao's lower bound for the outcomes not seen, from those seen once and twice (Scandinavian Journal of Statistics 11,
    265, 1984): f1 (f1 - 1) / (2 (f2 + 1)); never more than 2^bit_count.
    """
    once, twice = int(np.count_nonzero(counts == 1)), int(np.count_nonzero(counts == 2))
    estimate = len(counts) + once * (once - 1) / (2 * (twice + 1))
    return min(estimate, 2.0**bit_count) if bit_count < 1000 else estimate


def required_shots(outcomes: float, rules: Rules, *, one_side_exact: bool) -> int:
    """Return the shots of each member with which a distance of the threshold is seen with the power of the rules.

    N = (z sqrt(2(K-1)) + z^2) / (2 eps^2) with z = z_{1-alpha} + z_{1-beta} and alpha the level of one test; half of it
    where one side is exact; K^(2/3) eps^(-4/3) more where that is under K (docs/comparison.md).
    """
    epsilon, z = rules.tvd_threshold, normal_quantile(1 - rules.test_level) + normal_quantile(rules.power)
    shots = (z * math.sqrt(2 * max(0.0, outcomes - 1)) + z * z) / (2 * epsilon**2)
    if shots < outcomes:
        shots += _sparse_shots(outcomes, epsilon)
    return min(_MAX_SHOTS, math.ceil(shots / 2 if one_side_exact else shots))


def achieved_power(shots: float, outcomes: float, rules: Rules, *, one_side_exact: bool) -> float:
    """Return the chance that a distance of the threshold would have been seen: the formula of `required_shots` solved.

    Args:
        shots: of each member; of members with different numbers the harmonic mean.
        outcomes: outcomes of the distribution, from 1.
        rules: level and threshold.
        one_side_exact: one of the two is a distribution.
    """
    epsilon = rules.tvd_threshold
    effective = 2 * shots if one_side_exact else shots
    if effective < outcomes:
        effective = max(0.0, effective - _sparse_shots(outcomes, epsilon))
    root = math.sqrt(2 * max(0.0, outcomes - 1))
    z = (math.sqrt(root * root + 8 * epsilon**2 * effective) - root) / 2
    return normal_cdf(z - normal_quantile(1 - rules.test_level))


def event_power(shots: float, outcomes: float, allowance: float, rules: Rules, *, one_side_exact: bool) -> float:
    """Return the chance that the test of an event sees a distance of the threshold above an allowance.

    For the distribution that is hardest to see, a difference of the same size and either sign on every outcome: half of
    the shots find the signs, each right with probability Phi(d / s), the other half test the event that they make.
    """
    epsilon, half = rules.tvd_threshold, shots / 2
    if epsilon <= allowance or half < 1:
        return 0.0
    spread = (1.0 if one_side_exact else 2.0) / max(outcomes, 2.0)
    share = 2 * normal_cdf(2 * epsilon / max(outcomes, 2.0) / math.sqrt(spread / half)) - 1
    deviation = math.sqrt((0.25 if one_side_exact else 0.5) / half)
    log_level = _event_log_level(rules.pair_level, one_side_exact=one_side_exact)
    return normal_cdf((epsilon * share - allowance) / deviation - math.sqrt(2 * log_level))


def event_required_shots(outcomes: float, allowance: float, rules: Rules, *, one_side_exact: bool) -> int:
    """Return the shots with which `event_power` reaches the power of the rules; 0 where no number does."""
    if rules.tvd_threshold <= allowance:
        return 0
    high = 2
    while event_power(high, outcomes, allowance, rules, one_side_exact=one_side_exact) < rules.power:
        high *= 2
        if high > _MAX_SHOTS:
            return 0
    low = high // 2
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        enough = event_power(middle, outcomes, allowance, rules, one_side_exact=one_side_exact) >= rules.power
        low, high = (low, middle) if enough else (middle, high)
    return high


def _event_log_level(level: float, *, one_side_exact: bool) -> float:
    """Return -ln of the product of Chernoff bounds that is as small as the level asks."""
    value = -math.log(level)
    if one_side_exact:
        return value
    # Two independent bounds q: P(product <= q) <= q (1 - ln q).
    for _ in range(50):
        value = -math.log(level) + math.log1p(value)
    return value


def _sparse_shots(outcomes: float, epsilon: float) -> float:
    return float(outcomes ** (2 / 3) * epsilon ** (-4 / 3))
