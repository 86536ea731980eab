"""Fewer columns from the right: L -> L W with W W^dagger <= 1, which drops a positive part of L L^dagger or nothing.

With r <= 2^n columns, W has the heavier eigenvectors of L^dagger L. That these are computed from a Gram matrix that
was rounded costs nothing: W is an isometry all the same, and what it dropped is measured afterwards. With more columns
the eigenvectors V of L L^dagger give the new columns V sqrt(lambda), which is L W for W = L^dagger V / sqrt(lambda).
Rows are never projected by themselves (a range finder): that would not leave a certificate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.low_rank.products import Planes, gram, rotate
from proxima_backend_lret.low_rank.state import State

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

_WORTH_ROTATING = 0.95


def compress(state: State, *, droppable: float, single_precision: bool) -> bool:
    """Rotate the columns to the eigenvectors of the state and drop the lightest.

    Args:
        state: with at most 2^n columns, all weights measured.
        droppable: weight that may be dropped in all.
        single_precision: multiply by W in single precision; else in double, and round once.

    Returns:
        Whether the columns were rotated; where too few can be dropped they are left as they are.
    """
    values, vectors = np.linalg.eigh(gram(state.planes, rank=state.rank))
    count = droppable_count(values, droppable)
    if state.rank - count > _WORTH_ROTATING * state.rank:
        state.settled = state.rank
        return False
    rotation = np.ascontiguousarray(vectors[:, count:][:, ::-1])
    rotate(state.planes, rank=state.rank, rotation=rotation, single_precision=single_precision)
    state.rank = state.settled = rotation.shape[1]
    state.weigh()
    return True


def dense(state: State) -> Complex:
    """Return L L^dagger, complex128, shape (2^n, 2^n)."""
    return density(state.planes, rank=state.rank)


def density(planes: Planes, *, rank: int) -> Complex:
    """Return L L^dagger of the columns in use, in double precision, complex128, shape (2^n, 2^n)."""
    re = planes[0, :, :rank].astype(np.float64, copy=False)
    im = planes[1, :, :rank].astype(np.float64, copy=False)
    found = np.empty((planes.shape[1],) * 2, dtype=np.complex128)
    cross = im @ re.T
    found.imag = cross - cross.T
    del cross
    real = re @ re.T
    real += im @ im.T
    found.real = real
    return found


def mapped(matrix: Complex, operators: Complex, qubits: Sequence[int]) -> Complex:
    """Return sum over a of K_a rho K_a^dagger for a matrix rho of shape (2^n, 2^n), K_a on k qubits."""
    width, k = len(matrix).bit_length() - 1, len(qubits)
    count = len(operators)
    axes = [width - 1 - qubit for qubit in reversed(qubits)]
    rows = operators.reshape(count, -1)
    side = 1 << k
    # Indexed by row and column of the result, then by row and column of rho.
    map_of = (rows.T @ rows.conj()).reshape((side,) * 4).transpose(0, 2, 1, 3).reshape((2,) * (4 * k))
    tensor = matrix.reshape((2,) * (2 * width))
    both = axes + [width + axis for axis in axes]
    product = np.tensordot(map_of, tensor, axes=(range(2 * k, 4 * k), both))
    return np.ascontiguousarray(np.moveaxis(product, range(2 * k), both)).reshape(matrix.shape)


def factor(state: State, matrix: Complex, *, droppable: float) -> None:
    """Let the columns of a state be those of a positive matrix of shape (2^n, 2^n), less the lightest."""
    values, vectors = np.linalg.eigh(matrix)
    count = droppable_count(values, droppable)
    vectors[:, count:] *= np.sqrt(np.maximum(values[count:], 0.0))
    columns = vectors[:, count:][:, ::-1]
    state.rank = state.settled = columns.shape[1]
    state.reserve(state.rank)
    state.planes[0, :, : state.rank], state.planes[1, :, : state.rank] = columns.real, columns.imag
    state.weigh()


def droppable_count(values: Real, droppable: float) -> int:
    """Return how many of the ascending eigenvalues may go, never all; negative ones are zero but for rounding."""
    gone = np.cumsum(np.maximum(values, 0.0))
    return min(int(np.searchsorted(gone, droppable, side="right")), len(values) - 1)
