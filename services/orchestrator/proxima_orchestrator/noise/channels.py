"""Channels of a noise model, with the legal ranges of docs/noise.md."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["KRAUS", "Channel", "counted_qubits", "parameter_fault", "trace_preserving", "width_fault"]

KRAUS = "kraus"
"""Name of a channel that is given by its Kraus operators."""

_MAX_QUBITS = 4
_KRAUS_TOLERANCE = 1e-8
# Three probabilities that sum to 1 in decimal may exceed it in the last binary digit.
_SUM_TOLERANCE = 1e-12


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A channel of a rule.

    Attributes:
        name: "depolarizing", "pauli_channel", "amplitude_damping", "phase_damping", "thermal_relaxation" or "kraus".
        parameters: in the order of docs/noise.md; empty for Kraus operators.
        kraus: Kraus operators, complex128, shape (m, 2^k, 2^k), first operand least significant; None for named ones.
    """

    name: str
    parameters: tuple[float, ...] = ()
    kraus: NDArray[np.complex128] | None = field(default=None, compare=False)

    @property
    def qubit_count(self) -> int | None:
        """Qubits that it acts on; None for `depolarizing`, which takes 1 to 4."""
        if self.kraus is not None:
            return int(self.kraus.shape[1]).bit_length() - 1
        return None if self.name == "depolarizing" else 1


def parameter_fault(name: str, parameters: tuple[float, ...]) -> str | None:
    """Return what is wrong with the parameters of a named channel whatever it acts on, or None where they are legal.

    Raises KeyError for a name that is no named channel.
    """
    if name == "depolarizing":
        # What more qubits allow is less, and is checked where the channel is placed.
        return _outside("probability", parameters[0], max_depolarizing(1), "4^k / (4^k - 1) on k qubits")
    if name == "pauli_channel":
        fault = next(filter(None, map(_probability, ("x", "y", "z"), parameters)), None)
        total = math.fsum(parameters)
        if fault is None and total > 1 + _SUM_TOLERANCE:
            fault = f"x + y + z is {total:g}; it must be at most 1"
        return fault
    if name == "amplitude_damping":
        return _probability("gamma", parameters[0]) or _probability("excited_population", parameters[1])
    if name == "phase_damping":
        return _probability("lambda", parameters[0])
    if name == "thermal_relaxation":
        return _relaxation_fault(*parameters)
    raise KeyError(name)


def max_depolarizing(qubit_count: int) -> float:
    """Return the largest probability of the depolarizing channel on k qubits, 4^k / (4^k - 1)."""
    return 4.0**qubit_count / (4.0**qubit_count - 1)


def width_fault(channel: Channel, qubit_count: int) -> str | None:
    """Return why a channel cannot act jointly on so many qubits, or None where it can."""
    expected = channel.qubit_count
    if expected is not None and expected != qubit_count:
        return f"{channel.name} acts on {counted_qubits(expected)}"
    if qubit_count > _MAX_QUBITS:
        return f"a channel acts on at most {_MAX_QUBITS} qubits"
    if channel.name == "depolarizing" and channel.parameters[0] > max_depolarizing(qubit_count):
        return (
            f"the probability of depolarizing on {counted_qubits(qubit_count)} is at most 4^{qubit_count} / "
            f"(4^{qubit_count} - 1) = {max_depolarizing(qubit_count):.10g}, not {channel.parameters[0]:.10g}"
        )
    return None


def trace_preserving(operators: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], float]:
    """Return Kraus operators made trace preserving to rounding, and the deviation that they came with.

    The deviation is the largest entry of |sum K^dagger K - I|; the operators are K (sum K^dagger K)^(-1/2).

    Raises:
        ValueError: an entry is not finite, or the deviation is over 1e-8.
    """
    if not np.isfinite(operators).all():
        raise ValueError("an entry of the Kraus operators is not finite")
    with np.errstate(over="ignore", invalid="ignore"):
        gram = np.einsum("mji,mjk->ik", operators.conj(), operators)
        deviation = float(np.abs(gram - np.eye(gram.shape[0])).max())
    if not deviation <= _KRAUS_TOLERANCE:
        raise ValueError(
            "the Kraus operators are not trace preserving: the largest entry of |sum K^dagger K - I| is "
            f"{deviation:.3g}, it may be at most {_KRAUS_TOLERANCE:g}"
        )
    values, vectors = np.linalg.eigh(gram)
    root = (vectors / np.sqrt(values)) @ vectors.conj().T
    return np.ascontiguousarray(operators @ root), deviation


def _relaxation_fault(t1: float, t2: float, duration: float, population: float) -> str | None:
    for name, seconds in (("T1", t1), ("T2", t2)):
        if not 0 < seconds < math.inf:
            return f"{name} is {seconds:g} s; it must be positive"
    if t2 / 2 > t1:
        return f"T2 = {t2:g} s is over 2 T1 = {2 * t1:g} s; no qubit has that"
    if not 0 <= duration < math.inf:
        return f"the duration is {duration:g} s; it must not be negative"
    return _probability("excited_population", population)


def _probability(name: str, value: float) -> str | None:
    return _outside(name, value, 1.0, "1")


def _outside(name: str, value: float, largest: float, shown: str) -> str | None:
    return None if 0 <= value <= largest else f"{name} is {value:g}; it must be 0 to {shown}"


def counted_qubits(count: int) -> str:
    """Return "1 qubit" or "2 qubits"."""
    return "1 qubit" if count == 1 else f"{count} qubits"
