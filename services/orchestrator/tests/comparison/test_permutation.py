"""Random halves of pooled shots are multivariate hypergeometric, whichever way they are made."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from proxima_orchestrator.comparison.permutation import splitter, thinned


@given(st.lists(st.integers(1, 200), min_size=1, max_size=400), st.integers(0, 2**32 - 1), st.floats(0.01, 0.99))
def test_a_split_draws_exactly_so_many_of_what_there_is(pooled: list[int], seed: int, share: float) -> None:
    """Every row sums to the shots drawn, and takes no more of an outcome than there are."""
    counts = np.array(pooled)
    total = int(counts.sum())
    for drawn in {max(1, int(total * share)), total // 2}:
        rows = splitter(counts, drawn, np.random.default_rng(seed))(3)
        assert (rows.sum(axis=1) == drawn).all()
        assert (rows >= 0).all()
        assert (rows <= counts).all()


def test_equal_halves_of_many_outcomes_are_hypergeometric() -> None:
    """Among many outcomes, whose halves are drawn bit by bit, one of 3 and one of 100 shots have their exact laws."""
    pooled = np.concatenate(([3, 100], np.full(2000, 4), [97]))
    total, size = int(pooled.sum()), 4000
    assert total % 2 == 0
    rows = splitter(pooled, total // 2, np.random.default_rng(2))(size)
    for place, count in ((0, 3), (1, 100)):
        exact = [
            math.comb(count, seen) * math.comb(total - count, total // 2 - seen) / math.comb(total, total // 2)
            for seen in range(count + 1)
        ]
        found = np.bincount(rows[:, place], minlength=count + 1)
        likely = np.array(exact) * size >= 5
        expected = np.array(exact)[likely] * size
        statistic = float((((found[likely] - expected) ** 2) / expected).sum())
        degrees = int(likely.sum()) - 1
        assert statistic < degrees + 5 * math.sqrt(2 * degrees)
    # Two outcomes are anticorrelated a little, for their sum is bounded.
    variance = 100 * 0.25 * (total - 100) / (total - 1)
    assert abs(float(rows[:, 1].var()) / variance - 1) < 0.15


def test_thinning_keeps_what_the_sampler_can_take() -> None:
    """More shots than numpy's sampler takes are thinned to about as many as it does, in proportion."""
    counts = np.array([3 * 10**8, 6 * 10**8])
    kept = thinned(counts, np.random.default_rng(1))
    assert abs(int(kept.sum()) - 4 * 10**8) < 10**6
    assert abs(kept[1] / kept[0] - 2) < 0.01
    assert (thinned(kept[:1], np.random.default_rng(1)) == kept[:1]).all()
