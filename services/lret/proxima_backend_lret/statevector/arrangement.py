"""Where the qubits of a state vector are: positions, exchanges of them, and the order that results have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.statevector import kernels
from proxima_backend_lret.statevector.schedule import Exchange

Planes = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]

_RUN_BYTES = 16


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


def places(positions: Sequence[int]) -> Integers:
    """Return the index at which each value of some qubits is, of which `positions` are given, shape (2^count,)."""
    found = np.zeros(1, dtype=np.int64)
    for position in positions:
        found = np.concatenate((found, found | (1 << position)))
    return found


def chunks(count: int, size: int) -> Iterator[slice]:
    """Yield slices of `size` that cover `count` entries."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
