"""Verdicts on pairs and comparisons, through the functions that the service calls."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima_orchestrator.comparison.findings import Judgement
from proxima_orchestrator.comparison.pairs import compare_pair
from proxima_orchestrator.comparison.results import Expectation, MemberResult, State
from proxima_orchestrator.comparison.rules import Basis, Rules, Verdict
from proxima_orchestrator.comparison.verdict import holm, judge, overall

from .samples import alternating, exact, member, sampled

UNIFORM = np.full(64, 1 / 64)


def verdict(
    first: MemberResult,
    second: MemberResult,
    rules: Rules | None = None,
    *,
    readout: bool = False,
    instructions: int = 10,
) -> Judgement:
    """Return the verdict on one pair."""
    rules = rules or Rules()
    rng = np.random.default_rng(3)
    finding = compare_pair(first, second, rules, instruction_count=instructions, has_readout_error=readout, rng=rng)
    return judge([finding], rules)[0]


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=20))
def test_holm_corrects_upwards_and_keeps_the_order(p_values: list[float | None]) -> None:
    """Adjusted p-values are at least the raw ones, at most 1, in the same order, and None stays None."""
    adjusted = holm(p_values)
    pairs = sorted(
        (raw, new) for raw, new in zip(p_values, adjusted, strict=True) if raw is not None and new is not None
    )
    assert [new is None for new in adjusted] == [raw is None for raw in p_values]
    assert all(raw <= new <= 1 for raw, new in pairs)
    assert all(one[1] <= two[1] for one, two in itertools.pairwise(pairs))


def test_holm_by_hand() -> None:
    """0.01, 0.04, 0.03 become 0.03, 0.06 and 0.06."""
    assert holm([0.01, 0.04, None, 0.03]) == [pytest.approx(0.03), pytest.approx(0.06), None, pytest.approx(0.06)]


def test_samples_of_one_distribution_agree() -> None:
    """With the shots that are asked for, equal members agree; with a tenth they do not, and are told how many."""
    rng = np.random.default_rng(1)
    found = verdict(sampled(UNIFORM, 15_000, rng), sampled(UNIFORM, 15_000, rng))
    assert (found.verdict, found.finding.basis) == (Verdict.AGREE, Basis.SAMPLES)
    few = verdict(sampled(UNIFORM, 1500, rng), sampled(UNIFORM, 1500, rng))
    assert few.verdict is Verdict.NOT_ENOUGH_SHOTS
    assert 10_000 < few.required_shots < 20_000
    assert f"{few.required_shots} would do" in few.reason


def test_samples_of_another_distribution_disagree() -> None:
    """A distance of 0.1 is seen, between samples and against the exact distribution."""
    rng = np.random.default_rng(1)
    other = sampled(alternating(64, 0.1), 15_000, rng)
    assert verdict(sampled(UNIFORM, 15_000, rng), other).verdict is Verdict.DISAGREE
    found = verdict(exact(UNIFORM), other)
    assert (found.verdict, found.finding.basis) == (Verdict.DISAGREE, Basis.SAMPLES_AGAINST_DISTRIBUTION)


def test_few_shots_may_still_disagree() -> None:
    """A difference that is plain in a hundred shots is a disagreement, though fewer than for agreement."""
    rng = np.random.default_rng(1)
    up, down = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert verdict(sampled(up, 100, rng), sampled(down, 100, rng)).verdict is Verdict.DISAGREE


def test_samples_of_the_same_random_numbers_are_not_compared() -> None:
    """Two distributions 0.05 apart, sampled with one seed, are no agreement: coupled samples hide the distance."""
    near = alternating(1024, 0.05)
    coupled = [
        replace(sampled(law, 60_000, np.random.default_rng(5)), stream="numpy, seed 5")
        for law in (np.full(1024, 1 / 1024), near)
    ]
    found = verdict(coupled[0], coupled[1])
    assert found.verdict is Verdict.UNDECIDED
    assert "--distinct-seeds" in found.reason
    apart = replace(sampled(near, 60_000, np.random.default_rng(6)), stream="numpy, seed 6")
    assert verdict(coupled[0], apart).verdict is Verdict.DISAGREE


def test_truncation_is_allowed_for() -> None:
    """A distance within the certified errors is no disagreement, one above them is, and the allowance is reported."""
    rng = np.random.default_rng(2)
    near = sampled(alternating(64, 0.04), 400_000, rng, error=0.04)
    found = verdict(sampled(UNIFORM, 400_000, rng), near)
    assert found.verdict is not Verdict.DISAGREE
    assert found.finding.allowance == 0.04
    far = sampled(alternating(64, 0.1), 400_000, rng, error=0.04)
    assert verdict(sampled(UNIFORM, 400_000, rng), far).verdict is Verdict.DISAGREE
    assert verdict(exact(UNIFORM), far).verdict is Verdict.DISAGREE
    assert verdict(exact(UNIFORM), near).verdict is not Verdict.DISAGREE


def test_an_allowance_over_the_threshold_is_no_verdict() -> None:
    """Certified errors above the threshold leave nothing to see: no verdict, and the remedy is not more shots."""
    rng = np.random.default_rng(2)
    found = verdict(sampled(UNIFORM, 10_000, rng, error=0.1), sampled(UNIFORM, 10_000, rng))
    assert found.verdict is Verdict.UNDECIDED
    assert "--max-error" in found.reason
    assert found.required_shots == 0


def test_rounding_of_a_certificate_does_not_cost_power() -> None:
    """A certified error of 1e-12 is added to the p-value, and the ordinary test agrees with the ordinary shots."""
    rng = np.random.default_rng(2)
    found = verdict(sampled(UNIFORM, 15_000, rng, error=1e-12), sampled(UNIFORM, 15_000, rng))
    assert found.verdict is Verdict.AGREE


def test_exact_distributions_are_held_to_rounding() -> None:
    """Distributions 1e-11 apart agree and 1e-8 apart disagree in double precision, without any shots."""
    for size, expected in ((1e-11, Verdict.AGREE), (1e-8, Verdict.DISAGREE)):
        moved = UNIFORM.copy()
        moved[0] += size
        moved[1] -= size
        found = verdict(exact(UNIFORM), exact(moved))
        assert (found.verdict, found.p_value) == (expected, None)
        assert found.finding.total_variation_distance == pytest.approx(size, rel=1e-3)
    single = replace(exact(moved), is_single=True)
    assert verdict(exact(UNIFORM), single).verdict is Verdict.AGREE


def test_readout_must_be_in_both_or_neither() -> None:
    """A distribution without readout error is not compared with one that has it, nor with counts that have it."""
    rng = np.random.default_rng(2)
    found = verdict(exact(UNIFORM), exact(UNIFORM, readout_included=True))
    assert found.verdict is Verdict.UNDECIDED
    assert "readout" in found.reason
    counts = sampled(UNIFORM, 15_000, rng)
    assert verdict(exact(UNIFORM), counts, readout=True).verdict is Verdict.UNDECIDED
    assert verdict(exact(UNIFORM, readout_included=True), counts, readout=True).verdict is Verdict.AGREE


def test_nothing_in_common_is_no_verdict() -> None:
    """A state against counts cannot be compared, and the reason says so."""
    rng = np.random.default_rng(2)
    state = replace(member(), state=State(data=np.array([1.0, 0.0], dtype=complex), bits=(0,)))
    found = verdict(state, sampled(UNIFORM, 100, rng))
    assert (found.verdict, found.finding.basis) == (Verdict.UNDECIDED, Basis.NONE)
    assert "not comparable" in found.reason


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.5])
def test_a_result_that_contradicts_itself_agrees_with_nothing(value: float) -> None:
    """Numbers that are not finite or do not sum to 1 are a disagreement, whatever they are compared with."""
    broken = UNIFORM.copy()
    broken[3] = value
    rng = np.random.default_rng(2)
    for other in (exact(UNIFORM), exact(broken), sampled(UNIFORM, 1000, rng)):
        found = verdict(exact(broken), other)
        assert found.verdict is Verdict.DISAGREE
        assert "probabilities" in found.reason
    state = State(data=np.array([1.0, value], dtype=complex), bits=(0, 1))
    assert verdict(replace(member(), state=state), replace(member(), state=state)).verdict is Verdict.DISAGREE


def test_exact_expectation_values_are_held_to_rounding() -> None:
    """Values further apart than rounding excuses disagree, though the states agree."""
    state = State(data=np.array([1.0, 0.0], dtype=complex), bits=(0,))

    def with_value(value: float) -> MemberResult:
        item = Expectation(name="Z", value=value, standard_error=None, weight=1.0)
        return replace(member(), state=state, expectations=(item,))

    assert verdict(with_value(1.0), with_value(1.0 - 1e-12)).verdict is Verdict.AGREE
    found = verdict(with_value(1.0), with_value(0.9))
    assert found.verdict is Verdict.DISAGREE
    assert found.finding.max_expectation_difference == pytest.approx(0.1)


def test_sampled_expectation_values_are_held_to_their_errors() -> None:
    """Five standard errors apart disagree, one does not; too few samples agree with nothing."""

    def with_value(value: float, error: float | None, shots: int = 10_000) -> MemberResult:
        item = Expectation(name="ZZ", value=value, standard_error=error, weight=1.0)
        return replace(member(shots=shots), expectations=(item,))

    assert verdict(with_value(0.5, None), with_value(0.51, 0.01)).verdict is Verdict.AGREE
    assert verdict(with_value(0.5, None), with_value(0.55, 0.01)).verdict is Verdict.DISAGREE
    few = verdict(with_value(0.5, None), with_value(0.5, 0.2, shots=25))
    assert few.verdict is Verdict.NOT_ENOUGH_SHOTS
    # All samples alike have no spread, and prove no more than their number.
    alike = verdict(with_value(0.999, None), with_value(1.0, 0.0, shots=1000))
    assert alike.verdict is not Verdict.DISAGREE


def test_a_comparison_is_as_good_as_its_worst_pair() -> None:
    """One disagreement is the verdict of all; else too few shots; else agreement of every pair, and of no pair none."""
    rng = np.random.default_rng(2)
    agree = verdict(exact(UNIFORM), exact(UNIFORM))
    short = verdict(sampled(UNIFORM, 100, rng), sampled(UNIFORM, 100, rng))
    differ = verdict(exact(UNIFORM), exact(alternating(64, 0.1)))
    assert overall([agree, short, differ]) is Verdict.DISAGREE
    assert overall([agree, short]) is Verdict.NOT_ENOUGH_SHOTS
    assert overall([agree, agree]) is Verdict.AGREE
    assert overall([]) is Verdict.UNDECIDED
