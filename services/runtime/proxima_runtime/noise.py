"""The named noise channels of docs/noise.md: what each takes, and which values are legal.

Without numpy, because backend services check jobs with it as the orchestrator checks requests;
`proxima_runtime.arrays.channels` has the operators.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

MAX_CHANNEL_QUBITS = 4
"""Largest number of qubits that one channel acts on."""

# Three probabilities that sum to 1 in decimal may exceed it in the last binary digit.
_SUM_TOLERANCE = 1e-12
# Enough to tell a number from the end of its range, few enough to read.
_DIGITS = ".10g"


@dataclass(frozen=True, kw_only=True)
class ChannelShape:
    """What a named channel takes.

    Attributes:
        parameters: names of its parameters, in their order in the column.
        max_qubit_count: largest number of qubits it acts on jointly, from 1.
    """

    parameters: tuple[str, ...]
    max_qubit_count: int = 1


NAMED_CHANNELS: Mapping[str, ChannelShape] = MappingProxyType(
    {
        "depolarizing": ChannelShape(parameters=("probability",), max_qubit_count=MAX_CHANNEL_QUBITS),
        "pauli_channel": ChannelShape(parameters=("x", "y", "z")),
        "amplitude_damping": ChannelShape(parameters=("gamma", "excited_population")),
        "phase_damping": ChannelShape(parameters=("lambda",)),
        "thermal_relaxation": ChannelShape(parameters=("T1", "T2", "duration", "excited_population")),
    }
)
"""Channel name to what it takes."""


def max_depolarizing_probability(qubit_count: int) -> float:
    """Return 4^k / (4^k - 1), up to which the depolarizing channel is completely positive."""
    return 4.0**qubit_count / (4.0**qubit_count - 1)


def channel_fault(name: str, parameters: Sequence[float], qubit_count: int) -> str | None:
    """Return what is wrong with a channel that is given by its name, a clause, or None where it is legal.

    Args:
        name: name of the channel.
        parameters: in the order of `NAMED_CHANNELS`; a NaN is never legal.
        qubit_count: number of qubits it acts on.
    """
    shape = NAMED_CHANNELS.get(name)
    if shape is None:
        return f"{name!r} is no channel; there are {', '.join(NAMED_CHANNELS)}, and explicit Kraus operators"
    if len(parameters) != len(shape.parameters):
        return f"{name} takes {len(shape.parameters)} parameters ({', '.join(shape.parameters)}), not {len(parameters)}"
    return parameter_fault(name, parameters) or width_fault(name, parameters, qubit_count)


def parameter_fault(name: str, parameters: Sequence[float]) -> str | None:
    """Return what is wrong with the parameters whatever the channel acts on, a clause, or None where they are legal.

    The number of parameters must be right. Raises KeyError for a name that is no named channel.
    """
    match name:
        case "depolarizing":
            # What more qubits allow is less, and is `width_fault`.
            largest = max_depolarizing_probability(1)
            return _outside("probability", parameters[0], largest, "4^k / (4^k - 1) on k qubits")
        case "pauli_channel":
            return _pauli_fault(parameters)
        case "thermal_relaxation":
            return _relaxation_fault(*parameters)
    names = NAMED_CHANNELS[name].parameters
    return next(filter(None, map(_improbable, names, parameters)), None)


def width_fault(name: str, parameters: Sequence[float], qubit_count: int) -> str | None:
    """Return why a channel cannot act jointly on so many qubits, a clause, or None where it can.

    The number of parameters must be right. Raises KeyError for a name that is no named channel.
    """
    most = NAMED_CHANNELS[name].max_qubit_count
    if not 1 <= qubit_count <= most:
        return f"{name} acts on " + ("1 qubit" if most == 1 else f"at most {most} qubits")
    if name == "depolarizing" and parameters[0] > max_depolarizing_probability(qubit_count):
        return (
            f"the probability of depolarizing on {'1 qubit' if qubit_count == 1 else f'{qubit_count} qubits'} is at "
            f"most 4^{qubit_count} / (4^{qubit_count} - 1) = {max_depolarizing_probability(qubit_count):{_DIGITS}}, "
            f"not {parameters[0]:{_DIGITS}}"
        )
    return None


def _pauli_fault(probabilities: Sequence[float]) -> str | None:
    fault = next(filter(None, map(_improbable, "xyz", probabilities)), None)
    total = math.fsum(probabilities)
    if fault is None and total > 1 + _SUM_TOLERANCE:
        fault = f"x + y + z is {total:{_DIGITS}}; it must be at most 1"
    return fault


def _relaxation_fault(t1: float, t2: float, duration: float, population: float) -> str | None:
    for name, seconds in (("T1", t1), ("T2", t2)):
        if not 0 < seconds < math.inf:
            return f"{name} is {seconds:{_DIGITS}} s; it must be positive"
    if t2 / 2 > t1:
        return f"T2 = {t2:{_DIGITS}} s is over 2 T1 = {2 * t1:{_DIGITS}} s; no qubit has that"
    if not 0 <= duration < math.inf:
        return f"the duration is {duration:{_DIGITS}} s; it must not be negative"
    return _improbable("excited_population", population)


def _improbable(name: str, value: float) -> str | None:
    return _outside(name, value, 1.0, "1")


def _outside(name: str, value: float, largest: float, shown: str) -> str | None:
    return None if 0 <= value <= largest else f"{name} is {value:{_DIGITS}}; it must be 0 to {shown}"
