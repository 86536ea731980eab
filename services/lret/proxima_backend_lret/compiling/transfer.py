"""Transfer matrices of maps, R[a, b] = Tr(P_a Phi(P_b)) / 2^k, and Choi matrices back from them.

Indices a and b are base 4 with digits I, X, Y, Z = 0, 1, 2, 3, the first operand the least significant digit.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.channels import pauli_matrix

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

BLOCK = 512
"""Maps that are worked on at once, which bounds what they take beside the result."""

# 1 where two Pauli operators commute, else -1.
_SIGNS: Real = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]], dtype=np.float64)


def transfer_of(operators: Complex) -> Real:
    """Return transfer matrices, float64, shape (maps, 4^k, 4^k); the first row is (1, 0, ..., 0) exactly.

    Args:
        operators: Kraus operators of maps that preserve the trace, complex128, shape (maps, m, 2^k, 2^k).
    """
    count, _, side, _ = operators.shape
    found: Real = np.empty((count, side * side, side * side))
    for start in range(0, count, BLOCK):
        found[start : start + BLOCK] = _turned(operators[start : start + BLOCK])
    found[:, 0, :] = 0
    found[:, 0, 0] = 1
    return found


def _turned(operators: Complex) -> Real:
    count, terms, side, _ = operators.shape
    size = side * side
    rows = operators.reshape(count, terms, size)
    # [(a b), (c d)] = sum K_ab conj(K_cd), then as a superoperator on row-major vec(rho): [(a c), (b d)].
    choi = rows.transpose(0, 2, 1) @ rows.conj() if terms > 1 else rows.transpose(0, 2, 1) * rows.conj()
    acts = choi.reshape(count, side, side, side, side).transpose(0, 1, 3, 2, 4).reshape(count * size, size)
    change = _change(side)
    half = (acts @ change.conj().T).reshape(count, size, size).transpose(0, 2, 1)
    # The last product of the transposed, so that all of them are one product of matrices.
    turned = (half.reshape(count * size, size) @ change.T).reshape(count, size, size)
    return np.asarray(turned.real.transpose(0, 2, 1))


def transfer_of_paulis(probabilities: Real) -> Real:
    """Return the transfer matrix of a mixture of Pauli operators, float64, shape (4^k, 4^k), diagonal.

    Args:
        probabilities: of each Pauli operator, shape (4^k,), which sum to 1.
    """
    # 1 - 2 (weight of those that anticommute): weak noise keeps all of its digits until the subtraction.
    found = np.diag(1 - _anticommuting(len(probabilities)) @ probabilities)
    found[0, 0] = 1
    return found


def choi_of(transfers: Real) -> Complex:
    """Return Choi matrices, Hermitian complex128, shape (maps, 4^k, 4^k), on row-major vec of Kraus operators.

    The Choi matrix is the sum of vec(K) vec(K)^dagger over Kraus operators K; its trace is 2^k.

    Args:
        transfers: float64, shape (maps, 4^k, 4^k).
    """
    count, size, _ = transfers.shape
    side = 1 << (size.bit_length() // 2)
    change = _change(side)
    half = (transfers.reshape(count * size, size) @ change).reshape(count, size, size).transpose(0, 2, 1)
    turned = (half.reshape(count * size, size) @ change.conj()).reshape(count, size, size).transpose(0, 2, 1)
    acts = turned.reshape(count, side, side, side, side)
    found = np.ascontiguousarray(acts.transpose(0, 1, 3, 2, 4).reshape(count, size, size))
    return np.asarray((found + found.conj().transpose(0, 2, 1)) / 2)


@functools.cache
def _anticommuting(size: int) -> Real:
    """Return 2 where two Pauli operators anticommute, else 0, float64, shape (4^k, 4^k)."""
    signs: Real = np.ones((1, 1))
    while len(signs) < size:
        signs = np.asarray(np.kron(_SIGNS, signs))
    return 1 - signs


@functools.cache
def _change(side: int) -> Complex:
    """Return the unitary from row-major vec to Pauli coefficients, both normalised."""
    count = side.bit_length() - 1
    paulis = np.stack([pauli_matrix(index, count).conj().reshape(-1) for index in range(side * side)])
    found = np.ascontiguousarray(paulis / np.sqrt(side), dtype=np.complex128)
    found.flags.writeable = False
    return found
