from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Circuit(_message.Message):
    __slots__ = ("qubit_count", "clbit_count", "operations", "opcodes", "qubits", "clbits", "parameters", "conditions", "symbolic_parameters", "global_phase", "active_qubits", "declared_qubit_count", "clbit_registers", "qubit_registers")
    QUBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CLBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    OPCODES_FIELD_NUMBER: _ClassVar[int]
    QUBITS_FIELD_NUMBER: _ClassVar[int]
    CLBITS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    SYMBOLIC_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_PHASE_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_QUBITS_FIELD_NUMBER: _ClassVar[int]
    DECLARED_QUBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CLBIT_REGISTERS_FIELD_NUMBER: _ClassVar[int]
    QUBIT_REGISTERS_FIELD_NUMBER: _ClassVar[int]
    qubit_count: int
    clbit_count: int
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    opcodes: bytes
    qubits: bytes
    clbits: bytes
    parameters: bytes
    conditions: ClassicalConditions
    symbolic_parameters: SymbolicParameters
    global_phase: float
    active_qubits: _containers.RepeatedScalarFieldContainer[int]
    declared_qubit_count: int
    clbit_registers: _containers.RepeatedCompositeFieldContainer[Register]
    qubit_registers: _containers.RepeatedCompositeFieldContainer[Register]
    def __init__(self, qubit_count: _Optional[int] = ..., clbit_count: _Optional[int] = ..., operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ..., opcodes: _Optional[bytes] = ..., qubits: _Optional[bytes] = ..., clbits: _Optional[bytes] = ..., parameters: _Optional[bytes] = ..., conditions: _Optional[_Union[ClassicalConditions, _Mapping]] = ..., symbolic_parameters: _Optional[_Union[SymbolicParameters, _Mapping]] = ..., global_phase: _Optional[float] = ..., active_qubits: _Optional[_Iterable[int]] = ..., declared_qubit_count: _Optional[int] = ..., clbit_registers: _Optional[_Iterable[_Union[Register, _Mapping]]] = ..., qubit_registers: _Optional[_Iterable[_Union[Register, _Mapping]]] = ...) -> None: ...

class Register(_message.Message):
    __slots__ = ("name", "start", "size")
    NAME_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    name: str
    start: int
    size: int
    def __init__(self, name: _Optional[str] = ..., start: _Optional[int] = ..., size: _Optional[int] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ("kind", "name", "qubit_count", "clbit_count", "parameter_count", "matrix", "readout")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Operation.Kind]
        KIND_GATE: _ClassVar[Operation.Kind]
        KIND_UNITARY: _ClassVar[Operation.Kind]
        KIND_CHANNEL: _ClassVar[Operation.Kind]
        KIND_MEASURE: _ClassVar[Operation.Kind]
        KIND_RESET: _ClassVar[Operation.Kind]
        KIND_BARRIER: _ClassVar[Operation.Kind]
        KIND_DELAY: _ClassVar[Operation.Kind]
        KIND_GLOBAL_PHASE: _ClassVar[Operation.Kind]
    KIND_UNSPECIFIED: Operation.Kind
    KIND_GATE: Operation.Kind
    KIND_UNITARY: Operation.Kind
    KIND_CHANNEL: Operation.Kind
    KIND_MEASURE: Operation.Kind
    KIND_RESET: Operation.Kind
    KIND_BARRIER: Operation.Kind
    KIND_DELAY: Operation.Kind
    KIND_GLOBAL_PHASE: Operation.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CLBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    PARAMETER_COUNT_FIELD_NUMBER: _ClassVar[int]
    MATRIX_FIELD_NUMBER: _ClassVar[int]
    READOUT_FIELD_NUMBER: _ClassVar[int]
    kind: Operation.Kind
    name: str
    qubit_count: int
    clbit_count: int
    parameter_count: int
    matrix: bytes
    readout: bytes
    def __init__(self, kind: _Optional[_Union[Operation.Kind, str]] = ..., name: _Optional[str] = ..., qubit_count: _Optional[int] = ..., clbit_count: _Optional[int] = ..., parameter_count: _Optional[int] = ..., matrix: _Optional[bytes] = ..., readout: _Optional[bytes] = ...) -> None: ...

class ClassicalConditions(_message.Message):
    __slots__ = ("instructions", "first_clbits", "widths", "values", "negated")
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    FIRST_CLBITS_FIELD_NUMBER: _ClassVar[int]
    WIDTHS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    NEGATED_FIELD_NUMBER: _ClassVar[int]
    instructions: bytes
    first_clbits: bytes
    widths: bytes
    values: bytes
    negated: bytes
    def __init__(self, instructions: _Optional[bytes] = ..., first_clbits: _Optional[bytes] = ..., widths: _Optional[bytes] = ..., values: _Optional[bytes] = ..., negated: _Optional[bytes] = ...) -> None: ...

class SymbolicParameters(_message.Message):
    __slots__ = ("symbols", "positions", "symbol_indices", "scales", "offsets")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_INDICES_FIELD_NUMBER: _ClassVar[int]
    SCALES_FIELD_NUMBER: _ClassVar[int]
    OFFSETS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    positions: bytes
    symbol_indices: bytes
    scales: bytes
    offsets: bytes
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., positions: _Optional[bytes] = ..., symbol_indices: _Optional[bytes] = ..., scales: _Optional[bytes] = ..., offsets: _Optional[bytes] = ...) -> None: ...

class ParameterBindings(_message.Message):
    __slots__ = ("item_count", "symbol_count", "values")
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_COUNT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    item_count: int
    symbol_count: int
    values: bytes
    def __init__(self, item_count: _Optional[int] = ..., symbol_count: _Optional[int] = ..., values: _Optional[bytes] = ...) -> None: ...
