"""The named noise channels of docs/noise.md as Kraus operators, Pauli probabilities and superoperators.

The first operand is the least significant bit of a matrix index. Formulas avoid the cancellation of weak noise: a
channel of strength 1e-16 is no identity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_runtime.backend.noise import channel_fault

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
    gamma, lam, population = _relaxation(name, parameters)
    return _relaxation_kraus(gamma, lam, population)


def pauli_probabilities(name: str, parameters: Sequence[float], qubit_count: int) -> Real | None:
    """Return the probability of each Pauli operator, float64, shape (4^k,), or None where it is no Pauli channel.

    The index is base 4 with digits I, X, Y, Z = 0, 1, 2, 3; the digit of the first operand is the least significant.

    Raises:
        ValueError: as `kraus`.
    """
    fault = channel_fault(name, parameters, qubit_count)
    if fault is not None:
        raise ValueError(f"channel {name} {fault}")
    if name == "depolarizing":
        size = 4**qubit_count
        found = np.full(size, parameters[0] / size)
        # At the largest legal p this is 0 but for rounding.
        found[0] = max(1 - parameters[0] * (size - 1) / size, 0.0)
        return found
    if name == "pauli_channel":
        x, y, z = parameters
        return np.array([max(1 - math.fsum((x, y, z)), 0.0), x, y, z])
    gamma, lam, population = _relaxation(name, parameters)
    if gamma and population != 0.5:
        return None
    # x and y scale by c = sqrt((1 - gamma)(1 - lambda)), z by 1 - gamma; 1 - sqrt(1 - a) = a / (1 + sqrt(1 - a)).
    rest, coherence = math.sqrt(1 - gamma), math.sqrt(1 - lam)
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


def _relaxation(name: str, parameters: Sequence[float]) -> tuple[float, float, float]:
    """Return gamma, lambda and the excited population of a damping: amplitude damping after phase damping."""
    if name == "amplitude_damping":
        return parameters[0], 0.0, parameters[1]
    if name == "phase_damping":
        return 0.0, parameters[0], 0.0
    t1, t2, duration, population = parameters
    decays, dephases = duration / t1, duration / (t2 / 2) if t2 / 2 else math.inf
    if not duration:
        return 0.0, 0.0, population
    slack = dephases - decays if decays < math.inf else 0.0
    return -math.expm1(-decays), -math.expm1(-max(slack, 0.0)), population


def _relaxation_kraus(gamma: float, lam: float, population: float) -> Complex:
    """Factor the Choi matrix of a damping, which is one 2 x 2 block and two numbers.

    The diagonal operators factor [[a, c], [c, b]] with a = 1 - gamma p_e, b = 1 - gamma (1 - p_e) and
    c^2 = (1 - gamma)(1 - lambda); its determinant is gamma^2 p_e (1 - p_e) + (1 - gamma) lambda.
    """
    stays_0, stays_1 = 1 - gamma * population, 1 - gamma * (1 - population)
    coherence = math.sqrt((1 - gamma) * (1 - lam))
    determinant = gamma * gamma * population * (1 - population) + (1 - gamma) * lam
    pivot = math.sqrt(max(stays_0, stays_1))
    large, small = (0, 1) if stays_0 >= stays_1 else (1, 0)
    found = np.zeros((4, 2, 2), dtype=np.complex128)
    found[0, large, large], found[0, small, small] = pivot, coherence / pivot
    found[1, small, small] = math.sqrt(determinant) / pivot
    found[2, 0, 1] = math.sqrt(gamma * (1 - population))
    found[3, 1, 0] = math.sqrt(gamma * population)
    return np.ascontiguousarray(found[found.any(axis=(1, 2))])
