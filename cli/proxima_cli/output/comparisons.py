"""A comparison for people and for programs: the verdict, each member's figures, and each pair's."""

from collections.abc import Sequence
from dataclasses import asdict

from proxima_client import State
from proxima_client.comparison import Comparison, ComparisonMember, PairVerdict, Verdict

from proxima_cli.output.documents import Json, error_document
from proxima_cli.output.printing import add_row, new_table, print_field, print_line, print_rows
from proxima_cli.quantities import format_bytes, format_seconds

__all__ = ["comparison_document", "print_comparison"]

_WORDS = {
    Verdict.AGREE: "agree",
    Verdict.DISAGREE: "disagree",
    Verdict.NOT_ENOUGH_SHOTS: "not enough shots",
    Verdict.UNDECIDED: "no verdict",
}
_BASES = {
    "states": "states",
    "distributions": "exact distributions",
    "samples_against_distribution": "samples against a distribution",
    "samples": "samples",
    "expectation_values": "expectation values",
}


def print_comparison(found: Comparison, *, boxed: bool, verbosity: int) -> None:
    """Print a comparison. `verbosity` -1: the verdicts only; 0; 1: with every figure of each pair."""
    verdict = _WORDS[found.verdict] if found.state == "completed" else found.state.value
    print_line(f"Verdict: {verdict}{_required(found)}")
    if found.pairs:
        print_line()
        _print_pairs(found, boxed=boxed)
    if verbosity < 0:
        return
    print_line()
    _print_members(found, boxed=boxed)
    print_line()
    for pair in found.pairs:
        print_field(_numbers(pair), f"{_WORDS[pair.verdict]}: {pair.reason}")
    for number, member in enumerate(found.members, start=1):
        for note in member.notes:
            print_field("Note", f"member {number}, {member.label}: {note}")
        if member.error is not None:
            print_field("Failed", f"member {number}, {member.label}: {member.error.message}")
    if found.ran_in_parallel:
        print_field("Note", "members ran at the same time, which their times show; --sequential makes times comparable")
    print_field(
        "Tested", f"false alarms {found.false_alarm_rate:g} in all, threshold {found.threshold:g}, seed {found.seed}"
    )
    if verbosity > 0:
        for number, member in enumerate(found.members, start=1):
            print_field("Execution", f"member {number}: {member.name.rpartition('/')[2]}")
        print_field("Circuit", found.circuit_digest)
    print_field("Comparison", found.id)


def comparison_document(found: Comparison) -> dict[str, Json]:
    """Return the object of a comparison."""
    fastest, smallest = _least(found.members, "seconds"), _least(found.members, "peak_memory_bytes")
    return {
        "comparison_id": found.id,
        "state": found.state.value,
        "verdict": found.verdict.value,
        "name": found.display_name,
        "circuit_digest": found.circuit_digest,
        "seed": found.seed,
        "false_alarm_rate": found.false_alarm_rate,
        "threshold": found.threshold,
        "sequential": found.sequential,
        "ran_in_parallel": found.ran_in_parallel,
        "create_time": found.create_time.isoformat() if found.create_time else None,
        "end_time": found.end_time.isoformat() if found.end_time else None,
        "members": [_member_document(member, fastest, smallest) for member in found.members],
        "pairs": [{**asdict(pair), "verdict": pair.verdict.value} for pair in found.pairs],
        "error": error_document(found.error),
    }


def _print_pairs(found: Comparison, *, boxed: bool) -> None:
    table = new_table(["pair", "verdict", "by", "distance>", "for equal ones under>", "p>"], boxed=boxed)
    for pair in found.pairs:
        distance, bar = _distance(pair)
        add_row(
            table,
            _numbers(pair),
            _WORDS[pair.verdict],
            _BASES.get(pair.basis, "not comparable"),
            distance,
            bar,
            "exact" if pair.p_value is None and distance else "" if pair.p_value is None else f"{pair.p_value:.3g}",
        )
    print_rows(table)


def _print_members(found: Comparison, *, boxed: bool) -> None:
    # With the longest names it fits 100 columns.
    columns = ["no", "member", "state", "time>", "predicted>", "ratio>", "memory>", "predicted>", "ratio>"]
    table = new_table(columns, boxed=boxed)
    fastest, smallest = _least(found.members, "seconds"), _least(found.members, "peak_memory_bytes")
    for number, member in enumerate(found.members, start=1):
        chosen = member.execution.plan.chosen if member.execution and member.execution.plan else None
        time_ratio, memory_ratio = _ratio(member, "seconds", fastest), _ratio(member, "peak_memory_bytes", smallest)
        add_row(
            table,
            str(number),
            member.label,
            "not started" if member.state is None else member.state.value,
            "" if member.seconds is None else format_seconds(member.seconds),
            "" if chosen is None else format_seconds(chosen.predicted_seconds),
            "" if time_ratio is None else _times(time_ratio),
            "" if member.peak_memory_bytes is None else format_bytes(member.peak_memory_bytes),
            "" if chosen is None else format_bytes(chosen.predicted_memory_bytes),
            "" if memory_ratio is None else _times(memory_ratio),
        )
    print_rows(table)


def _member_document(member: ComparisonMember, fastest: float | None, smallest: float | None) -> dict[str, Json]:
    execution = member.execution
    producer = execution.producer if execution else None
    chosen = execution.plan.chosen if execution and execution.plan else None
    return {
        "target": str(member.target),
        "precision": producer.precision if producer else member.target.precision,
        "execution_id": member.name.rpartition("/")[2],
        "state": None if member.state is None else member.state.value,
        "backend": producer.backend if producer else member.target.backend,
        "engine": producer.engine if producer else member.target.engine,
        "method": producer.method if producer else member.target.method,
        "engine_version": producer.engine_version if producer else None,
        "seed": execution.seed if execution else None,
        "shots": execution.shots if execution else None,
        "seconds": member.seconds,
        "time_ratio": _ratio(member, "seconds", fastest),
        "peak_memory_bytes": member.peak_memory_bytes,
        "memory_ratio": _ratio(member, "peak_memory_bytes", smallest),
        "predicted_seconds": chosen.predicted_seconds if chosen else None,
        "predicted_memory_bytes": chosen.predicted_memory_bytes if chosen else None,
        "notes": list(member.notes),
        "error": error_document(member.error),
    }


def _distance(pair: PairVerdict) -> tuple[str, str]:
    """Return the distance of a pair, and what it would stay under if both were equal."""
    excused = None if pair.tolerance is None else pair.tolerance + pair.truncation_allowance
    if pair.trace_distance is not None:
        return f"{pair.trace_distance:.2e}", f"{excused:.2e}" if excused is not None else ""
    if pair.total_variation_distance is not None:
        bar = pair.null_quantile if pair.null_quantile is not None else excused
        exact = pair.null_quantile is None
        text = f"{pair.total_variation_distance:.2e}" if exact else f"{pair.total_variation_distance:.4f}"
        return text, "" if bar is None else f"{bar:.2e}" if exact else f"{bar:.4f}"
    if pair.max_expectation_difference is not None:
        return f"{pair.max_expectation_difference:.3g}", ""
    return "", ""


def _numbers(pair: PairVerdict) -> str:
    return f"{pair.first + 1}, {pair.second + 1}"


def _required(found: Comparison) -> str:
    required = max((pair.required_shots for pair in found.pairs), default=0)
    return f" ({required} would do)" if found.verdict is Verdict.NOT_ENOUGH_SHOTS and required else ""


def _least(members: Sequence[ComparisonMember], figure: str) -> float | None:
    return min((value for value in (_of_completed(member, figure) for member in members) if value), default=None)


def _ratio(member: ComparisonMember, figure: str, least: float | None) -> float | None:
    value = _of_completed(member, figure)
    return None if not value or not least else value / least


def _times(ratio: float) -> str:
    return f"{ratio:.2f}x" if ratio < 100 else f"{ratio:.0f}x"


def _of_completed(member: ComparisonMember, figure: str) -> float | None:
    """Return a figure of a member that completed; what another took says nothing of its speed."""
    if member.state is not State.COMPLETED:
        return None
    value: float | None = getattr(member, figure)
    return value
