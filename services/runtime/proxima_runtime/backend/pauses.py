"""Pausing in a worker: which methods can, and what becomes of the checkpoint that an engine yields."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2

from proxima_runtime.backend.checkpoints import write_checkpoint
from proxima_runtime.backend.engine import Checkpoint, Engine, PausableEngine
from proxima_runtime.backend.frames import Kind, send_frame
from proxima_runtime.backend.inbox import PauseControl
from proxima_runtime.backend.process_memory import read_resident_bytes
from proxima_runtime.backend.results import ResultWriter
from proxima_runtime.errors import Internal, ResourceExhausted, to_status


def pausable_methods(
    methods: Iterable[capabilities_pb2.MethodCapability],
) -> frozenset[tuple[capabilities_pb2.Method, str]]:
    """Return the methods, with their engines, that are paused by a checkpoint of their state."""
    return frozenset(
        (entry.method, entry.engine) for entry in methods if entry.pause_support == capabilities_pb2.PAUSE_SUPPORT_STATE
    )


def check_pausable(engine: Engine) -> None:
    """Check that an engine can do what its capabilities say about pausing.

    Raises:
        TypeError: it cannot.
    """
    for entry in engine.methods():
        support = entry.pause_support
        if support == capabilities_pb2.PAUSE_SUPPORT_STATE and not isinstance(engine, PausableEngine):
            raise TypeError(f"engine {entry.engine} says that it can be paused and has no method run_pausable")


class Pauses:
    """Takes the checkpoint of one run, or says why it cannot.

    Attributes:
        control: what the engine asks.
        is_paused: the checkpoint was sent; the run is over.
        file_bytes: its size in the memfd.
    """

    def __init__(
        self,
        *,
        connection: socket.socket,
        control: PauseControl,
        job: backend_pb2.Job,
        writer: ResultWriter,
        producer: result_pb2.Producer,
        idle_bytes: int,
    ) -> None:
        self._connection = connection
        self._job = job
        self._writer = writer
        self._producer = producer
        self._idle_bytes = idle_bytes
        self.control = control
        self.is_paused = False
        self.file_bytes = 0

    def take(self, checkpoint: Checkpoint) -> None:
        """Send a checkpoint, or tell the caller that it does not fit.

        Raises:
            Internal: ENGINE_FAILED; the engine may not pause here.
        """
        if not self.control.pause_requested():
            raise _misplaced(self._job, "yielded a checkpoint that was not asked for")
        if self._writer.item_count:
            raise _misplaced(self._job, "yielded a checkpoint after a result")
        limit, used = self._job.memory_limit_bytes, max(read_resident_bytes() - self._idle_bytes, 0)
        try:
            file = write_checkpoint(checkpoint, self._job, self._producer, free_bytes=limit - used)
        except MemoryError as error:
            self.control.withdraw()
            refused = backend_pb2.PauseRefused(status=to_status(_no_room(error, limit=limit, used=used)))
            message = backend_pb2.ExecuteResponse(pause_refused=refused)
            send_frame(self._connection, Kind.RESPONSE, message.SerializeToString())
            return
        self.file_bytes = os.fstat(file).st_size
        send_frame(self._connection, Kind.CHECKPOINT, b"", file=file)
        os.close(file)
        self._writer.engine_seconds += checkpoint.engine_seconds
        self.is_paused = True


def _misplaced(job: backend_pb2.Job, problem: str) -> Internal:
    return Internal(
        f"engine {job.engine} {problem}",
        reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
        metadata={"engine": job.engine, "message": problem},
    )


def _no_room(error: MemoryError, *, limit: int, used: int) -> ResourceExhausted:
    return ResourceExhausted(
        f"the run cannot be paused now and goes on: {error}, for the run itself holds {used} of its {limit}; pause it "
        "later, or give runs of this size twice the memory",
        reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY,
        metadata={"available_bytes": str(max(limit - used, 0))},
    )
