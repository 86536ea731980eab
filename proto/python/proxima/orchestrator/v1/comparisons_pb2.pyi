import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from proxima.orchestrator.v1 import executions_pb2 as _executions_pb2
from proxima.simulation.v1 import capabilities_pb2 as _capabilities_pb2
from proxima.simulation.v1 import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SeedPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEED_POLICY_UNSPECIFIED: _ClassVar[SeedPolicy]
    SEED_POLICY_SAME: _ClassVar[SeedPolicy]
    SEED_POLICY_DISTINCT: _ClassVar[SeedPolicy]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_AGREE: _ClassVar[Verdict]
    VERDICT_DISAGREE: _ClassVar[Verdict]
    VERDICT_NOT_ENOUGH_SHOTS: _ClassVar[Verdict]
SEED_POLICY_UNSPECIFIED: SeedPolicy
SEED_POLICY_SAME: SeedPolicy
SEED_POLICY_DISTINCT: SeedPolicy
VERDICT_UNSPECIFIED: Verdict
VERDICT_AGREE: Verdict
VERDICT_DISAGREE: Verdict
VERDICT_NOT_ENOUGH_SHOTS: Verdict

class ComparisonSpec(_message.Message):
    __slots__ = ("execution", "targets", "seed_policy", "sequential", "false_alarm_rate", "tvd_threshold", "skip_diagnosis")
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    SEED_POLICY_FIELD_NUMBER: _ClassVar[int]
    SEQUENTIAL_FIELD_NUMBER: _ClassVar[int]
    FALSE_ALARM_RATE_FIELD_NUMBER: _ClassVar[int]
    TVD_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SKIP_DIAGNOSIS_FIELD_NUMBER: _ClassVar[int]
    execution: _executions_pb2.ExecutionSpec
    targets: _containers.RepeatedCompositeFieldContainer[ComparisonTarget]
    seed_policy: SeedPolicy
    sequential: bool
    false_alarm_rate: float
    tvd_threshold: float
    skip_diagnosis: bool
    def __init__(self, execution: _Optional[_Union[_executions_pb2.ExecutionSpec, _Mapping]] = ..., targets: _Optional[_Iterable[_Union[ComparisonTarget, _Mapping]]] = ..., seed_policy: _Optional[_Union[SeedPolicy, str]] = ..., sequential: _Optional[bool] = ..., false_alarm_rate: _Optional[float] = ..., tvd_threshold: _Optional[float] = ..., skip_diagnosis: _Optional[bool] = ...) -> None: ...

class ComparisonTarget(_message.Message):
    __slots__ = ("backend", "method", "engine", "precision")
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    backend: str
    method: _capabilities_pb2.Method
    engine: str
    precision: _result_pb2.Precision
    def __init__(self, backend: _Optional[str] = ..., method: _Optional[_Union[_capabilities_pb2.Method, str]] = ..., engine: _Optional[str] = ..., precision: _Optional[_Union[_result_pb2.Precision, str]] = ...) -> None: ...

class Comparison(_message.Message):
    __slots__ = ("name", "owner", "state", "error", "display_name", "circuit_digest", "members", "ran_in_parallel", "pairs", "verdict", "divergences", "create_time", "analyze_time", "end_time", "session", "request_id", "false_alarm_rate", "tvd_threshold", "seed", "seed_policy", "sequential")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Comparison.State]
        STATE_RUNNING: _ClassVar[Comparison.State]
        STATE_ANALYZING: _ClassVar[Comparison.State]
        STATE_COMPLETED: _ClassVar[Comparison.State]
        STATE_ABORTED: _ClassVar[Comparison.State]
        STATE_ERROR: _ClassVar[Comparison.State]
    STATE_UNSPECIFIED: Comparison.State
    STATE_RUNNING: Comparison.State
    STATE_ANALYZING: Comparison.State
    STATE_COMPLETED: Comparison.State
    STATE_ABORTED: Comparison.State
    STATE_ERROR: Comparison.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    CIRCUIT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    RAN_IN_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    PAIRS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    DIVERGENCES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ANALYZE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FALSE_ALARM_RATE_FIELD_NUMBER: _ClassVar[int]
    TVD_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SEED_POLICY_FIELD_NUMBER: _ClassVar[int]
    SEQUENTIAL_FIELD_NUMBER: _ClassVar[int]
    name: str
    owner: str
    state: Comparison.State
    error: _status_pb2.Status
    display_name: str
    circuit_digest: str
    members: _containers.RepeatedCompositeFieldContainer[ComparisonMember]
    ran_in_parallel: bool
    pairs: _containers.RepeatedCompositeFieldContainer[PairComparison]
    verdict: Verdict
    divergences: _containers.RepeatedCompositeFieldContainer[Divergence]
    create_time: _timestamp_pb2.Timestamp
    analyze_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    session: str
    request_id: str
    false_alarm_rate: float
    tvd_threshold: float
    seed: int
    seed_policy: SeedPolicy
    sequential: bool
    def __init__(self, name: _Optional[str] = ..., owner: _Optional[str] = ..., state: _Optional[_Union[Comparison.State, str]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., display_name: _Optional[str] = ..., circuit_digest: _Optional[str] = ..., members: _Optional[_Iterable[_Union[ComparisonMember, _Mapping]]] = ..., ran_in_parallel: _Optional[bool] = ..., pairs: _Optional[_Iterable[_Union[PairComparison, _Mapping]]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., divergences: _Optional[_Iterable[_Union[Divergence, _Mapping]]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., analyze_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., session: _Optional[str] = ..., request_id: _Optional[str] = ..., false_alarm_rate: _Optional[float] = ..., tvd_threshold: _Optional[float] = ..., seed: _Optional[int] = ..., seed_policy: _Optional[_Union[SeedPolicy, str]] = ..., sequential: _Optional[bool] = ...) -> None: ...

class ComparisonMember(_message.Message):
    __slots__ = ("target", "execution", "state", "error", "usage", "notes")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    target: ComparisonTarget
    execution: str
    state: _executions_pb2.State
    error: _status_pb2.Status
    usage: _result_pb2.Usage
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, target: _Optional[_Union[ComparisonTarget, _Mapping]] = ..., execution: _Optional[str] = ..., state: _Optional[_Union[_executions_pb2.State, str]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., usage: _Optional[_Union[_result_pb2.Usage, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class PairComparison(_message.Message):
    __slots__ = ("item_index", "first_member", "second_member", "basis", "verdict", "reason", "fidelity", "total_variation_distance", "null_quantile", "p_value", "power", "required_shots", "truncation_allowance", "trace_distance", "max_expectation_difference", "tolerance")
    class Basis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        BASIS_UNSPECIFIED: _ClassVar[PairComparison.Basis]
        BASIS_STATES: _ClassVar[PairComparison.Basis]
        BASIS_DISTRIBUTIONS: _ClassVar[PairComparison.Basis]
        BASIS_SAMPLES_AGAINST_DISTRIBUTION: _ClassVar[PairComparison.Basis]
        BASIS_SAMPLES: _ClassVar[PairComparison.Basis]
        BASIS_EXPECTATION_VALUES: _ClassVar[PairComparison.Basis]
    BASIS_UNSPECIFIED: PairComparison.Basis
    BASIS_STATES: PairComparison.Basis
    BASIS_DISTRIBUTIONS: PairComparison.Basis
    BASIS_SAMPLES_AGAINST_DISTRIBUTION: PairComparison.Basis
    BASIS_SAMPLES: PairComparison.Basis
    BASIS_EXPECTATION_VALUES: PairComparison.Basis
    ITEM_INDEX_FIELD_NUMBER: _ClassVar[int]
    FIRST_MEMBER_FIELD_NUMBER: _ClassVar[int]
    SECOND_MEMBER_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FIDELITY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_VARIATION_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    NULL_QUANTILE_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_SHOTS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATION_ALLOWANCE_FIELD_NUMBER: _ClassVar[int]
    TRACE_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    MAX_EXPECTATION_DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    item_index: int
    first_member: int
    second_member: int
    basis: PairComparison.Basis
    verdict: Verdict
    reason: str
    fidelity: float
    total_variation_distance: float
    null_quantile: float
    p_value: float
    power: float
    required_shots: int
    truncation_allowance: float
    trace_distance: float
    max_expectation_difference: float
    tolerance: float
    def __init__(self, item_index: _Optional[int] = ..., first_member: _Optional[int] = ..., second_member: _Optional[int] = ..., basis: _Optional[_Union[PairComparison.Basis, str]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., reason: _Optional[str] = ..., fidelity: _Optional[float] = ..., total_variation_distance: _Optional[float] = ..., null_quantile: _Optional[float] = ..., p_value: _Optional[float] = ..., power: _Optional[float] = ..., required_shots: _Optional[int] = ..., truncation_allowance: _Optional[float] = ..., trace_distance: _Optional[float] = ..., max_expectation_difference: _Optional[float] = ..., tolerance: _Optional[float] = ...) -> None: ...

class Divergence(_message.Message):
    __slots__ = ("pair", "instruction", "description", "line", "reproducer", "reproducer_instruction_count", "error")
    PAIR_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    REPRODUCER_FIELD_NUMBER: _ClassVar[int]
    REPRODUCER_INSTRUCTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    pair: int
    instruction: int
    description: str
    line: int
    reproducer: bytes
    reproducer_instruction_count: int
    error: _status_pb2.Status
    def __init__(self, pair: _Optional[int] = ..., instruction: _Optional[int] = ..., description: _Optional[str] = ..., line: _Optional[int] = ..., reproducer: _Optional[bytes] = ..., reproducer_instruction_count: _Optional[int] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class CreateComparisonRequest(_message.Message):
    __slots__ = ("spec", "request_id", "session", "interactive")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    INTERACTIVE_FIELD_NUMBER: _ClassVar[int]
    spec: ComparisonSpec
    request_id: str
    session: str
    interactive: bool
    def __init__(self, spec: _Optional[_Union[ComparisonSpec, _Mapping]] = ..., request_id: _Optional[str] = ..., session: _Optional[str] = ..., interactive: _Optional[bool] = ...) -> None: ...

class CreateComparisonResponse(_message.Message):
    __slots__ = ("comparison",)
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    comparison: Comparison
    def __init__(self, comparison: _Optional[_Union[Comparison, _Mapping]] = ...) -> None: ...

class WatchComparisonRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class WatchComparisonResponse(_message.Message):
    __slots__ = ("comparison", "member_progress")
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    MEMBER_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    comparison: Comparison
    member_progress: MemberProgress
    def __init__(self, comparison: _Optional[_Union[Comparison, _Mapping]] = ..., member_progress: _Optional[_Union[MemberProgress, _Mapping]] = ...) -> None: ...

class MemberProgress(_message.Message):
    __slots__ = ("member", "progress")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    member: int
    progress: _result_pb2.Progress
    def __init__(self, member: _Optional[int] = ..., progress: _Optional[_Union[_result_pb2.Progress, _Mapping]] = ...) -> None: ...

class GetComparisonRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetComparisonResponse(_message.Message):
    __slots__ = ("comparison",)
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    comparison: Comparison
    def __init__(self, comparison: _Optional[_Union[Comparison, _Mapping]] = ...) -> None: ...

class ListComparisonsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "session")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    session: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., session: _Optional[str] = ...) -> None: ...

class ListComparisonsResponse(_message.Message):
    __slots__ = ("comparisons", "next_page_token")
    COMPARISONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    comparisons: _containers.RepeatedCompositeFieldContainer[Comparison]
    next_page_token: str
    def __init__(self, comparisons: _Optional[_Iterable[_Union[Comparison, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AbortComparisonRequest(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class AbortComparisonResponse(_message.Message):
    __slots__ = ("comparison",)
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    comparison: Comparison
    def __init__(self, comparison: _Optional[_Union[Comparison, _Mapping]] = ...) -> None: ...
