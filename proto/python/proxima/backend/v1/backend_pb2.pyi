import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.rpc import status_pb2 as _status_pb2
from proxima.simulation.v1 import capabilities_pb2 as _capabilities_pb2
from proxima.simulation.v1 import circuit_pb2 as _circuit_pb2
from proxima.simulation.v1 import estimate_pb2 as _estimate_pb2
from proxima.simulation.v1 import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetCapabilitiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCapabilitiesResponse(_message.Message):
    __slots__ = ("capabilities",)
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    capabilities: _capabilities_pb2.Capabilities
    def __init__(self, capabilities: _Optional[_Union[_capabilities_pb2.Capabilities, _Mapping]] = ...) -> None: ...

class EstimateResourcesRequest(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class EstimateResourcesResponse(_message.Message):
    __slots__ = ("estimate",)
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    estimate: _estimate_pb2.ResourceEstimate
    def __init__(self, estimate: _Optional[_Union[_estimate_pb2.ResourceEstimate, _Mapping]] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ("circuit", "bindings", "results", "method", "engine", "precision", "seed", "thread_count", "memory_limit_bytes", "timeout", "grace_period", "predicted_duration", "segmentation", "max_error")
    CIRCUIT_FIELD_NUMBER: _ClassVar[int]
    BINDINGS_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    THREAD_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    GRACE_PERIOD_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_DURATION_FIELD_NUMBER: _ClassVar[int]
    SEGMENTATION_FIELD_NUMBER: _ClassVar[int]
    MAX_ERROR_FIELD_NUMBER: _ClassVar[int]
    circuit: _circuit_pb2.Circuit
    bindings: _circuit_pb2.ParameterBindings
    results: _result_pb2.ResultSpec
    method: _capabilities_pb2.Method
    engine: str
    precision: _result_pb2.Precision
    seed: int
    thread_count: int
    memory_limit_bytes: int
    timeout: _duration_pb2.Duration
    grace_period: _duration_pb2.Duration
    predicted_duration: _duration_pb2.Duration
    segmentation: Segmentation
    max_error: float
    def __init__(self, circuit: _Optional[_Union[_circuit_pb2.Circuit, _Mapping]] = ..., bindings: _Optional[_Union[_circuit_pb2.ParameterBindings, _Mapping]] = ..., results: _Optional[_Union[_result_pb2.ResultSpec, _Mapping]] = ..., method: _Optional[_Union[_capabilities_pb2.Method, str]] = ..., engine: _Optional[str] = ..., precision: _Optional[_Union[_result_pb2.Precision, str]] = ..., seed: _Optional[int] = ..., thread_count: _Optional[int] = ..., memory_limit_bytes: _Optional[int] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., grace_period: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., predicted_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., segmentation: _Optional[_Union[Segmentation, _Mapping]] = ..., max_error: _Optional[float] = ...) -> None: ...

class Segmentation(_message.Message):
    __slots__ = ("shot_batches", "segment_starts")
    SHOT_BATCHES_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_STARTS_FIELD_NUMBER: _ClassVar[int]
    shot_batches: _containers.RepeatedScalarFieldContainer[int]
    segment_starts: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, shot_batches: _Optional[_Iterable[int]] = ..., segment_starts: _Optional[_Iterable[int]] = ...) -> None: ...

class ExecuteRequest(_message.Message):
    __slots__ = ("start", "attach", "input_chunk", "pause", "abort")
    START_FIELD_NUMBER: _ClassVar[int]
    ATTACH_FIELD_NUMBER: _ClassVar[int]
    INPUT_CHUNK_FIELD_NUMBER: _ClassVar[int]
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    ABORT_FIELD_NUMBER: _ClassVar[int]
    start: StartExecution
    attach: AttachExecution
    input_chunk: InputChunk
    pause: PauseExecution
    abort: AbortExecution
    def __init__(self, start: _Optional[_Union[StartExecution, _Mapping]] = ..., attach: _Optional[_Union[AttachExecution, _Mapping]] = ..., input_chunk: _Optional[_Union[InputChunk, _Mapping]] = ..., pause: _Optional[_Union[PauseExecution, _Mapping]] = ..., abort: _Optional[_Union[AbortExecution, _Mapping]] = ...) -> None: ...

class StartExecution(_message.Message):
    __slots__ = ("execution", "attempt", "job", "resume")
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    execution: str
    attempt: int
    job: Job
    resume: bool
    def __init__(self, execution: _Optional[str] = ..., attempt: _Optional[int] = ..., job: _Optional[_Union[Job, _Mapping]] = ..., resume: _Optional[bool] = ...) -> None: ...

class AttachExecution(_message.Message):
    __slots__ = ("execution", "attempt")
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    execution: str
    attempt: int
    def __init__(self, execution: _Optional[str] = ..., attempt: _Optional[int] = ...) -> None: ...

class InputChunk(_message.Message):
    __slots__ = ("offset", "data", "last", "sha256")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    offset: int
    data: bytes
    last: bool
    sha256: str
    def __init__(self, offset: _Optional[int] = ..., data: _Optional[bytes] = ..., last: _Optional[bool] = ..., sha256: _Optional[str] = ...) -> None: ...

class PauseExecution(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AbortExecution(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class ExecuteResponse(_message.Message):
    __slots__ = ("accepted", "progress", "checkpoint_chunk", "result_header", "result_chunk", "done", "pause_refused")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_CHUNK_FIELD_NUMBER: _ClassVar[int]
    RESULT_HEADER_FIELD_NUMBER: _ClassVar[int]
    RESULT_CHUNK_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    PAUSE_REFUSED_FIELD_NUMBER: _ClassVar[int]
    accepted: Accepted
    progress: _result_pb2.Progress
    checkpoint_chunk: CheckpointChunk
    result_header: _result_pb2.ResultHeader
    result_chunk: _result_pb2.ResultChunk
    done: Done
    pause_refused: PauseRefused
    def __init__(self, accepted: _Optional[_Union[Accepted, _Mapping]] = ..., progress: _Optional[_Union[_result_pb2.Progress, _Mapping]] = ..., checkpoint_chunk: _Optional[_Union[CheckpointChunk, _Mapping]] = ..., result_header: _Optional[_Union[_result_pb2.ResultHeader, _Mapping]] = ..., result_chunk: _Optional[_Union[_result_pb2.ResultChunk, _Mapping]] = ..., done: _Optional[_Union[Done, _Mapping]] = ..., pause_refused: _Optional[_Union[PauseRefused, _Mapping]] = ...) -> None: ...

class Accepted(_message.Message):
    __slots__ = ("attached", "queue_position", "memory_limit_bytes")
    ATTACHED_FIELD_NUMBER: _ClassVar[int]
    QUEUE_POSITION_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    attached: bool
    queue_position: int
    memory_limit_bytes: int
    def __init__(self, attached: _Optional[bool] = ..., queue_position: _Optional[int] = ..., memory_limit_bytes: _Optional[int] = ...) -> None: ...

class CheckpointChunk(_message.Message):
    __slots__ = ("offset", "data", "sha256")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    offset: int
    data: bytes
    sha256: str
    def __init__(self, offset: _Optional[int] = ..., data: _Optional[bytes] = ..., sha256: _Optional[str] = ...) -> None: ...

class PauseRefused(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: _status_pb2.Status
    def __init__(self, status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ("outcome", "status", "usage")
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OUTCOME_UNSPECIFIED: _ClassVar[Done.Outcome]
        OUTCOME_COMPLETED: _ClassVar[Done.Outcome]
        OUTCOME_PAUSED: _ClassVar[Done.Outcome]
        OUTCOME_FAILED: _ClassVar[Done.Outcome]
    OUTCOME_UNSPECIFIED: Done.Outcome
    OUTCOME_COMPLETED: Done.Outcome
    OUTCOME_PAUSED: Done.Outcome
    OUTCOME_FAILED: Done.Outcome
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    outcome: Done.Outcome
    status: _status_pb2.Status
    usage: _result_pb2.Usage
    def __init__(self, outcome: _Optional[_Union[Done.Outcome, str]] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., usage: _Optional[_Union[_result_pb2.Usage, _Mapping]] = ...) -> None: ...
