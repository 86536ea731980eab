import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConsentCategory(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSENT_CATEGORY_UNSPECIFIED: _ClassVar[ConsentCategory]
    CONSENT_CATEGORY_LOCAL_LLM: _ClassVar[ConsentCategory]
    CONSENT_CATEGORY_REMOTE_LLM: _ClassVar[ConsentCategory]
    CONSENT_CATEGORY_FORCE_EXECUTE: _ClassVar[ConsentCategory]
    CONSENT_CATEGORY_UNTRUSTED_AGENT_FILE: _ClassVar[ConsentCategory]

class ConsentScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSENT_SCOPE_UNSPECIFIED: _ClassVar[ConsentScope]
    CONSENT_SCOPE_ONCE: _ClassVar[ConsentScope]
    CONSENT_SCOPE_SESSION: _ClassVar[ConsentScope]
    CONSENT_SCOPE_ALWAYS: _ClassVar[ConsentScope]
CONSENT_CATEGORY_UNSPECIFIED: ConsentCategory
CONSENT_CATEGORY_LOCAL_LLM: ConsentCategory
CONSENT_CATEGORY_REMOTE_LLM: ConsentCategory
CONSENT_CATEGORY_FORCE_EXECUTE: ConsentCategory
CONSENT_CATEGORY_UNTRUSTED_AGENT_FILE: ConsentCategory
CONSENT_SCOPE_UNSPECIFIED: ConsentScope
CONSENT_SCOPE_ONCE: ConsentScope
CONSENT_SCOPE_SESSION: ConsentScope
CONSENT_SCOPE_ALWAYS: ConsentScope

class ConsentRequest(_message.Message):
    __slots__ = ("name", "owner", "subject", "session", "category", "question", "llm_call", "forced_execution", "agent_file", "state", "basis", "grant", "create_time", "expire_time", "decide_time", "decider")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[ConsentRequest.State]
        STATE_PENDING: _ClassVar[ConsentRequest.State]
        STATE_GRANTED: _ClassVar[ConsentRequest.State]
        STATE_DENIED: _ClassVar[ConsentRequest.State]
        STATE_EXPIRED: _ClassVar[ConsentRequest.State]
        STATE_WITHDRAWN: _ClassVar[ConsentRequest.State]
    STATE_UNSPECIFIED: ConsentRequest.State
    STATE_PENDING: ConsentRequest.State
    STATE_GRANTED: ConsentRequest.State
    STATE_DENIED: ConsentRequest.State
    STATE_EXPIRED: ConsentRequest.State
    STATE_WITHDRAWN: ConsentRequest.State
    class Basis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        BASIS_UNSPECIFIED: _ClassVar[ConsentRequest.Basis]
        BASIS_ANSWER: _ClassVar[ConsentRequest.Basis]
        BASIS_GRANT: _ClassVar[ConsentRequest.Basis]
        BASIS_FORCE: _ClassVar[ConsentRequest.Basis]
        BASIS_HEADLESS: _ClassVar[ConsentRequest.Basis]
    BASIS_UNSPECIFIED: ConsentRequest.Basis
    BASIS_ANSWER: ConsentRequest.Basis
    BASIS_GRANT: ConsentRequest.Basis
    BASIS_FORCE: ConsentRequest.Basis
    BASIS_HEADLESS: ConsentRequest.Basis
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    LLM_CALL_FIELD_NUMBER: _ClassVar[int]
    FORCED_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    AGENT_FILE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    DECIDE_TIME_FIELD_NUMBER: _ClassVar[int]
    DECIDER_FIELD_NUMBER: _ClassVar[int]
    name: str
    owner: str
    subject: str
    session: str
    category: ConsentCategory
    question: str
    llm_call: LlmCall
    forced_execution: ForcedExecution
    agent_file: AgentFile
    state: ConsentRequest.State
    basis: ConsentRequest.Basis
    grant: str
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    decide_time: _timestamp_pb2.Timestamp
    decider: str
    def __init__(self, name: _Optional[str] = ..., owner: _Optional[str] = ..., subject: _Optional[str] = ..., session: _Optional[str] = ..., category: _Optional[_Union[ConsentCategory, str]] = ..., question: _Optional[str] = ..., llm_call: _Optional[_Union[LlmCall, _Mapping]] = ..., forced_execution: _Optional[_Union[ForcedExecution, _Mapping]] = ..., agent_file: _Optional[_Union[AgentFile, _Mapping]] = ..., state: _Optional[_Union[ConsentRequest.State, str]] = ..., basis: _Optional[_Union[ConsentRequest.Basis, str]] = ..., grant: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decide_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decider: _Optional[str] = ...) -> None: ...

class LlmCall(_message.Message):
    __slots__ = ("provider", "model", "destination", "payload", "max_output_tokens")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    model: str
    destination: str
    payload: str
    max_output_tokens: int
    def __init__(self, provider: _Optional[str] = ..., model: _Optional[str] = ..., destination: _Optional[str] = ..., payload: _Optional[str] = ..., max_output_tokens: _Optional[int] = ...) -> None: ...

class ForcedExecution(_message.Message):
    __slots__ = ("needed_bytes", "safe_bytes", "cap_bytes", "predicted_seconds", "backend")
    NEEDED_BYTES_FIELD_NUMBER: _ClassVar[int]
    SAFE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    needed_bytes: int
    safe_bytes: int
    cap_bytes: int
    predicted_seconds: float
    backend: str
    def __init__(self, needed_bytes: _Optional[int] = ..., safe_bytes: _Optional[int] = ..., cap_bytes: _Optional[int] = ..., predicted_seconds: _Optional[float] = ..., backend: _Optional[str] = ...) -> None: ...

class AgentFile(_message.Message):
    __slots__ = ("display_name", "sha256", "content")
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    display_name: str
    sha256: str
    content: bytes
    def __init__(self, display_name: _Optional[str] = ..., sha256: _Optional[str] = ..., content: _Optional[bytes] = ...) -> None: ...

class ConsentGrant(_message.Message):
    __slots__ = ("name", "owner", "category", "destination", "scope", "session", "consent_request", "create_time", "end_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    CONSENT_REQUEST_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    owner: str
    category: ConsentCategory
    destination: str
    scope: ConsentScope
    session: str
    consent_request: str
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., owner: _Optional[str] = ..., category: _Optional[_Union[ConsentCategory, str]] = ..., destination: _Optional[str] = ..., scope: _Optional[_Union[ConsentScope, str]] = ..., session: _Optional[str] = ..., consent_request: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetConsentRequestRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetConsentRequestResponse(_message.Message):
    __slots__ = ("consent_request",)
    CONSENT_REQUEST_FIELD_NUMBER: _ClassVar[int]
    consent_request: ConsentRequest
    def __init__(self, consent_request: _Optional[_Union[ConsentRequest, _Mapping]] = ...) -> None: ...

class ListConsentRequestsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "states", "subject")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    states: _containers.RepeatedScalarFieldContainer[ConsentRequest.State]
    subject: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., states: _Optional[_Iterable[_Union[ConsentRequest.State, str]]] = ..., subject: _Optional[str] = ...) -> None: ...

class ListConsentRequestsResponse(_message.Message):
    __slots__ = ("consent_requests", "next_page_token")
    CONSENT_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    consent_requests: _containers.RepeatedCompositeFieldContainer[ConsentRequest]
    next_page_token: str
    def __init__(self, consent_requests: _Optional[_Iterable[_Union[ConsentRequest, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchConsentRequestsRequest(_message.Message):
    __slots__ = ("subject",)
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    subject: str
    def __init__(self, subject: _Optional[str] = ...) -> None: ...

class WatchConsentRequestsResponse(_message.Message):
    __slots__ = ("consent_request",)
    CONSENT_REQUEST_FIELD_NUMBER: _ClassVar[int]
    consent_request: ConsentRequest
    def __init__(self, consent_request: _Optional[_Union[ConsentRequest, _Mapping]] = ...) -> None: ...

class AnswerConsentRequestRequest(_message.Message):
    __slots__ = ("name", "decision", "remember")
    class Decision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DECISION_UNSPECIFIED: _ClassVar[AnswerConsentRequestRequest.Decision]
        DECISION_GRANT: _ClassVar[AnswerConsentRequestRequest.Decision]
        DECISION_DENY: _ClassVar[AnswerConsentRequestRequest.Decision]
    DECISION_UNSPECIFIED: AnswerConsentRequestRequest.Decision
    DECISION_GRANT: AnswerConsentRequestRequest.Decision
    DECISION_DENY: AnswerConsentRequestRequest.Decision
    NAME_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REMEMBER_FIELD_NUMBER: _ClassVar[int]
    name: str
    decision: AnswerConsentRequestRequest.Decision
    remember: ConsentScope
    def __init__(self, name: _Optional[str] = ..., decision: _Optional[_Union[AnswerConsentRequestRequest.Decision, str]] = ..., remember: _Optional[_Union[ConsentScope, str]] = ...) -> None: ...

class AnswerConsentRequestResponse(_message.Message):
    __slots__ = ("consent_request",)
    CONSENT_REQUEST_FIELD_NUMBER: _ClassVar[int]
    consent_request: ConsentRequest
    def __init__(self, consent_request: _Optional[_Union[ConsentRequest, _Mapping]] = ...) -> None: ...

class ListConsentGrantsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "show_ended")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SHOW_ENDED_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    show_ended: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., show_ended: _Optional[bool] = ...) -> None: ...

class ListConsentGrantsResponse(_message.Message):
    __slots__ = ("consent_grants", "next_page_token")
    CONSENT_GRANTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    consent_grants: _containers.RepeatedCompositeFieldContainer[ConsentGrant]
    next_page_token: str
    def __init__(self, consent_grants: _Optional[_Iterable[_Union[ConsentGrant, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RevokeConsentGrantRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class RevokeConsentGrantResponse(_message.Message):
    __slots__ = ("consent_grant",)
    CONSENT_GRANT_FIELD_NUMBER: _ClassVar[int]
    consent_grant: ConsentGrant
    def __init__(self, consent_grant: _Optional[_Union[ConsentGrant, _Mapping]] = ...) -> None: ...
