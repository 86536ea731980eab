"""The wire format, feeds with their watchers, the intake of results, and places at an instance."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import result_pb2
from proxima_orchestrator.artifacts import DiscardedError, FolderArtifacts
from proxima_orchestrator.backends import Slots
from proxima_orchestrator.executions.intake import ResultIntake
from proxima_orchestrator.executions.watch import Feed
from proxima_orchestrator.wire import chunk_message, frame, locate_chunk, single_field
from proxima_runtime.errors import Internal, NotFound, ResourceExhausted, Unavailable


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1), st.integers(0, 2**63 - 1), st.binary(max_size=300))
def test_chunks_are_read_and_written_as_protobuf_does(
    item_index: int, array_index: int, offset: int, data: bytes
) -> None:
    """A chunk written here parses as the contract's message, and one written by protobuf is located here."""
    ours = chunk_message(item_index=item_index, array_index=array_index, offset=offset, data=data)
    chunk = result_pb2.ResultChunk(item_index=item_index, array_index=array_index, offset=offset, data=data)
    assert executions_pb2.ReadResultResponse.FromString(ours).result_chunk == chunk
    theirs = backend_pb2.ExecuteResponse(result_chunk=chunk).SerializeToString()
    field, position = single_field(theirs)
    found = locate_chunk(theirs, position)
    assert field == 5
    assert (found.item_index, found.array_index, found.offset, bytes(found.data)) == (
        item_index,
        array_index,
        offset,
        data,
    )


@given(st.binary(max_size=64))
def test_any_bytes_are_told_apart_without_harm(data: bytes) -> None:
    """Bytes that are no single field are said to be none; a chunk is located or refused as protobuf does."""
    field, position = single_field(data)
    if field:
        assert frame(field, data[position:])[-len(data[position:]) or len(data) :] == data[position:]
    try:
        expected = result_pb2.ResultChunk.FromString(data)
    except DecodeError:
        return
    found = locate_chunk(data, 0)
    assert bytes(found.data) == expected.data


async def collect(feed: Feed, *, deliver_results: bool = True) -> list[bytes]:
    """Everything that one watcher sees."""
    return [message async for message in feed.follow(deliver_results=deliver_results)]


async def test_every_watcher_sees_the_whole_result_and_the_end() -> None:
    """Watchers that come early or late get each message of the result once, in order, and the last snapshot last."""
    feed = Feed()
    feed.publish(b"one", final=False)
    early = asyncio.create_task(collect(feed))
    deaf = asyncio.create_task(collect(feed, deliver_results=False))
    await asyncio.sleep(0)
    feed.add_result(b"a")
    feed.publish(b"two", final=False)
    feed.add_result(b"b")
    late = asyncio.create_task(collect(feed))
    await asyncio.sleep(0)
    feed.publish(b"end", final=True)
    for task in (early, late):
        messages = await task
        assert [item for item in messages if item in (b"a", b"b")] == [b"a", b"b"]
        assert messages[-1] == frame(1, b"end")
    assert (await deaf)[-1] == frame(1, b"end")
    assert b"a" not in await deaf


async def test_a_closed_feed_ends_its_streams_with_the_error() -> None:
    """Closing a feed before the end raises the error in every stream."""
    feed = Feed()
    feed.publish(b"one", final=False)
    task = asyncio.create_task(collect(feed))
    await asyncio.sleep(0)
    feed.close(Unavailable("stopping", reason=errors_pb2.ERROR_REASON_DRAINING))
    with pytest.raises(Unavailable):
        await task


def intake_of(folder: Path, feed: Feed, *, limit: int = 2**30) -> ResultIntake:
    """An intake with a store in a folder."""
    store = FolderArtifacts(str(folder / "artifacts"), durable=False)
    return ResultIntake(name="x-1", engine="aer", feed=feed, store=store, max_result_bytes=limit)


def header(size: int, *, inline: bytes = b"", item_index: int = 0, declared: int | None = None) -> bytes:
    """A header of one uint8 array."""
    array = result_pb2.ArrayDescriptor(
        role=result_pb2.ARRAY_ROLE_STATEVECTOR,
        data_type=result_pb2.DATA_TYPE_UINT8,
        shape=[size],
        size_bytes=size if declared is None else declared,
        inline_data=inline,
    )
    message = result_pb2.ResultHeader(item_index=item_index, arrays=[array])
    return frame(4, message.SerializeToString())


async def feed_in(intake: ResultIntake, *messages: bytes) -> None:
    """Hand messages to an intake as a stream does."""
    for message in messages:
        field, position = single_field(message)
        await (intake.take_header if field == 4 else intake.take_chunk)(message, position)


def pieces(data: bytes, size: int) -> list[bytes]:
    """Chunk messages of an array."""
    return [
        chunk_message(item_index=0, array_index=0, offset=start, data=data[start : start + size])
        for start in range(0, len(data), size)
    ]


async def test_arrays_are_stored_by_their_digest(folder: Path) -> None:
    """An array that came in chunks is stored under its SHA-256 and reads back equal."""
    data = bytes(range(256)) * 400
    intake = intake_of(folder, Feed())
    await feed_in(intake, header(len(data)), *pieces(data, 1000))
    (artifact,) = await intake.finish()
    assert (artifact.sha256, artifact.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    store = FolderArtifacts(str(folder / "artifacts"), durable=True)
    assert store.read(artifact.sha256, 500, 10) == data[500:510]
    with pytest.raises(NotFound):
        store.read("0" * 64, 0, 1)


@given(cut=st.integers(0, 12), size=st.integers(1, 400))
def test_a_stream_taken_up_again_changes_nothing(tmp_path_factory: pytest.TempPathFactory, cut: int, size: int) -> None:
    """Whatever was received before a stream broke, sending everything again gives the same array once."""
    data = bytes(range(250)) * 5

    async def check() -> None:
        folder, feed = tmp_path_factory.mktemp("intake"), Feed()
        intake = intake_of(folder, feed)
        messages = [header(len(data)), *pieces(data, 120)]
        await feed_in(intake, *messages[:cut])
        intake.restart()
        await feed_in(intake, messages[0], *pieces(data, 120))
        (artifact,) = await intake.finish()
        assert artifact.sha256 == hashlib.sha256(data).hexdigest()
        feed.publish(b"end", final=True)
        seen = [m for m in await collect(feed) if single_field(m)[0] == 5]
        assert b"".join(bytes(locate_chunk(m, single_field(m)[1]).data) for m in seen) == data

    asyncio.run(check())


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [header(10)],
        [header(10), chunk_message(item_index=0, array_index=0, offset=5, data=b"x")],
        [header(10), chunk_message(item_index=0, array_index=0, offset=0, data=b"x" * 11)],
        [header(10), chunk_message(item_index=0, array_index=1, offset=0, data=b"x")],
        [header(10, inline=b"x")],
        [header(10, declared=11)],
        [header(10, item_index=1)],
        [header(70_000, inline=b"x" * 70_000)],
        [header(10), header(10, item_index=1)],
        [frame(4, b"\xff\xff")],
        [frame(5, b"\xff\xff")],
    ],
)
async def test_results_that_contradict_themselves_are_refused(folder: Path, messages: list[bytes]) -> None:
    """A backend whose result is incomplete, out of order or misdescribed fails the run and leaves no file."""
    intake = intake_of(folder, Feed())

    async def take_all() -> None:
        await feed_in(intake, *messages)
        await intake.finish()

    with pytest.raises(Internal) as caught:
        await take_all()
    assert caught.value.reason == errors_pb2.ERROR_REASON_ENGINE_FAILED
    await intake.discard()
    assert not list((folder / "artifacts" / "unfinished").iterdir())


async def test_written_bytes_are_readable_until_discarded(folder: Path) -> None:
    """An artifact reads back while it is written and after its commit; a discarded one says so."""
    store = FolderArtifacts(str(folder / "artifacts"), durable=False)
    kept, dropped = store.create("kept"), store.create("dropped")
    for writer, end in ((kept, b"67"), (dropped, b"89")):
        writer.append([b"0123", memoryview(b"45" + end)])
        assert writer.read(2, 4) == b"2345"
    kept.commit()
    assert kept.read(2, 4) == b"2345"
    dropped.discard()
    with pytest.raises(DiscardedError):
        dropped.read(2, 4)


async def test_results_over_the_limit_are_refused(folder: Path) -> None:
    """A result larger than the limit is refused at its header."""
    with pytest.raises(ResourceExhausted):
        await feed_in(intake_of(folder, Feed(), limit=5), header(6))


async def test_places_are_given_in_order() -> None:
    """Who waits longest gets the next place, and one who gave up is passed over."""
    slots = Slots(1)
    assert slots.try_take()
    order: list[int] = []

    async def take(number: int) -> None:
        await slots.take()
        order.append(number)

    tasks = [asyncio.create_task(take(number)) for number in range(3)]
    await asyncio.sleep(0)
    assert slots.waiting_count == 3
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    for _ in range(3):
        slots.give_back()
        await asyncio.sleep(0)
    await asyncio.gather(*tasks[1:])
    assert order == [1, 2]
    assert slots.waiting_count == 0
