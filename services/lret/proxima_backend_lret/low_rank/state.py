"""L of one classical record, in planes that grow in place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.columns.kernels import VECTOR_BYTES, Planes
from proxima_backend_lret.jit import kernel
from proxima_backend_lret.low_rank.products import column_weights

Real = npt.NDArray[np.float64]


class State:
    """The unnormalised state L L^dagger of one classical record.

    Attributes:
        record: all classical bits as a number, bit b for classical bit b; bits that matter no more are 0.
        planes: shape (2, 2^n, capacity); see `columns.kernels`.
        rank: columns in use.
        weights: squared norm of each column in use, where that is not known an upper bound, float64, shape (rank,).
        weight: lower bound of the trace, within rounding: what was dropped is at most what is missing from it.
        settled: columns that the last compression left.
        excess: columns more than these, summed over the steps since.
    """

    def __init__(self, *, record: int, height: int, rank: int, capacity: int, single_precision: bool) -> None:
        self.record = record
        self.rank = rank
        self.weights: Real = np.zeros(rank)
        self.weight = 0.0
        self.settled = max(rank, 1)
        self.excess = 0
        dtype = np.dtype(np.float32) if single_precision else np.dtype(np.float64)
        self._flat: Planes = np.zeros(2 * height * capacity, dtype=dtype)
        self.planes: Planes = self._flat.reshape(2, height, capacity)

    @property
    def height(self) -> int:
        """2^n."""
        return int(self.planes.shape[1])

    @property
    def capacity(self) -> int:
        """Columns that there is room for."""
        return int(self.planes.shape[2])

    @property
    def is_single(self) -> bool:
        """The planes are float32."""
        return self.planes.dtype == np.float32

    @property
    def held_bytes(self) -> int:
        """Bytes of the planes."""
        return self._flat.nbytes

    def bytes_for(self, columns: int) -> int:
        """Return the bytes of the planes when there is room for so many columns."""
        return max(state_bytes(self.height, columns, itemsize=self.planes.itemsize), self.held_bytes)

    def reserve(self, columns: int) -> None:
        """Make room for so many columns. The memory grows where it is, so that nothing is held twice."""
        before, height = self.capacity, self.height
        after = capacity_for(columns, itemsize=self.planes.itemsize)
        if after <= before:
            return
        # No view of the memory may be left when it moves.
        del self.planes
        self._flat.resize(2 * height * after, refcheck=False)
        widen(self._flat, 2 * height, before, after)
        self.planes = self._flat.reshape(2, height, after)

    def weigh(self) -> None:
        """Measure the weights of the columns in use, and their sum."""
        self.weights = column_weights(self.planes, rank=self.rank)
        self.weight = float(self.weights.sum())

    def copied(self, *, record: int) -> State:
        """Return a copy with another record and room for no more than what is in use."""
        found = State(
            record=record,
            height=self.height,
            rank=self.rank,
            capacity=capacity_for(self.rank, itemsize=self.planes.itemsize),
            single_precision=self.is_single,
        )
        found.planes[:, :, : self.rank] = self.planes[:, :, : self.rank]
        found.weights, found.weight = self.weights.copy(), self.weight
        found.settled, found.excess = self.settled, self.excess
        return found


def zero_state(qubit_count: int, *, single_precision: bool) -> State:
    """Return |0...0> as one column."""
    found = State(record=0, height=1 << qubit_count, rank=1, capacity=1, single_precision=single_precision)
    found.planes[0, 0, 0] = 1
    found.weights[0] = found.weight = 1.0
    return found


def capacity_for(columns: int, *, itemsize: int) -> int:
    """Return the columns to make room for: whole vectors, or few and a power of two."""
    lanes = VECTOR_BYTES // itemsize
    if columns < lanes:
        return 1 << max(columns - 1, 0).bit_length()
    return -(-columns // lanes) * lanes


def state_bytes(height: int, columns: int, *, itemsize: int) -> int:
    """Return the bytes of planes with room for so many columns."""
    return 2 * height * itemsize * capacity_for(columns, itemsize=itemsize)


@kernel(
    "void(float32[::1], int64, int64, int64)",
    "void(float64[::1], int64, int64, int64)",
)
def widen(flat: Planes, rows: int, before: int, after: int) -> None:
    """Move `rows` rows of `before` entries to a distance of `after` >= before, in place; zeros come between."""
    for row in range(rows - 1, -1, -1):
        source, target = row * before, row * after
        for entry in range(before - 1, -1, -1):
            flat[target + entry] = flat[source + entry]
        for entry in range(before, after):
            flat[target + entry] = 0
