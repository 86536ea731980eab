"""False alarms and power of the verdict, over thousands of comparisons. Run before a release: `just test-slow`."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima_orchestrator.comparison.pairs import compare_pair
from proxima_orchestrator.comparison.power import required_shots
from proxima_orchestrator.comparison.rules import Rules, Verdict
from proxima_orchestrator.comparison.verdict import judge

from .samples import alternating, exact, sampled

pytestmark = pytest.mark.slow

COMPARISONS = 2000


def decided(
    first: NDArray[np.float64], second: NDArray[np.float64], shots: int, rules: Rules, seed: int, *, one_exact: bool
) -> Verdict:
    """Return the verdict on samples of two distributions, or on the first and a sample of the second."""
    rng = np.random.default_rng([seed, 7])
    one = exact(first) if one_exact else sampled(first, shots, rng)
    other = sampled(second, shots, rng)
    finding = compare_pair(one, other, rules, instruction_count=10, has_readout_error=False, rng=rng)
    return judge([finding], rules)[0].verdict


def distributions(seed: int) -> NDArray[np.float64]:
    """Return one of several kinds of distribution over 2 to 256 outcomes: peaked, uniform, random."""
    rng = np.random.default_rng([seed, 3])
    count = int(2 ** rng.integers(1, 9))
    weights = [np.ones(count), rng.exponential(size=count), rng.exponential(size=count) ** 3][seed % 3]
    return np.asarray(weights / weights.sum(), dtype=np.float64)


@pytest.mark.parametrize("one_exact", [False, True])
@pytest.mark.parametrize(("alpha", "least", "most"), [(0.05, 0.0375, 0.0628), (0.001, 0.0, 0.0035)])
def test_false_alarms(alpha: float, least: float, most: float, *, one_exact: bool) -> None:
    """Equal members are called different at the rate asked for, within the binomial 99 % interval over 2,000.

    Bonferroni over two tests that depend on each other makes the rate a little lower than asked for; the lower end of
    the interval at 0.05 is what a test that never rejects fails.
    """
    rules = Rules(false_alarm_rate=alpha)
    alarms = 0
    for seed in range(COMPARISONS):
        truth = distributions(seed)
        shots = (500, 3000, 20_000)[seed % 5 % 3]
        alarms += decided(truth, truth, shots, rules, seed, one_exact=one_exact) is Verdict.DISAGREE
    print(f"false alarms: {alarms} of {COMPARISONS} at alpha {alpha}, one side exact: {one_exact}")
    assert least <= alarms / COMPARISONS <= most


@pytest.mark.parametrize("one_exact", [False, True])
@pytest.mark.parametrize("count", [2, 16, 64, 256, 1024])
def test_power_at_the_stated_shots(count: int, *, one_exact: bool) -> None:
    """A distance of 0.05, spread over all outcomes alike, is seen in 85 % of comparisons at the stated shots."""
    rules = Rules()
    shots = required_shots(count, rules, one_side_exact=one_exact)
    uniform, other = np.full(count, 1 / count), alternating(count, 0.05)
    runs = 200 if count < 1000 else 60
    seen = sum(
        decided(uniform, other, shots, rules, seed, one_exact=one_exact) is Verdict.DISAGREE for seed in range(runs)
    )
    print(f"power: {seen} of {runs} at {count} outcomes, {shots} shots, one side exact: {one_exact}")
    assert seen / runs >= 0.85
