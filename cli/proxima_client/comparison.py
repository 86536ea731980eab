"""Comparisons as values: where to run, how to compare, and what was found.

    with Client() as client:
        found = client.compare(open("ghz.qasm").read(), ["qiskit", "cirq/qsim", "qiskit:density_matrix"])
        print(found.verdict, [pair.reason for pair in found.pairs])

What each verdict means, and the statistics behind it, are stated in docs/comparison.md.
"""

import enum
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import InvalidArgument, ProximaError

from proxima_client.options import METHODS, PRECISIONS
from proxima_client.values import Execution, Progress, State

__all__ = [
    "CompareOptions",
    "Comparison",
    "ComparisonMember",
    "ComparisonPage",
    "ComparisonState",
    "MemberProgress",
    "PairVerdict",
    "Target",
    "Verdict",
    "targets_of",
]

_TARGET = re.compile(r"(?:backends/)?(?P<backend>[a-z][a-z0-9_-]*)(?:/(?P<engine>[^:/\s]+))?(?::(?P<method>[a-z_-]+))?")


class ComparisonState(enum.StrEnum):
    """Where a comparison stands."""

    UNKNOWN = "unknown"
    RUNNING = "running"
    ANALYZING = "analyzing"
    COMPLETED = "completed"
    ABORTED = "aborted"
    ERROR = "error"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing changes any more."""
        return self in (ComparisonState.COMPLETED, ComparisonState.ABORTED, ComparisonState.ERROR)


class Verdict(enum.StrEnum):
    """Whether results say the same. `UNDECIDED`: not yet, or not comparable; the reason says which."""

    UNDECIDED = "undecided"
    AGREE = "agree"
    DISAGREE = "disagree"
    NOT_ENOUGH_SHOTS = "not_enough_shots"


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where one member runs: a backend, and where it matters its engine, method and precision."""

    backend: str
    engine: str | None = None
    method: str | None = None
    precision: str | None = None

    @classmethod
    def of(cls, text: str) -> "Target":
        """Read backend, backend:method, backend/engine or backend/engine:method.

        Raises InvalidArgument (reason INVALID_REQUEST, metadata field) for anything else.
        """
        found = _TARGET.fullmatch(text.strip())
        if found is None:
            raise _invalid(
                "backends",
                f"{text[:100]!r} is no target; write backend, backend:method, backend/engine or backend/engine:method, "
                "for example qiskit:density_matrix",
            )
        method = found["method"]
        return cls(
            backend=found["backend"], engine=found["engine"], method=method.replace("-", "_") if method else None
        )

    def __post_init__(self) -> None:
        for name, value, known in (("method", self.method, METHODS), ("precision", self.precision, PRECISIONS)):
            if value is not None and value not in known:
                raise _invalid(name, f"{name} {value!r} is unknown; choose one of {', '.join(known)}")

    def __str__(self) -> str:
        engine = f"/{self.engine}" if self.engine else ""
        return f"{self.backend}{engine}{f':{self.method}' if self.method else ''}"


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """How to compare.

    Attributes:
        sequential: run the members one after another, so that their times are comparable.
        false_alarm_rate: chance that members which are equal are called different, in (0, 0.5].
        threshold: total variation distance that a statistical test shall see with power 0.9, in (0, 1].
        distinct_seeds: give each member a seed of its own. Without, counts that the same sampler drew are not compared:
            they are not independent.

    Raises InvalidArgument (reason INVALID_REQUEST, metadata field) for a value out of range.
    """

    sequential: bool = False
    false_alarm_rate: float = 1e-3
    threshold: float = 0.05
    distinct_seeds: bool = True

    def __post_init__(self) -> None:
        for name, most in (("false_alarm_rate", 0.5), ("threshold", 1.0)):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 < value <= most):
                raise _invalid(name, f"{name} {value:g} must be over 0 and at most {most:g}")


@dataclass(frozen=True, kw_only=True)
class ComparisonMember:
    """One member.

    Attributes:
        target: where it was to run.
        name: resource name of its execution, "executions/{uuid}".
        state: of the execution; None while its turn has not come.
        error: why it failed or was aborted.
        notes: what the user should know of it.
        seconds: measured, in the worker; None until done.
        peak_memory_bytes: measured, over the warm worker; None until done.
        execution: its snapshot with the plan; None where it was not asked for, or there is none.
    """

    target: Target
    name: str
    state: State | None
    error: ProximaError | None
    notes: tuple[str, ...]
    seconds: float | None
    peak_memory_bytes: int | None
    execution: Execution | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """Who computed it, for example "qiskit/aer statevector"; the target where that is not known."""
        producer = self.execution.producer if self.execution else None
        chosen = self.execution.plan.chosen if self.execution and self.execution.plan else None
        if producer is not None:
            return f"{producer.backend}/{producer.engine} {producer.method}"
        if chosen is not None:
            return f"{chosen.backend}/{chosen.engine} {chosen.method}"
        return str(self.target)


@dataclass(frozen=True, kw_only=True)
class PairVerdict:
    """Two members side by side.

    Attributes:
        first, second: indices into the members.
        basis: "states", "distributions", "samples_against_distribution", "samples", "expectation_values", or
            "unspecified" where they are not comparable.
        verdict: whether they say the same.
        reason: why, in a sentence with figures.
        fidelity: squared fidelity of the states.
        trace_distance: of the states.
        total_variation_distance: of the distributions or histograms.
        null_quantile: what that stays under for equal distributions with probability 1 - false alarm rate.
        max_expectation_difference: largest difference of an expectation value.
        tolerance: distance that rounding excuses.
        p_value: after correction over tests and pairs; None where nothing was sampled.
        power: chance that a difference of the threshold would have been seen.
        required_shots: shots that would be enough; 0 where there are enough, or nothing was sampled.
        truncation_allowance: certified errors of both, summed.
    """

    first: int
    second: int
    basis: str
    verdict: Verdict
    reason: str
    fidelity: float | None
    trace_distance: float | None
    total_variation_distance: float | None
    null_quantile: float | None
    max_expectation_difference: float | None
    tolerance: float | None
    p_value: float | None
    power: float | None
    required_shots: int
    truncation_allowance: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A group of executions of one circuit, and whether they agree.

    Attributes:
        name: "comparisons/{uuid}".
        verdict: disagree where a pair does, else not enough shots where a pair says so, else agree where all do.
        error: why it failed or was aborted.
        ran_in_parallel: members ran at the same time, so that their times are not comparable.
        seed: from which the members' seeds and the statistical tests follow.
    """

    name: str
    state: ComparisonState
    verdict: Verdict
    error: ProximaError | None
    display_name: str
    circuit_digest: str
    members: tuple[ComparisonMember, ...]
    pairs: tuple[PairVerdict, ...]
    ran_in_parallel: bool
    sequential: bool
    seed: int
    false_alarm_rate: float
    threshold: float
    create_time: datetime | None
    end_time: datetime | None

    @property
    def id(self) -> str:
        """The uuid alone."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class ComparisonPage:
    """One page of comparisons, newest first; `next_page_token` is empty on the last."""

    comparisons: tuple[Comparison, ...]
    next_page_token: str


@dataclass(frozen=True, kw_only=True)
class MemberProgress:
    """How far the member at an index is."""

    member: int
    progress: Progress


def targets_of(
    backends: Sequence[Target | str], *, methods: Sequence[str] = (), precision: str | None = None
) -> tuple[Target, ...]:
    """Return the targets: each backend, or with `methods` each backend with each method.

    Raises InvalidArgument where there are fewer than two, one is given twice or unreadable, or a backend has a method
    of its own beside `methods`.
    """
    read = [item if isinstance(item, Target) else Target.of(item) for item in backends]
    wanted: list[str | None] = [method.strip().replace("-", "_") for method in methods]
    found = []
    for item, method in itertools.product(read, wanted or [None]):
        if method is not None and item.method is not None:
            raise _invalid("methods", f"{item} names its method already; give methods one way or the other")
        found.append(
            Target(
                backend=item.backend,
                engine=item.engine,
                method=method or item.method,
                precision=item.precision or precision,
            )
        )
    twice = next((item for index, item in enumerate(found) if item in found[:index]), None)
    if twice is not None:
        raise _invalid(
            "backends", f"{twice} is given twice, and agrees with itself; leave one out, or give it another method"
        )
    if len(found) < 2:
        raise _invalid(
            "backends",
            f"a comparison needs at least two members, {len(found)} given; name more backends, or several methods of "
            "one, as in qiskit:statevector,qiskit:density_matrix",
        )
    return tuple(found)


def _invalid(name: str, message: str) -> InvalidArgument:
    return InvalidArgument(message, reason=errors_pb2.ERROR_REASON_INVALID_REQUEST, metadata={"field": name})
