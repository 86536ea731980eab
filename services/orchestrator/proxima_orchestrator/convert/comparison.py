"""Comparisons as messages: what a caller asks for, checked, and what was found out."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from google.rpc import status_pb2
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import comparisons_pb2, executions_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import Unimplemented, to_status

from proxima_orchestrator.capabilities import Method, ResultKind
from proxima_orchestrator.comparison.findings import Judgement
from proxima_orchestrator.comparison.rules import Basis, Rules, Verdict
from proxima_orchestrator.comparisons.record import ComparisonState
from proxima_orchestrator.convert.errors import invalid

MAX_TARGETS = 16
_FALSE_ALARM_RATE = 1e-3
_TVD_THRESHOLD = 0.05
_MAX_DIVERGENCES = 16
_PINNED = ("backend", "engine", "method", "precision")


def check_comparison(message: comparisons_pb2.ComparisonSpec, *, seed: int) -> comparisons_pb2.ComparisonSpec:
    """Check a specification and return it with the defaults filled in; `seed` is the one drawn, where it has none.

    The members' own fields are checked where they become specifications of executions.

    Raises:
        InvalidArgument: INVALID_REQUEST; a field is missing, out of range or contradicts another.
    """
    spec = comparisons_pb2.ComparisonSpec()
    spec.CopyFrom(message)
    for field in _PINNED:
        if getattr(spec.execution, field):
            raise invalid(f"spec.execution.{field}", "must not be set; the targets say where to run")
    _check_targets(spec.targets)
    if spec.seed_policy not in comparisons_pb2.SeedPolicy.values():
        raise invalid("spec.seed_policy", f"{spec.seed_policy} is no seed policy")
    for field, default, most in (("false_alarm_rate", _FALSE_ALARM_RATE, 0.5), ("tvd_threshold", _TVD_THRESHOLD, 1.0)):
        value = getattr(spec, field)
        if not (math.isfinite(value) and 0 <= value <= most):
            raise invalid(f"spec.{field}", f"must be over 0 and at most {most:g} (0: {default:g}), not {value:g}")
        setattr(spec, field, value or default)
    if not spec.execution.HasField("seed"):
        spec.execution.seed = seed
    return spec


def _check_targets(targets: Sequence[comparisons_pb2.ComparisonTarget]) -> None:
    if len(targets) < 2:
        raise invalid(
            "spec.targets",
            f"{len(targets)} given; a comparison needs at least two, for example backends qiskit and cirq, or two "
            "methods of one backend",
        )
    if len(targets) > MAX_TARGETS:
        raise invalid("spec.targets", f"{len(targets)} given; at most {MAX_TARGETS}")
    seen: list[comparisons_pb2.ComparisonTarget] = []
    for index, target in enumerate(targets):
        if not target.backend.removeprefix("backends/"):
            raise invalid(f"spec.targets[{index}].backend", "is missing")
        if target in seen:
            raise invalid(
                f"spec.targets[{index}]",
                f"{target_label(target)} is given twice, and agrees with itself; leave one out, or give one of the two "
                "another method, engine or precision",
            )
        seen.append(target)


def target_label(target: comparisons_pb2.ComparisonTarget) -> str:
    """Return a target as the command line writes it: backend/engine:method."""
    label = target.backend.removeprefix("backends/")[:100]
    if target.engine:
        label += f"/{target.engine[:100]}"
    if target.method:
        label += ":" + next((item.label for item in Method if int(item) == int(target.method)), str(target.method))
    return label


def member_spec(
    spec: comparisons_pb2.ComparisonSpec, position: int, *, left_out: Collection[ResultKind] = ()
) -> executions_pb2.ExecutionSpec:
    """Return the specification of a member's execution, without the results that its method cannot give."""
    target = spec.targets[position]
    member = executions_pb2.ExecutionSpec()
    member.CopyFrom(spec.execution)
    member.backend = target.backend
    member.engine = target.engine
    member.method = target.method
    member.precision = target.precision
    if spec.seed_policy != comparisons_pb2.SEED_POLICY_SAME:
        member.seed = int(np.random.SeedSequence([spec.execution.seed, position]).generate_state(1)[0])
    for kind in left_out:
        member.results.ClearField(_RESULT_FIELDS[kind])
    return member


_RESULT_FIELDS = {
    ResultKind.COUNTS: "shots",
    ResultKind.PROBABILITIES: "probabilities",
    ResultKind.STATEVECTOR: "statevector",
    ResultKind.DENSITY_MATRIX: "density_matrix",
    ResultKind.EXPECTATION_VALUES: "observables",
}


def asks_for_counts(results: result_pb2.ResultSpec) -> bool:
    """Return whether counts are asked for, by a number of shots or by asking for nothing in particular."""
    return results.shots > 0 or not (
        results.probabilities or results.statevector or results.density_matrix or results.observables
    )


def rules_of(spec: comparisons_pb2.ComparisonSpec, *, pair_count: int) -> Rules:
    """Return what the verdicts go by."""
    return Rules(
        false_alarm_rate=spec.false_alarm_rate, tvd_threshold=spec.tvd_threshold, pair_count=max(1, pair_count)
    )


def judgement_to_message(first: int, second: int, judgement: Judgement) -> comparisons_pb2.PairComparison:
    """Return the message of a verdict on the members at two positions."""
    finding = judgement.finding
    message = comparisons_pb2.PairComparison(
        first_member=first,
        second_member=second,
        basis=_BASES[finding.basis],
        verdict=verdict_to_number(judgement.verdict),
        reason=judgement.reason,
        required_shots=judgement.required_shots,
        truncation_allowance=finding.allowance,
    )
    figures = {
        "fidelity": finding.fidelity,
        "total_variation_distance": finding.total_variation_distance,
        "null_quantile": finding.null_quantile,
        "p_value": judgement.p_value,
        "power": judgement.power,
        "trace_distance": finding.trace_distance,
        "max_expectation_difference": finding.max_expectation_difference,
        "tolerance": finding.tolerance,
    }
    for field, value in figures.items():
        if value is not None:
            setattr(message, field, value)
    return message


_BASES = {
    Basis.NONE: comparisons_pb2.PairComparison.BASIS_UNSPECIFIED,
    Basis.STATES: comparisons_pb2.PairComparison.BASIS_STATES,
    Basis.DISTRIBUTIONS: comparisons_pb2.PairComparison.BASIS_DISTRIBUTIONS,
    Basis.SAMPLES_AGAINST_DISTRIBUTION: comparisons_pb2.PairComparison.BASIS_SAMPLES_AGAINST_DISTRIBUTION,
    Basis.SAMPLES: comparisons_pb2.PairComparison.BASIS_SAMPLES,
    Basis.EXPECTATION_VALUES: comparisons_pb2.PairComparison.BASIS_EXPECTATION_VALUES,
}
_VERDICTS = {
    Verdict.UNDECIDED: comparisons_pb2.VERDICT_UNSPECIFIED,
    Verdict.AGREE: comparisons_pb2.VERDICT_AGREE,
    Verdict.DISAGREE: comparisons_pb2.VERDICT_DISAGREE,
    Verdict.NOT_ENOUGH_SHOTS: comparisons_pb2.VERDICT_NOT_ENOUGH_SHOTS,
}
_STATES = {
    ComparisonState.RUNNING: comparisons_pb2.Comparison.STATE_RUNNING,
    ComparisonState.ANALYZING: comparisons_pb2.Comparison.STATE_ANALYZING,
    ComparisonState.COMPLETED: comparisons_pb2.Comparison.STATE_COMPLETED,
    ComparisonState.ABORTED: comparisons_pb2.Comparison.STATE_ABORTED,
    ComparisonState.ERROR: comparisons_pb2.Comparison.STATE_ERROR,
}


def verdict_to_number(verdict: Verdict) -> comparisons_pb2.Verdict:
    """Return the contract's number of a verdict."""
    return _VERDICTS[verdict]


def state_to_number(state: ComparisonState) -> comparisons_pb2.Comparison.State:
    """Return the contract's number of a state."""
    return _STATES[state]


def undiagnosed(pairs: Sequence[comparisons_pb2.PairComparison]) -> list[comparisons_pb2.Divergence]:
    """Return for each pair that disagrees that the first differing gate was not looked for."""
    return [
        comparisons_pb2.Divergence(pair=index, instruction=-1, error=_not_diagnosed())
        for index, pair in enumerate(pairs)
        if pair.verdict == comparisons_pb2.VERDICT_DISAGREE
    ][:_MAX_DIVERGENCES]


def _not_diagnosed() -> status_pb2.Status:
    return to_status(
        Unimplemented(
            "this version does not look for the first gate where two results part",
            reason=errors_pb2.ERROR_REASON_NOT_IMPLEMENTED,
            metadata={"method": "diagnosis"},
        )
    )
