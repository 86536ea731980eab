from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NoiseModel(_message.Message):
    __slots__ = ("rules", "readout_errors")
    RULES_FIELD_NUMBER: _ClassVar[int]
    READOUT_ERRORS_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[NoiseRule]
    readout_errors: _containers.RepeatedCompositeFieldContainer[ReadoutError]
    def __init__(self, rules: _Optional[_Iterable[_Union[NoiseRule, _Mapping]]] = ..., readout_errors: _Optional[_Iterable[_Union[ReadoutError, _Mapping]]] = ...) -> None: ...

class NoiseRule(_message.Message):
    __slots__ = ("gate_names", "qubits", "placement", "channel", "target_qubits", "instructions", "duration_of_delay")
    class Placement(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PLACEMENT_UNSPECIFIED: _ClassVar[NoiseRule.Placement]
        PLACEMENT_JOINT: _ClassVar[NoiseRule.Placement]
        PLACEMENT_EACH: _ClassVar[NoiseRule.Placement]
        PLACEMENT_MOMENT: _ClassVar[NoiseRule.Placement]
    PLACEMENT_UNSPECIFIED: NoiseRule.Placement
    PLACEMENT_JOINT: NoiseRule.Placement
    PLACEMENT_EACH: NoiseRule.Placement
    PLACEMENT_MOMENT: NoiseRule.Placement
    GATE_NAMES_FIELD_NUMBER: _ClassVar[int]
    QUBITS_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TARGET_QUBITS_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    DURATION_OF_DELAY_FIELD_NUMBER: _ClassVar[int]
    gate_names: _containers.RepeatedScalarFieldContainer[str]
    qubits: _containers.RepeatedScalarFieldContainer[int]
    placement: NoiseRule.Placement
    channel: Channel
    target_qubits: _containers.RepeatedScalarFieldContainer[int]
    instructions: _containers.RepeatedScalarFieldContainer[int]
    duration_of_delay: bool
    def __init__(self, gate_names: _Optional[_Iterable[str]] = ..., qubits: _Optional[_Iterable[int]] = ..., placement: _Optional[_Union[NoiseRule.Placement, str]] = ..., channel: _Optional[_Union[Channel, _Mapping]] = ..., target_qubits: _Optional[_Iterable[int]] = ..., instructions: _Optional[_Iterable[int]] = ..., duration_of_delay: _Optional[bool] = ...) -> None: ...

class Channel(_message.Message):
    __slots__ = ("depolarizing", "pauli", "amplitude_damping", "phase_damping", "thermal_relaxation", "kraus")
    DEPOLARIZING_FIELD_NUMBER: _ClassVar[int]
    PAULI_FIELD_NUMBER: _ClassVar[int]
    AMPLITUDE_DAMPING_FIELD_NUMBER: _ClassVar[int]
    PHASE_DAMPING_FIELD_NUMBER: _ClassVar[int]
    THERMAL_RELAXATION_FIELD_NUMBER: _ClassVar[int]
    KRAUS_FIELD_NUMBER: _ClassVar[int]
    depolarizing: Depolarizing
    pauli: PauliChannel
    amplitude_damping: AmplitudeDamping
    phase_damping: PhaseDamping
    thermal_relaxation: ThermalRelaxation
    kraus: Kraus
    def __init__(self, depolarizing: _Optional[_Union[Depolarizing, _Mapping]] = ..., pauli: _Optional[_Union[PauliChannel, _Mapping]] = ..., amplitude_damping: _Optional[_Union[AmplitudeDamping, _Mapping]] = ..., phase_damping: _Optional[_Union[PhaseDamping, _Mapping]] = ..., thermal_relaxation: _Optional[_Union[ThermalRelaxation, _Mapping]] = ..., kraus: _Optional[_Union[Kraus, _Mapping]] = ...) -> None: ...

class Depolarizing(_message.Message):
    __slots__ = ("probability",)
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    probability: float
    def __init__(self, probability: _Optional[float] = ...) -> None: ...

class PauliChannel(_message.Message):
    __slots__ = ("x", "y", "z")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    Z_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    z: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ..., z: _Optional[float] = ...) -> None: ...

class AmplitudeDamping(_message.Message):
    __slots__ = ("gamma", "excited_population")
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    EXCITED_POPULATION_FIELD_NUMBER: _ClassVar[int]
    gamma: float
    excited_population: float
    def __init__(self, gamma: _Optional[float] = ..., excited_population: _Optional[float] = ...) -> None: ...

class PhaseDamping(_message.Message):
    __slots__ = ()
    LAMBDA_FIELD_NUMBER: _ClassVar[int]
    def __init__(self, **kwargs) -> None: ...

class ThermalRelaxation(_message.Message):
    __slots__ = ("t1_seconds", "t2_seconds", "duration_seconds", "excited_population")
    T1_SECONDS_FIELD_NUMBER: _ClassVar[int]
    T2_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    EXCITED_POPULATION_FIELD_NUMBER: _ClassVar[int]
    t1_seconds: float
    t2_seconds: float
    duration_seconds: float
    excited_population: float
    def __init__(self, t1_seconds: _Optional[float] = ..., t2_seconds: _Optional[float] = ..., duration_seconds: _Optional[float] = ..., excited_population: _Optional[float] = ...) -> None: ...

class Kraus(_message.Message):
    __slots__ = ("qubit_count", "operators")
    QUBIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    OPERATORS_FIELD_NUMBER: _ClassVar[int]
    qubit_count: int
    operators: bytes
    def __init__(self, qubit_count: _Optional[int] = ..., operators: _Optional[bytes] = ...) -> None: ...

class ReadoutError(_message.Message):
    __slots__ = ("qubits", "one_given_zero", "zero_given_one")
    QUBITS_FIELD_NUMBER: _ClassVar[int]
    ONE_GIVEN_ZERO_FIELD_NUMBER: _ClassVar[int]
    ZERO_GIVEN_ONE_FIELD_NUMBER: _ClassVar[int]
    qubits: _containers.RepeatedScalarFieldContainer[int]
    one_given_zero: float
    zero_given_one: float
    def __init__(self, qubits: _Optional[_Iterable[int]] = ..., one_given_zero: _Optional[float] = ..., zero_given_one: _Optional[float] = ...) -> None: ...
