"""What backends can do, in the orchestrator's own words.

The numbers of the enumerations are those of `proxima.simulation.v1`; a test keeps them equal.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class _Labelled(enum.IntEnum):
    @property
    def label(self) -> str:
        """The name as users read it, for example "density_matrix"."""
        return self.name.lower()


class Method(_Labelled):
    """How a circuit is simulated."""

    UNSPECIFIED = 0
    STATEVECTOR = 1
    DENSITY_MATRIX = 2
    STABILIZER = 3
    MATRIX_PRODUCT_STATE = 4
    LOW_RANK = 5
    PAULI_VECTOR = 6
    TRAJECTORIES = 7


class Precision(_Labelled):
    """Floating-point precision of a simulation."""

    UNSPECIFIED = 0
    SINGLE = 1
    DOUBLE = 2


class Feature(_Labelled):
    """What a circuit needs beyond terminal measurement of standard gates."""

    MID_CIRCUIT_MEASUREMENT = 1
    RESET = 2
    CLASSICAL_CONDITION = 3
    UNITARY = 4
    CHANNEL = 5
    READOUT_ERROR = 6
    DELAY = 7
    GLOBAL_PHASE_INSTRUCTION = 8
    PARAMETER_BINDINGS = 9
    NON_CLIFFORD = 10
    MAX_ERROR = 11


class ResultKind(_Labelled):
    """What a result contains."""

    COUNTS = 1
    PROBABILITIES = 2
    STATEVECTOR = 3
    DENSITY_MATRIX = 4
    EXPECTATION_VALUES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodCapability:
    """One engine running one method.

    Attributes:
        method: the method.
        engine: the simulator, for example "qsim".
        engine_version: version of that simulator.
        precisions: precisions offered, the default first; never empty.
        max_qubit_count: largest qubit count whatever the memory.
        gates: standard gates it takes.
        features: features beyond terminal measurement.
        results: results it can give, in any combination.
        max_shots: largest number of shots of one execution; 0 where it cannot sample.
        deterministic: the same seed, plan and thread count give the same result bit for bit.
        is_pausable: a run writes its state as a checkpoint when it is to pause.
    """

    method: Method
    engine: str
    engine_version: str
    precisions: tuple[Precision, ...]
    max_qubit_count: int
    gates: frozenset[str]
    features: frozenset[Feature]
    results: frozenset[ResultKind]
    max_shots: int
    deterministic: bool
    is_pausable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class UnavailableEngine:
    """An engine that a backend knows and this instance cannot offer; `reason` and `remedy` are parts of sentences."""

    engine: str
    reason: str
    remedy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What one backend instance can do; fixed while the instance lives.

    Attributes:
        backend: name of the backend, for example "qiskit".
        version: version of the backend service.
        methods: one entry for each engine and method, the backend's preferred one first.
        memory_cap_bytes: hard cap of one execution's memory over the warm worker, in bytes.
        worker_count: how many executions run at once.
        thread_count: threads that one execution may use.
        package_versions: versions of the distributions that decide the numbers.
        unavailable_engines: engines that the backend knows and this instance cannot offer.
    """

    backend: str
    version: str
    methods: tuple[MethodCapability, ...]
    memory_cap_bytes: int
    worker_count: int
    thread_count: int
    package_versions: Mapping[str, str] = field(default_factory=dict)
    unavailable_engines: tuple[UnavailableEngine, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """One reason why a job cannot run on an engine and method; `reason` is the name of an ErrorReason."""

    reason: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What a job would take on one engine and method, by the backend's own rule.

    Attributes:
        peak_memory_bytes: peak memory over a warm worker, results included.
        largest_fitting_qubit_count: largest circuit of the kind that fits the cap; 0 where unknown.
        work_units: work in units of the rule.
        rule: the rule in a sentence.
        violations: what keeps the job from running; empty when it can run.
    """

    peak_memory_bytes: int
    largest_fitting_qubit_count: int
    work_units: float
    rule: str
    violations: tuple[Violation, ...] = ()
