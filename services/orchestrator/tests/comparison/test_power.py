"""How many shots are asked for, and what fewer would have seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima_orchestrator.comparison.power import (
    achieved_power,
    event_power,
    event_required_shots,
    outcome_count,
    required_shots,
)
from proxima_orchestrator.comparison.rules import Rules


def test_required_shots_follow_the_formula() -> None:
    """N = (z sqrt(2(K-1)) + z^2) / (2 eps^2) at level 0.0005 and power 0.9, and half of it against a distribution."""
    z = 3.2905267 + 1.2815516
    for outcomes in (2, 16, 256, 1024):
        expected = (z * math.sqrt(2 * (outcomes - 1)) + z * z) / (2 * 0.05**2)
        assert required_shots(outcomes, Rules(), one_side_exact=False) == math.ceil(expected)
        assert required_shots(outcomes, Rules(), one_side_exact=True) == math.ceil(expected / 2)


def test_many_outcomes_need_more() -> None:
    """Where the formula gives fewer shots than outcomes, K^(2/3) eps^(-4/3) more are asked for."""
    outcomes = 10.0**6
    z = 3.2905267 + 1.2815516
    dense = (z * math.sqrt(2 * (outcomes - 1)) + z * z) / 0.005
    # At this threshold there are more shots than outcomes; at a coarser one there are not.
    assert required_shots(outcomes, Rules(), one_side_exact=False) == math.ceil(dense)
    coarse = Rules(tvd_threshold=0.2)
    sparse = (z * math.sqrt(2 * (outcomes - 1)) + z * z) / 0.08
    expected = sparse + outcomes ** (2 / 3) * 0.2 ** (-4 / 3)
    assert required_shots(outcomes, coarse, one_side_exact=False) == math.ceil(expected)


@given(st.floats(1, 1e7), st.floats(0.01, 1), st.integers(1, 120), st.booleans())
def test_the_required_shots_have_the_power(outcomes: float, threshold: float, pairs: int, exact: bool) -> None:
    """As many shots as are asked for reach power 0.9, and half of them do not."""
    rules = Rules(tvd_threshold=threshold, pair_count=pairs)
    shots = required_shots(outcomes, rules, one_side_exact=exact)
    assert achieved_power(shots, outcomes, rules, one_side_exact=exact) >= 0.9 - 1e-9
    if shots > 50:
        assert achieved_power(shots / 2, outcomes, rules, one_side_exact=exact) < 0.9


@given(st.floats(1, 1e5), st.floats(0, 0.2), st.booleans())
def test_the_required_shots_above_an_allowance_have_the_power(outcomes: float, allowance: float, exact: bool) -> None:
    """Above an allowance too, and where the threshold lies below it no number of shots is named."""
    rules = Rules()
    shots = event_required_shots(outcomes, allowance, rules, one_side_exact=exact)
    if allowance >= rules.tvd_threshold:
        assert shots == 0
    elif shots:
        assert event_power(shots, outcomes, allowance, rules, one_side_exact=exact) >= 0.9


def test_outcomes_not_seen_are_estimated() -> None:
    """2,000 shots over 4,096 equal outcomes see some 1,600 of them; the estimate comes to within a tenth of all."""
    counts = np.random.default_rng(1).multinomial(2000, np.full(4096, 1 / 4096))
    seen = counts[counts > 0]
    assert len(seen) < 1700
    assert outcome_count(seen, bit_count=64) == pytest.approx(4096, rel=0.1)
    assert outcome_count(seen, bit_count=11) == 2048
    assert outcome_count(np.array([5, 9]), bit_count=1) == 2
