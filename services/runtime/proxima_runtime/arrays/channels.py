"""The named noise channels of docs/noise.md as Kraus operators, Pauli probabilities and superoperators.

The first operand is the least significant bit of a matrix index. Formulas avoid the cancellation of weak noise: a
channel of strength 1e-16 is no identity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proxima_runtime.noise import channel_fault

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

_PAULIS: Complex = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def kraus(name: str, parameters: Sequence[float], qubit_count: int) -> Complex:
    """Return Kraus operators of a named channel, complex128, shape (m, 2^k, 2^k), none of them zero.

    Channels that are mixtures of Pauli operators come as such (sqrt(probability) times a Pauli operator), the others
    with at most four operators.

    Raises:
        ValueError: the name, the number of parameters or qubits, or a value is outside of docs/noise.md.
    """
    probabilities = pauli_probabilities(name, parameters, qubit_count)
    if probabilities is not None:
        present = np.flatnonzero(probabilities)
        paulis = np.stack([pauli_matrix(int(index), qubit_count) for index in present])
        return np.asarray(np.sqrt(probabilities[present])[:, None, None] * paulis)
    return _damping_kraus(_damping(name, parameters))


def pauli_probabilities(name: str, parameters: Sequence[float], qubit_count: int) -> Real | None:
    """Return the probability of each Pauli operator, float64, shape (4^k,), or None where it is no Pauli channel.

    The index is base 4 with digits I, X, Y, Z = 0, 1, 2, 3; the digit of the first operand is the least significant.

    Raises:
        ValueError: as `kraus`.
    """
    fault = channel_fault(name, parameters, qubit_count)
    if fault is not None:
        raise ValueError(f"channel {name}: {fault}")
    if name == "depolarizing":
        size = 4**qubit_count
        found = np.full(size, parameters[0] / size)
        # At the largest legal p this is 0 but for rounding.
        found[0] = max(1 - parameters[0] * (size - 1) / size, 0.0)
        return found
    if name == "pauli_channel":
        x, y, z = parameters
        return np.array([max(1 - math.fsum((x, y, z)), 0.0), x, y, z])
    damping = _damping(name, parameters)
    gamma, lam = damping.gamma, damping.lam
    if gamma and damping.population != 0.5:
        return None
    # x and y scale by c = sqrt((1 - gamma)(1 - lambda)), z by 1 - gamma; 1 - sqrt(1 - a) = a / (1 + sqrt(1 - a)).
    rest, coherence = math.sqrt(damping.gamma_rest), math.sqrt(damping.lam_rest)
    z = ((gamma / (1 + rest)) ** 2 + 2 * rest * lam / (1 + coherence)) / 4
    return np.array([1 - gamma / 2 - z, gamma / 4, gamma / 4, z])


def superoperator(operators: Complex) -> Complex:
    """Return sum K (x) conj(K), complex128, shape (4^k, 4^k), which acts on row-major vec(rho).

    Args:
        operators: Kraus operators, shape (m, 2^k, 2^k).
    """
    side = operators.shape[1]
    product = np.einsum("mab,mcd->acbd", operators, operators.conj())
    return np.ascontiguousarray(product, dtype=np.complex128).reshape(side * side, side * side)


def pauli_matrix(index: int, qubit_count: int) -> Complex:
    """Return the Pauli operator of a base-4 index as in `pauli_probabilities`, complex128, shape (2^k, 2^k)."""
    matrix: Complex = np.ones((1, 1), dtype=np.complex128)
    for place in range(qubit_count):
        matrix = np.kron(_PAULIS[(index >> (2 * place)) & 3], matrix)
    return matrix


@dataclass(frozen=True, kw_only=True, slots=True)
class _Damping:
    """Amplitude damping after phase damping.

    Attributes:
        gamma: damping probability.
        gamma_rest: 1 - gamma, without the rounding of the difference.
        lam: phase damping.
        lam_rest: 1 - lambda, likewise: a coherence is a square root, so 1e-16 here would be 1e-8 there.
        population: excited population at equilibrium.
    """

    gamma: float
    gamma_rest: float
    lam: float
    lam_rest: float
    population: float


def _damping(name: str, parameters: Sequence[float]) -> _Damping:
    if name == "amplitude_damping":
        gamma, population = parameters
        return _Damping(gamma=gamma, gamma_rest=1 - gamma, lam=0.0, lam_rest=1.0, population=population)
    if name == "phase_damping":
        (lam,) = parameters
        return _Damping(gamma=0.0, gamma_rest=1.0, lam=lam, lam_rest=1 - lam, population=0.0)
    t1, t2, duration, population = parameters
    if not duration:
        return _Damping(gamma=0.0, gamma_rest=1.0, lam=0.0, lam_rest=1.0, population=population)
    decays, dephases = duration / t1, duration / (t2 / 2) if t2 / 2 else math.inf
    slack = max(dephases - decays, 0.0) if decays < math.inf else 0.0
    return _Damping(
        gamma=-math.expm1(-decays),
        gamma_rest=math.exp(-decays),
        lam=-math.expm1(-slack),
        lam_rest=math.exp(-slack),
        population=population,
    )


def _damping_kraus(damping: _Damping) -> Complex:
    """Factor the Choi matrix of a damping, which is one 2 x 2 block and two numbers.

    The diagonal operators factor [[a, c], [c, b]] with a = 1 - gamma p_e, b = 1 - gamma (1 - p_e) and
    c^2 = (1 - gamma)(1 - lambda); its determinant is gamma^2 p_e (1 - p_e) + (1 - gamma) lambda.
    """
    gamma, population = damping.gamma, damping.population
    stays_0, stays_1 = 1 - gamma * population, 1 - gamma * (1 - population)
    coherence = math.sqrt(damping.gamma_rest * damping.lam_rest)
    determinant = gamma * gamma * population * (1 - population) + damping.gamma_rest * damping.lam
    pivot = math.sqrt(max(stays_0, stays_1))
    large, small = (0, 1) if stays_0 >= stays_1 else (1, 0)
    found = np.zeros((4, 2, 2), dtype=np.complex128)
    found[0, large, large], found[0, small, small] = pivot, coherence / pivot
    found[1, small, small] = math.sqrt(determinant) / pivot
    found[2, 0, 1] = math.sqrt(gamma * (1 - population))
    found[3, 1, 0] = math.sqrt(gamma * population)
    return np.ascontiguousarray(found[found.any(axis=(1, 2))])
