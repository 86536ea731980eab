from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Observable(_message.Message):
    __slots__ = ("name", "paulis", "coefficients", "extends_with_identity")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAULIS_FIELD_NUMBER: _ClassVar[int]
    COEFFICIENTS_FIELD_NUMBER: _ClassVar[int]
    EXTENDS_WITH_IDENTITY_FIELD_NUMBER: _ClassVar[int]
    name: str
    paulis: _containers.RepeatedScalarFieldContainer[str]
    coefficients: _containers.RepeatedScalarFieldContainer[float]
    extends_with_identity: bool
    def __init__(self, name: _Optional[str] = ..., paulis: _Optional[_Iterable[str]] = ..., coefficients: _Optional[_Iterable[float]] = ..., extends_with_identity: _Optional[bool] = ...) -> None: ...
