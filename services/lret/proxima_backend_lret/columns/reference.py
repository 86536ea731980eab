"""What the kernels on planes compute, in plain numpy: slow, short, and what the tests hold them to.

Planes have shape (2, 2^n, capacity), real; planes[0] are real and planes[1] imaginary parts of the columns of L, the
row index is a basis state with qubit 0 least significant, and the first `rank` columns are in use.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Planes = npt.NDArray[np.floating]
Complex = npt.NDArray[np.complex128]


def apply(planes: Planes, *, rank: int, qubits: Sequence[int], matrix: Complex) -> None:
    """Multiply the first `rank` columns by a matrix on k distinct qubits, in place, in double precision.

    Args:
        planes: shape (2, 2^n, capacity).
        rank: columns in use.
        qubits: the operands, the first the least significant bit of the index of `matrix`.
        matrix: shape (2^k, 2^k).
    """
    width = planes.shape[1].bit_length() - 1
    columns = as_columns(planes, rank=rank).reshape((2,) * width + (rank,))
    # Axis of a qubit: the highest qubit is the first axis.
    axes = [width - 1 - qubit for qubit in reversed(qubits)]
    gate = matrix.reshape((2,) * (2 * len(qubits)))
    product = np.tensordot(gate, columns, axes=(range(len(qubits), 2 * len(qubits)), axes))
    found = np.moveaxis(product, range(len(qubits)), axes).reshape(1 << width, rank)
    planes[0, :, :rank], planes[1, :, :rank] = found.real, found.imag


def as_columns(planes: Planes, *, rank: int) -> Complex:
    """Return the columns in use, complex128, shape (2^n, rank)."""
    return planes[0, :, :rank].astype(np.float64) + 1j * planes[1, :, :rank]
