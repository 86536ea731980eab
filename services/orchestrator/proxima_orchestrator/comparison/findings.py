"""What was found out about a pair of results before the verdict: tests, distances, and figures for the sentence."""

from __future__ import annotations

from dataclasses import dataclass

from proxima_orchestrator.comparison.rules import Basis, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one part of a comparison of two results came to.

    Attributes:
        sentence: what was found, with figures.
        exceeds: an exact distance is over what rounding and truncation excuse; None where it cannot be said.
        p_value: of the results being equal, corrected over this part's own tests; None where nothing was sampled.
        power: chance that a difference of the threshold would have been seen; None where nothing was sampled.
        required_shots: shots with which it would have been; 0 where no number would do or nothing was sampled.
        remedy: what helps where no number of shots does; empty elsewhere.
    """

    sentence: str
    exceeds: bool | None = False
    p_value: float | None = None
    power: float | None = None
    required_shots: int = 0
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PairFinding:
    """What was found out about two results.

    Attributes:
        basis: what the verdict will rest on.
        parts: what each part came to; empty where nothing can be compared, and then `obstacle` says why.
        allowance: certified errors of both, summed.
        notes: what else the reader should know, a sentence each.
    """

    basis: Basis
    parts: tuple[Finding, ...]
    allowance: float = 0.0
    obstacle: str = ""
    notes: tuple[str, ...] = ()
    fidelity: float | None = None
    trace_distance: float | None = None
    total_variation_distance: float | None = None
    null_quantile: float | None = None
    max_expectation_difference: float | None = None
    tolerance: float | None = None

    @property
    def p_value(self) -> float | None:
        """p-value of the pair, corrected over its parts (Bonferroni); None where nothing was sampled."""
        values = [part.p_value for part in self.parts if part.p_value is not None]
        return min(1.0, len(values) * min(values)) if values else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """The verdict on a pair, with the figures that it rests on; `p_value` is corrected over the pairs too (Holm)."""

    finding: PairFinding
    verdict: Verdict
    reason: str
    p_value: float | None
    power: float | None
    required_shots: int
