"""Whether a job can run here: the job against itself, the capabilities, the memory and the engine's own estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, estimate_pb2, result_pb2

from proxima_runtime.backend.circuits import CircuitUse, check_circuit
from proxima_runtime.backend.columns import all_finite
from proxima_runtime.backend.durations import from_duration
from proxima_runtime.backend.engine import Engine
from proxima_runtime.errors import (
    FailedPrecondition,
    InvalidArgument,
    ProximaError,
    ResourceExhausted,
    reason_named,
)
from proxima_runtime.noise import NAMED_CHANNELS
from proxima_runtime.quantities import readable_bytes

MAX_SEED = 2**32 - 1
MAX_SHOTS = 10**9
MAX_OBSERVABLES = 10_000
MAX_TERMS = 1_000_000
_MIN_TRAJECTORIES = 2
_MAX_SECONDS = 1e9
_MAX_GRACE_SECONDS = 86_400.0

# Where a job leaves the thread count to us: one thread below this many amplitudes (or matrix entries), since starting
# more costs more than they bring; all of the instance's from there on.
_ONE_THREAD_LOG2_SIZE = 14

_Kind = circuit_pb2.Operation
_Method = capabilities_pb2
_FEATURE_OF_KIND = {
    _Kind.KIND_UNITARY: capabilities_pb2.FEATURE_UNITARY,
    _Kind.KIND_CHANNEL: capabilities_pb2.FEATURE_CHANNEL,
    _Kind.KIND_RESET: capabilities_pb2.FEATURE_RESET,
    _Kind.KIND_DELAY: capabilities_pb2.FEATURE_DELAY,
    _Kind.KIND_GLOBAL_PHASE: capabilities_pb2.FEATURE_GLOBAL_PHASE_INSTRUCTION,
}


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What became of a job's check.

    Attributes:
        estimate: the engine's estimate, with every violation found.
        memory_limit_bytes: the limit in force.
        thread_count: the thread count in force.
    """

    estimate: estimate_pb2.ResourceEstimate
    memory_limit_bytes: int
    thread_count: int

    def refusal(self) -> ProximaError | None:
        """Return the error that keeps the job from running, or None."""
        if not self.estimate.violations:
            return None
        violation = self.estimate.violations[0]
        reason = reason_named(violation.reason)
        if reason == errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY:
            metadata = {
                "needed_bytes": str(self.estimate.peak_memory_bytes),
                "available_bytes": str(self.memory_limit_bytes),
                "largest_qubit_count": str(self.estimate.largest_fitting_qubit_count),
            }
            return ResourceExhausted(violation.description, reason=reason, metadata=metadata)
        return FailedPrecondition(violation.description, reason=reason)


class Admission:
    """Checks jobs for one instance; needs no simulator."""

    def __init__(self, *, engine: Engine, capabilities: capabilities_pb2.Capabilities) -> None:
        self._engine = engine
        self._capabilities = capabilities
        self._methods = {(entry.method, entry.engine): entry for entry in capabilities.methods}
        self._gates = {key: frozenset(entry.gates) for key, entry in self._methods.items()}

    def assess(self, job: backend_pb2.Job) -> Assessment:
        """Check a job.

        Raises:
            InvalidArgument: the job contradicts itself.
        """
        use = check_circuit(job.circuit)
        self._check_request(job, use)
        limit = job.memory_limit_bytes or self._capabilities.memory_cap_bytes
        threads = job.thread_count or self._threads(job)
        key = (job.method, job.engine)
        entry = self._methods.get(key)
        if entry is None:
            estimate = estimate_pb2.ResourceEstimate()
            known = ", ".join(f"{name} {_name_of(number)}" for number, name in self._methods)
            _violate(
                estimate,
                f"engine {job.engine[:64]!r} with {method_name(job)} is not offered here; offered are: {known}",
            )
            return Assessment(estimate=estimate, memory_limit_bytes=limit, thread_count=threads)
        found = estimate_pb2.ResourceEstimate()
        self._check_capability(job, use, entry, found)
        if found.violations:
            return Assessment(estimate=found, memory_limit_bytes=limit, thread_count=threads)
        estimate = self._engine.estimate(job)
        if estimate.peak_memory_bytes > limit:
            largest = estimate.largest_fitting_qubit_count
            hint = f"; at most {largest} qubits of this kind fit" if largest else ""
            _violate(
                estimate,
                f"{method_name(job)} of {job.circuit.qubit_count} qubits needs "
                f"{readable_bytes(estimate.peak_memory_bytes)}, {readable_bytes(limit)} are available{hint}",
                reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY,
            )
        return Assessment(estimate=estimate, memory_limit_bytes=limit, thread_count=threads)

    def _check_request(self, job: backend_pb2.Job, use: CircuitUse) -> None:
        results, cap, threads = job.results, self._capabilities.memory_cap_bytes, self._capabilities.thread_count
        _require(job.method != capabilities_pb2.METHOD_UNSPECIFIED, "method", "is missing")
        _require(bool(job.engine), "engine", "is missing")
        _require(0 <= job.seed <= MAX_SEED, "seed", f"is {job.seed}, expected 0 to {MAX_SEED}")
        _require(0 <= job.thread_count <= threads, "thread_count", f"is {job.thread_count}, expected 0 to {threads}")
        limit = job.memory_limit_bytes
        _require(0 <= limit <= cap, "memory_limit_bytes", f"is {limit}, expected 0 to {cap}, this instance's cap")
        _require(0 <= job.max_error < 1, "max_error", f"is {job.max_error}, expected 0 up to, but not, 1")
        for field, duration, maximum in (
            ("timeout", job.timeout, _MAX_SECONDS),
            ("grace_period", job.grace_period, _MAX_GRACE_SECONDS),
            ("predicted_duration", job.predicted_duration, _MAX_SECONDS),
        ):
            seconds = from_duration(duration)
            _require(0 <= seconds <= maximum, field, f"is {seconds:g} s, expected 0 to {maximum:g} s")
        positive = not job.HasField("timeout") or from_duration(job.timeout) > 0
        _require(positive, "timeout", "is 0 s; leave it out for no limit")
        _require(0 <= results.shots <= MAX_SHOTS, "results.shots", f"is {results.shots}, expected 0 to {MAX_SHOTS}")
        wanted = results.shots or results.probabilities or results.statevector or results.density_matrix
        _require(bool(wanted or results.observables), "results", "asks for nothing")
        if results.shots and not use.uses(_Kind.KIND_MEASURE) and not _samples_observables(job, use):
            raise InvalidArgument(
                "job.results.shots: the circuit has no measurement to sample; add measure, or ask for probabilities",
                reason=errors_pb2.ERROR_REASON_NO_MEASUREMENT,
            )
        _check_observables(job)
        self._check_bindings(job)
        batches = job.segmentation.shot_batches
        split = not batches or (min(batches) > 0 and sum(batches) == results.shots)
        _require(split, "segmentation.shot_batches", f"must be positive and sum to the {results.shots} shots")
        starts = list(job.segmentation.segment_starts)
        ordered = starts == sorted(set(starts)) and (
            not starts or (starts[0] > 0 and starts[-1] < use.instruction_count)
        )
        _require(ordered, "segmentation.segment_starts", "must ascend inside the circuit")

    def _check_bindings(self, job: backend_pb2.Job) -> None:
        symbols = len(job.circuit.symbolic_parameters.symbols)
        bindings = job.bindings
        if not job.HasField("bindings"):
            _require(not symbols, "bindings", f"is missing, the circuit has {symbols} symbols")
            return
        count = bindings.symbol_count
        _require(count == symbols, "bindings.symbol_count", f"is {count}, the circuit has {symbols} symbols")
        _require(bindings.item_count >= 1, "bindings.item_count", f"is {bindings.item_count}, expected at least 1")
        size = 8 * bindings.item_count * count
        _require(len(bindings.values) == size, "bindings.values", f"has {len(bindings.values)} bytes, expected {size}")
        _require(all_finite(bindings.values), "bindings.values", "has a number that is not finite")

    def _check_capability(
        self,
        job: backend_pb2.Job,
        use: CircuitUse,
        entry: capabilities_pb2.MethodCapability,
        estimate: estimate_pb2.ResourceEstimate,
    ) -> None:
        circuit, results = job.circuit, job.results
        where = f"{self._engine.name}'s {job.engine} {method_name(job)}"
        if circuit.qubit_count > entry.max_qubit_count:
            _violate(
                estimate, f"{where} takes at most {entry.max_qubit_count} qubits, the circuit has {circuit.qubit_count}"
            )
        if job.precision and job.precision not in entry.precisions:
            _violate(estimate, f"{where} does not offer precision {job.precision}")
        gates = {operation.name for operation in use.operations if operation.kind == _Kind.KIND_GATE}
        for name in sorted(gates - self._gates[job.method, job.engine]):
            _violate(estimate, f"{where} does not have the gate {name[:64]!r}")
        for feature in sorted(_features(job, use) - set(entry.features)):
            _violate(estimate, f"{where} does not have {capabilities_pb2.Feature.Name(feature)}")
        for kind in sorted(_results(results) - set(entry.results)):
            _violate(estimate, f"{where} does not give {result_pb2.ResultKind.Name(kind)}")
        for name in sorted(_unknown_channels(use)):
            _violate(estimate, f"{where} does not have the channel {name[:64]!r}")
        if results.statevector and not use.is_unitary:
            _violate(
                estimate,
                "the state of a circuit with channels, resets, conditions or measurements in mid-circuit is no vector; "
                "ask for the density matrix or for expectation values",
            )
        if results.observables and job.method == _Method.METHOD_TRAJECTORIES and results.shots < _MIN_TRAJECTORIES:
            _violate(
                estimate,
                f"{where} samples expectation values, which takes at least {_MIN_TRAJECTORIES} shots; "
                f"{results.shots} were asked",
            )
        if results.shots > entry.max_shots:
            _violate(estimate, f"{where} samples at most {entry.max_shots} shots, {results.shots} were asked")

    def _threads(self, job: backend_pb2.Job) -> int:
        double = job.method in (_Method.METHOD_DENSITY_MATRIX, _Method.METHOD_PAULI_VECTOR)
        log2_size = job.circuit.qubit_count * (2 if double else 1)
        return 1 if log2_size < _ONE_THREAD_LOG2_SIZE else self._capabilities.thread_count


def _check_observables(job: backend_pb2.Job) -> None:
    observables, count = job.results.observables, job.circuit.qubit_count
    few = len(observables) <= MAX_OBSERVABLES
    _require(few, "results.observables", f"has {len(observables)} entries, at most {MAX_OBSERVABLES} are allowed")
    for index, observable in enumerate(observables):
        field, terms = f"results.observables[{index}]", len(observable.paulis)
        _require(1 <= terms <= MAX_TERMS, f"{field}.paulis", f"has {terms} terms, expected 1 to {MAX_TERMS}")
        for place, pauli in enumerate(observable.paulis):
            legal = len(pauli) == count and not pauli.strip("IXYZ")
            _require(legal, f"{field}.paulis[{place}]", f"is {pauli[:64]!r}, expected {count} letters of I, X, Y, Z")
        same = terms == len(observable.coefficients)
        _require(same, f"{field}.coefficients", f"has {len(observable.coefficients)} numbers for {terms} terms")
        finite = all(map(math.isfinite, observable.coefficients))
        _require(finite, f"{field}.coefficients", "has a number that is not finite")


def _samples_observables(job: backend_pb2.Job, use: CircuitUse) -> bool:
    """Shots are, or may be, for expectation values: each is a run of its own."""
    return bool(job.results.observables) and (job.method == _Method.METHOD_TRAJECTORIES or not use.is_unitary)


def _unknown_channels(use: CircuitUse) -> set[str]:
    return {
        operation.name
        for operation in use.operations
        if operation.kind == _Kind.KIND_CHANNEL and not operation.matrix and operation.name not in NAMED_CHANNELS
    }


def method_name(job: backend_pb2.Job) -> str:
    """Return the method's name as results show it, for example "density_matrix"."""
    return _name_of(job.method)


def _name_of(method: int) -> str:
    if method not in capabilities_pb2.Method.values():
        return f"method {method}"
    name: str = capabilities_pb2.Method.Name(method)
    return name.removeprefix("METHOD_").lower()


def _features(job: backend_pb2.Job, use: CircuitUse) -> set[int]:
    features = {_FEATURE_OF_KIND[operation.kind] for operation in use.operations if operation.kind in _FEATURE_OF_KIND}
    if use.has_mid_circuit_measurement:
        features.add(capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT)
    if use.has_conditions:
        features.add(capabilities_pb2.FEATURE_CLASSICAL_CONDITION)
    if any(operation.readout for operation in use.operations):
        features.add(capabilities_pb2.FEATURE_READOUT_ERROR)
    if job.HasField("bindings") or job.circuit.symbolic_parameters.positions:
        features.add(capabilities_pb2.FEATURE_PARAMETER_BINDINGS)
    if job.max_error:
        features.add(capabilities_pb2.FEATURE_MAX_ERROR)
    return {int(feature) for feature in features}


def _results(results: result_pb2.ResultSpec) -> set[int]:
    wanted = {
        result_pb2.RESULT_KIND_COUNTS: bool(results.shots),
        result_pb2.RESULT_KIND_PROBABILITIES: results.probabilities,
        result_pb2.RESULT_KIND_STATEVECTOR: results.statevector,
        result_pb2.RESULT_KIND_DENSITY_MATRIX: results.density_matrix,
        result_pb2.RESULT_KIND_EXPECTATION_VALUES: bool(results.observables),
    }
    return {int(kind) for kind, asked in wanted.items() if asked}


def _violate(
    estimate: estimate_pb2.ResourceEstimate,
    description: str,
    *,
    reason: errors_pb2.ErrorReason = errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
) -> None:
    estimate.violations.add(reason=errors_pb2.ErrorReason.Name(reason), description=description, instruction=-1)


def _require(condition: bool, field: str, problem: str) -> None:
    if not condition:
        raise InvalidArgument(
            f"job.{field} {problem}",
            reason=errors_pb2.ERROR_REASON_INVALID_REQUEST,
            metadata={"field": f"job.{field}"},
        )
