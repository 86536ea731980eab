"""A saved run as bytes: a line of JSON that describes it, then its arrays one after the other.

The runtime hashes checkpoints and knows which job each belongs to. What is read here is checked all the same before it
is believed: sizes against what is there, types against a list.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima_runtime.backend.engine import Buffer
from proxima_runtime.errors import InvalidArgument

from proxima_backend_lret.simulation import Plain, Saved

_TYPES = ("float32", "float64", "complex64", "complex128", "int64", "uint64", "uint8", "bool")
_MAX_HEAD_BYTES = 64 * 2**20
_MAX_DIMENSIONS = 4


def pack(saved: Saved) -> Sequence[Buffer]:
    """Return a saved run as bytes, in parts; the arrays are not copied where they are contiguous."""
    arrays = {name: np.ascontiguousarray(value) for name, value in saved.items() if isinstance(value, np.ndarray)}
    head = {
        "values": {name: value for name, value in saved.items() if not isinstance(value, np.ndarray)},
        "arrays": [[name, array.dtype.name, list(array.shape)] for name, array in arrays.items()],
    }
    line = json.dumps(head, allow_nan=False).encode()
    parts: list[Buffer] = [len(line).to_bytes(8, "little"), line]
    parts += [array.reshape(-1).view(np.uint8).data for array in arrays.values() if array.size]
    return parts


def unpack(data: memoryview) -> Saved:
    """Return what `pack` was given; arrays are read-only views of the bytes, perhaps unaligned: to be
    copied.

    Raises:
        InvalidArgument: it is no checkpoint of this backend (ERROR_REASON_INVALID_REQUEST).
    """
    try:
        return _unpack(data)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidArgument(
            f"the checkpoint cannot be read: {error}; start the run again",
            reason=errors_pb2.ERROR_REASON_INVALID_REQUEST,
            metadata={"field": "checkpoint"},
        ) from error


def _unpack(data: memoryview) -> Saved:
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(len(data) - 8, _MAX_HEAD_BYTES):
        raise ValueError("it is shorter than its head says")
    head = json.loads(bytes(data[8 : 8 + size]))
    if not isinstance(head, dict) or not isinstance(head["values"], dict) or not isinstance(head["arrays"], list):
        raise TypeError("its head is not that of a checkpoint")
    saved: dict[str, npt.NDArray[np.generic] | Plain] = dict(cast("dict[str, Plain]", head["values"]))
    at = 8 + size
    for name, type_name, shape in head["arrays"]:
        if type_name not in _TYPES or not isinstance(name, str):
            raise ValueError(f"it has an array of {type_name!r}")
        if not isinstance(shape, list) or len(shape) > _MAX_DIMENSIONS:
            raise ValueError("an array has too many dimensions")
        if any(not isinstance(extent, int) or isinstance(extent, bool) or extent < 0 for extent in shape):
            raise ValueError("an array has no shape")
        dtype = np.dtype(type_name)
        end = at + math.prod(shape) * dtype.itemsize
        if end > len(data):
            raise ValueError(f"array {name} ends after the checkpoint does")
        saved[name] = np.frombuffer(data, dtype=dtype, count=math.prod(shape), offset=at).reshape(shape)
        at = end
    if at != len(data):
        raise ValueError("there is something after its end")
    return saved
