"""Watching a running worker from outside: memory, model progress, and whether it hangs.

A heartbeat from inside would prove nothing: a simulator may hold the interpreter lock for its whole run and be fine. So
a worker is taken for hung only when, for the whole of `hang_seconds`, it said nothing, its processor time did not
advance, and at the end none of its threads runs, waits for a processor or waits for the disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2

from proxima_runtime.backend.durations import to_duration
from proxima_runtime.backend.process_memory import (
    read_memory,
    read_processor_seconds,
    read_resident_bytes,
    wants_processor,
)
from proxima_runtime.backend.worker_process import WorkerProcess
from proxima_runtime.errors import Internal, ProximaError

# A run shorter than this is not looked at; a longer one so often (seconds).
_QUIET_SECONDS = 0.5
_LOOK_SECONDS = 0.25

_MODEL_CAP = 0.99


class Vigil:
    """Watches one run of one worker until it is closed.

    Attributes:
        peak_bytes: highest memory over the warm worker seen so far.
        counts: the engine counts its progress itself, so no model is shown.
    """

    def __init__(
        self,
        *,
        worker: WorkerProcess,
        predicted_seconds: float | None,
        hang_seconds: float,
        on_progress: Callable[[bytes], None],
        on_hang: Callable[[ProximaError], None],
    ) -> None:
        self._worker = worker
        self._predicted_seconds = predicted_seconds
        self._hang_seconds = hang_seconds
        self._on_progress = on_progress
        self._on_hang = on_hang
        self._loop = asyncio.get_running_loop()
        self._started = time.monotonic()
        self._alive = self._started
        self._processor_seconds = -1.0
        self.peak_bytes = 0
        self.counts = False
        self._timer = self._loop.call_later(_QUIET_SECONDS, self._look)

    def heard(self) -> None:
        """The worker said something."""
        self._alive = time.monotonic()

    def sample(self) -> None:
        """Take the worker's memory peak now, before it ends."""
        try:
            peak = read_memory(self._worker.pid).peak_bytes
        except ProcessLookupError:
            return
        self.peak_bytes = max(self.peak_bytes, peak - self._worker.idle_bytes)

    def close(self) -> None:
        """Stop watching."""
        self._timer.cancel()

    def _look(self) -> None:
        self._timer = self._loop.call_later(_LOOK_SECONDS, self._look)
        now = time.monotonic()
        try:
            memory = read_resident_bytes(self._worker.pid) - self._worker.idle_bytes
            processor = read_processor_seconds(self._worker.pid)
            self.sample()
            if processor != self._processor_seconds:
                self._processor_seconds = processor
                self._alive = now
            elif now - self._alive > self._hang_seconds and not wants_processor(self._worker.pid):
                self._timer.cancel()
                self._on_hang(_hung(now - self._alive))
                return
        except ProcessLookupError:
            # Its exit is on the way.
            return
        if not self.counts:
            self._on_progress(self._model(elapsed=now - self._started, memory_bytes=max(memory, 0)))

    def _model(self, *, elapsed: float, memory_bytes: int) -> bytes:
        progress = result_pb2.Progress(memory_bytes=memory_bytes, elapsed=to_duration(elapsed))
        if self._predicted_seconds:
            # Without a prediction there is no fraction to show, and no basis is claimed.
            progress.basis = result_pb2.Progress.BASIS_MODEL
            progress.fraction = min(elapsed / self._predicted_seconds, _MODEL_CAP)
            progress.unit = "seconds"
            progress.done_count = int(elapsed)
            progress.total_count = max(round(self._predicted_seconds), 1)
        return backend_pb2.ExecuteResponse(progress=progress).SerializeToString()


def _hung(silent_seconds: float) -> Internal:
    return Internal(
        f"the worker hung: for {silent_seconds:.0f} s it said nothing and used no processor; it was replaced",
        reason=errors_pb2.ERROR_REASON_WORKER_HUNG,
        metadata={"silent_seconds": f"{silent_seconds:.0f}"},
    )
