"""Noise strength of a circuit: E, the sum over its channels of 1 - lambda_max(Choi / 2^k).

The Choi matrix of a channel over its 2^k dimensions has trace 1 and, without noise, one eigenvalue 1. The eigenvalues
of named channels (docs/noise.md) have closed forms, written so that weak noise does not cancel; those of Kraus
operators are the eigenvalues of their Gram matrix Tr(K_a^dagger K_b) / 2^k. Pure: columns in, a number out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.circuit import Circuit, Kind

__all__ = ["channel_strengths", "kraus_strength", "noise_strength"]

Real = NDArray[np.float64]


def noise_strength(circuit: Circuit) -> float:
    """Return E of a circuit; 0 without channels. Each named channel counts with its own parameters."""
    table = circuit.operations
    total = 0.0
    ends: NDArray[np.int64] | None = None
    for index, operation in enumerate(table):
        if operation.kind is not Kind.CHANNEL:
            continue
        rows = np.flatnonzero(circuit.opcodes == index)
        if operation.matrix is not None:
            total += rows.size * kraus_strength(operation.matrix)
            continue
        if ends is None:
            widths = np.array([entry.parameter_count for entry in table], dtype=np.int64)
            ends = np.cumsum(widths[circuit.opcodes])
        starts = ends[rows] - operation.parameter_count
        parameters = circuit.parameters[starts[:, None] + np.arange(operation.parameter_count)]
        total += float(channel_strengths(operation.name, parameters, operation.qubit_count).sum())
    return total


def channel_strengths(name: str, parameters: Real, qubit_count: int) -> Real:
    """Return 1 - lambda_max(Choi / 2^k) of a named channel for each row of parameters, shape (rows,).

    The parameters are those of docs/noise.md, legal, shape (rows, parameter_count). Raises KeyError for another name.
    """
    columns = parameters.T
    if name == "depolarizing":
        size = 4.0**qubit_count
        return np.asarray(np.minimum(columns[0] * (size - 1) / size, 1 - columns[0] / size))
    if name == "pauli_channel":
        return np.asarray(np.min([columns.sum(axis=0), *(1 - columns)], axis=0))
    if name == "phase_damping":
        return _damping(np.zeros_like(columns[0]), columns[0], np.zeros_like(columns[0]))
    if name == "amplitude_damping":
        return _damping(columns[0], np.zeros_like(columns[0]), columns[1])
    if name == "thermal_relaxation":
        t1, t2, duration, population = columns
        # Times may be so short that everything has decayed: infinity stands for that.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            decays, dephases = duration / t1, duration / (t2 / 2)
            slack = np.where(np.isfinite(decays) & (duration > 0), np.maximum(dephases - decays, 0.0), 0.0)
        return _damping(-np.expm1(-decays), -np.expm1(-slack), population)
    raise KeyError(name)


def kraus_strength(operators: NDArray[np.complex128]) -> float:
    """Return 1 - lambda_max(Choi / 2^k) of Kraus operators, shape (m, 2^k, 2^k), trace preserving."""
    flat = operators.reshape(len(operators), -1)
    gram = flat.conj() @ flat.T / operators.shape[1]
    return max(0.0, 1 - float(np.linalg.eigvalsh(gram)[-1]))


def _damping(gamma: Real, lam: Real, population: Real) -> Real:
    """Amplitude damping after phase damping: a block of two eigenvalues, and the two populations that jump.

    The block has a + b = 2 - gamma, a - b = gamma (1 - 2 p_e) and c^2 = (1 - gamma)(1 - lambda); its larger eigenvalue
    is (a + b + s) / 4 with s^2 = (a - b)^2 + 4 c^2.
    """
    root = np.sqrt((gamma * (1 - 2 * population)) ** 2 + 4 * (1 - gamma) * (1 - lam))
    lost = 2 * gamma + lam - gamma * lam + gamma**2 * population * (1 - population)
    jump = gamma * np.maximum(population, 1 - population) / 2
    return np.asarray(np.minimum(lost / (2 + gamma + root), 1 - jump), dtype=np.float64)
