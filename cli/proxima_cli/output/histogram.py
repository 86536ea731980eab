"""The rows of a histogram: the outcomes that matter, their intervals, and the rest summed."""

from collections.abc import Mapping
from dataclasses import dataclass

from proxima_cli.intervals import clopper_pearson

__all__ = ["Histogram", "Row", "of_counts", "of_probabilities"]

MAX_ROWS = 16


@dataclass(frozen=True, kw_only=True)
class Row:
    """One outcome. `count` and the 95 % Clopper-Pearson `interval` are None where the value is exact."""

    outcome: str
    value: float
    count: int | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """The rows shown, and what was left out: how many outcomes, with what count and probability together."""

    rows: tuple[Row, ...]
    shots: int
    rest_outcomes: int
    rest_count: int
    rest_value: float


def of_counts(counts: Mapping[str, int], *, max_rows: int = MAX_ROWS) -> Histogram:
    """Return the most frequent outcomes, each with its pointwise interval; all of them in order if there are few."""
    shots = sum(counts.values())
    shown = _shown(counts, max_rows)
    rest = shots - sum(counts[outcome] for outcome in shown)
    return Histogram(
        rows=tuple(
            Row(
                outcome=outcome,
                value=counts[outcome] / shots,
                count=counts[outcome],
                interval=clopper_pearson(counts[outcome], shots),
            )
            for outcome in shown
        ),
        shots=shots,
        rest_outcomes=len(counts) - len(shown),
        rest_count=rest,
        rest_value=rest / shots if shots else 0.0,
    )


def of_probabilities(probabilities: Mapping[str, float], *, outcome_count: int, max_rows: int = MAX_ROWS) -> Histogram:
    """Return the likeliest of the outcomes given, which may be a part of `outcome_count`; without intervals."""
    shown = _shown(probabilities, max_rows)
    hidden = outcome_count - len(shown)
    return Histogram(
        rows=tuple(Row(outcome=key, value=probabilities[key], count=None, interval=None) for key in shown),
        shots=0,
        rest_outcomes=hidden,
        rest_count=0,
        rest_value=max(0.0, 1.0 - sum(probabilities[key] for key in shown)) if hidden else 0.0,
    )


def _shown(values: Mapping[str, float], max_rows: int) -> list[str]:
    if len(values) <= max_rows:
        return sorted(values)
    return sorted(values, key=lambda outcome: (-values[outcome], outcome))[:max_rows]
