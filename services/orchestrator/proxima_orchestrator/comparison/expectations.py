"""Expectation values of two results: exact ones by what rounding excuses, sampled ones by their standard errors."""

from __future__ import annotations

import math

from proxima_orchestrator.comparison.findings import Finding
from proxima_orchestrator.comparison.results import Expectation, MemberResult
from proxima_orchestrator.comparison.rules import Rules
from proxima_orchestrator.comparison.tails import normal_cdf, normal_quantile, normal_tail

# The mean of fewer samples need not be near enough to normal to reject anything.
_LEAST_SAMPLES = 100


def compare_expectations(
    first: MemberResult, second: MemberResult, rules: Rules, *, tolerance: float, allowance: float
) -> tuple[Finding, float] | None:
    """Return what the expectation values say and their largest difference; None where the two have none in common.

    For an observable with coefficients c, |A - B| <= (tolerance + allowance) sum |c| is excused. A sampled difference
    is tested by z = (|A - B| - excused) / sqrt(s_A^2 + s_B^2), two-sided, times the number of sampled observables. A
    standard error under sum |c| / shots counts as that: no number of equal samples says that all would be.

    Raises:
        ValueError: the two are of different observables.
    """
    if not first.expectations or not second.expectations:
        return None
    if [item.name for item in first.expectations] != [item.name for item in second.expectations]:
        raise ValueError("the two results have expectation values of different observables")
    pairs = list(zip(first.expectations, second.expectations, strict=True))
    largest, worst = max(((abs(one.value - other.value), one.name) for one, other in pairs), key=lambda item: item[0])
    exact = [pair for pair in pairs if pair[0].standard_error is None and pair[1].standard_error is None]
    sampled = [pair for pair in pairs if pair[0].standard_error is not None or pair[1].standard_error is not None]
    exceeds = any(abs(one.value - other.value) > (tolerance + allowance) * one.weight for one, other in exact)
    noun = "expectation value" if len(pairs) == 1 else "expectation values"
    sentence = f"{len(pairs)} {noun}: largest difference {largest:.3g}, of {worst}"
    if not sampled:
        return Finding(sentence=sentence, exceeds=exceeds), largest
    samples = min(result.shots for result in (first, second) if _is_sampled(result.expectations))
    errors = [_error(one, other, first.shots, second.shots) for one, other in sampled]
    scores = [
        max(0.0, abs(one.value - other.value) - (tolerance + allowance) * one.weight) / error
        for (one, other), error in zip(sampled, errors, strict=True)
    ]
    p_value = min(1.0, 2 * len(sampled) * normal_tail(max(scores)))
    level = rules.test_level / len(sampled)
    # A distance eps of the outcomes moves an expectation value by up to 2 eps of its largest size.
    seen = [
        (2 * rules.tvd_threshold - allowance) * one.weight / error
        for (one, _), error in zip(sampled, errors, strict=True)
        if one.weight > 0
    ]
    least = min(seen, default=math.inf)
    needed_z = normal_quantile(1 - level / 2) + normal_quantile(rules.power)
    power = normal_cdf(least - normal_quantile(1 - level / 2)) if least > 0 else 0.0
    if samples < _LEAST_SAMPLES:
        p_value, power = 1.0, 0.0
    required = math.ceil(samples * (needed_z / least) ** 2) if least > 0 else 0
    remedy = "" if least > 0 else "the certified errors allow more than the threshold: lower --max-error"
    sentence += f", {max(scores):.2f} standard errors over what is allowed at most"
    return (
        Finding(
            sentence=sentence,
            exceeds=exceeds,
            p_value=p_value,
            power=power,
            required_shots=max(required, _LEAST_SAMPLES),
            remedy=remedy,
        ),
        largest,
    )


def _is_sampled(expectations: tuple[Expectation, ...]) -> bool:
    return any(item.standard_error is not None for item in expectations)


def _error(one: Expectation, other: Expectation, shots: int, others: int) -> float:
    """Return the standard error of a difference, never under what the number of shots allows to say."""
    total = 0.0
    for item, count in ((one, shots), (other, others)):
        if item.standard_error is not None:
            total += max(item.standard_error, item.weight / max(1, count)) ** 2
    return math.sqrt(total) or math.inf
