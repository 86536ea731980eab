"""Channels of a noise model; `proxima_runtime.noise` has the legal ranges of named ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from proxima_runtime.noise import width_fault

__all__ = ["KRAUS", "Channel", "counted_qubits", "placement_fault", "trace_preserving"]

KRAUS = "kraus"
"""Name of a channel that is given by its Kraus operators."""

_KRAUS_TOLERANCE = 1e-8


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


def placement_fault(channel: Channel, qubit_count: int) -> str | None:
    """Return why a channel cannot act jointly on so many qubits, or None where it can."""
    if channel.kraus is None:
        return width_fault(channel.name, channel.parameters, qubit_count)
    expected = int(channel.kraus.shape[1]).bit_length() - 1
    return f"{channel.name} acts on {counted_qubits(expected)}" if expected != qubit_count else None


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


def counted_qubits(count: int) -> str:
    """Return "1 qubit" or "2 qubits"."""
    return "1 qubit" if count == 1 else f"{count} qubits"
