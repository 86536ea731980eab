from proxima.simulation.v1 import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Method(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METHOD_UNSPECIFIED: _ClassVar[Method]
    METHOD_STATEVECTOR: _ClassVar[Method]
    METHOD_DENSITY_MATRIX: _ClassVar[Method]
    METHOD_STABILIZER: _ClassVar[Method]
    METHOD_MATRIX_PRODUCT_STATE: _ClassVar[Method]
    METHOD_LOW_RANK: _ClassVar[Method]
    METHOD_PAULI_VECTOR: _ClassVar[Method]
    METHOD_TRAJECTORIES: _ClassVar[Method]

class Feature(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEATURE_UNSPECIFIED: _ClassVar[Feature]
    FEATURE_MID_CIRCUIT_MEASUREMENT: _ClassVar[Feature]
    FEATURE_RESET: _ClassVar[Feature]
    FEATURE_CLASSICAL_CONDITION: _ClassVar[Feature]
    FEATURE_UNITARY: _ClassVar[Feature]
    FEATURE_CHANNEL: _ClassVar[Feature]
    FEATURE_READOUT_ERROR: _ClassVar[Feature]
    FEATURE_DELAY: _ClassVar[Feature]
    FEATURE_GLOBAL_PHASE_INSTRUCTION: _ClassVar[Feature]
    FEATURE_PARAMETER_BINDINGS: _ClassVar[Feature]
    FEATURE_NON_CLIFFORD: _ClassVar[Feature]
    FEATURE_MAX_ERROR: _ClassVar[Feature]

class PauseSupport(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAUSE_SUPPORT_UNSPECIFIED: _ClassVar[PauseSupport]
    PAUSE_SUPPORT_NONE: _ClassVar[PauseSupport]
    PAUSE_SUPPORT_STATE: _ClassVar[PauseSupport]
    PAUSE_SUPPORT_SHOT_BATCH: _ClassVar[PauseSupport]
METHOD_UNSPECIFIED: Method
METHOD_STATEVECTOR: Method
METHOD_DENSITY_MATRIX: Method
METHOD_STABILIZER: Method
METHOD_MATRIX_PRODUCT_STATE: Method
METHOD_LOW_RANK: Method
METHOD_PAULI_VECTOR: Method
METHOD_TRAJECTORIES: Method
FEATURE_UNSPECIFIED: Feature
FEATURE_MID_CIRCUIT_MEASUREMENT: Feature
FEATURE_RESET: Feature
FEATURE_CLASSICAL_CONDITION: Feature
FEATURE_UNITARY: Feature
FEATURE_CHANNEL: Feature
FEATURE_READOUT_ERROR: Feature
FEATURE_DELAY: Feature
FEATURE_GLOBAL_PHASE_INSTRUCTION: Feature
FEATURE_PARAMETER_BINDINGS: Feature
FEATURE_NON_CLIFFORD: Feature
FEATURE_MAX_ERROR: Feature
PAUSE_SUPPORT_UNSPECIFIED: PauseSupport
PAUSE_SUPPORT_NONE: PauseSupport
PAUSE_SUPPORT_STATE: PauseSupport
PAUSE_SUPPORT_SHOT_BATCH: PauseSupport

class Capabilities(_message.Message):
    __slots__ = ("backend", "version", "methods", "memory_cap_bytes", "worker_count", "thread_count", "package_versions", "unavailable_engines")
    class PackageVersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_CAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    WORKER_COUNT_FIELD_NUMBER: _ClassVar[int]
    THREAD_COUNT_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_ENGINES_FIELD_NUMBER: _ClassVar[int]
    backend: str
    version: str
    methods: _containers.RepeatedCompositeFieldContainer[MethodCapability]
    memory_cap_bytes: int
    worker_count: int
    thread_count: int
    package_versions: _containers.ScalarMap[str, str]
    unavailable_engines: _containers.RepeatedCompositeFieldContainer[UnavailableEngine]
    def __init__(self, backend: _Optional[str] = ..., version: _Optional[str] = ..., methods: _Optional[_Iterable[_Union[MethodCapability, _Mapping]]] = ..., memory_cap_bytes: _Optional[int] = ..., worker_count: _Optional[int] = ..., thread_count: _Optional[int] = ..., package_versions: _Optional[_Mapping[str, str]] = ..., unavailable_engines: _Optional[_Iterable[_Union[UnavailableEngine, _Mapping]]] = ...) -> None: ...

class UnavailableEngine(_message.Message):
    __slots__ = ("engine", "reason", "remedy")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    engine: str
    reason: str
    remedy: str
    def __init__(self, engine: _Optional[str] = ..., reason: _Optional[str] = ..., remedy: _Optional[str] = ...) -> None: ...

class MethodCapability(_message.Message):
    __slots__ = ("method", "engine", "engine_version", "precisions", "max_qubit_count", "gates", "features", "results", "max_shots", "deterministic", "pause_support")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    PRECISIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_QUBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    GATES_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    MAX_SHOTS_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    PAUSE_SUPPORT_FIELD_NUMBER: _ClassVar[int]
    method: Method
    engine: str
    engine_version: str
    precisions: _containers.RepeatedScalarFieldContainer[_result_pb2.Precision]
    max_qubit_count: int
    gates: _containers.RepeatedScalarFieldContainer[str]
    features: _containers.RepeatedScalarFieldContainer[Feature]
    results: _containers.RepeatedScalarFieldContainer[_result_pb2.ResultKind]
    max_shots: int
    deterministic: bool
    pause_support: PauseSupport
    def __init__(self, method: _Optional[_Union[Method, str]] = ..., engine: _Optional[str] = ..., engine_version: _Optional[str] = ..., precisions: _Optional[_Iterable[_Union[_result_pb2.Precision, str]]] = ..., max_qubit_count: _Optional[int] = ..., gates: _Optional[_Iterable[str]] = ..., features: _Optional[_Iterable[_Union[Feature, str]]] = ..., results: _Optional[_Iterable[_Union[_result_pb2.ResultKind, str]]] = ..., max_shots: _Optional[int] = ..., deterministic: _Optional[bool] = ..., pause_support: _Optional[_Union[PauseSupport, str]] = ...) -> None: ...
