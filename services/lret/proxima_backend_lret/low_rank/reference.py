"""What the kernels of low rank compute, in plain numpy: slow, short, and what the tests hold the kernels to.

Planes have shape (2, 2^n, capacity), real; the first `rank` columns are in use.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns.reference import apply, as_columns

Planes = npt.NDArray[np.floating]
Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Integers = npt.NDArray[np.int64]

_PAULIS: Complex = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def reduced_states(planes: Planes, *, count: int, qubits: Sequence[int]) -> Complex:
    """Return the reduced states of k qubits of the first `count` columns, shape (count, 2^k, 2^k)."""
    width = planes.shape[1].bit_length() - 1
    columns = as_columns(planes, rank=count).reshape((2,) * width + (count,))
    axes = [width - 1 - qubit for qubit in reversed(qubits)]
    front = np.moveaxis(columns, axes, range(len(axes))).reshape(1 << len(axes), -1, count)
    found: Complex = np.einsum("aic,bic->cab", front, front.conj())
    return found


def column_weights(planes: Planes, *, rank: int) -> Real:
    """Return the squared norms of the columns in use."""
    found: Real = (np.abs(as_columns(planes, rank=rank)) ** 2).sum(axis=0)
    return found


def spread(
    planes: Planes, *, rank: int, qubits: Sequence[int], leading: Complex, sources: Integers, operators: Complex
) -> None:
    """Apply an operator to the columns in use, and write behind them what other operators make of some of them."""
    before = planes.copy()
    apply(planes, rank=rank, qubits=qubits, matrix=leading)
    for place, (source, operator) in enumerate(zip(sources, operators, strict=True)):
        column = np.ascontiguousarray(before[:, :, source : source + 1])
        apply(column, rank=1, qubits=qubits, matrix=operator)
        planes[:, :, rank + place] = column[:, :, 0]


def gram(planes: Planes, *, rank: int) -> Complex:
    """Return L^dagger L, shape (rank, rank)."""
    columns = as_columns(planes, rank=rank)
    found: Complex = columns.conj().T @ columns
    return found


def rotate(planes: Planes, *, rank: int, rotation: Complex) -> None:
    """Replace the columns in use by L W, W of shape (rank, kept)."""
    found = as_columns(planes, rank=rank) @ rotation
    planes[0, :, : rotation.shape[1]], planes[1, :, : rotation.shape[1]] = found.real, found.imag


def pauli_vector(planes: Planes, *, rank: int) -> Real:
    """Return Tr(P L L^dagger) of every Pauli string, shape (4^n,), digits I X Y Z, qubit 0 the least significant."""
    width = planes.shape[1].bit_length() - 1
    columns = as_columns(planes, rank=rank)
    state = (columns @ columns.conj().T).reshape((2,) * (2 * width))
    # One qubit after the other: its two axes, of row and column, become the digit, the highest qubit first.
    for done in range(width):
        state = np.moveaxis(np.tensordot(_PAULIS, state, axes=([2, 1], [done, width])), 0, done)
    found: Real = state.real.reshape(-1)
    return found
