"""Just enough of the protobuf wire format to pass messages on without parsing them.

A result of 256 MiB crosses the orchestrator as the bytes it came in: messages are told apart by their first tag, chunks
are located in place. Whatever is not exactly one length-delimited field is left to the real parser.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxima.simulation.v1 import result_pb2

_CHUNK_FIELDS = (1, 2, 3)


def frame(field: int, body: bytes) -> bytes:
    """Return a message with one length-delimited field (1 to 2047) that holds `body`."""
    size = len(body)
    tag = field << 3 | 2
    head = bytearray((tag,) if tag < 0x80 else (tag & 0x7F | 0x80, tag >> 7))
    while size > 0x7F:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    head.append(size)
    return bytes(head) + body


def single_field(message: bytes) -> tuple[int, int]:
    """Return (field number, offset of its body) where a message is exactly one length-delimited field, else (0, 0)."""
    if len(message) < 2 or message[0] & 0x87 != 2:
        return 0, 0
    size, position = _varint(message, 1)
    if position < 0 or position + size != len(message):
        return 0, 0
    return message[0] >> 3, position


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A ResultChunk whose data still lies in the message it came in."""

    item_index: int
    array_index: int
    offset: int
    data: memoryview


def locate_chunk(message: bytes, position: int) -> Chunk:
    """Return the ResultChunk whose body starts at `position` of a message and reaches to its end.

    Raises:
        google.protobuf.message.DecodeError: it is no ResultChunk.
    """
    numbers = [0, 0, 0]
    place, end = position, len(message)
    while place < end:
        tag = message[place]
        number = tag >> 3
        if number in _CHUNK_FIELDS and tag & 7 == 0:
            value, place = _varint(message, place + 1)
            if place < 0 or value >= 2**63:
                break
            numbers[number - 1] = value
            continue
        if tag == 4 << 3 | 2:
            size, start = _varint(message, place + 1)
            # The data comes last in canonical order; another order is the real parser's.
            if start >= 0 and start + size == end:
                item_index, array_index, offset = numbers
                data = memoryview(message)[start:]
                return Chunk(item_index=item_index, array_index=array_index, offset=offset, data=data)
        break
    parsed = result_pb2.ResultChunk.FromString(message[position:])
    return Chunk(
        item_index=parsed.item_index, array_index=parsed.array_index, offset=parsed.offset, data=memoryview(parsed.data)
    )


def chunk_message(*, item_index: int, array_index: int, offset: int, data: bytes) -> bytes:
    """Return a message of the streams of results: field 5, a ResultChunk."""
    head = result_pb2.ResultChunk(item_index=item_index, array_index=array_index, offset=offset).SerializeToString()
    return frame(5, head + frame(4, data))


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """Return (value, position after it), or (0, -1) where there is none."""
    value = shift = 0
    while position < len(message) and shift < 64:
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
    return 0, -1
