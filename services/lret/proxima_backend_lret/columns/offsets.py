"""Rows of the values of some qubits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def offsets(qubits: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return, for each value of k qubits, the row where all others are 0, int64, shape (2^k,).

    The first of the qubits is the least significant bit of a value.
    """
    values = np.arange(1 << len(qubits), dtype=np.int64)
    found = np.zeros_like(values)
    for place, qubit in enumerate(qubits):
        found |= (values >> place & 1) << qubit
    return found
