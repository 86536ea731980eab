"""Checkpoints of paused runs: a label and the engine's bytes, in a memfd.

The label says which job the bytes belong to and which versions wrote them, so that a run is never resumed from the
state of another one. One whose engine part is empty is of a run that had not begun, and resumes at the beginning.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Iterator
from pickle import PickleBuffer

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2

from proxima_runtime.backend.engine import Checkpoint
from proxima_runtime.errors import FailedPrecondition, InvalidArgument

# Magic number, digest of the job, digest of its producer, size of the engine's bytes; the engine's bytes are aligned.
_LABEL = struct.Struct("<16s32s32sQ40x")
_MAGIC = b"proxima ckpt 1\n\0"
LABEL_BYTES = _LABEL.size

# One message carries this much.
_CHUNK_BYTES = 2**20
_WRITE_BYTES = 2**28


def label(job: backend_pb2.Job, producer: result_pb2.Producer, *, size: int) -> bytes:
    """Return the label of a checkpoint.

    Args:
        job: the job with its thread count in force; its limits of memory and time do not count.
        producer: who computes it.
        size: size of the engine's bytes.
    """
    return _LABEL.pack(
        _MAGIC, _digest(job), hashlib.sha256(producer.SerializeToString(deterministic=True)).digest(), size
    )


def check_label(file: int, job: backend_pb2.Job, producer: result_pb2.Producer) -> None:
    """Check that a checkpoint is whole and that this job can be resumed from it here.

    Raises:
        InvalidArgument: it is no checkpoint, not whole, or of another job.
        FailedPrecondition: other versions wrote it.
    """
    total = os.fstat(file).st_size
    data = os.pread(file, LABEL_BYTES, 0)
    if len(data) < LABEL_BYTES:
        raise _invalid(f"has {total} bytes and no label of {LABEL_BYTES} bytes")
    magic, job_digest, producer_digest, size = _LABEL.unpack(data)
    if magic != _MAGIC:
        raise _invalid("does not begin as a checkpoint of this version does")
    if size != total - LABEL_BYTES:
        raise _invalid(f"has {total - LABEL_BYTES} bytes after its label, which says {size}; send it whole")
    expected = _LABEL.unpack(label(job, producer, size=size))
    if job_digest != expected[1]:
        raise _invalid(
            "is of another job: its circuit, results, method, precision, seed, threads or truncation differ; resume "
            "with the job that was paused"
        )
    if producer_digest != expected[2]:
        raise FailedPrecondition(
            "the checkpoint was written by another version of the backend or of its packages, and a run is not "
            "continued across versions; resume it where that version is installed, or run it again",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
            metadata={"backend": producer.backend},
        )


def write_checkpoint(
    checkpoint: Checkpoint, job: backend_pb2.Job, producer: result_pb2.Producer, *, free_bytes: int
) -> int:
    """Write a checkpoint with its label into a memfd and return its descriptor, which the caller owns.

    Raises:
        MemoryError: it is larger than `free_bytes`, or there is no memory for it; nothing is left behind.
    """
    parts = [PickleBuffer(part).raw() for part in checkpoint.parts]
    size = sum(part.nbytes for part in parts)
    # A memfd is memory that no address-space limit sees.
    if size + LABEL_BYTES > free_bytes:
        raise MemoryError(f"a checkpoint of {size} bytes does not fit the {max(free_bytes, 0)} bytes that are left")
    file = os.memfd_create("checkpoint", os.MFD_CLOEXEC)
    try:
        os.write(file, label(job, producer, size=size))
        for part in parts:
            position = 0
            while position < part.nbytes:
                position += os.write(file, part[position : position + _WRITE_BYTES])
    except OSError as error:
        os.close(file)
        raise MemoryError(f"no memory for a checkpoint of {size} bytes") from error
    return file


def map_checkpoint(file: int) -> memoryview | None:
    """Return the engine's bytes of a checkpoint, or None of a run that had not begun; closes the descriptor.

    The memory is given back with the last reference to what is returned.

    Raises:
        MemoryError: they do not fit the address space that is left.
    """
    try:
        size = os.fstat(file).st_size
        if size <= LABEL_BYTES:
            return None
        return memoryview(mmap.mmap(file, size, mmap.MAP_SHARED, mmap.PROT_READ))[LABEL_BYTES:]
    except OSError as error:
        raise MemoryError(f"no memory for a checkpoint of {size} bytes") from error
    finally:
        os.close(file)


class StoredCheckpoint:
    """A checkpoint in the service: on its way in, or kept for the caller.

    Attributes:
        file: descriptor of its memfd, which this object owns.
        size: its bytes, label included.
    """

    def __init__(self, file: int) -> None:
        self.file = file
        self.size = os.fstat(file).st_size

    @classmethod
    def of_beginning(cls, job: backend_pb2.Job, producer: result_pb2.Producer) -> StoredCheckpoint:
        """Return the checkpoint of a job that has not begun."""
        return cls(
            write_checkpoint(Checkpoint(parts=()), job, producer, free_bytes=LABEL_BYTES),
        )

    def messages(self) -> Iterator[bytes]:
        """Yield the serialised ExecuteResponses that carry it."""
        digest = hashlib.sha256()
        for offset in range(0, self.size, _CHUNK_BYTES):
            data = os.pread(self.file, _CHUNK_BYTES, offset)
            digest.update(data)
            is_last = offset + len(data) == self.size
            chunk = backend_pb2.CheckpointChunk(offset=offset, data=data, sha256=digest.hexdigest() if is_last else "")
            yield backend_pb2.ExecuteResponse(checkpoint_chunk=chunk).SerializeToString()

    def close(self) -> None:
        """Give the memory back; does nothing the second time."""
        if self.file >= 0:
            os.close(self.file)
            self.file = -1


def _digest(job: backend_pb2.Job) -> bytes:
    essence = backend_pb2.Job()
    essence.CopyFrom(job)
    for field in ("memory_limit_bytes", "timeout", "grace_period", "predicted_duration"):
        essence.ClearField(field)
    return hashlib.sha256(essence.SerializeToString(deterministic=True)).digest()


def _invalid(problem: str) -> InvalidArgument:
    return InvalidArgument(
        f"the checkpoint {problem}",
        reason=errors_pb2.ERROR_REASON_INVALID_REQUEST,
        metadata={"field": "input_chunk"},
    )
