from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResourceEstimate(_message.Message):
    __slots__ = ("peak_memory_bytes", "largest_fitting_qubit_count", "work_units", "rule", "violations")
    PEAK_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    LARGEST_FITTING_QUBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    WORK_UNITS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    peak_memory_bytes: int
    largest_fitting_qubit_count: int
    work_units: float
    rule: str
    violations: _containers.RepeatedCompositeFieldContainer[Violation]
    def __init__(self, peak_memory_bytes: _Optional[int] = ..., largest_fitting_qubit_count: _Optional[int] = ..., work_units: _Optional[float] = ..., rule: _Optional[str] = ..., violations: _Optional[_Iterable[_Union[Violation, _Mapping]]] = ...) -> None: ...

class Violation(_message.Message):
    __slots__ = ("reason", "description", "instruction")
    REASON_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    reason: str
    description: str
    instruction: int
    def __init__(self, reason: _Optional[str] = ..., description: _Optional[str] = ..., instruction: _Optional[int] = ...) -> None: ...
