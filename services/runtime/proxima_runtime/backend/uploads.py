"""A checkpoint on its way from the caller into the service: pieces in order, without gaps, within its limit, hashed."""

from __future__ import annotations

import hashlib
import os

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2

from proxima_runtime.backend.checkpoints import StoredCheckpoint
from proxima_runtime.errors import InvalidArgument, ResourceExhausted
from proxima_runtime.quantities import readable_bytes

_MAX_CHUNK_BYTES = 2 * 2**20


class Upload:
    """One checkpoint that is being received into a memfd.

    Attributes:
        size: bytes so far.
    """

    def __init__(self, *, limit_bytes: int) -> None:
        """Begin with nothing; `limit_bytes` is the memory limit of the job."""
        self._limit_bytes = limit_bytes
        self._digest = hashlib.sha256()
        self._file = os.memfd_create("checkpoint", os.MFD_CLOEXEC)
        self.size = 0

    def take(self, chunk: backend_pb2.InputChunk) -> bool:
        """Take a piece and return whether it was the last.

        Raises:
            InvalidArgument: it is not the piece that is due, too large or empty, or the whole has another SHA-256.
            ResourceExhausted: INSUFFICIENT_MEMORY; there is more than the job may hold.
        """
        if chunk.offset != self.size:
            raise _invalid("offset", f"is {chunk.offset}, {self.size} is due: send the pieces in order without gaps")
        if not 0 < len(chunk.data) <= _MAX_CHUNK_BYTES:
            raise _invalid("data", f"has {len(chunk.data)} bytes, expected 1 to {_MAX_CHUNK_BYTES}")
        if self.size + len(chunk.data) > self._limit_bytes:
            raise ResourceExhausted(
                f"the checkpoint has more than the {readable_bytes(self._limit_bytes)} that the run may take in all; "
                "resume it with the memory limit with which it was paused",
                reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY,
                metadata={"available_bytes": str(self._limit_bytes)},
            )
        try:
            written = 0
            while written < len(chunk.data):
                written += os.write(self._file, memoryview(chunk.data)[written:])
        except OSError as error:
            raise ResourceExhausted(
                "the service has no memory for the checkpoint; try again when other runs have ended",
                reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY,
            ) from error
        self._digest.update(chunk.data)
        self.size += len(chunk.data)
        if chunk.last and chunk.sha256 != self._digest.hexdigest():
            raise _invalid(
                "sha256",
                f"is {chunk.sha256[:64] or 'missing'}, what arrived has {self._digest.hexdigest()}: the checkpoint was "
                "altered or cut on its way; send it again as it was received",
            )
        return chunk.last

    def finish(self) -> StoredCheckpoint:
        """Hand over what was received."""
        file, self._file = self._file, -1
        return StoredCheckpoint(file)

    def close(self) -> None:
        """Give the memory back, unless it was handed over."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _invalid(field: str, problem: str) -> InvalidArgument:
    return InvalidArgument(
        f"input_chunk.{field} {problem}",
        reason=errors_pb2.ERROR_REASON_INVALID_REQUEST,
        metadata={"field": f"input_chunk.{field}"},
    )
