"""The client's one bilingual module: northbound messages to values."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from proxima.orchestrator.v1 import backends_pb2, executions_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.errors import from_status

from proxima_client import values

__all__ = [
    "to_backend",
    "to_execution",
    "to_expectation_value",
    "to_method",
    "to_plan",
    "to_precision",
    "to_producer",
    "to_progress",
    "to_rank_history",
    "to_seconds",
    "to_server_info",
    "to_state",
    "to_time",
]


def to_state(state: int) -> values.State:
    """Return the state; one that this client does not know is `State.UNKNOWN`."""
    name = _name(_STATES, state)
    try:
        return values.State(name)
    except ValueError:
        return values.State.UNKNOWN


def to_execution(message: executions_pb2.Execution) -> values.Execution:
    """Return the snapshot of an execution."""
    plan = (
        to_plan(message.plan, characteristics=message.characteristics, circuit_digest=message.circuit_digest)
        if message.HasField("plan")
        else None
    )
    has_usage = message.HasField("usage")
    queued = _between(message, "ready_time", "start_time")
    if queued is not None and has_usage:
        queued += to_seconds(message.usage.queued_duration)
    execution = _between(message, "start_time", "end_time")
    if has_usage and message.usage.HasField("worker_duration"):
        execution = to_seconds(message.usage.worker_duration)
    return values.Execution(
        name=message.name,
        state=to_state(message.state),
        attempt=message.attempt,
        owner=message.owner,
        display_name=message.display_name,
        circuit_digest=message.circuit_digest,
        seed=message.seed,
        shots=message.result_spec.shots,
        create_time=to_time(message.create_time) if message.HasField("create_time") else None,
        end_time=to_time(message.end_time) if message.HasField("end_time") else None,
        plan=plan,
        producer=to_producer(message.results[0].producer) if message.results else None,
        times=values.Times(
            planning_seconds=plan.planning_seconds if plan else _between(message, "plan_time", "ready_time"),
            queued_seconds=queued,
            execution_seconds=execution,
            total_seconds=_between(message, "create_time", "end_time"),
        ),
        peak_memory_bytes=message.usage.peak_memory_bytes if has_usage else None,
        error=from_status(message.error) if message.HasField("error") else None,
        request_id=message.request_id,
    )


def to_plan(
    message: executions_pb2.Plan, *, characteristics: executions_pb2.Characteristics, circuit_digest: str
) -> values.Plan:
    """Return a plan with what was measured about its circuit."""
    known = characteristics.ByteSize() > 0
    return values.Plan(
        chosen=_candidate(message.chosen) if message.HasField("chosen") else None,
        reason=message.reason,
        candidates=tuple(_candidate(candidate) for candidate in message.candidates),
        error=from_status(message.error) if message.HasField("error") else None,
        shots=message.results.shots,
        thread_count=message.thread_count,
        warnings=tuple(message.warnings),
        planning_seconds=to_seconds(message.planning_duration),
        characteristics=_characteristics(characteristics) if known else None,
        circuit_digest=circuit_digest,
        noise=_noise(message.noise) if message.HasField("noise") else None,
        max_error=message.chosen.max_error,
    )


def _noise(message: executions_pb2.NoiseSummary) -> values.NoiseSummary:
    return values.NoiseSummary(
        instruction_count=message.instruction_count,
        noisy_instruction_count=message.noisy_instruction_count,
        channel_count=message.channel_count,
        measurement_count=message.measurement_count,
        noisy_measurement_count=message.noisy_measurement_count,
        rule_channel_counts=tuple(rule.channel_count for rule in message.rules),
        noiseless_digest=message.noiseless_digest,
    )


def to_rank_history(message: result_pb2.RankHistory) -> values.RankHistory:
    """Return the columns of a low-rank simulation."""
    return values.RankHistory(
        points=tuple((point.operation, point.rank) for point in message.points),
        largest=message.largest_rank,
        operation_count=message.operation_count,
        continued_as=message.continued_as,
        continued_after=message.continued_after,
    )


def to_producer(message: result_pb2.Producer) -> values.Producer:
    """Return who computed a result."""
    return values.Producer(
        backend=message.backend,
        backend_version=message.backend_version,
        engine=message.engine,
        engine_version=message.engine_version,
        method=message.method,
        precision=to_precision(message.precision),
        seed=message.seed,
        thread_count=message.thread_count,
        package_versions=dict(sorted(message.package_versions.items())),
        sampler=message.sampler,
    )


def to_progress(message: result_pb2.Progress) -> values.Progress:
    """Return how far a run is."""
    return values.Progress(
        fraction=min(1.0, max(0.0, message.fraction)),
        is_counted=message.basis == result_pb2.Progress.BASIS_COUNTED,
        unit=message.unit,
        done_count=message.done_count,
        total_count=message.total_count,
        memory_bytes=message.memory_bytes,
        elapsed_seconds=to_seconds(message.elapsed),
    )


def to_expectation_value(message: result_pb2.ExpectationValue) -> values.ExpectationValue:
    """Return one expectation value."""
    return values.ExpectationValue(
        name=message.name,
        value=message.value,
        standard_error=message.standard_error if message.HasField("standard_error") else None,
    )


def to_backend(message: backends_pb2.Backend) -> values.Backend:
    """Return a backend with its instances."""
    return values.Backend(
        name=_bare(message.name), instances=tuple(_instance(instance) for instance in message.instances)
    )


def to_server_info(message: backends_pb2.GetServerInfoResponse) -> values.ServerInfo:
    """Return what an orchestrator says of itself."""
    return values.ServerInfo(
        version=message.version,
        start_time=to_time(message.start_time) if message.HasField("start_time") else None,
        active_execution_count=message.active_execution_count,
        last_activity_time=to_time(message.last_activity_time) if message.HasField("last_activity_time") else None,
    )


def _candidate(message: executions_pb2.Candidate) -> values.Candidate:
    return values.Candidate(
        backend=_bare(message.backend),
        engine=message.engine,
        method=to_method(message.method),
        precision=to_precision(message.precision),
        predicted_memory_bytes=message.predicted_memory_bytes,
        available_memory_bytes=message.available_memory_bytes,
        predicted_seconds=message.predicted_seconds or None,
        prediction_basis=message.prediction_basis,
        memory_rule=message.memory_rule,
        score=message.score,
        factors=tuple(
            values.ScoreFactor(name=factor.name, weight=factor.weight, value=factor.value) for factor in message.factors
        ),
        exclusions=tuple(
            values.Exclusion(reason=exclusion.reason, description=exclusion.description)
            for exclusion in message.exclusions
        ),
    )


def _characteristics(message: executions_pb2.Characteristics) -> values.Characteristics:
    return values.Characteristics(
        declared_qubit_count=message.declared_qubit_count,
        active_qubit_count=message.active_qubit_count,
        clbit_count=message.clbit_count,
        instruction_count=message.instruction_count,
        depth=message.depth,
        operation_counts={entry.name: entry.count for entry in message.operation_counts},
        multi_qubit_gate_count=message.multi_qubit_gate_count,
        is_clifford=message.is_clifford,
        t_count=message.t_count,
        measurement_count=message.measurement_count,
        has_mid_circuit_measurement=message.has_mid_circuit_measurement,
        features=tuple(_name(_FEATURES, item) for item in message.features),
        noise_strength=message.noise_strength,
    )


def _instance(message: backends_pb2.BackendInstance) -> values.BackendInstance:
    capabilities = message.capabilities
    return values.BackendInstance(
        name=message.name,
        target=message.target,
        condition=_name(_CONDITIONS, message.condition),
        error=from_status(message.error) if message.HasField("error") else None,
        version=capabilities.version,
        memory_cap_bytes=message.memory_cap_bytes or capabilities.memory_cap_bytes,
        worker_count=capabilities.worker_count,
        thread_count=capabilities.thread_count,
        package_versions=dict(sorted(capabilities.package_versions.items())),
        methods=tuple(_method_support(method) for method in capabilities.methods),
        unavailable_engines=tuple(
            values.UnavailableEngine(engine=entry.engine, reason=entry.reason, remedy=entry.remedy)
            for entry in capabilities.unavailable_engines
        ),
        health_seconds=to_seconds(message.health_latency) if message.HasField("health_latency") else None,
    )


def _method_support(message: capabilities_pb2.MethodCapability) -> values.MethodSupport:
    return values.MethodSupport(
        method=to_method(message.method),
        engine=message.engine,
        engine_version=message.engine_version,
        precisions=tuple(to_precision(precision) for precision in message.precisions),
        max_qubit_count=message.max_qubit_count,
        gates=tuple(message.gates),
        features=tuple(_name(_FEATURES, item) for item in message.features),
        results=tuple(_name(_RESULT_KINDS, item) for item in message.results),
        max_shots=message.max_shots,
    )


def to_method(value: int) -> str:
    """Return the name of a method."""
    return _name(_METHODS, value)


def to_precision(value: int) -> str:
    """Return the name of a precision."""
    return _name(_PRECISIONS, value)


def _names(items: Iterable[tuple[str, int]], prefix: str) -> Mapping[int, str]:
    """Names of an enumeration in lower case without their prefix."""
    return {number: name.removeprefix(prefix).lower() for name, number in items}


_STATES = _names(executions_pb2.State.items(), "STATE_")
_CONDITIONS = _names(backends_pb2.BackendInstance.Condition.items(), "CONDITION_")
_FEATURES = _names(capabilities_pb2.Feature.items(), "FEATURE_")
_METHODS = _names(capabilities_pb2.Method.items(), "METHOD_")
_PRECISIONS = _names(result_pb2.Precision.items(), "PRECISION_")
_RESULT_KINDS = _names(result_pb2.ResultKind.items(), "RESULT_KIND_")


def _name(names: Mapping[int, str], value: int) -> str:
    """The name; a number for a value that is newer than this client."""
    return names.get(value) or str(value)


def _bare(name: str) -> str:
    return name.removeprefix("backends/")


def to_seconds(duration: Duration) -> float:
    """Return a duration in seconds."""
    return duration.seconds + duration.nanos / 1e9


def to_time(stamp: Timestamp) -> datetime:
    """Return a moment, UTC."""
    return datetime.fromtimestamp(stamp.seconds, tz=UTC).replace(microsecond=stamp.nanos // 1000)


def _between(message: executions_pb2.Execution, start: str, end: str) -> float | None:
    if not (message.HasField(start) and message.HasField(end)):
        return None
    first: Timestamp = getattr(message, start)
    last: Timestamp = getattr(message, end)
    return max(0.0, (last.seconds - first.seconds) + (last.nanos - first.nanos) / 1e9)
