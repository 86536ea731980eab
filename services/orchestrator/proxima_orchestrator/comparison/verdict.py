"""From findings to verdicts: Holm's procedure over the pairs, then each pair, then the comparison."""

from __future__ import annotations

from collections.abc import Sequence

from proxima_orchestrator.comparison.findings import Finding, Judgement, PairFinding
from proxima_orchestrator.comparison.rules import Rules, Verdict


def judge(findings: Sequence[PairFinding], rules: Rules) -> list[Judgement]:
    """Return the verdict on each pair of one comparison.

    A pair disagrees where an exact distance is over what is excused, or where Holm's procedure rejects it at the false
    alarm rate of the comparison. It agrees where neither is so and every sampled part would have seen a difference of
    the threshold with the power of the rules.
    """
    corrected = holm([finding.p_value for finding in findings])
    return [_judge(finding, value, rules) for finding, value in zip(findings, corrected, strict=True)]


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's adjusted p-values; None stays None and does not count as a test.

    The i-th smallest of m is multiplied by m - i + 1, and none is under the one before (Scandinavian Journal of
    Statistics 6, 65, 1979). What is at most alpha is rejected.
    """
    order = sorted((value, index) for index, value in enumerate(p_values) if value is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (value, index) in enumerate(order):
        least = max(least, min(1.0, value * (len(order) - rank)))
        adjusted[index] = least
    return adjusted


def overall(judgements: Sequence[Judgement]) -> Verdict:
    """Return a comparison's verdict: disagree where a pair does, else not enough shots, else agree where all do."""
    verdicts = {judgement.verdict for judgement in judgements}
    for verdict in (Verdict.DISAGREE, Verdict.NOT_ENOUGH_SHOTS):
        if verdict in verdicts:
            return verdict
    return Verdict.AGREE if verdicts == {Verdict.AGREE} else Verdict.UNDECIDED


def _judge(finding: PairFinding, p_value: float | None, rules: Rules) -> Judgement:
    sampled = [part for part in finding.parts if part.power is not None]
    power = min((part.power for part in sampled if part.power is not None), default=None)
    short = [part for part in sampled if part.power is not None and part.power < rules.power]
    verdict, sentence = _decide(finding, p_value, short, rules)
    required = max((part.required_shots for part in short), default=0)
    described = [part.sentence for part in finding.parts]
    if p_value is not None and power is not None:
        described.append(
            f"p {p_value:.3g} after correction; a difference of {rules.tvd_threshold:g} would have been seen with "
            f"probability {power:.3g}"
        )
    return Judgement(
        finding=finding,
        verdict=verdict,
        reason="; ".join([sentence, *described, *finding.notes]),
        p_value=p_value,
        power=power,
        required_shots=required if verdict is Verdict.NOT_ENOUGH_SHOTS else 0,
    )


def _decide(finding: PairFinding, p_value: float | None, short: Sequence[Finding], rules: Rules) -> tuple[Verdict, str]:
    if not finding.parts:
        return Verdict.UNDECIDED, f"not comparable: {finding.obstacle}"
    if any(part.exceeds for part in finding.parts):
        return Verdict.DISAGREE, "different by more than rounding and truncation excuse"
    if p_value is not None and p_value <= rules.false_alarm_rate:
        return Verdict.DISAGREE, f"different at a false alarm rate of {rules.false_alarm_rate:g}"
    obstacles = [part.remedy for part in short if part.remedy]
    if any(part.exceeds is None for part in finding.parts):
        obstacles.append("the bounds of the distance lie on both sides of what is allowed")
    if obstacles:
        return Verdict.UNDECIDED, obstacles[0]
    if short:
        required = max(part.required_shots for part in short)
        return Verdict.NOT_ENOUGH_SHOTS, f"no difference seen, and too few shots to have seen one; {required} would do"
    return Verdict.AGREE, "equal"
