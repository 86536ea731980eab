"""Distances of states, exact distributions and expectation values, and what rounding excuses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.comparison.results import Complex

# What one instruction may be off, by precision: 1e-5 and 1e-10 are the tolerances of a transfer matrix (docs/noise.md).
_SINGLE, _DOUBLE = 1e-5, 1e-10
_INSTRUCTIONS = 100
_LARGEST_DIAGONALISED = 512
_BLOCK = 2**18

_Double = NDArray[np.complex128]


@dataclass(frozen=True, kw_only=True, slots=True)
class StateDistance:
    """How far two states are apart.

    Attributes:
        fidelity: squared (Uhlmann) fidelity of the normalised states; None where it would take too long.
        least, most: bounds of the trace distance; equal where it was computed.
    """

    fidelity: float | None
    least: float
    most: float


def tolerance(*, is_single: bool, instruction_count: int) -> float:
    """Return the distance that rounding excuses: 1e-5 in single, 1e-10 in double precision, up to 100 instructions.

    In proportion above, for rounding errors of unitary steps and channels add up at worst. It bounds the trace distance
    of states, and with it the total variation distance of distributions.
    """
    floor = _SINGLE if is_single else _DOUBLE
    return min(1.0, floor * max(1.0, instruction_count / _INSTRUCTIONS))


def state_distance(first: Complex, second: Complex) -> StateDistance:
    """Return fidelity and trace distance of two states over the same qubits, each a vector or a density matrix.

    Global phases do not count. A norm or trace that is not 1 does: it is part of the distance.
    """
    if first.ndim == 1 and second.ndim == 1:
        return _pure(first, second)
    one, two = first.astype(np.complex128), second.astype(np.complex128)
    if one.ndim == 1:
        one, two = two, one
    return _mixed_and_pure(one, two) if two.ndim == 1 else _mixed(one, two)


def total_variation_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return half of the sum of the differences' sizes of two distributions, shape (outcomes,)."""
    return float(np.abs(first - second).sum() / 2)


def _pure(first: Complex, second: Complex) -> StateDistance:
    norm = other = 0.0
    product = 0.0 + 0.0j
    for one, two in _blocks(first, second):
        norm += float(np.vdot(one, one).real)
        other += float(np.vdot(two, two).real)
        product += complex(np.vdot(one, two))
    if norm == 0 or other == 0:
        return StateDistance(fidelity=0.0, least=1.0, most=1.0)
    overlap = product / math.sqrt(norm * other)
    # The part of one orthogonal to the other: 1 - fidelity itself would lose half of the digits.
    apart = 0.0
    for one, two in _blocks(first, second):
        rest = two / math.sqrt(other) - overlap / math.sqrt(norm) * one
        apart += float(np.vdot(rest, rest).real)
    distance = min(1.0, max(math.sqrt(apart), abs(norm - other) / 2))
    return StateDistance(fidelity=min(1.0, abs(overlap) ** 2), least=distance, most=distance)


def _blocks(first: Complex, second: Complex) -> Iterator[tuple[_Double, _Double]]:
    """Yield both vectors in double precision a piece at a time: whole, they would need as much memory again."""
    for start in range(0, len(first), _BLOCK):
        one, two = first[start : start + _BLOCK], second[start : start + _BLOCK]
        yield one.astype(np.complex128), two.astype(np.complex128)


def _mixed_and_pure(mixed: _Double, pure: _Double) -> StateDistance:
    norm, trace = float(np.vdot(pure, pure).real), float(np.trace(mixed).real)
    if norm <= 0 or trace <= 0:
        return StateDistance(fidelity=0.0, least=1.0, most=1.0)
    fidelity = float(np.vdot(pure, mixed @ pure).real) / (norm * trace)
    least, most = _trace_distance(mixed - np.outer(pure, pure.conj()))
    return StateDistance(fidelity=min(1.0, max(0.0, fidelity)), least=least, most=most)


def _mixed(first: _Double, second: _Double) -> StateDistance:
    least, most = _trace_distance(first - second)
    traces = float(np.trace(first).real) * float(np.trace(second).real)
    if traces <= 0:
        return StateDistance(fidelity=0.0, least=1.0, most=1.0)
    if len(first) > _LARGEST_DIAGONALISED:
        return StateDistance(fidelity=None, least=least, most=most)
    values, vectors = np.linalg.eigh(_hermitian(first))
    root = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.conj().T
    inner = np.linalg.eigvalsh(_hermitian(root @ second @ root))
    fidelity = float(np.sqrt(np.clip(inner, 0.0, None)).sum()) ** 2 / traces
    return StateDistance(fidelity=min(1.0, fidelity), least=least, most=most)


def _trace_distance(difference: _Double) -> tuple[float, float]:
    """Return bounds of half of the trace norm; past the limit from |A|_F <= |A|_1 <= sqrt(d) |A|_F."""
    if len(difference) <= _LARGEST_DIAGONALISED:
        hermitian = _hermitian(difference)
        exact = float(np.abs(np.linalg.eigvalsh(hermitian)).sum() / 2)
        # What is not Hermitian is an error as well.
        exact = max(exact, float(np.linalg.norm(difference - hermitian)) / 2)
        return exact, exact
    norm = float(np.linalg.norm(difference))
    return norm / 2, norm * float(np.sqrt(len(difference))) / 2


def _hermitian(matrix: _Double) -> _Double:
    return (matrix + matrix.conj().T) / 2
