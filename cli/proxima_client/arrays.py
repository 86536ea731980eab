"""Receives the arrays of a result: memory is taken once from the header, chunks land in place."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import Internal, ResourceExhausted

from proxima_client.wire import Chunk

__all__ = ["Array", "ResultReceiver"]

_DTYPES: dict[int, np.dtype[np.generic]] = {
    result_pb2.DATA_TYPE_UINT8: np.dtype("u1"),
    result_pb2.DATA_TYPE_UINT64: np.dtype("<u8"),
    result_pb2.DATA_TYPE_FLOAT64: np.dtype("<f8"),
    result_pb2.DATA_TYPE_COMPLEX64: np.dtype("<c8"),
    result_pb2.DATA_TYPE_COMPLEX128: np.dtype("<c16"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Array:
    """One array of a result.

    `role` is a value of `ArrayRole`, `axis_bits` the declared index of each axis bit, least significant first; they
    number classical bits where `over_clbits`, else qubits.
    """

    role: int
    data: NDArray[np.generic]
    axis_bits: tuple[int, ...]
    over_clbits: bool


class ResultReceiver:
    """Takes a header and its chunks, in any number of transfers, until every array is whole."""

    def __init__(self) -> None:
        self.header: result_pb2.ResultHeader | None = None
        self._arrays: list[Array] = []
        self._bytes: list[NDArray[np.uint8]] = []
        self._received: list[int] = []

    def take_header(self, header: result_pb2.ResultHeader) -> None:
        """Take the header; the same header once more (a transfer that starts again) keeps the memory.

        Raises:
            Internal: the header contradicts itself or another one.
            ResourceExhausted: the arrays do not fit this machine's memory.
        """
        if header.item_index != 0:
            raise _broken(f"item {header.item_index} of a run with one item")
        if self.header is not None:
            if self._shape_of(header) != self._shape_of(self.header):
                raise _broken("two different headers of one result")
        else:
            self._allocate(header)
        self.header = header
        for index, descriptor in enumerate(header.arrays):
            inline = descriptor.inline_data
            if inline:
                if len(inline) != self._bytes[index].size:
                    raise _broken(f"{len(inline)} inline bytes for an array of {self._bytes[index].size}")
                self._bytes[index][:] = np.frombuffer(inline, dtype=np.uint8)
                self._received[index] = len(inline)

    def take_chunk(self, chunk: Chunk) -> None:
        """Take a chunk; one that was taken before is written again, a gap is an error.

        Raises:
            Internal: the chunk has no place in the result.
        """
        if self.header is None or chunk.item_index != 0 or chunk.array_index >= len(self._bytes):
            raise _broken(f"a chunk of array {chunk.array_index} that no header announced")
        target = self._bytes[chunk.array_index]
        end = chunk.offset + len(chunk.data)
        if chunk.offset > self._received[chunk.array_index] or end > target.size:
            raise _broken(f"bytes {chunk.offset} to {end} of an array of {target.size} out of order")
        target[chunk.offset : end] = np.frombuffer(chunk.data, dtype=np.uint8)
        self._received[chunk.array_index] = max(self._received[chunk.array_index], end)

    @property
    def is_complete(self) -> bool:
        """Whether the header and every byte of every array are here."""
        return self.header is not None and all(
            received == target.size for received, target in zip(self._received, self._bytes, strict=True)
        )

    @property
    def position(self) -> tuple[int, int]:
        """Array index and byte offset of the first byte that is missing; (0, 0) where nothing is here."""
        for index, (received, target) in enumerate(zip(self._received, self._bytes, strict=True)):
            if received < target.size:
                return index, received
        return 0, 0

    def arrays(self) -> tuple[Array, ...]:
        """Return the arrays. Raises Internal where bytes are missing."""
        if not self.is_complete:
            raise _broken("a result that is not whole")
        return tuple(self._arrays)

    def _allocate(self, header: result_pb2.ResultHeader) -> None:
        for descriptor in header.arrays:
            dtype = _DTYPES.get(descriptor.data_type)
            if dtype is None:
                raise _broken(f"an array of data type {descriptor.data_type}, which this client does not know")
            shape = tuple(descriptor.shape)
            size = math.prod(shape) * dtype.itemsize
            if any(extent < 0 for extent in shape) or size != descriptor.size_bytes:
                raise _broken(f"an array of shape {shape} with {descriptor.size_bytes} bytes")
            try:
                data = np.empty(shape, dtype=dtype)
            except (MemoryError, ValueError) as error:
                raise ResourceExhausted(
                    f"this machine has no room for a result of {size} bytes; ask for counts, or run on fewer qubits",
                    reason=errors_pb2.ERROR_REASON_OUT_OF_MEMORY,
                    metadata={"needed_bytes": str(size)},
                ) from error
            self._arrays.append(
                Array(
                    role=descriptor.role,
                    data=data,
                    axis_bits=tuple(descriptor.axis_bits),
                    over_clbits=descriptor.bit_space == result_pb2.BIT_SPACE_CLBITS,
                )
            )
            self._bytes.append(data.reshape(-1).view(np.uint8))
            self._received.append(0)

    @staticmethod
    def _shape_of(header: result_pb2.ResultHeader) -> list[tuple[int, int, tuple[int, ...]]]:
        return [(array.role, array.data_type, tuple(array.shape)) for array in header.arrays]


def _broken(what: str) -> Internal:
    return Internal(
        f"the server sent {what}; client and server may differ in version (see `proxima version`)",
        reason=errors_pb2.ERROR_REASON_INTERNAL,
    )
