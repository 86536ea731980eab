"""The service's side of one worker process: start it, talk to it, end it, and learn how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from proxima_runtime.backend.frames import Frame, FrameReader, Kind, encode_frame
from proxima_runtime.backend.process_memory import read_memory, read_processor_seconds, read_resident_bytes

# From SIGTERM to SIGKILL.
_TERMINATE_SECONDS = 0.5
# A worker that is not warm after this is killed.
_WARM_UP_SECONDS = 300.0

# A simulator's libraries must not start a pool of threads while they are imported; jobs say how many threads they get.
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    # Threads spin for a few microseconds between a circuit's gates and sleep when they are idle: sleeping at once made
    # two threads on 16 qubits 1.4 times slower, and spinning for long takes the processors from everybody else.
    "GOMP_SPINCOUNT": "1000",
    # Few arenas of address space.
    "MALLOC_ARENA_MAX": "4",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True, kw_only=True)
class Exit:
    """How a worker ended.

    Attributes:
        status: exit status, 0 where a signal ended it.
        signal_number: the signal, 0 where none did.
        peak_bytes: high-water mark of the resident set since its last job began, bytes.
        processor_seconds: user and system time over its life, seconds.
    """

    status: int
    signal_number: int
    peak_bytes: int
    processor_seconds: float


class WorkerListener(Protocol):
    """Who hears from a worker; called in the event loop."""

    def worker_ready(self, worker: WorkerProcess) -> None:
        """The worker is warm."""

    def worker_unfit(self, worker: WorkerProcess, message: str) -> None:
        """The worker could not warm up and is about to exit."""

    def worker_sent(self, worker: WorkerProcess, frame: Frame) -> None:
        """The worker sent a piece of its job's answer."""

    def worker_exited(self, worker: WorkerProcess, ended: Exit) -> None:
        """The worker is gone and its memory with it; the last call."""


class WorkerProcess:
    """One worker process. Create it in the event loop of the main thread.

    Attributes:
        pid: its process id.
        idle_bytes: its resident set when it became warm, bytes; 0 before.
        is_ending: a signal was sent to end it.
        spent_seconds: processor time until its last job ended, seconds.
    """

    def __init__(self, *, engine_path: str, listener: WorkerListener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        # The kernel counts the parent's memory into a child's high-water mark until the child's own passes it.
        self._peak_floor_bytes = read_memory().peak_bytes
        ours, theirs = socket.socketpair()
        with theirs:
            # Not a fork of this process, which has gRPC's threads in it; and from this thread, because the kernel ties
            # the worker's life to the thread that started it.
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "proxima_runtime.backend.worker",
                    engine_path,
                    str(theirs.fileno()),
                    str(os.getpid()),
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env={**_ENVIRONMENT, **os.environ},
            )
        self.pid = self._process.pid
        self.idle_bytes = 0
        self.is_ending = False
        self.spent_seconds = 0.0
        ours.setblocking(False)
        self._connection = ours
        self._reader = FrameReader(ours)
        # Bytes, and the file that goes with the first of them or -1.
        self._unsent: deque[tuple[memoryview, int]] = deque()
        self._pid_file = os.pidfd_open(self.pid)
        self._loop.add_reader(ours, self._on_readable)
        self._loop.add_reader(self._pid_file, self._on_exit)
        self._warm_up_timer = self._loop.call_later(_WARM_UP_SECONDS, self.kill)
        self._kill_timer: asyncio.TimerHandle | None = None

    def send_job(self, payload: bytes, *, file: int = -1) -> None:
        """Send a job, with the checkpoint to resume from where there is one; never blocks."""
        # The caller may close its descriptor before this one is out.
        kept = os.dup(file) if file >= 0 else -1
        self._send(encode_frame(Kind.JOB, payload, has_file=file >= 0), kept)

    def send_pause(self) -> None:
        """Ask for a pause of the job; never blocks."""
        self._send(encode_frame(Kind.PAUSE, b""), -1)

    def _send(self, data: bytes, file: int) -> None:
        self._unsent.append((memoryview(data), file))
        if len(self._unsent) == 1 and not self._write():
            self._loop.add_writer(self._connection, self._on_writable)

    def _write(self) -> bool:
        """Send as much as the socket takes; True when nothing is left."""
        while self._unsent:
            data, file = self._unsent[0]
            try:
                sent = socket.send_fds(self._connection, [data], [file] if file >= 0 else [])
            except BlockingIOError:
                return False
            except OSError:
                # It just died; its exit says how.
                self._drop_unsent()
                return True
            if file >= 0:
                os.close(file)
            if sent < len(data):
                self._unsent[0] = (data[sent:], -1)
            else:
                self._unsent.popleft()
        return True

    def _drop_unsent(self) -> None:
        for _, file in self._unsent:
            if file >= 0:
                os.close(file)
        self._unsent.clear()

    def peak_of(self, ended: Exit) -> int:
        """Peak memory over the warm worker as its exit tells it, bytes; 0 where that does not tell."""
        return ended.peak_bytes - self.idle_bytes if ended.peak_bytes > self._peak_floor_bytes else 0

    def terminate(self) -> None:
        """End the worker: SIGTERM now, SIGKILL if that was not enough."""
        if not self.is_ending:
            self.is_ending = True
            self._signal(signal.SIGTERM)
            self._kill_timer = self._loop.call_later(_TERMINATE_SECONDS, self.kill)

    def kill(self) -> None:
        """End the worker with SIGKILL."""
        self.is_ending = True
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pid_file, number)

    def _on_readable(self) -> None:
        try:
            frames = self._reader.receive()
        except BlockingIOError:
            return
        except OSError:
            # Reset: the worker died with bytes of ours unread.
            self._loop.remove_reader(self._connection)
            return
        if self._reader.ended:
            self._loop.remove_reader(self._connection)
        for frame in frames:
            self._deliver(frame)

    def _deliver(self, frame: Frame) -> None:
        match frame.kind:
            case Kind.READY:
                self._warm_up_timer.cancel()
                with contextlib.suppress(ProcessLookupError):
                    self.idle_bytes = read_resident_bytes(self.pid)
                    self.spent_seconds = read_processor_seconds(self.pid)
                self._listener.worker_ready(self)
            case Kind.UNFIT:
                self._listener.worker_unfit(self, frame.payload.decode(errors="replace"))
            case _:
                self._listener.worker_sent(self, frame)

    def _on_writable(self) -> None:
        if self._write():
            self._loop.remove_writer(self._connection)

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pid_file)
        # What it said before it died counts.
        with contextlib.suppress(OSError):
            while not self._reader.ended:
                for frame in self._reader.receive():
                    self._deliver(frame)
        _, wait_status, usage = os.wait4(self.pid, 0)
        code = os.waitstatus_to_exitcode(wait_status)
        # Popen must not wait for it again.
        self._process.returncode = code
        self._warm_up_timer.cancel()
        if self._kill_timer is not None:
            self._kill_timer.cancel()
        self._loop.remove_reader(self._connection)
        self._loop.remove_writer(self._connection)
        self._reader.close()
        self._drop_unsent()
        self._connection.close()
        os.close(self._pid_file)
        self._pid_file = -1
        ended = Exit(
            status=max(code, 0),
            signal_number=max(-code, 0),
            peak_bytes=usage.ru_maxrss * 1024,
            processor_seconds=usage.ru_utime + usage.ru_stime,
        )
        self._listener.worker_exited(self, ended)
