"""Columns of little-endian bytes as arrays, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.convert.errors import malformed


def column(values: NDArray[np.generic], dtype: str) -> bytes:
    """Return the entries as bytes of the dtype, such as "<u4"."""
    return np.ascontiguousarray(values, dtype=dtype).tobytes()


def array(field: str, data: bytes, dtype: str) -> NDArray:  # type: ignore[type-arg]
    """Return bytes as a read-only array.

    Raises:
        InvalidArgument: MALFORMED_CIRCUIT; the length is no multiple of an entry's. Names the field.
    """
    size = np.dtype(dtype).itemsize
    if len(data) % size:
        raise malformed(field, f"has {len(data)} bytes, not a multiple of {size}")
    return np.frombuffer(data, dtype=dtype)
