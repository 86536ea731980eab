"""Receiving the checkpoint of a run that is resumed, piece by piece, before a worker is taken."""

from __future__ import annotations

import asyncio
import contextlib

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2

from proxima_runtime.backend.checkpoints import StoredCheckpoint, check_label
from proxima_runtime.backend.job import JobTerms
from proxima_runtime.backend.jobs import Jobs
from proxima_runtime.backend.requests import ExecuteContext, decode_request, invalid, read_request
from proxima_runtime.backend.results import ProducerIndex
from proxima_runtime.backend.uploads import Upload
from proxima_runtime.errors import Aborted, DeadlineExceeded, ProximaError, ResourceExhausted

# A caller that resumes is to send a piece of its checkpoint in this time.
_PIECE_SECONDS = 30.0
# What a caller still sends of a checkpoint that was refused is read for so long, and after so long a silence no more.
_PASS_OVER_SECONDS, _SILENCE_SECONDS = 30.0, 0.25


class CheckpointReceiver:
    """Receives checkpoints for one instance; those that wait for a worker stay within the memory of one run."""

    def __init__(self, *, jobs: Jobs, producers: ProducerIndex, memory_cap_bytes: int) -> None:
        self._jobs = jobs
        self._producers = producers
        self._memory_cap_bytes = memory_cap_bytes
        self._uploads: set[Upload] = set()

    async def receive(
        self, terms: JobTerms, payload: bytes, context: ExecuteContext
    ) -> tuple[StoredCheckpoint | None, bool]:
        """Receive and check the checkpoint of a resume; returns it, and whether a pause came meanwhile.

        Raises:
            ProximaError: it is not whole, of another job, too large, or does not come.
        """
        upload, pauses, ended = Upload(limit_bytes=terms.memory_limit_bytes), False, False
        self._uploads.add(upload)
        try:
            while not ended:
                request = await self._next_piece(context)
                match request.WhichOneof("message"):
                    case "input_chunk":
                        self._check_room(len(request.input_chunk.data))
                        ended = upload.take(request.input_chunk)
                    case "pause":
                        pauses = True
                    case "abort":
                        raise _aborted(request.abort.reason)
                    case _:
                        raise invalid("message", "after start.resume only input_chunk, pause and abort may follow")
            checkpoint = upload.finish()
        finally:
            self._uploads.discard(upload)
            upload.close()
        try:
            job = backend_pb2.ExecuteRequest.FromString(payload).start.job
            check_label(checkpoint.file, job, self._producers.find(job))
        except ProximaError:
            checkpoint.close()
            raise
        return checkpoint, pauses

    async def _next_piece(self, context: ExecuteContext) -> backend_pb2.ExecuteRequest:
        try:
            data = await asyncio.wait_for(read_request(context), _PIECE_SECONDS)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"no piece of the checkpoint came for {_PIECE_SECONDS:g} s; resume again",
                reason=errors_pb2.ERROR_REASON_TIMEOUT,
                metadata={"limit": "piece_seconds", "maximum": f"{_PIECE_SECONDS:g}"},
            ) from error
        if data is None:
            raise invalid("input_chunk", "the stream ended before the last piece of the checkpoint; send it whole")
        return decode_request(data)

    def _check_room(self, size: int) -> None:
        """Checkpoints that wait are memory: all of them together stay within the cap of one run."""
        waiting = sum(upload.size for upload in self._uploads) + self._jobs.waiting_checkpoint_bytes
        if waiting + size > self._memory_cap_bytes:
            raise ResourceExhausted(
                f"checkpoints of {waiting} bytes wait for a worker already; try again later",
                reason=errors_pb2.ERROR_REASON_QUEUE_FULL,
                metadata={"limit": "memory_cap_bytes", "maximum": str(self._memory_cap_bytes)},
            )


async def pass_over(context: ExecuteContext) -> None:
    """Read the pieces that are under way: a caller whose write fails would not see why it was refused."""
    with contextlib.suppress(TimeoutError, ProximaError):
        async with asyncio.timeout(_PASS_OVER_SECONDS):
            while (data := await asyncio.wait_for(read_request(context), _SILENCE_SECONDS)) is not None:
                if decode_request(data).input_chunk.last:
                    return


def _aborted(why: str) -> Aborted:
    note = f": {why[:200]}" if why else ""
    return Aborted(
        f"the run was aborted on request{note}, before it was resumed", reason=errors_pb2.ERROR_REASON_ABORTED
    )
