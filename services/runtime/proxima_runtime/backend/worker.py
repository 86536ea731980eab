"""The worker process: one engine, one job at a time, so that stopping a job is stopping a process.

Started as `python -m proxima_runtime.backend.worker <module:Class> <socket descriptor> <service's process id>`. SIGTERM
keeps its default action: with a Python handler a simulator that holds the interpreter lock would ignore it.
"""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Protocol, cast

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2

from proxima_runtime.backend.checkpoints import map_checkpoint
from proxima_runtime.backend.durations import to_duration
from proxima_runtime.backend.engine import Checkpoint, Engine, ItemResult, PausableEngine
from proxima_runtime.backend.frames import Frame, Kind, send_frame
from proxima_runtime.backend.inbox import Inbox, PauseControl
from proxima_runtime.backend.pauses import Pauses, check_pausable, pausable_methods
from proxima_runtime.backend.process_memory import Memory, read_memory, read_resident_bytes, reset_peak
from proxima_runtime.backend.results import ProducerIndex, ResultWriter
from proxima_runtime.errors import Internal, ProximaError, ResourceExhausted, to_status
from proxima_runtime.lifetime import die_with_parent

# A run shorter than this sends no progress, and a longer one at most one in this time (seconds).
_QUIET_SECONDS = 0.5
_PROGRESS_SECONDS = 0.1

# A worker that holds this much more than when it was warm is replaced after its job.
_LEAK_BYTES = 256 * 2**20
# Jobs above this give freed memory back to the kernel at their end.
_TRIM_BYTES = 32 * 2**20

# Address space that threads beside the first take without using it: a stack each, and malloc arenas, of which the
# worker's environment allows three more.
_STACK_BYTES = 8 * 2**20
_ARENA_BYTES = 64 * 2**20
_MAX_ARENAS = 3


class _LibC(Protocol):
    def malloc_trim(self, pad: int) -> int: ...


def main(arguments: list[str]) -> int:
    """Warm up, then run jobs until the service goes away."""
    engine_path, descriptor, parent = arguments
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(signal.SIGKILL, parent_pid=int(parent))
    _offer_to_memory_killer()
    faulthandler.enable()
    # A simulator that prints must not corrupt anything: its output goes to the log.
    os.dup2(2, 1)
    connection = socket.socket(fileno=int(descriptor))
    try:
        engine = load_engine(engine_path)
        check_pausable(engine)
        engine.warm_up()
        producers = ProducerIndex(engine)
    except Exception as error:  # noqa: BLE001 - whatever keeps an engine from starting is told to the service
        traceback.print_exc()
        send_frame(connection, Kind.UNFIT, f"{type(error).__name__}: {error}".encode())
        return 1
    inbox = Inbox(connection)
    worker = Worker(connection=connection, inbox=inbox, engine=engine, producers=producers)
    send_frame(connection, Kind.READY, b"")
    while (frame := inbox.next()) is not None:
        # A pause that comes between two jobs is of the one that has just ended.
        if frame.kind is Kind.JOB:
            worker.run(frame)
    return 0


def load_engine(path: str) -> Engine:
    """Import "module:Class" and create the engine.

    Raises:
        ValueError: the path has another form.
        ImportError, AttributeError: there is no such class.
    """
    module, colon, name = path.partition(":")
    if not colon:
        raise ValueError(f"engine {path!r}: expected module:Class")
    create = cast("Callable[[], Engine]", getattr(importlib.import_module(module), name))
    return create()


class Worker:
    """Runs jobs on one engine and reports over one socket."""

    def __init__(self, *, connection: socket.socket, inbox: Inbox, engine: Engine, producers: ProducerIndex) -> None:
        self._connection = connection
        self._inbox = inbox
        self._engine = engine
        self._producers = producers
        self._pausable = pausable_methods(engine.methods())
        self._libc = cast("_LibC", ctypes.CDLL(None))
        self._trim()
        reset_peak()
        self._warm = read_memory()
        self._idle = self._warm

    def run(self, frame: Frame) -> None:
        """Run one job, from a checkpoint where the frame brings one, and send all that it yields, `done` included."""
        received = time.monotonic()
        processor = time.process_time()
        job = backend_pb2.ExecuteRequest.FromString(frame.payload).start.job
        limit = job.memory_limit_bytes
        writer = ResultWriter(
            job=job, producer=self._producers.find(job), limit_bytes=limit, idle_bytes=self._idle.resident_bytes
        )
        progress = _Progress(connection=self._connection, started=received, idle_bytes=self._idle.resident_bytes)
        pauses = Pauses(
            connection=self._connection,
            control=PauseControl(self._inbox),
            job=job,
            writer=writer,
            producer=self._producers.find(job),
            idle_bytes=self._idle.resident_bytes,
        )
        error: ProximaError | None = None
        exhausted = False
        _limit_address_space(self._idle.size_bytes + limit + _thread_bytes(job.thread_count))
        try:
            for value in self._values(job, progress, pauses.control, file=frame.file):
                if isinstance(value, Checkpoint):
                    pauses.take(value)
                else:
                    header, file = writer.write(value)
                    send_frame(self._connection, Kind.RESPONSE, header, file=file)
                    if file >= 0:
                        os.close(file)
                del value
                if pauses.is_paused:
                    break
        except MemoryError:
            exhausted = True
        except ProximaError as caught:
            error = caught
        except Exception as caught:  # noqa: BLE001 - the engine's boundary: what it lets through is its failure
            traceback.print_exc()
            error = Internal(
                f"engine {job.engine} failed: {type(caught).__name__}: {caught}",
                reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
                metadata={"engine": job.engine, "message": str(caught)},
            )
        finally:
            _limit_address_space(None)
        memory = self._settle()
        peak = max(memory.peak_bytes - self._idle.resident_bytes, 0) + writer.file_bytes + pauses.file_bytes
        if exhausted or (error is not None and error.reason == errors_pb2.ERROR_REASON_OUT_OF_MEMORY):
            exhausted = True
            error = _out_of_memory(limit=limit, peak=peak)
        done = backend_pb2.Done(
            outcome=_outcome(error, is_paused=pauses.is_paused),
            status=None if error is None else to_status(error),
            usage=result_pb2.Usage(
                worker_duration=to_duration(time.monotonic() - received),
                engine_duration=to_duration(writer.engine_seconds),
                peak_memory_bytes=peak,
                cpu_duration=to_duration(time.process_time() - processor),
            ),
        )
        leaked = memory.resident_bytes > self._warm.resident_bytes + _LEAK_BYTES
        kind = Kind.DONE_AND_RETIRED if exhausted or leaked else Kind.DONE
        send_frame(self._connection, kind, backend_pb2.ExecuteResponse(done=done).SerializeToString())
        # Between jobs, while nobody waits.
        reset_peak()
        self._idle = memory

    def _values(
        self, job: backend_pb2.Job, progress: _Progress, control: PauseControl, *, file: int
    ) -> Iterator[ItemResult | Checkpoint]:
        engine = self._engine
        if (job.method, job.engine) in self._pausable and isinstance(engine, PausableEngine):
            # No name for the checkpoint here: the engine holds the only reference to it and can let it go.
            return engine.run_pausable(job, progress.report, control, map_checkpoint(file) if file >= 0 else None)
        return engine.run(job, progress.report)

    def _settle(self) -> Memory:
        memory = read_memory()
        if memory.peak_bytes > self._idle.resident_bytes + _TRIM_BYTES:
            self._trim()
            after = read_memory()
            memory = Memory(
                size_bytes=after.size_bytes, resident_bytes=after.resident_bytes, peak_bytes=memory.peak_bytes
            )
        return memory

    def _trim(self) -> None:
        # musl has no malloc_trim, and gives memory back by itself.
        if hasattr(self._libc, "malloc_trim"):
            self._libc.malloc_trim(0)


class _Progress:
    """Thins out what an engine reports and sends the rest."""

    def __init__(self, *, connection: socket.socket, started: float, idle_bytes: int) -> None:
        self._connection = connection
        self._started = started
        self._idle_bytes = idle_bytes
        self._next = started + _QUIET_SECONDS

    def report(self, *, done_count: int, total_count: int, unit: str) -> None:
        """Send the count, unless one was just sent or the run is young."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PROGRESS_SECONDS
        progress = result_pb2.Progress(
            fraction=min(max(done_count / total_count, 0.0), 1.0) if total_count > 0 else 0.0,
            basis=result_pb2.Progress.BASIS_COUNTED,
            unit=unit,
            done_count=done_count,
            total_count=total_count,
            memory_bytes=max(read_resident_bytes() - self._idle_bytes, 0),
            elapsed=to_duration(now - self._started),
        )
        message = backend_pb2.ExecuteResponse(progress=progress)
        send_frame(self._connection, Kind.RESPONSE, message.SerializeToString())


def _outcome(error: ProximaError | None, *, is_paused: bool) -> backend_pb2.Done.Outcome:
    if error is not None:
        return backend_pb2.Done.OUTCOME_FAILED
    return backend_pb2.Done.OUTCOME_PAUSED if is_paused else backend_pb2.Done.OUTCOME_COMPLETED


def _out_of_memory(*, limit: int, peak: int) -> ResourceExhausted:
    return ResourceExhausted(
        f"the run needed more than its {limit} bytes of memory over the warm worker; allow it more memory, or choose a "
        "smaller circuit or another method",
        reason=errors_pb2.ERROR_REASON_OUT_OF_MEMORY,
        metadata={"memory_cap_bytes": str(limit), "peak_memory_bytes": str(peak)},
    )


def _thread_bytes(thread_count: int) -> int:
    others = max(thread_count - 1, 0)
    return others * _STACK_BYTES + min(others, _MAX_ARENAS) * _ARENA_BYTES


def _limit_address_space(size: int | None) -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    soft = hard if size is None else size
    if size is not None and hard != resource.RLIM_INFINITY:
        soft = min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _offer_to_memory_killer() -> None:
    # The kernel must take this process and not the service, which has the same memory or more.
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
