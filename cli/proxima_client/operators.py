"""Small matrices of gates and channels: angles, order of operands, number of Kraus operators."""

import cmath
import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_QUBITS", "Matrix", "few_kraus", "first_operand_lowest", "u_angles"]

Matrix = NDArray[np.complex128]

MAX_QUBITS = 4
"""Most qubits of an explicit unitary or of Kraus operators in the contract."""

_NEGLIGIBLE = 1e-15


def u_angles(matrix: Matrix) -> tuple[float, float, float, float]:
    """Return theta, phi, lambda and a phase with exp(i phase) u(theta, phi, lambda) = matrix, to rounding."""
    (a, b), (c, d) = matrix.tolist()
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) >= abs(c):
        phase = cmath.phase(a)
        phi = cmath.phase(c) - phase if abs(c) > 0 else 0.0
        return theta, phi, cmath.phase(d) - phase - phi, phase
    phase = cmath.phase(a) if abs(a) > 0 else 0.0
    return theta, cmath.phase(c) - phase, cmath.phase(-b) - phase, phase


def first_operand_lowest(matrix: Matrix) -> Matrix:
    """Return a matrix whose first operand is the most significant bit with it as the least significant one.

    Shape (..., 2^k, 2^k), kept.
    """
    k = matrix.shape[-1].bit_length() - 1
    order = [int(format(index, f"0{k}b")[::-1], 2) for index in range(2**k)] if k else [0]
    return np.ascontiguousarray(matrix[..., order, :][..., order])


def few_kraus(operators: Matrix) -> Matrix:
    """Return the same channel by at most 4^k Kraus operators; as they are where they are few enough.

    More are replaced by the eigenvectors of the Choi matrix.
    """
    count, side = operators.shape[0], operators.shape[-1]
    if count <= side**2:
        return operators
    flat = operators.reshape(count, -1)
    values, vectors = np.linalg.eigh(flat.T @ flat.conj())
    kept = values > _NEGLIGIBLE * values[-1]
    return np.ascontiguousarray((vectors[:, kept] * np.sqrt(values[kept])).T.reshape(-1, side, side))
