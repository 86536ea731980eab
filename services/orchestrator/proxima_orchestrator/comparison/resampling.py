"""Monte Carlo p-values of two statistics and a quantile, with exact validity, early stopping and bounded work."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.comparison.rules import Rules
from proxima_orchestrator.comparison.tails import gamma_tail, normal_quantile

# A p-value with so many exceedances is known well enough (Besag and Clifford, Biometrika 78, 301, 1991).
_EXCEEDANCES = 20
_QUANTILE_DRAWS = 2000
_LEAST_DRAWS = 200
# A fit says nothing further out.
_LEAST_FITTED = 1e-9
_BATCH_ELEMENTS = 2**20
_BATCH_ROWS = 1000
_SOFT_SECONDS = 2.0
_HARD_SECONDS = 8.0
_ALL_PAIRS_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Draws:
    """Statistics of draws from the null, each of shape (draws,); `correlator` is None where it is judged otherwise."""

    statistic: NDArray[np.float64]
    correlator: NDArray[np.float64] | None
    tvd: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class NullComparison:
    """Where the observed values lie among draws from the null.

    Attributes:
        p_value: of the statistic.
        correlator_p_value: of the largest correlator; None where it was not drawn.
        tvd_quantile: 1 - false alarm rate quantile of the total variation distance.
        draw_count: draws made.
        is_extrapolated: `p_value` is the tail of a gamma fit, because draws enough would take too long.
    """

    p_value: float
    correlator_p_value: float | None
    tvd_quantile: float
    draw_count: int
    is_extrapolated: bool


def compare_with_null(
    draw: Callable[[int], Draws],
    *,
    statistic: float,
    correlator: float,
    elements: int,
    draw_seconds: float,
    rules: Rules,
) -> NullComparison:
    """Draw from the null until the p-values are known well enough, or the work is done.

    A p-value is h/l where the h-th draw that reaches the observed value is the l-th in all (h = 20), else (b+1)/(B+1):
    both are valid exactly. The smallest one that the rules can ask for is within reach of B unless that would
    take too long by `draw_seconds`; then the tail of a gamma fit is taken.

    Args:
        draw: makes a number of draws.
        statistic, correlator: the observed values.
        elements: size of one draw, for the batches.
        draw_seconds: what one draw takes by a model of the machine, never by the clock: verdicts are reproducible.
        rules: level and number of pairs.
    """
    most, is_short = _draw_limit(draw_seconds, rules)
    least = max(_LEAST_DRAWS, min(max(_QUANTILE_DRAWS, math.ceil(2 / rules.false_alarm_rate)), most))
    least = min(least, max(_LEAST_DRAWS, int(_SOFT_SECONDS / draw_seconds)))
    rows = max(1, min(_BATCH_ROWS, _BATCH_ELEMENTS // max(1, elements)))
    first, second = _Counter(statistic), _Counter(correlator)
    kept: list[NDArray[np.float64]] = []
    distances: list[NDArray[np.float64]] = []
    done = 0
    has_correlator = False
    while done < most:
        draws = draw(min(rows, most - done))
        first.add(draws.statistic)
        if draws.correlator is not None:
            has_correlator = True
            second.add(draws.correlator)
        if done < least:
            distances.append(draws.tvd)
            kept.append(draws.statistic)
        elif is_short:
            kept.append(draws.statistic)
        done += len(draws.statistic)
        if done >= least and first.is_known and (second.is_known or not has_correlator):
            break
    extrapolated = is_short and not first.is_known
    return NullComparison(
        p_value=max(_LEAST_FITTED, gamma_tail(statistic, np.concatenate(kept))) if extrapolated else first.p_value,
        correlator_p_value=second.p_value if has_correlator else None,
        tvd_quantile=_quantile(np.concatenate(distances), rules.false_alarm_rate),
        draw_count=done,
        is_extrapolated=extrapolated,
    )


class _Counter:
    """Counts draws that reach an observed value, up to the one that stops it."""

    def __init__(self, observed: float) -> None:
        # Equal statistics come out a few roundings apart.
        self._bar = observed - 1e-9 * abs(observed)
        self._reached = 0
        self._drawn = 0

    @property
    def is_known(self) -> bool:
        return self._reached >= _EXCEEDANCES

    @property
    def p_value(self) -> float:
        if self.is_known:
            return self._reached / self._drawn
        return (self._reached + 1) / (self._drawn + 1)

    def add(self, values: NDArray[np.float64]) -> None:
        if self.is_known:
            return
        places = np.flatnonzero(values >= self._bar)
        missing = _EXCEEDANCES - self._reached
        if len(places) >= missing:
            self._reached = _EXCEEDANCES
            self._drawn += int(places[missing - 1]) + 1
        else:
            self._reached += len(places)
            self._drawn += len(values)


def _draw_limit(draw_seconds: float, rules: Rules) -> tuple[int, bool]:
    """Return the largest number of draws, and whether that is too few for the smallest p-value that may be needed."""
    needed = math.ceil(1 / rules.test_level)
    hard = max(0.5, min(_HARD_SECONDS, _ALL_PAIRS_SECONDS / rules.pair_count))
    affordable = int(min(_SOFT_SECONDS, hard) / draw_seconds)
    if affordable >= needed:
        return min(10 * needed, affordable), False
    if needed * draw_seconds <= hard:
        return needed, False
    return max(_LEAST_DRAWS, int(hard / draw_seconds)), True


def _quantile(values: NDArray[np.float64], alpha: float) -> float:
    """Return the 1 - alpha quantile, by the normal distribution where there are too few values for it."""
    if len(values) * alpha >= 1:
        return float(np.quantile(values, 1 - alpha, method="higher"))
    return float(values.mean() + normal_quantile(1 - alpha) * values.std())
