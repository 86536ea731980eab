"""A run for people: the answer first, then who computed it, what it took, and why there."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from proxima_client.result import Complex, Result
from proxima_client.values import Execution, RankHistory

from proxima_cli.output.expectations import print_expectation_values
from proxima_cli.output.histogram import MAX_ROWS, Histogram, of_counts, of_probabilities
from proxima_cli.output.plans import print_candidates, print_circuit, print_noise
from proxima_cli.output.printing import add_row, counted, new_table, output_width, print_field, print_line, print_table
from proxima_cli.output.saving import SavedArray
from proxima_cli.quantities import format_bytes, format_seconds

__all__ = ["print_run"]

_BAR_WIDTH = 24
_NUMBERS_WIDTH = 52
_MAX_AMPLITUDES = 16


def print_run(
    execution: Execution, result: Result, saved: Sequence[SavedArray], *, boxed: bool, verbosity: int
) -> None:
    """Print a completed run. `verbosity` -1: the answer only; 0; 1: with candidates and circuit."""
    _print_answer(result, saved, boxed=boxed)
    if verbosity < 0:
        return
    print_line()
    producer = result.producer
    print_field(
        "Computed by",
        f"{producer.backend} {producer.backend_version}: {producer.engine} {producer.engine_version}, "
        f"{producer.method}, {producer.precision} precision, seed {producer.seed}, "
        f"{counted(producer.thread_count, 'thread')}",
    )
    if producer.sampler and producer.sampler != producer.engine:
        print_field("", f"counts drawn by {producer.sampler} from what {producer.engine} computed, with that seed")
    if producer.package_versions:
        packages = ", ".join(f"{name} {version}" for name, version in producer.package_versions.items())
        print_field("", f"with {packages}")
    _print_figures(execution)
    if execution.plan is not None and execution.plan.reason:
        print_field("Why", execution.plan.reason)
    if execution.plan is not None:
        print_noise(execution.plan)
    if result.certified_error is not None:
        budget = f", budget {execution.plan.max_error:g}" if execution.plan and execution.plan.max_error else ""
        print_field("Truncation", f"certified error at most {result.certified_error:.3g} (trace distance){budget}")
    if result.rank_history is not None:
        print_field("Rank", _rank(result.rank_history))
    for warning in (*(execution.plan.warnings if execution.plan else ()), *result.warnings):
        print_field("Note", warning)
    for array in saved:
        space = f"{array.bit_space} {_bits(array.bits)}"
        print_field("Saved", f"{array.path} ({array.dtype}, shape {array.shape}, {space})")
    print_field("Execution", execution.id)
    if verbosity > 0 and execution.plan is not None:
        print_line()
        print_circuit(execution.plan)
        print_line()
        print_candidates(execution.plan, boxed=boxed, verbose=True)


def _rank(history: RankHistory) -> str:
    if history.continued_as and not history.continued_after:
        return f"no columns: run by {history.continued_as} from the beginning, which takes less"
    if history.continued_as:
        done = f"{history.continued_after} of {history.operation_count} operations"
        return f"{counted(history.largest, 'column')} at most; after {done} the run went on by {history.continued_as}"
    last = history.points[-1][1] if history.points else history.largest
    return f"{counted(last, 'column')} at the end, {history.largest} at most"


def _print_figures(execution: Execution) -> None:
    times, chosen = execution.times, execution.plan.chosen if execution.plan else None
    predicted = "not predicted"
    memory = "not predicted"
    if chosen is not None:
        memory = f"predicted {format_bytes(chosen.predicted_memory_bytes)}"
        if chosen.predicted_seconds is not None:
            basis = f" ({chosen.prediction_basis})" if chosen.prediction_basis else ""
            predicted = f"predicted {format_seconds(chosen.predicted_seconds)}{basis}"
    print_field("Time", f"{predicted}, measured {format_seconds(times.execution_seconds)}")
    print_field(
        "",
        f"planning {format_seconds(times.planning_seconds)}, queued {format_seconds(times.queued_seconds)}, "
        f"total {format_seconds(times.total_seconds)}",
    )
    print_field("Memory", f"{memory}, measured peak {format_bytes(execution.peak_memory_bytes)}, over an idle worker")


def _print_answer(result: Result, saved: Sequence[SavedArray], *, boxed: bool) -> None:
    if result.counts is not None:
        _print_histogram(of_counts(result.counts), is_single=False, boxed=boxed)
    if (probabilities := result.probability_array) is not None:
        if result.counts is not None:
            print_line()
        shown, possible = result.likeliest(MAX_ROWS), int(np.count_nonzero(probabilities))
        _print_histogram(
            of_probabilities(shown, outcome_count=possible),
            is_single=result.producer.precision == "single",
            certified_error=result.certified_error,
            boxed=boxed,
        )
    unsaved = "" if saved else "; --save DIR keeps all of it"
    if result.active_statevector is not None:
        _print_amplitudes(result, result.active_statevector, boxed=boxed, hint=unsaved)
    if result.active_density_matrix is not None:
        rho = result.active_density_matrix
        trace, purity = np.trace(rho).real, np.vdot(rho, rho).real
        print_line(
            f"Density matrix {rho.shape[0]} x {rho.shape[1]} over qubits {_bits(result.active_qubits)}: trace "
            f"{trace:.6g}, "
            f"purity {purity:.6g}{unsaved}"
        )
    if result.expectation_values:
        print_expectation_values(result, boxed=boxed)


def _print_histogram(
    histogram: Histogram, *, is_single: bool, boxed: bool, certified_error: float | None = None
) -> None:
    sampled = histogram.shots > 0
    columns = ["outcome", "count>", "estimate>", "95 % interval", ""] if sampled else ["outcome", "probability>", ""]
    exact = "Probabilities, exact up to single precision" if is_single else "Exact probabilities"
    if certified_error:
        exact = f"Probabilities within a total variation distance of {certified_error:.3g}"
    # Above the table and not its title, which would be wrapped at the table's width.
    print_line(counted(histogram.shots, "shot") if sampled else exact)
    digits = 6 if is_single else 8
    table = new_table(columns, boxed=boxed)
    largest = max((row.value for row in histogram.rows), default=1.0) or 1.0
    longest = max((len(row.outcome) for row in histogram.rows), default=0)
    # The numbers come first: a bar gets what a narrow terminal leaves.
    bar_width = max(0, min(_BAR_WIDTH, output_width() - longest - _NUMBERS_WIDTH))
    for row in histogram.rows:
        bar = "█" * round(bar_width * row.value / largest)
        if row.interval is not None:
            low, high = row.interval
            add_row(table, row.outcome, str(row.count), f"{row.value:.4f}", f"{low:.4f} to {high:.4f}", bar)
        else:
            add_row(table, row.outcome, f"{row.value:.{digits}g}", bar)
    print_table(table)
    if histogram.rest_outcomes:
        seen = f"{histogram.rest_count} counts, " if sampled else ""
        print_line(f"and {histogram.rest_outcomes} more outcomes: {seen}{histogram.rest_value:.4g} together")
    if sampled:
        print_line("Intervals are Clopper-Pearson, pointwise: each holds by itself, not all at once.")


def _print_amplitudes(result: Result, state: Complex, *, boxed: bool, hint: str) -> None:
    weights = np.abs(state)
    kept = min(_MAX_AMPLITUDES, state.size)
    largest = np.argpartition(weights, state.size - kept)[state.size - kept :]
    shown = np.sort(largest[weights[largest] > 0])
    table = new_table(["basis state", "amplitude>", "probability>"], boxed=boxed, title="State vector")
    for index in shown:
        label = "".join(str((int(index) >> j) & 1) for j in reversed(range(len(result.active_qubits))))
        value = complex(state[index])
        add_row(table, label, f"{value.real:+.6f} {value.imag:+.6f}i", f"{abs(value) ** 2:.6g}")
    print_table(table)
    rest = int(np.count_nonzero(state)) - len(shown)
    more = f"and {rest} more; " if rest > 0 else ""
    print_line(f"{more}{state.size} amplitudes over qubits {_bits(result.active_qubits)}{hint}")


def _bits(bits: Sequence[int]) -> str:
    """Indices as ranges, for example "0 to 4"."""
    if len(bits) > 2 and list(bits) == list(range(bits[0], bits[0] + len(bits))):
        return f"{bits[0]} to {bits[-1]}"
    text = ", ".join(map(str, bits[:8]))
    return f"{text}, and {len(bits) - 8} more" if len(bits) > 8 else text


def default_folder(execution: Execution) -> Path:
    """Where arrays go when the output is JSON and no folder was named."""
    return Path("proxima-results") / execution.id
