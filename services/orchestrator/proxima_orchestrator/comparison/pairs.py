"""Two results side by side: the strongest evidence that both have, and their expectation values."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from proxima_orchestrator.comparison.alignment import (
    align_counts,
    align_distributions,
    align_states,
    counts_over,
)
from proxima_orchestrator.comparison.event import event_p_value, event_p_value_exact
from proxima_orchestrator.comparison.exact import state_distance, tolerance, total_variation_distance
from proxima_orchestrator.comparison.expectations import compare_expectations
from proxima_orchestrator.comparison.faults import faults_of
from proxima_orchestrator.comparison.findings import Finding, PairFinding
from proxima_orchestrator.comparison.one_sample import compare_with_distribution
from proxima_orchestrator.comparison.power import (
    achieved_power,
    event_power,
    event_required_shots,
    outcome_count,
    required_shots,
)
from proxima_orchestrator.comparison.results import Counts, Distribution, MemberResult, State
from proxima_orchestrator.comparison.rules import Basis, Rules
from proxima_orchestrator.comparison.two_sample import HistogramTest, compare_samples


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    first: MemberResult
    second: MemberResult
    rules: Rules
    instruction_count: int

    @property
    def allowance(self) -> float:
        return min(1.0, self.first.certified_error + self.second.certified_error)

    @property
    def tolerance(self) -> float:
        is_single = self.first.is_single or self.second.is_single
        return tolerance(is_single=is_single, instruction_count=self.instruction_count)

    @property
    def excuse(self) -> str:
        precision = "single" if self.first.is_single or self.second.is_single else "double"
        rounding = (
            f"{self.tolerance:.1e} for the rounding of {precision} precision over {self.instruction_count} instructions"
        )
        return f"{rounding} and {self.allowance:.3g} for truncation" if self.allowance else rounding


def compare_pair(
    first: MemberResult,
    second: MemberResult,
    rules: Rules,
    *,
    instruction_count: int,
    has_readout_error: bool,
    rng: np.random.Generator,
) -> PairFinding:
    """Return what can be said about two results of one circuit.

    The strongest that both have counts: states, then exact distributions, then a distribution against samples, then
    samples. Expectation values are compared besides, and alone where there is nothing else. A result that contradicts
    itself is a disagreement with any other.

    Args:
        first, second: the results.
        rules: levels and thresholds.
        instruction_count: instructions of the circuit, for what rounding excuses.
        has_readout_error: the circuit's measurements have readout error, so samples have it too.
        rng: makes the draws of the statistical tests.
    """
    faults = [*faults_of(first), *faults_of(second)]
    if faults:
        # Nothing agrees with a result that contradicts itself.
        return PairFinding(basis=Basis.NONE, parts=(Finding(sentence="; ".join(faults), exceeds=True),))
    pair = _Pair(first=first, second=second, rules=rules, instruction_count=instruction_count)
    found, notes = _strongest(pair, has_readout_error=has_readout_error, rng=rng)
    expected = compare_expectations(first, second, rules, tolerance=pair.tolerance, allowance=pair.allowance)
    if expected is not None:
        finding, largest = expected
        base = found or PairFinding(basis=Basis.EXPECTATION_VALUES, parts=())
        found = replace(
            base, parts=(*base.parts, finding), max_expectation_difference=largest, tolerance=pair.tolerance
        )
    notes += [*first.left_out, *second.left_out]
    if found is None:
        obstacle = "the two have no kind of result in common that can be compared"
        return PairFinding(
            basis=Basis.NONE, parts=(), allowance=pair.allowance, obstacle=obstacle, notes=tuple(dict.fromkeys(notes))
        )
    return replace(found, allowance=pair.allowance, notes=tuple(dict.fromkeys(notes)))


def _strongest(
    pair: _Pair, *, has_readout_error: bool, rng: np.random.Generator
) -> tuple[PairFinding | None, list[str]]:
    first, second = pair.first, pair.second
    notes: list[str] = []
    if first.state is not None and second.state is not None:
        try:
            return _states(pair, first.state, second.state), notes
        except ValueError as error:
            notes.append(f"the states are not compared: {error}")
    one, other = first.distribution, second.distribution
    if one is not None and other is not None:
        if one.over_clbits != other.over_clbits:
            notes.append("the probabilities are not compared: one is over classical bits, the other over qubits")
        elif one.readout_included != other.readout_included:
            notes.append("the probabilities are not compared: only one has readout error in it")
        else:
            try:
                return _distributions(pair, one, other), notes
            except ValueError as error:
                notes.append(f"the probabilities are not compared: {error}")
    found, obstacles = _by_counts(pair, has_readout_error=has_readout_error, rng=rng)
    return found, [*notes, *obstacles]


def _by_counts(
    pair: _Pair, *, has_readout_error: bool, rng: np.random.Generator
) -> tuple[PairFinding | None, list[str]]:
    first, second = pair.first, pair.second
    one, other = first.distribution, second.distribution
    notes: list[str] = []
    for distribution, counts, is_first in ((one, second.counts, True), (other, first.counts, False)):
        if distribution is None or counts is None or (other if is_first else one) is not None:
            continue
        if distribution.over_clbits and distribution.readout_included != has_readout_error:
            notes.append("probabilities are not compared with counts: only one of the two has readout error in it")
        elif distribution.over_clbits:
            return _samples_against(pair, counts, distribution, rng), notes
    if first.counts is not None and second.counts is not None:
        coupled = _coupling(first, second)
        if not coupled:
            return _samples(pair, first.counts, second.counts, rng), notes
        notes.append(coupled)
    return None, notes


def _coupling(first: MemberResult, second: MemberResult) -> str:
    """Return why two counts are not independent, or nothing where they are.

    What random numbers have in common cancels in X - Y; the T of two samples takes it off as if each had its own, and
    then sees nothing however many shots there are.
    """
    if not first.stream or first.stream != second.stream:
        return ""
    return (
        f"the counts are not compared: both were drawn with the same random numbers ({first.stream}), and the test is "
        "for independent ones; give each member a seed of its own (--distinct-seeds)"
    )


def _states(pair: _Pair, one: State, other: State) -> PairFinding:
    distance = state_distance(*align_states(one, other))
    allowed = pair.tolerance + pair.allowance
    exceeds = None if distance.least <= allowed < distance.most else distance.least > allowed
    fidelity = "not computed at this size" if distance.fidelity is None else f"{distance.fidelity:.12g}"
    shown = (
        f"{distance.most:.2e}" if distance.least == distance.most else f"{distance.least:.2e} to {distance.most:.2e}"
    )
    return PairFinding(
        basis=Basis.STATES,
        parts=(
            Finding(
                sentence=f"states: fidelity {fidelity}, trace distance {shown}; allowed are {pair.excuse}",
                exceeds=exceeds,
            ),
        ),
        fidelity=distance.fidelity,
        trace_distance=distance.most,
        tolerance=pair.tolerance,
    )


def _distributions(pair: _Pair, one: Distribution, other: Distribution) -> PairFinding:
    distance = total_variation_distance(*align_distributions(one, other))
    sentence = f"exact distributions: total variation distance {distance:.2e}; allowed are {pair.excuse}"
    return PairFinding(
        basis=Basis.DISTRIBUTIONS,
        parts=(Finding(sentence=sentence, exceeds=distance > pair.tolerance + pair.allowance),),
        total_variation_distance=distance,
        tolerance=pair.tolerance,
    )


def _samples(pair: _Pair, one: Counts, other: Counts, rng: np.random.Generator) -> PairFinding:
    outcomes, left, right = align_counts(one, other)
    test = compare_samples(outcomes, left, right, pair.rules, rng)
    varying = _varying_bits(outcomes)
    kinds = outcome_count(left + right, bit_count=varying)
    shots = 2 * one.shots * other.shots / (one.shots + other.shots)
    slack = one.shots * pair.first.certified_error + other.shots * pair.second.certified_error
    if _is_negligible(slack, pair.rules):
        p_value, allowance = test.p_value + slack, 0.0
    else:
        p_value, allowance = event_p_value(left, right, pair.allowance, rng), pair.allowance
    sampled = f"histograms of {one.shots} and {other.shots} shots"
    return _sampled(
        pair,
        Basis.SAMPLES,
        test,
        p_value=min(1.0, p_value),
        allowance=allowance,
        shots=shots,
        kinds=kinds,
        sampled=sampled,
    )


def _samples_against(pair: _Pair, counts: Counts, distribution: Distribution, rng: np.random.Generator) -> PairFinding:
    seen, outside = counts_over(counts, distribution)
    # Shots outside of the distribution's bits are one more outcome, of probability 0.
    model = np.append(np.clip(distribution.data, 0.0, None), 0.0)
    model = model / model.sum()
    found = np.append(seen, outside)
    test = compare_with_distribution(found, model, pair.rules, rng)
    # The smallest number of outcomes that hold all but 1e-6 of the probability.
    ordered = np.sort(model)[::-1]
    kinds = float(min(len(ordered), int(np.searchsorted(np.cumsum(ordered), 1 - 1e-6)) + 1))
    slack = counts.shots * pair.allowance
    if _is_negligible(slack, pair.rules):
        p_value, allowance = test.p_value + slack, 0.0
    else:
        p_value, allowance = event_p_value_exact(found, model, pair.allowance, rng), pair.allowance
    sampled = f"{counts.shots} shots against the exact distribution"
    basis = Basis.SAMPLES_AGAINST_DISTRIBUTION
    return _sampled(
        pair,
        basis,
        test,
        p_value=min(1.0, p_value),
        allowance=allowance,
        shots=counts.shots,
        kinds=kinds,
        sampled=sampled,
    )


def _sampled(
    pair: _Pair,
    basis: Basis,
    test: HistogramTest,
    *,
    p_value: float,
    allowance: float,
    shots: float,
    kinds: float,
    sampled: str,
) -> PairFinding:
    rules = pair.rules
    exact = basis is Basis.SAMPLES_AGAINST_DISTRIBUTION
    remedy = ""
    if allowance:
        power = event_power(shots, kinds, allowance, rules, one_side_exact=exact)
        needed = event_required_shots(kinds, allowance, rules, one_side_exact=exact)
        if not needed:
            remedy = (
                f"the certified errors allow a distance of {allowance:.3g}, so one of {rules.tvd_threshold:g} cannot "
                "be told whatever the shots: lower --max-error or raise --threshold"
            )
    else:
        power = achieved_power(shots, kinds, rules, one_side_exact=exact)
        needed = required_shots(kinds, rules, one_side_exact=exact)
    outcomes = "about one outcome" if round(kinds) == 1 else f"about {kinds:.0f} outcomes"
    sentence = (
        f"{sampled}: total variation distance {test.total_variation_distance:.4f}, where equal distributions stay "
        f"under {test.null_quantile:.4f} in {1 - rules.false_alarm_rate:.4g} of cases; {outcomes}"
    )
    if allowance:
        sentence += f"; {allowance:.3g} is allowed for truncation"
    if test.is_extrapolated:
        sentence += f"; the p-value is the tail of a fit to {test.draw_count} permutations"
    return PairFinding(
        basis=basis,
        parts=(Finding(sentence=sentence, p_value=p_value, power=power, required_shots=needed, remedy=remedy),),
        total_variation_distance=test.total_variation_distance,
        null_quantile=test.null_quantile,
    )


def _is_negligible(slack: float, rules: Rules) -> bool:
    """Return whether truncation may be allowed for by adding to the p-value how far the law of all shots may be off.

    The joint law of N shots, each within delta of another distribution, is within N delta of that of N shots of it.
    """
    return slack <= rules.test_level / 10


def _varying_bits(outcomes: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int:
    differing = np.bitwise_or.reduce(outcomes, axis=0) ^ np.bitwise_and.reduce(outcomes, axis=0)
    return int(np.bitwise_count(differing).sum())
