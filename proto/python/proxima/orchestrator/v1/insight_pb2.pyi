import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Insight(_message.Message):
    __slots__ = ("name", "owner", "subject", "item_index", "state", "error", "facts", "patterns", "narration", "create_time", "end_time", "session", "request_id")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Insight.State]
        STATE_COMPUTING: _ClassVar[Insight.State]
        STATE_AWAITING_CONSENT: _ClassVar[Insight.State]
        STATE_NARRATING: _ClassVar[Insight.State]
        STATE_COMPLETED: _ClassVar[Insight.State]
        STATE_ABORTED: _ClassVar[Insight.State]
        STATE_ERROR: _ClassVar[Insight.State]
    STATE_UNSPECIFIED: Insight.State
    STATE_COMPUTING: Insight.State
    STATE_AWAITING_CONSENT: Insight.State
    STATE_NARRATING: Insight.State
    STATE_COMPLETED: Insight.State
    STATE_ABORTED: Insight.State
    STATE_ERROR: Insight.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ITEM_INDEX_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    PATTERNS_FIELD_NUMBER: _ClassVar[int]
    NARRATION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    owner: str
    subject: str
    item_index: int
    state: Insight.State
    error: _status_pb2.Status
    facts: _containers.RepeatedCompositeFieldContainer[Fact]
    patterns: _containers.RepeatedCompositeFieldContainer[Pattern]
    narration: Narration
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    session: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., owner: _Optional[str] = ..., subject: _Optional[str] = ..., item_index: _Optional[int] = ..., state: _Optional[_Union[Insight.State, str]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., facts: _Optional[_Iterable[_Union[Fact, _Mapping]]] = ..., patterns: _Optional[_Iterable[_Union[Pattern, _Mapping]]] = ..., narration: _Optional[_Union[Narration, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., session: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class Fact(_message.Message):
    __slots__ = ("id", "description", "value", "unit", "low", "high", "confidence", "method")
    ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    id: str
    description: str
    value: float
    unit: str
    low: float
    high: float
    confidence: float
    method: str
    def __init__(self, id: _Optional[str] = ..., description: _Optional[str] = ..., value: _Optional[float] = ..., unit: _Optional[str] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., confidence: _Optional[float] = ..., method: _Optional[str] = ...) -> None: ...

class Pattern(_message.Message):
    __slots__ = ("kind", "description", "bit_strings", "fact_ids", "p_value")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Pattern.Kind]
        KIND_DOMINANT_STATES: _ClassVar[Pattern.Kind]
        KIND_SYMMETRY: _ClassVar[Pattern.Kind]
        KIND_UNIFORMITY: _ClassVar[Pattern.Kind]
        KIND_ANOMALY: _ClassVar[Pattern.Kind]
    KIND_UNSPECIFIED: Pattern.Kind
    KIND_DOMINANT_STATES: Pattern.Kind
    KIND_SYMMETRY: Pattern.Kind
    KIND_UNIFORMITY: Pattern.Kind
    KIND_ANOMALY: Pattern.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    BIT_STRINGS_FIELD_NUMBER: _ClassVar[int]
    FACT_IDS_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    kind: Pattern.Kind
    description: str
    bit_strings: _containers.RepeatedScalarFieldContainer[str]
    fact_ids: _containers.RepeatedScalarFieldContainer[str]
    p_value: float
    def __init__(self, kind: _Optional[_Union[Pattern.Kind, str]] = ..., description: _Optional[str] = ..., bit_strings: _Optional[_Iterable[str]] = ..., fact_ids: _Optional[_Iterable[str]] = ..., p_value: _Optional[float] = ...) -> None: ...

class Narration(_message.Message):
    __slots__ = ("text", "provider", "model", "fact_ids", "consent_request", "error")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FACT_IDS_FIELD_NUMBER: _ClassVar[int]
    CONSENT_REQUEST_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    text: str
    provider: str
    model: str
    fact_ids: _containers.RepeatedScalarFieldContainer[str]
    consent_request: str
    error: _status_pb2.Status
    def __init__(self, text: _Optional[str] = ..., provider: _Optional[str] = ..., model: _Optional[str] = ..., fact_ids: _Optional[_Iterable[str]] = ..., consent_request: _Optional[str] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class NarrationOptions(_message.Message):
    __slots__ = ("provider", "model", "max_output_tokens")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    model: str
    max_output_tokens: int
    def __init__(self, provider: _Optional[str] = ..., model: _Optional[str] = ..., max_output_tokens: _Optional[int] = ...) -> None: ...

class LlmProvider(_message.Message):
    __slots__ = ("name", "destination", "local", "reachable", "error", "models")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    REACHABLE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    name: str
    destination: str
    local: bool
    reachable: bool
    error: _status_pb2.Status
    models: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., destination: _Optional[str] = ..., local: _Optional[bool] = ..., reachable: _Optional[bool] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., models: _Optional[_Iterable[str]] = ...) -> None: ...

class CreateInsightRequest(_message.Message):
    __slots__ = ("subject", "item_index", "narration", "request_id", "session", "interactive", "force")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ITEM_INDEX_FIELD_NUMBER: _ClassVar[int]
    NARRATION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    INTERACTIVE_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    subject: str
    item_index: int
    narration: NarrationOptions
    request_id: str
    session: str
    interactive: bool
    force: bool
    def __init__(self, subject: _Optional[str] = ..., item_index: _Optional[int] = ..., narration: _Optional[_Union[NarrationOptions, _Mapping]] = ..., request_id: _Optional[str] = ..., session: _Optional[str] = ..., interactive: _Optional[bool] = ..., force: _Optional[bool] = ...) -> None: ...

class CreateInsightResponse(_message.Message):
    __slots__ = ("insight",)
    INSIGHT_FIELD_NUMBER: _ClassVar[int]
    insight: Insight
    def __init__(self, insight: _Optional[_Union[Insight, _Mapping]] = ...) -> None: ...

class WatchInsightRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class WatchInsightResponse(_message.Message):
    __slots__ = ("insight",)
    INSIGHT_FIELD_NUMBER: _ClassVar[int]
    insight: Insight
    def __init__(self, insight: _Optional[_Union[Insight, _Mapping]] = ...) -> None: ...

class GetInsightRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetInsightResponse(_message.Message):
    __slots__ = ("insight",)
    INSIGHT_FIELD_NUMBER: _ClassVar[int]
    insight: Insight
    def __init__(self, insight: _Optional[_Union[Insight, _Mapping]] = ...) -> None: ...

class ListInsightsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "subject")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    subject: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., subject: _Optional[str] = ...) -> None: ...

class ListInsightsResponse(_message.Message):
    __slots__ = ("insights", "next_page_token")
    INSIGHTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    insights: _containers.RepeatedCompositeFieldContainer[Insight]
    next_page_token: str
    def __init__(self, insights: _Optional[_Iterable[_Union[Insight, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AbortInsightRequest(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class AbortInsightResponse(_message.Message):
    __slots__ = ("insight",)
    INSIGHT_FIELD_NUMBER: _ClassVar[int]
    insight: Insight
    def __init__(self, insight: _Optional[_Union[Insight, _Mapping]] = ...) -> None: ...

class ListLlmProvidersRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListLlmProvidersResponse(_message.Message):
    __slots__ = ("llm_providers", "next_page_token")
    LLM_PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    llm_providers: _containers.RepeatedCompositeFieldContainer[LlmProvider]
    next_page_token: str
    def __init__(self, llm_providers: _Optional[_Iterable[_Union[LlmProvider, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
