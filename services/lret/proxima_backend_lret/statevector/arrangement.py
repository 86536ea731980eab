"""Where the qubits of a state vector are: positions, exchanges of them, and the order that results have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.statevector import kernels
from proxima_backend_lret.statevector.schedule import Exchange

Planes = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]

_RUN_BYTES = 16
_RUN_BITS = 5


def exchange(planes: Planes, found: Exchange) -> None:
    """Swap positions pairwise, in place.

    Args:
        planes: shape (2, 2^n), float32 or float64, C-contiguous.
        found: the positions.
    """
    for lane, other in zip(found.lanes, found.others, strict=True):
        unit = min(planes.itemsize << lane, _RUN_BYTES)
        # Runs of entries that stay together move as one of 8 or 16 bytes.
        shift = (unit // planes.itemsize).bit_length() - 1
        if unit == _RUN_BYTES:
            kernels.swap_runs(planes.view(np.complex128), 1 << (lane - shift), 1 << (other - shift))
        else:
            kernels.swap_neighbours(planes.view(f"f{unit}"), 1 << (other - shift))


def exchanged(positions: Sequence[int], found: Exchange) -> tuple[int, ...]:
    """Return the position of each qubit after an exchange."""
    moves = {**dict(zip(found.lanes, found.others, strict=True)), **dict(zip(found.others, found.lanes, strict=True))}
    return tuple(moves.get(position, position) for position in positions)


def places(positions: Sequence[int], kept: Sequence[int]) -> tuple[Integers, Integers]:
    """Return how entries are read in an order that is kind to caches.

    Args:
        positions: of each qubit.
        kept: the qubits of the result, the first the least significant bit of its index; over others it sums.

    Returns:
        For each value of some qubits its place in the planes and in the result, shape (2, 2^l), and for each value of
        the other qubits, shape (2, 2^(n-l)); places add up. The first table varies the lowest bits of both.
    """
    target = {qubit: 1 << place for place, qubit in enumerate(kept)}
    qubits = sorted(range(len(positions)), key=lambda qubit: positions[qubit])
    first = [*kept[:_RUN_BITS], *(qubit for qubit in qubits[:_RUN_BITS] if qubit not in kept[:_RUN_BITS])]
    rest = [qubit for qubit in qubits if qubit not in first]
    low, high = (
        np.stack([_sums([1 << positions[qubit] for qubit in part]), _sums([target.get(qubit, 0) for qubit in part])])
        for part in (first, rest)
    )
    return low, high


def _sums(values: Sequence[int]) -> Integers:
    """Return the sum of each subset of values, bit j of the index for value j."""
    found = np.zeros(1, dtype=np.int64)
    for value in values:
        found = np.concatenate((found, found + value))
    return found
