"""The tests of two samples, and of a sample against a distribution."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from proxima_orchestrator.comparison.one_sample import compare_with_distribution
from proxima_orchestrator.comparison.rules import Rules
from proxima_orchestrator.comparison.two_sample import compare_samples

from .samples import alternating, packed

RULES = Rules()


def literal(first: np.ndarray, second: np.ndarray) -> float:
    """Return T / (N1 N2) as docs/comparison.md states it, with whole numbers."""
    shots, others = int(first.sum()), int(second.sum())
    total = 0.0
    for x, y in zip(first.tolist(), second.tolist(), strict=True):
        if x + y:
            total += ((others * x - shots * y) ** 2 - others**2 * x - shots**2 * y) / (x + y)
    return total / (shots * others)


def test_the_p_value_is_the_share_of_permutations() -> None:
    """Of 5 and 6 shots over two outcomes the p-value is that of all 462 ways to divide the shots."""
    first, second = np.array([4, 1]), np.array([1, 5])
    observed = literal(first, second)
    shots = [0] * 5 + [1] * 6
    reached = 0
    ways = list(itertools.combinations(range(11), 5))
    for chosen in ways:
        ones = sum(shots[place] for place in chosen)
        left = np.array([5 - ones, ones])
        reached += literal(left, np.array([5, 6]) - left) >= observed - 1e-9
    found = compare_samples(packed(2), first, second, RULES, np.random.default_rng(1))
    # Both tests see the same here, so that Bonferroni doubles the share.
    assert found.p_value == pytest.approx(2 * reached / len(ways), rel=0.3)


def test_equal_samples_are_no_difference() -> None:
    """Two equal histograms have the p-value 1 and no distance."""
    counts = np.array([500, 0, 500])
    found = compare_samples(packed(3), counts, counts, RULES, np.random.default_rng(1))
    assert (found.p_value, found.total_variation_distance) == (1.0, 0.0)


def test_a_difference_of_the_threshold_is_seen_in_both_tests() -> None:
    """A distance of 0.05 over 64 outcomes is seen with the shots that the formula asks for."""
    rng = np.random.default_rng(5)
    uniform, other = np.full(64, 1 / 64), alternating(64, 0.05)
    shots = 15_000
    two = compare_samples(packed(64), rng.multinomial(shots, uniform), rng.multinomial(shots, other), RULES, rng)
    one = compare_with_distribution(rng.multinomial(shots, other), uniform, RULES, rng)
    assert two.p_value < 1e-3
    assert one.p_value < 1e-3


def test_the_correlators_see_what_the_histogram_cannot() -> None:
    """A parity that is off by 0.03 over 2^14 outcomes, all seen at most a few times, is seen by its correlator."""
    rng = np.random.default_rng(8)
    count, shots = 2**14, 20_000
    indices = np.arange(count)
    parity = 1 - 2.0 * ((indices & 1) ^ (indices >> 1 & 1))
    uniform, tilted = np.full(count, 1 / count), (1 + 0.06 * parity) / count
    found = compare_samples(packed(count), rng.multinomial(shots, uniform), rng.multinomial(shots, tilted), RULES, rng)
    assert found.p_value < 1e-3


def test_outcomes_seen_once_say_nothing() -> None:
    """Where no outcome is seen twice there is no difference, whoever saw which."""
    outcomes = np.random.default_rng(1).permutation(packed(4096))
    first = (np.arange(4096) < 2048).astype(np.int64)
    found = compare_samples(outcomes, first, 1 - first, RULES, np.random.default_rng(2))
    assert found.p_value > 0.01


def test_an_impossible_outcome_is_a_difference() -> None:
    """One shot in 10,000 with an outcome of probability 0 rules the distribution out."""
    found = compare_with_distribution(np.array([9999, 1]), np.array([1.0, 0.0]), RULES, np.random.default_rng(1))
    assert found.p_value == 0.0
    sure = compare_with_distribution(np.array([10_000, 0]), np.array([1.0, 0.0]), RULES, np.random.default_rng(1))
    assert sure.p_value == 1.0


def test_the_null_quantile_is_where_equal_distributions_stay() -> None:
    """Over 1,024 outcomes and 10,800 shots, equal pairs are sqrt(K / (pi N)) = 0.17 apart, and under 0.19 in 99.9 %."""
    rng = np.random.default_rng(4)
    uniform = np.full(1024, 1 / 1024)
    first, second = rng.multinomial(10_800, uniform, size=2)
    found = compare_samples(packed(1024), first, second, RULES, rng)
    assert found.null_quantile == pytest.approx(0.187, abs=0.004)
    assert found.total_variation_distance == pytest.approx(0.174, abs=0.012)


def test_the_same_generator_makes_the_same_test() -> None:
    """The figures follow from the samples and the seed alone."""
    rng = np.random.default_rng(4)
    first, second = rng.multinomial(1000, np.full(8, 1 / 8), size=2)
    results = [compare_samples(packed(8), first, second, RULES, np.random.default_rng(9)) for _ in range(2)]
    assert results[0] == results[1]


@pytest.mark.slow
def test_many_outcomes_take_seconds() -> None:
    """A million shots over 10^5 outcomes, different ones, which need the most draws, take a bounded time."""
    rng = np.random.default_rng(6)
    uniform, other = np.full(10**5, 1e-5), alternating(10**5, 0.05)
    first, second = rng.multinomial(10**6, uniform), rng.multinomial(10**6, other)
    started = time.process_time()
    two = compare_samples(packed(10**5), first, second, RULES, rng)
    one = compare_with_distribution(second, uniform, RULES, rng)
    assert time.process_time() - started < 60
    assert max(two.p_value, one.p_value) < 1e-3
