"""The named noise channels of docs/noise.md: how many qubits and parameters each takes, and which values are legal.

Without numpy, because the service process checks jobs with it; `proxima_runtime.arrays.channels` has the operators.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

MAX_CHANNEL_QUBITS = 4
"""Largest number of qubits that one channel acts on."""

# Three probabilities that sum to 1 in decimal may exceed it in the last binary digit.
_SUM_TOLERANCE = 1e-12


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
        "depolarizing": ChannelShape(parameters=("p",), max_qubit_count=MAX_CHANNEL_QUBITS),
        "pauli_channel": ChannelShape(parameters=("x", "y", "z")),
        "amplitude_damping": ChannelShape(parameters=("gamma", "excited_population")),
        "phase_damping": ChannelShape(parameters=("lambda",)),
        "thermal_relaxation": ChannelShape(parameters=("t1", "t2", "duration", "excited_population")),
    }
)
"""Channel name to what it takes."""


def max_depolarizing_probability(qubit_count: int) -> float:
    """Return 4^k / (4^k - 1), up to which the depolarizing channel is completely positive."""
    return 4.0**qubit_count / (4.0**qubit_count - 1)


def channel_fault(name: str, parameters: Sequence[float], qubit_count: int) -> str | None:
    """Return what is wrong with a named channel, a sentence's predicate, or None where it is legal.

    Args:
        name: name of the channel.
        parameters: in the order of `NAMED_CHANNELS`; a NaN is never legal.
        qubit_count: number of qubits it acts on.
    """
    shape = NAMED_CHANNELS.get(name)
    if shape is None:
        return f"is no channel; there are {', '.join(NAMED_CHANNELS)}, and explicit Kraus operators"
    if not 1 <= qubit_count <= shape.max_qubit_count:
        most = f"1 to {shape.max_qubit_count} qubits" if shape.max_qubit_count > 1 else "1 qubit"
        return f"acts on {most}, not {qubit_count}"
    if len(parameters) != len(shape.parameters):
        return f"takes {len(shape.parameters)} parameters ({', '.join(shape.parameters)}), not {len(parameters)}"
    return _CHECKS[name](parameters, qubit_count)


def _depolarizing(parameters: Sequence[float], qubit_count: int) -> str | None:
    return _outside("p", parameters[0], max_depolarizing_probability(qubit_count))


def _pauli_channel(parameters: Sequence[float], _: int) -> str | None:
    for name, value in zip("xyz", parameters, strict=True):
        fault = _outside(name, value, 1.0)
        if fault is not None:
            return fault
    total = math.fsum(parameters)
    if total > 1 + _SUM_TOLERANCE:
        return f"has x + y + z = {total!r}, expected at most 1"
    return None


def _amplitude_damping(parameters: Sequence[float], _: int) -> str | None:
    gamma, population = parameters
    return _outside("gamma", gamma, 1.0) or _outside("excited_population", population, 1.0)


def _phase_damping(parameters: Sequence[float], _: int) -> str | None:
    return _outside("lambda", parameters[0], 1.0)


def _thermal_relaxation(parameters: Sequence[float], _: int) -> str | None:
    t1, t2, duration, population = parameters
    for name, value in (("t1", t1), ("t2", t2)):
        if not 0 < value < math.inf:
            return f"has {name} = {value!r} s, expected a positive time"
    if t2 / 2 > t1:
        return f"has t2 = {t2!r} s, expected at most 2 t1 = {2 * t1!r} s"
    if not 0 <= duration < math.inf:
        return f"has duration = {duration!r} s, expected 0 or more"
    return _outside("excited_population", population, 1.0)


def _outside(name: str, value: float, largest: float) -> str | None:
    if 0 <= value <= largest:
        return None
    return f"has {name} = {value!r}, expected 0 to {largest!r}"


_CHECKS: Mapping[str, Callable[[Sequence[float], int], str | None]] = MappingProxyType(
    {
        "depolarizing": _depolarizing,
        "pauli_channel": _pauli_channel,
        "amplitude_damping": _amplitude_damping,
        "phase_damping": _phase_damping,
        "thermal_relaxation": _thermal_relaxation,
    }
)
