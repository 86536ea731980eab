"""What an execution needs, and the plan that comes of it. Pure: no gRPC, no asyncio, no I/O."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from proxima_orchestrator.capabilities import Capabilities, Feature, Method, Precision, ResultKind
from proxima_orchestrator.characteristics import Characteristics
from proxima_orchestrator.noise.model import NoiseSummary

DEFAULT_SHOTS = 1024

DEFAULT_TRAJECTORIES = 1024
"""Runs behind expectation values that a method samples, where no shots were asked for."""

MEMORY_REASONS = ("ERROR_REASON_ABOVE_SAFE_LINE", "ERROR_REASON_INSUFFICIENT_MEMORY")


class Preference(enum.IntEnum):
    """What selection prefers among the candidates that can do the job."""

    DEFAULT = 0
    FASTEST = 1
    LEAST_MEMORY = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why an execution cannot be done as asked: the name of an ErrorReason, a sentence with the remedy, and figures."""

    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """Planning came to a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Observable:
    """A real combination of Pauli strings over the declared qubits, highest qubit first.

    `extends_with_identity`: strings may be shorter than there are declared qubits, and act as I on the higher ones.
    """

    name: str
    paulis: tuple[str, ...]
    coefficients: tuple[float, ...]
    extends_with_identity: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultRequest:
    """What to return; `shots` of 0 means no counts.

    With observables and no measurement in the circuit, shots are the runs behind sampled expectation values.
    """

    shots: int = 0
    probabilities: bool = False
    statevector: bool = False
    density_matrix: bool = False
    observables: tuple[Observable, ...] = ()

    @property
    def kinds(self) -> frozenset[ResultKind]:
        """The kinds of result asked for; empty where nothing was said."""
        wanted = {
            ResultKind.COUNTS: self.shots > 0,
            ResultKind.PROBABILITIES: self.probabilities,
            ResultKind.STATEVECTOR: self.statevector,
            ResultKind.DENSITY_MATRIX: self.density_matrix,
            ResultKind.EXPECTATION_VALUES: bool(self.observables),
        }
        return frozenset(kind for kind, is_wanted in wanted.items() if is_wanted)


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How to execute, apart from the circuit.

    Attributes:
        results: what to return, as asked.
        seed: 0 to 2^32 - 1.
        backend: name of the backend, or "" to let the selection choose.
        method, engine, precision: likewise.
        timeout_seconds: time limit of the run; None for none.
        preference: what selection prefers.
        max_error: truncation budget, in [0, 1), for methods that truncate; the others are exact anyway.
        thread_count: threads; 0 lets the plan choose.
    """

    results: ResultRequest
    seed: int
    backend: str = ""
    method: Method = Method.UNSPECIFIED
    engine: str = ""
    precision: Precision = Precision.UNSPECIFIED
    timeout_seconds: float | None = None
    preference: Preference = Preference.DEFAULT
    max_error: float = 0.0
    thread_count: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A backend as planning sees it: what it can do, or why it cannot be asked."""

    backend: str
    capabilities: Capabilities | None
    unavailable: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """What excluded a candidate: the name of an ErrorReason and a sentence with figures and the remedy."""

    reason: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreFactor:
    """One factor of a score; weight and value in [0, 1]."""

    name: str
    weight: float
    value: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """One engine running one method on one backend, as selection sees it. Bytes and seconds are predictions."""

    backend: str
    engine: str = ""
    method: Method = Method.UNSPECIFIED
    precision: Precision = Precision.UNSPECIFIED
    thread_count: int = 1
    deterministic: bool = False
    memory_bytes: int = 0
    available_bytes: int = 0
    largest_qubit_count: int = 0
    max_error: float = 0.0
    memory_rule: str = ""
    seconds: float = 0.0
    prediction_basis: str = ""
    score: float = 0.0
    factors: tuple[ScoreFactor, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def label(self) -> str:
        """How sentences name it, for example "qiskit/aer statevector"."""
        if not self.engine:
            return self.backend
        method = self.method.label if self.method else ""
        return f"{self.backend}/{self.engine} {method}".rstrip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What would be or is executed where, and why.

    Attributes:
        chosen: the choice; None where nothing can run it, and then `refusal` says why.
        reason: why, in a sentence or two.
        candidates: every engine and method looked at, the chosen one first, then by score, the excluded last.
        results: results that will be returned, as resolved.
        thread_count: threads that the run will use.
        warnings: what the user should know.
        planning_seconds: measured time of planning.
        noise: where the noise model attached; None where none was asked for.
    """

    chosen: Candidate | None
    reason: str
    candidates: tuple[Candidate, ...]
    results: ResultRequest
    refusal: Refusal | None = None
    thread_count: int = 0
    warnings: tuple[str, ...] = ()
    planning_seconds: float = 0.0
    noise: NoiseSummary | None = None


RANDOM_FEATURES = frozenset(
    {Feature.CHANNEL, Feature.RESET, Feature.CLASSICAL_CONDITION, Feature.MID_CIRCUIT_MEASUREMENT}
)
"""What makes one run of a pure state random."""

_PURE = frozenset({Method.STATEVECTOR, Method.STABILIZER, Method.MATRIX_PRODUCT_STATE})


def is_sampled(method: Method, circuit: Characteristics) -> bool:
    """Return whether a method runs a circuit once a shot, so that all of its results are statistical."""
    return method is Method.TRAJECTORIES or (method in _PURE and bool(circuit.features & RANDOM_FEATURES))


def results_for(method: Method, results: ResultRequest, circuit: Characteristics) -> ResultRequest:
    """Return what to ask of a method: where it samples expectation values it needs shots, where it does not, none."""
    if not results.observables:
        return results
    if is_sampled(method, circuit):
        return results if results.shots else replace(results, shots=DEFAULT_TRAJECTORIES)
    return results if circuit.measurement_count else replace(results, shots=0)


def resolve_results(asked: ResultRequest, characteristics: Characteristics) -> ResultRequest:
    """Return the results to give: what was asked, or counts where the circuit measures and probabilities elsewhere.

    Raises:
        RefusedError: shots of a circuit without a measurement.
    """
    measures = characteristics.measurement_count > 0
    if not asked.kinds:
        return ResultRequest(shots=DEFAULT_SHOTS) if measures else ResultRequest(probabilities=True)
    if asked.shots and not measures and not asked.observables:
        raise RefusedError(
            Refusal(
                reason="ERROR_REASON_NO_MEASUREMENT",
                message=(
                    f"{asked.shots} shots were asked of a circuit that has no measurement; add `measure` "
                    '(OpenQASM 3: "c = measure q;", OpenQASM 2: "measure q -> c;") or ask for probabilities instead'
                ),
            )
        )
    return asked


def plan_warnings(
    chosen: Candidate | None, options: Options, results: ResultRequest, circuit: Characteristics
) -> Iterable[str]:
    """Yield what the user should know about how the choice gives the results."""
    if chosen is None:
        return
    if options.max_error and not chosen.max_error:
        yield f"max_error {options.max_error:g} changes nothing here: {chosen.label} does not truncate"
    if not results.observables:
        return
    if is_sampled(chosen.method, circuit):
        if not results.shots:
            yield (
                f"{chosen.method.label} samples the expectation values: over {DEFAULT_TRAJECTORIES} runs, as no shots "
                "were asked for"
            )
    elif results.shots and not circuit.measurement_count:
        yield (
            f"no shots are drawn: the circuit has no measurement, and {chosen.method.label} computes the expectation "
            "values without sampling"
        )
    if Feature.READOUT_ERROR in circuit.features:
        yield "readout error changes counts and probabilities, never expectation values"
