"""What the client hands out: frozen values with the meaning of the contract's messages.

Times are seconds, memory is bytes, names of backends are without the "backends/" prefix. None means "not known (yet)".
Qubit 0 is the least significant bit of an index; bit strings are written highest index first.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from proxima_runtime.errors import ProximaError

__all__ = [
    "Backend",
    "BackendInstance",
    "Candidate",
    "Characteristics",
    "Exclusion",
    "Execution",
    "ExecutionPage",
    "ExpectationValue",
    "MethodSupport",
    "NoiseSummary",
    "Plan",
    "Producer",
    "Progress",
    "ScoreFactor",
    "ServerInfo",
    "State",
    "Times",
    "UnavailableEngine",
]


_NORMAL_95 = 1.959963984540054


class State(enum.StrEnum):
    """State of an execution."""

    UNKNOWN = "unknown"
    IDLE = "idle"
    PLANNING = "planning"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    ABORTED = "aborted"
    ERROR = "error"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing changes any more, short of a reset."""
        return self in (State.COMPLETED, State.ABORTED, State.ERROR)


@dataclass(frozen=True, kw_only=True)
class Producer:
    """Who computed a result.

    `engine` is the simulator, `method` one of the contract's names in lower case, `precision` "single" or "double",
    `seed` 0 to 2^32 - 1, `package_versions` the distributions that decide the numbers, `sampler` what drew the counts:
    the engine, or for example "numpy" from what the engine computed; empty without shots.
    """

    backend: str
    backend_version: str
    engine: str
    engine_version: str
    method: str
    precision: str
    seed: int
    thread_count: int
    package_versions: Mapping[str, str]
    sampler: str


@dataclass(frozen=True, kw_only=True)
class RankHistory:
    """How many columns a low-rank simulation kept.

    Attributes:
        points: (operations done, columns), at most 64, ascending, the last at the end.
        largest: the most columns that there were at any time.
        operation_count: operations in all, as the engine fused them.
        continued_as: the method by which the run went on, because it took less from there; empty where it did not.
        continued_after: operations that were done before that.
    """

    points: tuple[tuple[int, int], ...]
    largest: int
    operation_count: int
    continued_as: str
    continued_after: int


@dataclass(frozen=True, kw_only=True)
class ScoreFactor:
    """One factor of a candidate's score; weight and value are 0 to 1."""

    name: str
    weight: float
    value: float


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """Why a candidate was excluded: the name of a reason of the error catalogue, and a sentence with the remedy."""

    reason: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One engine running one method on one backend, as selection saw it.

    Bytes and seconds are predictions; `predicted_seconds` is None where nothing was predicted. `score` is 0 to 1, and 0
    where `exclusions` is not empty.
    """

    backend: str
    engine: str
    method: str
    precision: str
    predicted_memory_bytes: int
    available_memory_bytes: int
    predicted_seconds: float | None
    prediction_basis: str
    memory_rule: str
    score: float
    factors: tuple[ScoreFactor, ...]
    exclusions: tuple[Exclusion, ...]


@dataclass(frozen=True, kw_only=True)
class Characteristics:
    """What planning learned of a circuit, counted without idle qubits, barriers and noise channels."""

    declared_qubit_count: int
    active_qubit_count: int
    clbit_count: int
    instruction_count: int
    depth: int
    operation_counts: Mapping[str, int]
    multi_qubit_gate_count: int
    is_clifford: bool
    t_count: int
    measurement_count: int
    has_mid_circuit_measurement: bool
    features: tuple[str, ...]
    noise_strength: float


@dataclass(frozen=True, kw_only=True)
class NoiseSummary:
    """Where a noise model attached, counted over the flat circuit that the source unrolls to.

    `noisy_instruction_count` of `instruction_count` gates (explicit unitaries and named delays among them) have a
    channel after them, `noisy_measurement_count` of `measurement_count` measurements a readout error.
    `rule_channel_counts` has the channels that each rule added, `noiseless_digest` the SHA-256 of the columns without
    noise.
    """

    instruction_count: int
    noisy_instruction_count: int
    channel_count: int
    measurement_count: int
    noisy_measurement_count: int
    rule_channel_counts: tuple[int, ...]
    noiseless_digest: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be or was executed where, and why.

    `chosen` is None where nothing can run the circuit; then `error` says why. `shots` is 0 where nothing is sampled.
    `max_error` is the truncation budget of the choice, 0 where it does not truncate. `noise` is None where none was
    asked for.
    """

    chosen: Candidate | None
    reason: str
    candidates: tuple[Candidate, ...]
    error: ProximaError | None
    shots: int
    thread_count: int
    warnings: tuple[str, ...]
    planning_seconds: float
    characteristics: Characteristics | None
    circuit_digest: str
    noise: NoiseSummary | None
    max_error: float


@dataclass(frozen=True, kw_only=True)
class Times:
    """Measured seconds.

    `planning_seconds`: parsing and planning. `queued_seconds`: from planned to accepted by a backend, and waiting for a
    worker there. `execution_seconds`: in the worker. `total_seconds`: from creation to the terminal state.
    """

    planning_seconds: float | None
    queued_seconds: float | None
    execution_seconds: float | None
    total_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One circuit on one backend, from request to result.

    `name` is "executions/{uuid}", `id` the uuid. `peak_memory_bytes` is measured, over the warm worker. `error` is
    set in the states error and aborted.
    """

    name: str
    state: State
    attempt: int
    owner: str
    display_name: str
    circuit_digest: str
    seed: int
    shots: int
    create_time: datetime | None
    end_time: datetime | None
    plan: Plan | None
    producer: Producer | None
    times: Times
    peak_memory_bytes: int | None
    error: ProximaError | None
    request_id: str

    @property
    def id(self) -> str:
        """The uuid alone."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class ExecutionPage:
    """One page of executions, newest first; `next_page_token` is empty on the last."""

    executions: tuple[Execution, ...]
    next_page_token: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is. `is_counted` is False where `fraction` (0 to 1) is a model: elapsed over predicted time."""

    fraction: float
    is_counted: bool
    unit: str
    done_count: int
    total_count: int
    memory_bytes: int
    elapsed_seconds: float


@dataclass(frozen=True, kw_only=True)
class ExpectationValue:
    """One expectation value; `standard_error` is None where it was not sampled."""

    name: str
    value: float
    standard_error: float | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Approximate 95 % interval, 1.96 standard errors to both sides; None where the value was not sampled."""
        if self.standard_error is None:
            return None
        reach = _NORMAL_95 * self.standard_error
        return self.value - reach, self.value + reach


@dataclass(frozen=True, kw_only=True)
class MethodSupport:
    """One engine running one method, as a backend declares it."""

    method: str
    engine: str
    engine_version: str
    precisions: tuple[str, ...]
    max_qubit_count: int
    gates: tuple[str, ...]
    features: tuple[str, ...]
    results: tuple[str, ...]
    max_shots: int


@dataclass(frozen=True, kw_only=True)
class UnavailableEngine:
    """An engine that a backend knows and this instance cannot offer; `reason` and `remedy` are parts of sentences."""

    engine: str
    reason: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class BackendInstance:
    """One process that serves a backend. `condition` is "serving", "not_serving" or "unreachable"."""

    name: str
    target: str
    condition: str
    error: ProximaError | None
    version: str
    memory_cap_bytes: int
    worker_count: int
    thread_count: int
    package_versions: Mapping[str, str]
    methods: tuple[MethodSupport, ...]
    unavailable_engines: tuple[UnavailableEngine, ...]
    health_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A simulator behind the southbound contract, with its instances."""

    name: str
    instances: tuple[BackendInstance, ...]

    @property
    def is_serving(self) -> bool:
        """Whether some instance takes work."""
        return any(instance.condition == "serving" for instance in self.instances)


@dataclass(frozen=True, kw_only=True)
class ServerInfo:
    """Which orchestrator this is, and whether it is idle."""

    version: str
    start_time: datetime | None
    active_execution_count: int
    last_activity_time: datetime | None
