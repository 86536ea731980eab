"""Reads the stream of a run without copying its arrays.

Execute, WatchExecution and ReadResult send messages with the same field numbers. A result chunk is taken apart by hand,
so that its data is a view into the received bytes; protobuf's Python would copy it twice. Everything else, and every
chunk that is not laid out plainly, goes through protobuf.
"""

from dataclasses import dataclass

from google.protobuf.message import DecodeError
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima_runtime.errors import Internal

__all__ = ["Chunk", "decode_chunk", "decode_message"]

_RESULT_CHUNK = 5 << 3 | 2
_ITEM_INDEX = 1 << 3
_ARRAY_INDEX = 2 << 3
_OFFSET = 3 << 3
_DATA = 4 << 3 | 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A piece of an array: `data` starts `offset` bytes into array `array_index` of item `item_index`."""

    item_index: int
    array_index: int
    offset: int
    data: memoryview


def decode_message(raw: bytes) -> executions_pb2.ExecuteResponse | Chunk:
    """Decode one message of a run's stream.

    Raises Internal (reason INTERNAL) for bytes that are no such message.
    """
    chunk = decode_chunk(raw)
    if chunk is not None:
        return chunk
    try:
        message = executions_pb2.ExecuteResponse.FromString(raw)
    except DecodeError as error:
        raise Internal(
            f"the server sent {len(raw)} bytes that are no message of a run; client and server may differ in version",
            reason=errors_pb2.ERROR_REASON_INTERNAL,
        ) from error
    if message.WhichOneof("message") == "result_chunk":
        part = message.result_chunk
        return Chunk(
            item_index=part.item_index,
            array_index=part.array_index,
            offset=part.offset,
            data=memoryview(part.data),
        )
    return message


def decode_chunk(raw: bytes) -> Chunk | None:
    """Decode a message that holds one result chunk and nothing else; None for any other."""
    if not raw or raw[0] != _RESULT_CHUNK:
        return None
    end = len(raw)
    numbers = {_ITEM_INDEX: 0, _ARRAY_INDEX: 0, _OFFSET: 0}
    data = memoryview(b"")
    try:
        size, position = _varint(raw, 1)
        if position + size != end:
            return None
        while position < end:
            tag = raw[position]
            if tag in numbers:
                numbers[tag], position = _varint(raw, position + 1)
            elif tag == _DATA:
                length, position = _varint(raw, position + 1)
                data = memoryview(raw)[position : position + length]
                position += length
            else:
                return None
    except IndexError:
        return None
    if position != end or numbers[_OFFSET] >= 2**63 or max(numbers[_ITEM_INDEX], numbers[_ARRAY_INDEX]) >= 2**31:
        return None
    return Chunk(item_index=numbers[_ITEM_INDEX], array_index=numbers[_ARRAY_INDEX], offset=numbers[_OFFSET], data=data)


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    """The varint at `position` and the position after it. IndexError where the bytes end or it is too long."""
    value = shift = 0
    while True:
        byte = raw[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise IndexError
