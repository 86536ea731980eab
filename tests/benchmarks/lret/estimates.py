"""Holds the estimates of lret to runs that they were not fitted on: `just bench lret-estimates`."""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from proxima.backend.v1 import backend_pb2
from proxima_orchestrator.capabilities import Method, Precision
from proxima_orchestrator.cost import predict

from .children import Child, start_lret
from .exact import peak_bytes
from .heldout import HeldOut, held_out
from .jobs import MEMORY_BYTES
from .messages import Request

METHODS = ("pauli_vector", "low_rank", "statevector", "trajectories")
_FACTOR = 2.0
_TOLERANCE = 0.1
_MEMORY_QUBITS = 10
# Of less than this, what an allocator rounds up to is more than a tenth.
_LARGE_BYTES = 8 << 20
_RUN_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """One job, as estimated and as run.

    Attributes:
        label: which.
        units: work units of the estimate.
        predicted_seconds: what the orchestrator makes of them.
        seconds: processor time of the fastest run; of one that was stopped, when it was.
        predicted_bytes: of the estimate.
        peak_bytes: as measured; 0 where it was not.
    """

    label: str
    units: float
    predicted_seconds: float
    seconds: float
    predicted_bytes: int
    peak_bytes: int

    @property
    def log_ratio(self) -> float:
        """ln of the seconds that one work unit took."""
        return math.log(self.seconds / max(self.units, 1.0))


async def run(arguments: Sequence[str] = ()) -> None:
    """Print for each method how many estimates of time and memory are near, and the worst."""
    parser = argparse.ArgumentParser(
        prog="just bench lret-estimates", description="Estimates of lret against its runs."
    )
    parser.add_argument("--cases", type=int, default=40, metavar="N", help="jobs of each method, 40")
    parser.add_argument("--peaks", type=int, default=12, metavar="N", help="of them with measured memory, 12")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worst", type=int, default=5, metavar="N", help="cases shown of each kind, 5")
    parser.add_argument("--methods", default=",".join(METHODS), metavar="A,B", help=", ".join(METHODS))
    options = parser.parse_args(arguments)
    with start_lret() as lret:
        for method in options.methods.split(","):
            if method not in METHODS:
                parser.error(f"{method!r} is none of {', '.join(METHODS)}")
            cases = held_out(method, count=options.cases, seed=options.seed)
            _print_method(method, list(cases), lret, peaks=options.peaks, shown=options.worst)


def centre(log_ratios: Sequence[float]) -> float:
    """Return the ln of seconds a unit for which most runs are within the factor."""
    ordered = sorted(log_ratios)
    width = 2 * math.log(_FACTOR)
    best, best_count = ordered[0], 0
    for index, start in enumerate(ordered):
        inside = [value for value in ordered[index:] if value <= start + width]
        if len(inside) > best_count:
            best, best_count = (inside[0] + inside[-1]) / 2, len(inside)
    return best


def _print_method(method: str, cases: list[HeldOut], lret: Child, *, peaks: int, shown: int) -> None:
    found: list[Found] = []
    refused: list[str] = []
    for case in cases:
        measured = sum(bool(entry.peak_bytes) for entry in found)
        outcome = _measure(case, lret, wants_peak=case.qubit_count >= _MEMORY_QUBITS and measured < peaks)
        if isinstance(outcome, str):
            refused.append(outcome)
        else:
            found.append(outcome)
    print(f"{method}: {len(cases)} jobs, {len(refused)} without a result")
    for line in sorted(set(refused))[:shown]:
        print(f"    {line[:200]}")
    if not found:
        return
    rate = centre([entry.log_ratio for entry in found])
    misses = sorted(((entry.log_ratio - rate, entry) for entry in found), key=lambda pair: -abs(pair[0]))
    near = sum(abs(miss) <= math.log(_FACTOR) + 1e-9 for miss, _ in misses)
    told = [entry.seconds / entry.predicted_seconds for entry in found]
    right = sum(1 / _FACTOR <= ratio <= _FACTOR for ratio in told)
    print(
        f"  time: {near} of {len(found)} within a factor {_FACTOR:g} ({near / len(found):.0%}), "
        f"{math.exp(-rate):.3g} units/s; {right} ({right / len(found):.0%}) of what the orchestrator predicts, "
        f"measured {statistics.median(told):.2g} times that in the middle"
    )
    for miss, entry in misses[:shown]:
        predicted = entry.seconds / math.exp(miss)
        print(f"    measured/predicted {math.exp(miss):6.2f}: {entry.seconds:.3g} s, {predicted:.3g} s: {entry.label}")
    _print_memory([entry for entry in found if entry.peak_bytes], shown=shown)


def _print_memory(found: list[Found], *, shown: int) -> None:
    if not found:
        return
    ratios = sorted(((entry.predicted_bytes / entry.peak_bytes, entry) for entry in found), key=_by_distance)
    near = [abs(ratio - 1) <= _TOLERANCE for ratio, _ in ratios]
    large = [abs(ratio - 1) <= _TOLERANCE for ratio, entry in ratios if entry.peak_bytes >= _LARGE_BYTES]
    print(
        f"  memory, n >= {_MEMORY_QUBITS}: {sum(near)} of {len(near)} within {_TOLERANCE:.0%}; of those of "
        f"{_LARGE_BYTES >> 20} MiB and more {sum(large)} of {len(large)}"
    )
    for ratio, entry in ratios[:shown]:
        print(
            f"    predicted/measured {ratio:6.2f}: {entry.predicted_bytes / 2**20:.1f} MiB, "
            f"{entry.peak_bytes / 2**20:.1f} MiB: {entry.label}"
        )


def _by_distance(pair: tuple[float, Found]) -> float:
    return -abs(math.log(max(pair[0], 1e-9)))


def _predicted_seconds(serialised: bytes, units: float) -> float:
    job = backend_pb2.Job.FromString(serialised)
    method = Method(job.method)
    return predict(
        engine=job.engine,
        method=method,
        precision=Precision(job.precision),
        work_units=units,
        thread_count=1,
        repeats=job.results.shots if method is Method.TRAJECTORIES else 0,
    ).seconds


def _measure(case: HeldOut, lret: Child, *, wants_peak: bool) -> Found | str:
    """Return what was found, or why there is nothing."""
    estimate, _ = lret.ask(Request(action="estimate"), case.job)
    if estimate.fault:
        return f"refused: {estimate.fault}"
    if estimate.memory_bytes > MEMORY_BYTES:
        return f"refused: predicted above {MEMORY_BYTES >> 30} GiB"
    answer, _ = lret.ask(Request(action="run", repeat=3, seconds=0.3), case.job, timeout_seconds=_RUN_SECONDS)
    is_stopped = answer.fault.startswith("took more")
    if answer.fault and not is_stopped:
        return f"{answer.fault}: {case.label}"
    return Found(
        label=f"{case.label} (stopped)" if is_stopped else case.label,
        units=estimate.work_units,
        predicted_seconds=_predicted_seconds(case.job, estimate.work_units),
        seconds=_RUN_SECONDS if is_stopped else answer.cpu_seconds,
        predicted_bytes=estimate.memory_bytes,
        peak_bytes=peak_bytes(case.job) if wants_peak and not is_stopped else 0,
    )
