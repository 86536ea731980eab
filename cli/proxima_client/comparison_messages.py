"""Comparisons as messages: values to requests, snapshots to values."""

from collections.abc import Mapping, Sequence

from proxima.orchestrator.v1 import comparisons_pb2, executions_pb2
from proxima_runtime.errors import from_status

from proxima_client.comparison import (
    CompareOptions,
    Comparison,
    ComparisonMember,
    ComparisonState,
    MemberProgress,
    PairVerdict,
    Target,
    Verdict,
)
from proxima_client.convert import to_method, to_precision, to_progress, to_seconds, to_state, to_time
from proxima_client.values import Execution

__all__ = ["to_comparison", "to_comparison_spec", "to_member_progress"]

_STATES = {number: name.removeprefix("STATE_").lower() for name, number in comparisons_pb2.Comparison.State.items()}
_VERDICTS = {number: name.removeprefix("VERDICT_").lower() for name, number in comparisons_pb2.Verdict.items()}
_BASES = {number: name.removeprefix("BASIS_").lower() for name, number in comparisons_pb2.PairComparison.Basis.items()}


def to_comparison_spec(
    execution: executions_pb2.ExecutionSpec, targets: Sequence[Target], options: CompareOptions
) -> comparisons_pb2.ComparisonSpec:
    """Return the message of a comparison; `execution` names no backend, engine, method or precision."""
    return comparisons_pb2.ComparisonSpec(
        execution=execution,
        targets=[
            comparisons_pb2.ComparisonTarget(
                backend=f"backends/{target.backend}",
                engine=target.engine or "",
                method=f"METHOD_{(target.method or 'unspecified').upper()}",
                precision=f"PRECISION_{(target.precision or 'unspecified').upper()}",
            )
            for target in targets
        ],
        seed_policy="SEED_POLICY_DISTINCT" if options.distinct_seeds else "SEED_POLICY_SAME",
        sequential=options.sequential,
        false_alarm_rate=options.false_alarm_rate,
        tvd_threshold=options.threshold,
    )


def to_comparison(message: comparisons_pb2.Comparison, executions: Mapping[str, Execution] | None = None) -> Comparison:
    """Return a snapshot; `executions` are the members' by resource name, as far as they are known."""
    known = executions or {}
    return Comparison(
        name=message.name,
        state=_state(message.state),
        verdict=_verdict(message.verdict),
        error=from_status(message.error) if message.HasField("error") else None,
        display_name=message.display_name,
        circuit_digest=message.circuit_digest,
        members=tuple(_member(member, known.get(member.execution)) for member in message.members),
        pairs=tuple(_pair(pair) for pair in message.pairs),
        ran_in_parallel=message.ran_in_parallel,
        sequential=message.sequential,
        seed=message.seed,
        false_alarm_rate=message.false_alarm_rate,
        threshold=message.tvd_threshold,
        create_time=to_time(message.create_time) if message.HasField("create_time") else None,
        end_time=to_time(message.end_time) if message.HasField("end_time") else None,
    )


def to_member_progress(message: comparisons_pb2.MemberProgress) -> MemberProgress:
    """Return how far a member is."""
    return MemberProgress(member=message.member, progress=to_progress(message.progress))


def _member(message: comparisons_pb2.ComparisonMember, execution: Execution | None) -> ComparisonMember:
    target, usage = message.target, message.usage
    has_usage = message.HasField("usage")
    return ComparisonMember(
        target=Target(
            backend=target.backend.removeprefix("backends/"),
            engine=target.engine or None,
            method=to_method(target.method) if target.method else None,
            precision=to_precision(target.precision) if target.precision else None,
        ),
        name=message.execution,
        state=to_state(message.state) if message.state else None,
        error=from_status(message.error) if message.HasField("error") else None,
        notes=tuple(message.notes),
        seconds=to_seconds(usage.worker_duration) if has_usage else None,
        peak_memory_bytes=usage.peak_memory_bytes if has_usage else None,
        execution=execution,
    )


def _pair(message: comparisons_pb2.PairComparison) -> PairVerdict:
    def figure(name: str) -> float | None:
        return getattr(message, name) if message.HasField(name) else None

    return PairVerdict(
        first=message.first_member,
        second=message.second_member,
        basis=_BASES.get(message.basis, str(message.basis)),
        verdict=_verdict(message.verdict),
        reason=message.reason,
        fidelity=figure("fidelity"),
        trace_distance=figure("trace_distance"),
        total_variation_distance=figure("total_variation_distance"),
        null_quantile=figure("null_quantile"),
        max_expectation_difference=figure("max_expectation_difference"),
        tolerance=figure("tolerance"),
        p_value=figure("p_value"),
        power=figure("power"),
        required_shots=message.required_shots,
        truncation_allowance=message.truncation_allowance,
    )


def _verdict(value: int) -> Verdict:
    name = _VERDICTS.get(value, "")
    return Verdict(name) if name in list(Verdict) else Verdict.UNDECIDED


def _state(value: int) -> ComparisonState:
    name = _STATES.get(value, "")
    return ComparisonState(name) if name in list(ComparisonState) else ComparisonState.UNKNOWN
