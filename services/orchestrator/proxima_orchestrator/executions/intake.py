"""Takes in the result of a run: checks it, hands it to the watchers and writes its arrays while it streams."""

from __future__ import annotations

import asyncio
import functools
import math
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import Internal, ResourceExhausted

from proxima_orchestrator.artifacts import ArtifactStore, ArtifactWriter, Buffer
from proxima_orchestrator.executions.record import ArtifactRecord
from proxima_orchestrator.executions.watch import Feed
from proxima_orchestrator.wire import chunk_message, locate_chunk

# What may wait for the disk; reading the backend's stream pauses above it.
_BACKLOG_BYTES = 32 * 2**20
_INLINE_BYTES = 65_536
_ELEMENT_BYTES = {
    result_pb2.DATA_TYPE_UINT8: 1,
    result_pb2.DATA_TYPE_UINT64: 8,
    result_pb2.DATA_TYPE_FLOAT64: 8,
    result_pb2.DATA_TYPE_COMPLEX64: 8,
    result_pb2.DATA_TYPE_COMPLEX128: 16,
}


@dataclass(slots=True)
class _Array:
    item_index: int
    array_index: int
    size: int
    writer: ArtifactWriter
    received: int = 0


class ResultIntake:
    """The result of one attempt, item by item, array by array.

    A lost stream may be taken up again: the backend then sends everything from the beginning, and what is here already
    is compared by its header and passed over.
    """

    def __init__(self, *, name: str, engine: str, feed: Feed, store: ArtifactStore, max_result_bytes: int) -> None:
        """Start with nothing; `name` is unique among attempts and names the unfinished artifacts."""
        self._name = name
        self._engine = engine
        self._feed = feed
        self._store = store
        self._left_bytes = max_result_bytes
        self._raw_headers: list[bytes] = []
        self._arrays: list[_Array] = []
        # Of the stream that is being read: which of the arrays comes next.
        self._reading = 0
        self._headers_read = 0
        self._backlog: list[tuple[_Array, Buffer]] = []
        self._backlog_bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self.headers: list[result_pb2.ResultHeader] = []

    def restart(self) -> None:
        """A new stream begins; it sends everything again."""
        self._reading = 0
        self._headers_read = 0

    async def take_header(self, message: bytes, position: int) -> None:
        """Take a header, whose body starts at `position` of the message.

        Raises:
            Internal: ENGINE_FAILED; it contradicts itself or what came before.
            ResourceExhausted: MESSAGE_LIMIT or STORAGE_FULL.
        """
        raw = message[position:]
        index = self._headers_read
        self._headers_read += 1
        if index < len(self._raw_headers):
            if raw != self._raw_headers[index]:
                raise self._broken("sent another header after it was attached to again")
            return
        if any(array.received < array.size for array in self._arrays):
            raise self._broken("sent a header before the last array was complete")
        try:
            header = result_pb2.ResultHeader.FromString(raw)
        except DecodeError as error:
            raise self._broken("sent a header that does not parse") from error
        if header.item_index != len(self.headers):
            raise self._broken(f"sent item {header.item_index} where {len(self.headers)} was due")
        for array_index, array in enumerate(header.arrays):
            self._check(array_index, array)
            if not array.inline_data and array.size_bytes:
                name = f"{self._name}-{header.item_index}-{array_index}"
                writer = await asyncio.to_thread(self._store.create, name)
                self._arrays.append(_Array(header.item_index, array_index, array.size_bytes, writer))
        self._raw_headers.append(raw)
        self.headers.append(header)
        self._feed.add_result(message)

    async def take_chunk(self, message: bytes, position: int) -> None:
        """Take a chunk, whose body starts at `position` of the message; waits while the disk is far behind.

        Raises:
            Internal: ENGINE_FAILED; it is not the piece that is due.
            ResourceExhausted: STORAGE_FULL.
        """
        try:
            chunk = locate_chunk(message, position)
        except DecodeError as error:
            raise self._broken("sent a chunk that does not parse") from error
        key = (chunk.item_index, chunk.array_index)
        while self._reading < len(self._arrays) and key != self._key(self._reading):
            self._reading += 1
        if self._reading == len(self._arrays):
            raise self._broken(f"sent a chunk of array {key}, which is not due")
        array = self._arrays[self._reading]
        end = chunk.offset + len(chunk.data)
        if end <= array.received:
            return
        if chunk.offset != array.received or end > array.size:
            raise self._broken(
                f"sent bytes {chunk.offset} to {end} of array {key}, {array.received} of {array.size} were due"
            )
        array.received = end
        self._feed.add_result(
            message, read_back=functools.partial(self._read_back, array, chunk.offset, len(chunk.data))
        )
        self._backlog.append((array, chunk.data))
        self._backlog_bytes += len(chunk.data)
        if self._flusher is None or self._flusher.done():
            self._raise_failure()
            self._flusher = asyncio.create_task(self._flush())
        if self._backlog_bytes > _BACKLOG_BYTES:
            await self._flusher

    async def finish(self) -> list[ArtifactRecord]:
        """Write what is left and return the artifacts.

        Raises:
            Internal: ENGINE_FAILED; the result is not complete.
            ResourceExhausted: STORAGE_FULL.
        """
        if not self.headers:
            raise self._broken("said that it is done and sent no result")
        for array in self._arrays:
            if array.received < array.size:
                raise self._broken(f"sent {array.received} of {array.size} bytes of array {array.array_index}")
        if self._flusher is not None:
            await self._flusher
        records = []
        for array in self._arrays:
            sha256, size = await asyncio.to_thread(array.writer.commit)
            records.append(
                ArtifactRecord(
                    item_index=array.item_index, array_index=array.array_index, sha256=sha256, size_bytes=size
                )
            )
        return records

    async def discard(self) -> None:
        """Forget what was written; the result does not count."""
        if self._flusher is not None:
            await asyncio.wait([self._flusher])
            self._raise_failure(ignore=True)
        for array in self._arrays:
            await asyncio.to_thread(array.writer.discard)

    def _key(self, index: int) -> tuple[int, int]:
        return self._arrays[index].item_index, self._arrays[index].array_index

    def _check(self, index: int, array: result_pb2.ArrayDescriptor) -> None:
        expected = math.prod(array.shape) * _ELEMENT_BYTES.get(array.data_type, 0)
        inline = len(array.inline_data)
        if array.size_bytes != expected or any(extent < 0 for extent in array.shape):
            raise self._broken(f"describes array {index} of shape {tuple(array.shape)} with {array.size_bytes} bytes")
        if inline and (inline != array.size_bytes or inline > _INLINE_BYTES):
            raise self._broken(f"sent {inline} inline bytes of array {index}, which has {array.size_bytes}")
        self._left_bytes -= array.size_bytes
        if self._left_bytes < 0:
            raise ResourceExhausted(
                "the result is larger than this orchestrator keeps (max_result_bytes); ask for less or raise it",
                reason=errors_pb2.ERROR_REASON_MESSAGE_LIMIT,
                metadata={"limit": "max_result_bytes"},
            )

    async def _flush(self) -> None:
        while self._backlog:
            batch, self._backlog = self._backlog, []
            count = self._feed.result_count
            # Adjacent pieces of one array go to the disk together.
            start = 0
            for index in range(1, len(batch) + 1):
                if index == len(batch) or batch[index][0] is not batch[start][0]:
                    pieces = [data for _, data in batch[start:index]]
                    await asyncio.to_thread(batch[start][0].writer.append, pieces)
                    start = index
            self._backlog_bytes -= sum(len(data) for _, data in batch)
            self._feed.trim(count)

    def _raise_failure(self, *, ignore: bool = False) -> None:
        if self._flusher is not None and self._flusher.done() and not self._flusher.cancelled():
            error = self._flusher.exception()
            if error is not None and not ignore:
                raise error

    async def _read_back(self, array: _Array, offset: int, size: int) -> bytes:
        data = await asyncio.to_thread(array.writer.read, offset, size)
        return chunk_message(item_index=array.item_index, array_index=array.array_index, offset=offset, data=data)

    def _broken(self, what: str) -> Internal:
        return Internal(
            f"the backend broke the contract: engine {self._engine} {what}",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": self._engine, "message": what},
        )
