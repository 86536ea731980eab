"""Tails against exact enumeration and known values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima_orchestrator.comparison.tails import (
    binomial_p_value,
    gamma_tail,
    hypergeometric_p_value,
    normal_tail,
    relative_entropy,
)


@given(st.data())
def test_hypergeometric_tail_is_exact(data: st.DataObject) -> None:
    """The p-value is twice the smaller tail of the hypergeometric distribution, summed with whole numbers."""
    total = data.draw(st.integers(1, 60))
    marked, drawn = data.draw(st.integers(0, total)), data.draw(st.integers(0, total))
    seen = data.draw(st.integers(max(0, drawn + marked - total), min(marked, drawn)))
    ways = {
        count: math.comb(marked, count) * math.comb(total - marked, drawn - count)
        for count in range(max(0, drawn + marked - total), min(marked, drawn) + 1)
    }
    above = sum(way for count, way in ways.items() if count >= seen)
    below = sum(way for count, way in ways.items() if count <= seen)
    expected = min(1.0, 2 * min(above, below) / math.comb(total, drawn))
    found = hypergeometric_p_value(seen, marked=marked, total=total, drawn=drawn)
    assert found == pytest.approx(expected, rel=1e-9)


@given(st.integers(1, 300), st.integers(0, 300), st.floats(0.01, 0.99))
def test_chernoff_never_promises_too_much(shots: int, seen: int, probability: float) -> None:
    """The binomial p-value is never under the exact one."""
    seen = min(seen, shots)

    def weight(count: int) -> float:
        return math.comb(shots, count) * probability**count * (1 - probability) ** (shots - count)

    tail = range(seen, shots + 1) if seen >= shots * probability else range(seen + 1)
    exact = sum(weight(count) for count in tail)
    assert binomial_p_value(seen, shots=shots, probability=probability) >= min(1.0, exact) * (1 - 1e-9)


def test_relative_entropy_of_the_impossible() -> None:
    """What cannot happen and did is infinitely far; equal shares are not apart at all."""
    assert relative_entropy(0.1, 0.0) == math.inf
    assert relative_entropy(0.3, 0.3) == pytest.approx(0.0, abs=1e-15)


def test_gamma_fit_follows_a_skewed_tail() -> None:
    """Of chi-squared draws with 40 degrees of freedom the tail beyond 73.4 is 1e-3, where a normal one has 9e-5."""
    draws = np.random.default_rng(3).chisquare(40, size=200_000)
    assert gamma_tail(73.402, draws) == pytest.approx(1e-3, rel=0.1)
    assert normal_tail((73.402 - 40) / math.sqrt(80)) < 2e-4
