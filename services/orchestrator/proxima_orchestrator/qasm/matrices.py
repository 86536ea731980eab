"""Small unitary matrices: powers, controls, angles. complex128, the first operand is the least significant bit."""

import cmath
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Matrix", "angles", "apply", "controlled", "eigen", "principal_power"]

Matrix = NDArray[np.complex128]

# Directions in which two eigenvalues of a unitary are told apart; no two of them share an axis of symmetry.
_DIRECTIONS = (0.37, 1.13, 2.03, 2.71, 0.81, 1.61)
_DIAGONAL = 1e-13
_BRANCH = 1e-12


def apply(matrix: Matrix, qubits: Sequence[int], unitary: Matrix) -> Matrix:
    """Return an operator on some qubits of a unitary of shape (2^n, 2^n), multiplied onto it from the left."""
    n = len(unitary).bit_length() - 1
    k = len(qubits)
    axes = [n - 1 - qubit for qubit in reversed(qubits)]
    moved = np.moveaxis(unitary.reshape((2,) * n + (-1,)), axes, range(k))
    product = (matrix @ moved.reshape(2**k, -1)).reshape(moved.shape)
    return np.ascontiguousarray(np.moveaxis(product, range(k), axes)).reshape(2**n, -1)


def controlled(matrix: Matrix, controls: Sequence[bool]) -> Matrix:
    """Return the matrix on the later operands where every control, one of the first operands, has its value."""
    pattern = sum(1 << position for position, value in enumerate(controls) if value)
    stride = 1 << len(controls)
    result = np.eye(len(matrix) * stride, dtype=np.complex128)
    result[pattern::stride, pattern::stride] = matrix
    return result


def eigen(matrix: Matrix) -> tuple[NDArray[np.float64], Matrix]:
    """Return phases in (-pi, pi], shape (d,), and orthonormal eigenvectors in columns, shape (d, d), of a unitary.

    A Hermitian combination of the matrix and its adjoint has the same eigenvectors and, in one of a few directions,
    tells all of its eigenvalues apart. A phase within 1e-12 of -pi counts as pi.
    """
    best: tuple[float, Matrix, Matrix] | None = None
    for direction in _DIRECTIONS:
        turned = np.exp(-1j * direction) * matrix
        _, vectors = np.linalg.eigh((turned + turned.conj().T) / 2)
        image = vectors.conj().T @ matrix @ vectors
        residual = float(np.abs(image - np.diag(np.diag(image))).max())
        if best is None or residual < best[0]:
            best = residual, np.diag(image), vectors
        if residual < _DIAGONAL:
            break
    assert best is not None  # noqa: S101 - the loop runs
    phases = np.angle(best[1])
    return np.where(phases <= -math.pi + _BRANCH, math.pi, phases), best[2]


def principal_power(matrix: Matrix, exponent: float) -> Matrix:
    """Return exp(exponent log M) of a unitary M with the principal logarithm: phases in (-pi, pi], that of -1 is pi."""
    phases, vectors = eigen(matrix)
    return np.asarray((vectors * np.exp(1j * exponent * phases)) @ vectors.conj().T, dtype=np.complex128)


def angles(matrix: Matrix) -> tuple[float, float, float, float]:
    """Return theta, phi, lambda and a phase with exp(i phase) u(theta, phi, lambda) = matrix, to rounding."""
    (a, b), (c, d) = matrix.tolist()
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) >= abs(c):
        phase = cmath.phase(a)
        phi = cmath.phase(c) - phase if abs(c) > 0 else 0.0
        return theta, phi, cmath.phase(d) - phase - phi, phase
    phase = cmath.phase(a) if abs(a) > 0 else 0.0
    return theta, cmath.phase(c) - phase, cmath.phase(-b) - phase, phase
