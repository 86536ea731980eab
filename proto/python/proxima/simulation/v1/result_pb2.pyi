import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from proxima.simulation.v1 import observable_pb2 as _observable_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResultKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESULT_KIND_UNSPECIFIED: _ClassVar[ResultKind]
    RESULT_KIND_COUNTS: _ClassVar[ResultKind]
    RESULT_KIND_PROBABILITIES: _ClassVar[ResultKind]
    RESULT_KIND_STATEVECTOR: _ClassVar[ResultKind]
    RESULT_KIND_DENSITY_MATRIX: _ClassVar[ResultKind]
    RESULT_KIND_EXPECTATION_VALUES: _ClassVar[ResultKind]

class Precision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRECISION_UNSPECIFIED: _ClassVar[Precision]
    PRECISION_SINGLE: _ClassVar[Precision]
    PRECISION_DOUBLE: _ClassVar[Precision]

class DataType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATA_TYPE_UNSPECIFIED: _ClassVar[DataType]
    DATA_TYPE_UINT8: _ClassVar[DataType]
    DATA_TYPE_UINT64: _ClassVar[DataType]
    DATA_TYPE_FLOAT64: _ClassVar[DataType]
    DATA_TYPE_COMPLEX64: _ClassVar[DataType]
    DATA_TYPE_COMPLEX128: _ClassVar[DataType]

class ArrayRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ARRAY_ROLE_UNSPECIFIED: _ClassVar[ArrayRole]
    ARRAY_ROLE_COUNT_OUTCOMES: _ClassVar[ArrayRole]
    ARRAY_ROLE_COUNT_VALUES: _ClassVar[ArrayRole]
    ARRAY_ROLE_PROBABILITIES: _ClassVar[ArrayRole]
    ARRAY_ROLE_STATEVECTOR: _ClassVar[ArrayRole]
    ARRAY_ROLE_DENSITY_MATRIX: _ClassVar[ArrayRole]

class BitSpace(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BIT_SPACE_UNSPECIFIED: _ClassVar[BitSpace]
    BIT_SPACE_QUBITS: _ClassVar[BitSpace]
    BIT_SPACE_CLBITS: _ClassVar[BitSpace]

class BitOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BIT_ORDER_UNSPECIFIED: _ClassVar[BitOrder]
    BIT_ORDER_LITTLE_ENDIAN: _ClassVar[BitOrder]
RESULT_KIND_UNSPECIFIED: ResultKind
RESULT_KIND_COUNTS: ResultKind
RESULT_KIND_PROBABILITIES: ResultKind
RESULT_KIND_STATEVECTOR: ResultKind
RESULT_KIND_DENSITY_MATRIX: ResultKind
RESULT_KIND_EXPECTATION_VALUES: ResultKind
PRECISION_UNSPECIFIED: Precision
PRECISION_SINGLE: Precision
PRECISION_DOUBLE: Precision
DATA_TYPE_UNSPECIFIED: DataType
DATA_TYPE_UINT8: DataType
DATA_TYPE_UINT64: DataType
DATA_TYPE_FLOAT64: DataType
DATA_TYPE_COMPLEX64: DataType
DATA_TYPE_COMPLEX128: DataType
ARRAY_ROLE_UNSPECIFIED: ArrayRole
ARRAY_ROLE_COUNT_OUTCOMES: ArrayRole
ARRAY_ROLE_COUNT_VALUES: ArrayRole
ARRAY_ROLE_PROBABILITIES: ArrayRole
ARRAY_ROLE_STATEVECTOR: ArrayRole
ARRAY_ROLE_DENSITY_MATRIX: ArrayRole
BIT_SPACE_UNSPECIFIED: BitSpace
BIT_SPACE_QUBITS: BitSpace
BIT_SPACE_CLBITS: BitSpace
BIT_ORDER_UNSPECIFIED: BitOrder
BIT_ORDER_LITTLE_ENDIAN: BitOrder

class ResultSpec(_message.Message):
    __slots__ = ("shots", "probabilities", "statevector", "density_matrix", "observables")
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    STATEVECTOR_FIELD_NUMBER: _ClassVar[int]
    DENSITY_MATRIX_FIELD_NUMBER: _ClassVar[int]
    OBSERVABLES_FIELD_NUMBER: _ClassVar[int]
    shots: int
    probabilities: bool
    statevector: bool
    density_matrix: bool
    observables: _containers.RepeatedCompositeFieldContainer[_observable_pb2.Observable]
    def __init__(self, shots: _Optional[int] = ..., probabilities: _Optional[bool] = ..., statevector: _Optional[bool] = ..., density_matrix: _Optional[bool] = ..., observables: _Optional[_Iterable[_Union[_observable_pb2.Observable, _Mapping]]] = ...) -> None: ...

class ArrayDescriptor(_message.Message):
    __slots__ = ("role", "data_type", "shape", "size_bytes", "bit_space", "axis_bits", "inline_data")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    BIT_SPACE_FIELD_NUMBER: _ClassVar[int]
    AXIS_BITS_FIELD_NUMBER: _ClassVar[int]
    INLINE_DATA_FIELD_NUMBER: _ClassVar[int]
    role: ArrayRole
    data_type: DataType
    shape: _containers.RepeatedScalarFieldContainer[int]
    size_bytes: int
    bit_space: BitSpace
    axis_bits: _containers.RepeatedScalarFieldContainer[int]
    inline_data: bytes
    def __init__(self, role: _Optional[_Union[ArrayRole, str]] = ..., data_type: _Optional[_Union[DataType, str]] = ..., shape: _Optional[_Iterable[int]] = ..., size_bytes: _Optional[int] = ..., bit_space: _Optional[_Union[BitSpace, str]] = ..., axis_bits: _Optional[_Iterable[int]] = ..., inline_data: _Optional[bytes] = ...) -> None: ...

class Producer(_message.Message):
    __slots__ = ("backend", "backend_version", "engine", "engine_version", "method", "precision", "seed", "thread_count", "package_versions", "sampler")
    class PackageVersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    BACKEND_VERSION_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    THREAD_COUNT_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    SAMPLER_FIELD_NUMBER: _ClassVar[int]
    backend: str
    backend_version: str
    engine: str
    engine_version: str
    method: str
    precision: Precision
    seed: int
    thread_count: int
    package_versions: _containers.ScalarMap[str, str]
    sampler: str
    def __init__(self, backend: _Optional[str] = ..., backend_version: _Optional[str] = ..., engine: _Optional[str] = ..., engine_version: _Optional[str] = ..., method: _Optional[str] = ..., precision: _Optional[_Union[Precision, str]] = ..., seed: _Optional[int] = ..., thread_count: _Optional[int] = ..., package_versions: _Optional[_Mapping[str, str]] = ..., sampler: _Optional[str] = ...) -> None: ...

class ResultHeader(_message.Message):
    __slots__ = ("item_index", "producer", "bit_order", "declared_qubit_count", "clbit_count", "active_qubits", "shots", "arrays", "expectation_values", "certified_error", "readout_included", "warnings", "rank_history")
    ITEM_INDEX_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_FIELD_NUMBER: _ClassVar[int]
    BIT_ORDER_FIELD_NUMBER: _ClassVar[int]
    DECLARED_QUBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CLBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_QUBITS_FIELD_NUMBER: _ClassVar[int]
    SHOTS_FIELD_NUMBER: _ClassVar[int]
    ARRAYS_FIELD_NUMBER: _ClassVar[int]
    EXPECTATION_VALUES_FIELD_NUMBER: _ClassVar[int]
    CERTIFIED_ERROR_FIELD_NUMBER: _ClassVar[int]
    READOUT_INCLUDED_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    RANK_HISTORY_FIELD_NUMBER: _ClassVar[int]
    item_index: int
    producer: Producer
    bit_order: BitOrder
    declared_qubit_count: int
    clbit_count: int
    active_qubits: _containers.RepeatedScalarFieldContainer[int]
    shots: int
    arrays: _containers.RepeatedCompositeFieldContainer[ArrayDescriptor]
    expectation_values: _containers.RepeatedCompositeFieldContainer[ExpectationValue]
    certified_error: float
    readout_included: bool
    warnings: _containers.RepeatedScalarFieldContainer[str]
    rank_history: RankHistory
    def __init__(self, item_index: _Optional[int] = ..., producer: _Optional[_Union[Producer, _Mapping]] = ..., bit_order: _Optional[_Union[BitOrder, str]] = ..., declared_qubit_count: _Optional[int] = ..., clbit_count: _Optional[int] = ..., active_qubits: _Optional[_Iterable[int]] = ..., shots: _Optional[int] = ..., arrays: _Optional[_Iterable[_Union[ArrayDescriptor, _Mapping]]] = ..., expectation_values: _Optional[_Iterable[_Union[ExpectationValue, _Mapping]]] = ..., certified_error: _Optional[float] = ..., readout_included: _Optional[bool] = ..., warnings: _Optional[_Iterable[str]] = ..., rank_history: _Optional[_Union[RankHistory, _Mapping]] = ...) -> None: ...

class RankHistory(_message.Message):
    __slots__ = ("points", "largest_rank", "continued_as", "continued_after", "operation_count")
    POINTS_FIELD_NUMBER: _ClassVar[int]
    LARGEST_RANK_FIELD_NUMBER: _ClassVar[int]
    CONTINUED_AS_FIELD_NUMBER: _ClassVar[int]
    CONTINUED_AFTER_FIELD_NUMBER: _ClassVar[int]
    OPERATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedCompositeFieldContainer[RankPoint]
    largest_rank: int
    continued_as: str
    continued_after: int
    operation_count: int
    def __init__(self, points: _Optional[_Iterable[_Union[RankPoint, _Mapping]]] = ..., largest_rank: _Optional[int] = ..., continued_as: _Optional[str] = ..., continued_after: _Optional[int] = ..., operation_count: _Optional[int] = ...) -> None: ...

class RankPoint(_message.Message):
    __slots__ = ("operation", "rank")
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    operation: int
    rank: int
    def __init__(self, operation: _Optional[int] = ..., rank: _Optional[int] = ...) -> None: ...

class ExpectationValue(_message.Message):
    __slots__ = ("name", "value", "standard_error")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    STANDARD_ERROR_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    standard_error: float
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., standard_error: _Optional[float] = ...) -> None: ...

class ResultChunk(_message.Message):
    __slots__ = ("item_index", "array_index", "offset", "data")
    ITEM_INDEX_FIELD_NUMBER: _ClassVar[int]
    ARRAY_INDEX_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    item_index: int
    array_index: int
    offset: int
    data: bytes
    def __init__(self, item_index: _Optional[int] = ..., array_index: _Optional[int] = ..., offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("worker_duration", "engine_duration", "queued_duration", "peak_memory_bytes", "cpu_duration")
    WORKER_DURATION_FIELD_NUMBER: _ClassVar[int]
    ENGINE_DURATION_FIELD_NUMBER: _ClassVar[int]
    QUEUED_DURATION_FIELD_NUMBER: _ClassVar[int]
    PEAK_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    CPU_DURATION_FIELD_NUMBER: _ClassVar[int]
    worker_duration: _duration_pb2.Duration
    engine_duration: _duration_pb2.Duration
    queued_duration: _duration_pb2.Duration
    peak_memory_bytes: int
    cpu_duration: _duration_pb2.Duration
    def __init__(self, worker_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., engine_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., queued_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., peak_memory_bytes: _Optional[int] = ..., cpu_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("item_index", "fraction", "basis", "unit", "done_count", "total_count", "memory_bytes", "elapsed")
    class Basis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        BASIS_UNSPECIFIED: _ClassVar[Progress.Basis]
        BASIS_COUNTED: _ClassVar[Progress.Basis]
        BASIS_MODEL: _ClassVar[Progress.Basis]
    BASIS_UNSPECIFIED: Progress.Basis
    BASIS_COUNTED: Progress.Basis
    BASIS_MODEL: Progress.Basis
    ITEM_INDEX_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    DONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_FIELD_NUMBER: _ClassVar[int]
    item_index: int
    fraction: float
    basis: Progress.Basis
    unit: str
    done_count: int
    total_count: int
    memory_bytes: int
    elapsed: _duration_pb2.Duration
    def __init__(self, item_index: _Optional[int] = ..., fraction: _Optional[float] = ..., basis: _Optional[_Union[Progress.Basis, str]] = ..., unit: _Optional[str] = ..., done_count: _Optional[int] = ..., total_count: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., elapsed: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...
