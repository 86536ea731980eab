import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from proxima.orchestrator.v1 import consent_pb2 as _consent_pb2
from proxima.simulation.v1 import capabilities_pb2 as _capabilities_pb2
from proxima.simulation.v1 import circuit_pb2 as _circuit_pb2
from proxima.simulation.v1 import noise_pb2 as _noise_pb2
from proxima.simulation.v1 import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATE_UNSPECIFIED: _ClassVar[State]
    STATE_IDLE: _ClassVar[State]
    STATE_PLANNING: _ClassVar[State]
    STATE_READY: _ClassVar[State]
    STATE_RUNNING: _ClassVar[State]
    STATE_PAUSED: _ClassVar[State]
    STATE_COMPLETED: _ClassVar[State]
    STATE_ABORTED: _ClassVar[State]
    STATE_ERROR: _ClassVar[State]

class Preference(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PREFERENCE_UNSPECIFIED: _ClassVar[Preference]
    PREFERENCE_FASTEST: _ClassVar[Preference]
    PREFERENCE_LEAST_MEMORY: _ClassVar[Preference]
STATE_UNSPECIFIED: State
STATE_IDLE: State
STATE_PLANNING: State
STATE_READY: State
STATE_RUNNING: State
STATE_PAUSED: State
STATE_COMPLETED: State
STATE_ABORTED: State
STATE_ERROR: State
PREFERENCE_UNSPECIFIED: Preference
PREFERENCE_FASTEST: Preference
PREFERENCE_LEAST_MEMORY: Preference

class CircuitSource(_message.Message):
    __slots__ = ("openqasm", "circuit", "display_name")
    OPENQASM_FIELD_NUMBER: _ClassVar[int]
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    openqasm: bytes
    circuit: _circuit_pb2.Circuit
    display_name: str
    def __init__(self, openqasm: _Optional[bytes] = ..., circuit: _Optional[_Union[_circuit_pb2.Circuit, _Mapping]] = ..., display_name: _Optional[str] = ...) -> None: ...

class ExecutionSpec(_message.Message):
    __slots__ = ("circuit", "results", "backend", "method", "engine", "precision", "seed", "timeout", "preference", "noise", "bindings", "max_error", "thread_count")
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    PREFERENCE_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    BINDINGS_FIELD_NUMBER: _ClassVar[int]
    MAX_ERROR_FIELD_NUMBER: _ClassVar[int]
    THREAD_COUNT_FIELD_NUMBER: _ClassVar[int]
    circuit: CircuitSource
    results: _result_pb2.ResultSpec
    backend: str
    method: _capabilities_pb2.Method
    engine: str
    precision: _result_pb2.Precision
    seed: int
    timeout: _duration_pb2.Duration
    preference: Preference
    noise: _noise_pb2.NoiseModel
    bindings: _circuit_pb2.ParameterBindings
    max_error: float
    thread_count: int
    def __init__(self, circuit: _Optional[_Union[CircuitSource, _Mapping]] = ..., results: _Optional[_Union[_result_pb2.ResultSpec, _Mapping]] = ..., backend: _Optional[str] = ..., method: _Optional[_Union[_capabilities_pb2.Method, str]] = ..., engine: _Optional[str] = ..., precision: _Optional[_Union[_result_pb2.Precision, str]] = ..., seed: _Optional[int] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., preference: _Optional[_Union[Preference, str]] = ..., noise: _Optional[_Union[_noise_pb2.NoiseModel, _Mapping]] = ..., bindings: _Optional[_Union[_circuit_pb2.ParameterBindings, _Mapping]] = ..., max_error: _Optional[float] = ..., thread_count: _Optional[int] = ...) -> None: ...

class Execution(_message.Message):
    __slots__ = ("name", "owner", "attempt", "state", "error", "display_name", "circuit_digest", "characteristics", "plan", "results", "usage", "create_time", "plan_time", "ready_time", "start_time", "end_time", "seed", "request_id", "result_spec", "required_consents", "session", "comparison", "backend_instance", "closed_attempts")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    CIRCUIT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    CHARACTERISTICS_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PLAN_TIME_FIELD_NUMBER: _ClassVar[int]
    READY_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_SPEC_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_CONSENTS_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    BACKEND_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    CLOSED_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    owner: str
    attempt: int
    state: State
    error: _status_pb2.Status
    display_name: str
    circuit_digest: str
    characteristics: Characteristics
    plan: Plan
    results: _containers.RepeatedCompositeFieldContainer[_result_pb2.ResultHeader]
    usage: _result_pb2.Usage
    create_time: _timestamp_pb2.Timestamp
    plan_time: _timestamp_pb2.Timestamp
    ready_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    seed: int
    request_id: str
    result_spec: _result_pb2.ResultSpec
    required_consents: _containers.RepeatedScalarFieldContainer[str]
    session: str
    comparison: str
    backend_instance: str
    closed_attempts: _containers.RepeatedCompositeFieldContainer[Attempt]
    def __init__(self, name: _Optional[str] = ..., owner: _Optional[str] = ..., attempt: _Optional[int] = ..., state: _Optional[_Union[State, str]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., display_name: _Optional[str] = ..., circuit_digest: _Optional[str] = ..., characteristics: _Optional[_Union[Characteristics, _Mapping]] = ..., plan: _Optional[_Union[Plan, _Mapping]] = ..., results: _Optional[_Iterable[_Union[_result_pb2.ResultHeader, _Mapping]]] = ..., usage: _Optional[_Union[_result_pb2.Usage, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., plan_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ready_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., seed: _Optional[int] = ..., request_id: _Optional[str] = ..., result_spec: _Optional[_Union[_result_pb2.ResultSpec, _Mapping]] = ..., required_consents: _Optional[_Iterable[str]] = ..., session: _Optional[str] = ..., comparison: _Optional[str] = ..., backend_instance: _Optional[str] = ..., closed_attempts: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("attempt", "state", "error", "backend_instance", "start_time", "end_time", "usage")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    BACKEND_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    state: State
    error: _status_pb2.Status
    backend_instance: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    usage: _result_pb2.Usage
    def __init__(self, attempt: _Optional[int] = ..., state: _Optional[_Union[State, str]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., backend_instance: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., usage: _Optional[_Union[_result_pb2.Usage, _Mapping]] = ...) -> None: ...

class Characteristics(_message.Message):
    __slots__ = ("declared_qubit_count", "active_qubit_count", "clbit_count", "instruction_count", "depth", "operation_counts", "multi_qubit_gate_count", "is_clifford", "t_count", "measurement_count", "has_mid_circuit_measurement", "features", "noise_strength")
    DECLARED_QUBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_QUBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CLBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    OPERATION_COUNTS_FIELD_NUMBER: _ClassVar[int]
    MULTI_QUBIT_GATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    IS_CLIFFORD_FIELD_NUMBER: _ClassVar[int]
    T_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEASUREMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    HAS_MID_CIRCUIT_MEASUREMENT_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    NOISE_STRENGTH_FIELD_NUMBER: _ClassVar[int]
    declared_qubit_count: int
    active_qubit_count: int
    clbit_count: int
    instruction_count: int
    depth: int
    operation_counts: _containers.RepeatedCompositeFieldContainer[OperationCount]
    multi_qubit_gate_count: int
    is_clifford: bool
    t_count: int
    measurement_count: int
    has_mid_circuit_measurement: bool
    features: _containers.RepeatedScalarFieldContainer[_capabilities_pb2.Feature]
    noise_strength: float
    def __init__(self, declared_qubit_count: _Optional[int] = ..., active_qubit_count: _Optional[int] = ..., clbit_count: _Optional[int] = ..., instruction_count: _Optional[int] = ..., depth: _Optional[int] = ..., operation_counts: _Optional[_Iterable[_Union[OperationCount, _Mapping]]] = ..., multi_qubit_gate_count: _Optional[int] = ..., is_clifford: _Optional[bool] = ..., t_count: _Optional[int] = ..., measurement_count: _Optional[int] = ..., has_mid_circuit_measurement: _Optional[bool] = ..., features: _Optional[_Iterable[_Union[_capabilities_pb2.Feature, str]]] = ..., noise_strength: _Optional[float] = ...) -> None: ...

class OperationCount(_message.Message):
    __slots__ = ("name", "count")
    NAME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    count: int
    def __init__(self, name: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("chosen", "reason", "candidates", "error", "results", "thread_count", "warnings", "planning_duration", "required_consents", "noise")
    CHOSEN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    THREAD_COUNT_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PLANNING_DURATION_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_CONSENTS_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    chosen: Candidate
    reason: str
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    error: _status_pb2.Status
    results: _result_pb2.ResultSpec
    thread_count: int
    warnings: _containers.RepeatedScalarFieldContainer[str]
    planning_duration: _duration_pb2.Duration
    required_consents: _containers.RepeatedScalarFieldContainer[_consent_pb2.ConsentCategory]
    noise: NoiseSummary
    def __init__(self, chosen: _Optional[_Union[Candidate, _Mapping]] = ..., reason: _Optional[str] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., results: _Optional[_Union[_result_pb2.ResultSpec, _Mapping]] = ..., thread_count: _Optional[int] = ..., warnings: _Optional[_Iterable[str]] = ..., planning_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., required_consents: _Optional[_Iterable[_Union[_consent_pb2.ConsentCategory, str]]] = ..., noise: _Optional[_Union[NoiseSummary, _Mapping]] = ...) -> None: ...

class NoiseSummary(_message.Message):
    __slots__ = ("instruction_count", "noisy_instruction_count", "channel_count", "measurement_count", "noisy_measurement_count", "rules", "noiseless_digest")
    INSTRUCTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    NOISY_INSTRUCTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEASUREMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    NOISY_MEASUREMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    NOISELESS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    instruction_count: int
    noisy_instruction_count: int
    channel_count: int
    measurement_count: int
    noisy_measurement_count: int
    rules: _containers.RepeatedCompositeFieldContainer[NoiseRuleMatch]
    noiseless_digest: str
    def __init__(self, instruction_count: _Optional[int] = ..., noisy_instruction_count: _Optional[int] = ..., channel_count: _Optional[int] = ..., measurement_count: _Optional[int] = ..., noisy_measurement_count: _Optional[int] = ..., rules: _Optional[_Iterable[_Union[NoiseRuleMatch, _Mapping]]] = ..., noiseless_digest: _Optional[str] = ...) -> None: ...

class NoiseRuleMatch(_message.Message):
    __slots__ = ("instruction_count", "channel_count")
    INSTRUCTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    instruction_count: int
    channel_count: int
    def __init__(self, instruction_count: _Optional[int] = ..., channel_count: _Optional[int] = ...) -> None: ...

class Candidate(_message.Message):
    __slots__ = ("backend", "engine", "method", "precision", "predicted_memory_bytes", "available_memory_bytes", "predicted_seconds", "prediction_basis", "memory_rule", "score", "factors", "exclusions", "predicted_seconds_low", "predicted_seconds_high", "max_error")
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_BASIS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_RULE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    FACTORS_FIELD_NUMBER: _ClassVar[int]
    EXCLUSIONS_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_SECONDS_LOW_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_SECONDS_HIGH_FIELD_NUMBER: _ClassVar[int]
    MAX_ERROR_FIELD_NUMBER: _ClassVar[int]
    backend: str
    engine: str
    method: _capabilities_pb2.Method
    precision: _result_pb2.Precision
    predicted_memory_bytes: int
    available_memory_bytes: int
    predicted_seconds: float
    prediction_basis: str
    memory_rule: str
    score: float
    factors: _containers.RepeatedCompositeFieldContainer[ScoreFactor]
    exclusions: _containers.RepeatedCompositeFieldContainer[Exclusion]
    predicted_seconds_low: float
    predicted_seconds_high: float
    max_error: float
    def __init__(self, backend: _Optional[str] = ..., engine: _Optional[str] = ..., method: _Optional[_Union[_capabilities_pb2.Method, str]] = ..., precision: _Optional[_Union[_result_pb2.Precision, str]] = ..., predicted_memory_bytes: _Optional[int] = ..., available_memory_bytes: _Optional[int] = ..., predicted_seconds: _Optional[float] = ..., prediction_basis: _Optional[str] = ..., memory_rule: _Optional[str] = ..., score: _Optional[float] = ..., factors: _Optional[_Iterable[_Union[ScoreFactor, _Mapping]]] = ..., exclusions: _Optional[_Iterable[_Union[Exclusion, _Mapping]]] = ..., predicted_seconds_low: _Optional[float] = ..., predicted_seconds_high: _Optional[float] = ..., max_error: _Optional[float] = ...) -> None: ...

class ScoreFactor(_message.Message):
    __slots__ = ("name", "weight", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    weight: float
    value: float
    def __init__(self, name: _Optional[str] = ..., weight: _Optional[float] = ..., value: _Optional[float] = ...) -> None: ...

class Exclusion(_message.Message):
    __slots__ = ("reason", "description")
    REASON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    reason: str
    description: str
    def __init__(self, reason: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class PlanExecutionRequest(_message.Message):
    __slots__ = ("spec",)
    SPEC_FIELD_NUMBER: _ClassVar[int]
    spec: ExecutionSpec
    def __init__(self, spec: _Optional[_Union[ExecutionSpec, _Mapping]] = ...) -> None: ...

class PlanExecutionResponse(_message.Message):
    __slots__ = ("plan", "characteristics", "circuit_digest")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    CHARACTERISTICS_FIELD_NUMBER: _ClassVar[int]
    CIRCUIT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    plan: Plan
    characteristics: Characteristics
    circuit_digest: str
    def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ..., characteristics: _Optional[_Union[Characteristics, _Mapping]] = ..., circuit_digest: _Optional[str] = ...) -> None: ...

class ExecuteRequest(_message.Message):
    __slots__ = ("spec", "request_id", "deliver_results", "session", "interactive")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DELIVER_RESULTS_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    INTERACTIVE_FIELD_NUMBER: _ClassVar[int]
    spec: ExecutionSpec
    request_id: str
    deliver_results: bool
    session: str
    interactive: bool
    def __init__(self, spec: _Optional[_Union[ExecutionSpec, _Mapping]] = ..., request_id: _Optional[str] = ..., deliver_results: _Optional[bool] = ..., session: _Optional[str] = ..., interactive: _Optional[bool] = ...) -> None: ...

class ExecuteResponse(_message.Message):
    __slots__ = ("execution", "progress", "result_header", "result_chunk")
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_HEADER_FIELD_NUMBER: _ClassVar[int]
    RESULT_CHUNK_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    progress: _result_pb2.Progress
    result_header: _result_pb2.ResultHeader
    result_chunk: _result_pb2.ResultChunk
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ..., progress: _Optional[_Union[_result_pb2.Progress, _Mapping]] = ..., result_header: _Optional[_Union[_result_pb2.ResultHeader, _Mapping]] = ..., result_chunk: _Optional[_Union[_result_pb2.ResultChunk, _Mapping]] = ...) -> None: ...

class WatchExecutionRequest(_message.Message):
    __slots__ = ("name", "deliver_results")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DELIVER_RESULTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    deliver_results: bool
    def __init__(self, name: _Optional[str] = ..., deliver_results: _Optional[bool] = ...) -> None: ...

class WatchExecutionResponse(_message.Message):
    __slots__ = ("execution", "progress", "result_header", "result_chunk")
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_HEADER_FIELD_NUMBER: _ClassVar[int]
    RESULT_CHUNK_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    progress: _result_pb2.Progress
    result_header: _result_pb2.ResultHeader
    result_chunk: _result_pb2.ResultChunk
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ..., progress: _Optional[_Union[_result_pb2.Progress, _Mapping]] = ..., result_header: _Optional[_Union[_result_pb2.ResultHeader, _Mapping]] = ..., result_chunk: _Optional[_Union[_result_pb2.ResultChunk, _Mapping]] = ...) -> None: ...

class GetExecutionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetExecutionResponse(_message.Message):
    __slots__ = ("execution",)
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ...) -> None: ...

class ListExecutionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "states", "session")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    states: _containers.RepeatedScalarFieldContainer[State]
    session: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., states: _Optional[_Iterable[_Union[State, str]]] = ..., session: _Optional[str] = ...) -> None: ...

class ListExecutionsResponse(_message.Message):
    __slots__ = ("executions", "next_page_token")
    EXECUTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    executions: _containers.RepeatedCompositeFieldContainer[Execution]
    next_page_token: str
    def __init__(self, executions: _Optional[_Iterable[_Union[Execution, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AbortExecutionRequest(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class AbortExecutionResponse(_message.Message):
    __slots__ = ("execution",)
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ...) -> None: ...

class PauseExecutionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class PauseExecutionResponse(_message.Message):
    __slots__ = ("execution",)
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ...) -> None: ...

class ResumeExecutionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ResumeExecutionResponse(_message.Message):
    __slots__ = ("execution",)
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ...) -> None: ...

class ResetExecutionRequest(_message.Message):
    __slots__ = ("name", "attempt")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    name: str
    attempt: int
    def __init__(self, name: _Optional[str] = ..., attempt: _Optional[int] = ...) -> None: ...

class ResetExecutionResponse(_message.Message):
    __slots__ = ("execution",)
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ...) -> None: ...

class ReadResultRequest(_message.Message):
    __slots__ = ("name", "item_index", "array_index", "offset")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ITEM_INDEX_FIELD_NUMBER: _ClassVar[int]
    ARRAY_INDEX_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    name: str
    item_index: int
    array_index: int
    offset: int
    def __init__(self, name: _Optional[str] = ..., item_index: _Optional[int] = ..., array_index: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class ReadResultResponse(_message.Message):
    __slots__ = ("result_header", "result_chunk")
    RESULT_HEADER_FIELD_NUMBER: _ClassVar[int]
    RESULT_CHUNK_FIELD_NUMBER: _ClassVar[int]
    result_header: _result_pb2.ResultHeader
    result_chunk: _result_pb2.ResultChunk
    def __init__(self, result_header: _Optional[_Union[_result_pb2.ResultHeader, _Mapping]] = ..., result_chunk: _Optional[_Union[_result_pb2.ResultChunk, _Mapping]] = ...) -> None: ...
