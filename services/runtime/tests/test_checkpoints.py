"""Receiving and labelling checkpoints, without a service."""

from __future__ import annotations

import hashlib
import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.backend.checkpoints import (
    LABEL_BYTES,
    StoredCheckpoint,
    check_label,
    map_checkpoint,
    write_checkpoint,
)
from proxima_runtime.backend.engine import Checkpoint
from proxima_runtime.backend.uploads import Upload
from proxima_runtime.errors import InvalidArgument
from proxima_runtime.testing import scripted_job

PRODUCER = result_pb2.Producer(backend="scripted", engine="scripted", package_versions={"a": "1", "b": "2"})


@given(data=st.binary(min_size=1, max_size=300), cuts=st.lists(st.integers(1, 299), max_size=6))
def test_any_cut_into_pieces_arrives_whole(data: bytes, cuts: list[int]) -> None:
    """However a checkpoint is cut, what arrives is what was sent, and the last piece is known as the last."""
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    digest = hashlib.sha256(data).hexdigest()
    upload = Upload(limit_bytes=len(data))

    ends = [
        upload.take(backend_pb2.InputChunk(offset=start, data=data[start:end], last=end == len(data), sha256=digest))
        for start, end in itertools.pairwise(places)
    ]

    stored = upload.finish()
    assert ends == [*[False] * (len(ends) - 1), True]
    assert os.pread(stored.file, 1000, 0) == data
    stored.close()


@given(data=st.binary(min_size=1, max_size=100), place=st.integers(0, 10_000))
def test_one_changed_byte_shows(data: bytes, place: int) -> None:
    """A byte that changed on the way is found by the SHA-256."""
    digest = hashlib.sha256(data).hexdigest()
    changed = bytearray(data)
    changed[place % len(data)] ^= 1
    upload = Upload(limit_bytes=1000)

    with pytest.raises(InvalidArgument, match="sha256"):
        upload.take(backend_pb2.InputChunk(data=bytes(changed), last=True, sha256=digest))
    upload.close()


@given(parts=st.lists(st.binary(max_size=200), max_size=4))
def test_what_is_written_is_what_an_engine_gets(parts: list[bytes]) -> None:
    """The parts come back in one piece, read-only; no parts are a run that had not begun."""
    job = scripted_job()
    size = sum(map(len, parts))

    file = write_checkpoint(Checkpoint(parts=parts), job, PRODUCER, free_bytes=LABEL_BYTES + size)
    check_label(file, job, PRODUCER)
    found = map_checkpoint(file)

    assert (b"" if found is None else bytes(found)) == b"".join(parts)
    assert found is None or found.readonly


def test_a_checkpoint_over_the_memory_that_is_left_is_not_written() -> None:
    """A byte more than fits is refused before a byte is copied."""
    with pytest.raises(MemoryError, match="1000 bytes"):
        write_checkpoint(Checkpoint(parts=[bytes(1000)]), scripted_job(), PRODUCER, free_bytes=LABEL_BYTES + 999)


@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_are_no_checkpoint(data: bytes) -> None:
    """Whatever is sent as a checkpoint is refused with a sentence, unless a service wrote it."""
    file = os.memfd_create("test")
    os.write(file, data)
    try:
        with pytest.raises(InvalidArgument, match="the checkpoint"):
            check_label(file, scripted_job(), PRODUCER)
    finally:
        os.close(file)


def test_limits_of_memory_and_time_do_not_make_another_job() -> None:
    """A run may be resumed with other limits than those with which it was paused."""
    job, other = scripted_job(), scripted_job()
    other.memory_limit_bytes = 2**30
    other.timeout.FromSeconds(7)
    other.grace_period.FromSeconds(7)
    other.predicted_duration.FromSeconds(7)

    stored = StoredCheckpoint.of_beginning(job, PRODUCER)

    check_label(stored.file, other, PRODUCER)
    stored.close()
