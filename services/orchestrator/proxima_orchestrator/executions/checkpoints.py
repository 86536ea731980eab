"""Checkpoints of paused runs between a backend's stream and the artifact store."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Self

import structlog
from google.protobuf.message import DecodeError
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Internal, ProximaError, ResourceExhausted

from proxima_orchestrator.artifacts import ArtifactStore, ArtifactWriter
from proxima_orchestrator.executions.record import ExecutionRecord

_CHUNK_BYTES = 2**20

log = structlog.get_logger(__name__)


class CheckpointIntake:
    """Takes in the checkpoint of one attempt, piece by piece; a stream that is taken up again sends it once more.

    What keeps it from being stored is remembered, and told by `finish`: the backend has paused by then, and the run is
    not lost for it.

    Attributes:
        limit_bytes: largest checkpoint; the memory limit of the run.
    """

    def __init__(self, *, execution_id: str, attempt: int, engine: str, store: ArtifactStore) -> None:
        self._execution_id = execution_id
        self._name = f"{execution_id}-{attempt}-checkpoint"
        self._engine = engine
        self._store = store
        self._writer: ArtifactWriter | None = None
        self._digest = hashlib.sha256()
        self._received = 0
        self._expected = ""
        self._failure: ProximaError | None = None
        self.limit_bytes = 0

    async def take(self, message: bytes, position: int) -> None:
        """Take a CheckpointChunk, whose body starts at `position` of the message.

        Raises:
            Internal: ENGINE_FAILED; it is not the piece that is due, or larger than the run's memory.
        """
        try:
            chunk = backend_pb2.CheckpointChunk.FromString(message[position:])
        except DecodeError as error:
            raise self._broken("sent a piece of a checkpoint that does not parse") from error
        end = chunk.offset + len(chunk.data)
        self._expected = chunk.sha256 or self._expected
        if end <= self._received:
            return
        if chunk.offset != self._received:
            raise self._broken(f"sent bytes {chunk.offset} to {end} of a checkpoint, {self._received} were due")
        if end > self.limit_bytes:
            raise self._broken(f"sent a checkpoint of more than the {self.limit_bytes} bytes of the run's memory")
        self._received = end
        self._digest.update(chunk.data)
        if self._failure is None:
            await self._append(chunk.data)

    async def _append(self, data: bytes) -> None:
        try:
            if self._writer is None:
                self._writer = await asyncio.to_thread(self._store.create, self._name)
            await asyncio.to_thread(self._writer.append, [data])
        except ResourceExhausted as error:
            self._failure = error

    async def finish(self) -> tuple[str, int]:
        """Keep what came, and return its name and size in bytes.

        Raises:
            Internal: ENGINE_FAILED; it is not whole.
            ResourceExhausted: STORAGE_FULL.
        """
        if self._failure is not None:
            raise self._failure
        if self._writer is None or self._expected != self._digest.hexdigest():
            raise self._broken("said that it has paused and sent a checkpoint that is not what its SHA-256 says")
        return await asyncio.to_thread(self._writer.keep, self._execution_id)

    async def discard(self) -> None:
        """Forget what was written, unless it was kept."""
        if self._writer is not None:
            await asyncio.to_thread(self._writer.discard)

    def _broken(self, what: str) -> Internal:
        return Internal(
            f"the backend broke the contract: engine {self._engine} {what}",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": self._engine, "message": what},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptCheckpoint:
    """A checkpoint in the artifact store.

    Attributes:
        store: where it is.
        name: its name, which ends in its SHA-256.
        size: its bytes.
    """

    store: ArtifactStore
    name: str
    size: int

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield the serialised ExecuteRequests that send it.

        Raises:
            NotFound: RESULT_NOT_FOUND; it is gone from the store.
        """
        for offset in range(0, self.size, _CHUNK_BYTES):
            size = min(_CHUNK_BYTES, self.size - offset)
            data = await asyncio.to_thread(self.store.read_kept, self.name, offset, size)
            last = offset + size == self.size
            sha256 = self.name.rpartition("-")[2] if last else ""
            chunk = backend_pb2.InputChunk(offset=offset, data=data, last=last, sha256=sha256)
            yield backend_pb2.ExecuteRequest(input_chunk=chunk).SerializeToString()

    @classmethod
    def of(cls, record: ExecutionRecord, store: ArtifactStore) -> Self | None:
        """Return the checkpoint that an execution resumes from, or None where there is none."""
        if not record.checkpoint:
            return None
        return cls(store=store, name=record.checkpoint, size=record.checkpoint_bytes)


async def clear_kept(store: ArtifactStore, names: Collection[str]) -> None:
    """Remove checkpoints that nothing is resumed from any more; what cannot be removed is left to the next start."""
    for name in names:
        try:
            await asyncio.to_thread(store.remove_kept, name)
        except OSError as error:
            log.warning("checkpoint not removed", name=name, message=str(error))
