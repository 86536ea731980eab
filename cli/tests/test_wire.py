"""Chunks taken apart by hand against protobuf."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import result_pb2
from proxima_client.wire import Chunk, decode_chunk, decode_message
from proxima_runtime.errors import Internal


@given(
    item=st.integers(0, 2**31 - 1),
    array=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    data=st.binary(max_size=300),
)
def test_a_chunk_is_read_as_protobuf_reads_it(item: int, array: int, offset: int, data: bytes) -> None:
    """Every chunk that protobuf writes is taken apart to the same fields."""
    part = result_pb2.ResultChunk(item_index=item, array_index=array, offset=offset, data=data)
    raw = executions_pb2.ExecuteResponse(result_chunk=part).SerializeToString()
    chunk = decode_chunk(raw)
    assert chunk is not None
    assert (chunk.item_index, chunk.array_index, chunk.offset, bytes(chunk.data)) == (item, array, offset, data)


@given(tail=st.binary(max_size=60), chunk_like=st.booleans())
def test_any_bytes_are_a_message_or_a_clear_error(*, tail: bytes, chunk_like: bool) -> None:
    """Broken bytes never raise anything but Internal, and a chunk that is read equals protobuf's reading."""
    raw = b"\x2a" + tail if chunk_like else tail
    try:
        message = decode_message(raw)
    except Internal:
        return
    if isinstance(message, Chunk):
        parsed = executions_pb2.ExecuteResponse.FromString(raw).result_chunk
        assert bytes(message.data) == parsed.data
        assert message.offset == parsed.offset


def test_bytes_that_are_no_message_name_the_version() -> None:
    """The error says that client and server may differ in version."""
    with pytest.raises(Internal, match="version"):
        decode_message(b"\xff\xff\xff")
