"""Expectation values of Pauli sums: exact ones of a state, and means of samples with their standard error.

A Pauli string is written highest qubit first, over the qubits of the columns; qubit 0 is the least significant bit of a
state's index. P|j> = i^(number of Y) (-1)^(number of ones of j & z_mask) |j xor x_mask>.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import observable_pb2, result_pb2

State = npt.NDArray[np.complexfloating]
Real = npt.NDArray[np.float64]

# Basis states taken at once: small beside any state worth the care, large beside the cost of a call.
_BLOCK_BITS = 14
_PHASES = (1, 1j, -1, -1j)


def pauli_masks(pauli: str) -> tuple[int, int, int]:
    """Return the bits that a Pauli string flips (X and Y), those whose sign it takes (Z and Y), and its number of Y."""
    x_mask = int(pauli.translate(_FLIPS) or "0", 2)
    z_mask = int(pauli.translate(_SIGNS) or "0", 2)
    return x_mask, z_mask, pauli.count("Y")


_FLIPS = str.maketrans("IXYZ", "0110")
_SIGNS = str.maketrans("IXYZ", "0011")


def expectation(observable: observable_pb2.Observable, state: State) -> float:
    """Return Tr(H rho), summed in double precision, for H = sum of coefficients times Pauli strings.

    Args:
        observable: over the qubits of the state.
        state: a state vector, shape (2^n,), or a density matrix, shape (2^n, 2^n); not normalised here.
    """
    return math.fsum(
        coefficient * _pauli_expectation(pauli, state)
        for pauli, coefficient in zip(observable.paulis, observable.coefficients, strict=True)
    )


def expectation_values(
    observables: Iterable[observable_pb2.Observable], state: State
) -> list[result_pb2.ExpectationValue]:
    """Return the exact expectation value of each observable, in order, without a standard error."""
    return [
        result_pb2.ExpectationValue(name=observable.name, value=expectation(observable, state))
        for observable in observables
    ]


def mean_with_error(values: Sequence[float] | Real, weights: Sequence[int] | None = None) -> tuple[float, float]:
    """Return the mean of independent samples and its standard error.

    With weights the samples are clusters: `weights[j]` shots share trajectory j, whose value is `values[j]`. The error
    is then the linearised one of a ratio, sqrt(m / (m - 1) sum w_j^2 (v_j - mean)^2) / sum w_j for m clusters
    (Cochran, Sampling Techniques, section 6.3). Repeat a value that independent trajectories have in common; do not
    weight it.

    Raises:
        ValueError: there are fewer than 2 samples, or a weight is not positive.
    """
    found = np.asarray(values, dtype=np.float64)
    sizes = np.ones(len(found)) if weights is None else np.asarray(weights, dtype=np.float64)
    count = len(found)
    if count < 2:
        raise ValueError(f"a standard error needs at least 2 samples, there are {count}")
    if len(sizes) != count or not np.all(sizes > 0):
        raise ValueError("weights must be positive, one a sample")
    total = float(sizes.sum())
    mean = float(sizes @ found) / total
    spread = float(np.sum((sizes * (found - mean)) ** 2))
    return mean, math.sqrt(count / (count - 1) * spread) / total


def _pauli_expectation(pauli: str, state: State) -> float:
    """Return Tr(P rho), block by block, so that a large state needs little memory beside itself."""
    x_mask, z_mask, y_count = pauli_masks(pauli)
    bits = state.shape[0].bit_length() - 1
    low = min(bits, _BLOCK_BITS)
    size = 1 << low
    low_mask = size - 1
    places = np.arange(size) ^ (x_mask & low_mask)
    signs = _signs(z_mask & low_mask, low)
    total = 0.0
    for start in range(0, 1 << bits, size):
        partner = start ^ (x_mask & ~low_mask)
        if state.ndim == 1:
            ket = state[start : start + size].astype(np.complex128)
            bra = state[partner : partner + size][places].astype(np.complex128).conj()
            block = complex(np.dot(signs * ket, bra))
        else:
            entries = state[np.arange(start, start + size), partner + places].astype(np.complex128)
            block = complex(np.dot(signs, entries))
        odd = (start & z_mask).bit_count() & 1
        total += ((-block if odd else block) * _PHASES[y_count & 3]).real
    return total


def _signs(mask: int, bits: int) -> Real:
    """Return (-1)^(number of ones of j & mask) for j below 2^bits."""
    signs = np.ones(1)
    for place in range(bits):
        signs = np.concatenate((signs, -signs if (mask >> place) & 1 else signs))
    return signs
