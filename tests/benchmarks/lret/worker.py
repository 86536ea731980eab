"""A job in a worker of the lret backend, as its service runs it: by the frames of the runtime, with its usage."""

from __future__ import annotations

import os
import socket
import subprocess
import uuid

from proxima.backend.v1 import backend_pb2
from proxima_runtime.backend.frames import Frame, FrameReader, Kind, send_frame

from ..stack import environment_python
from .children import LRET_ENGINE, ONE_THREAD

_REPEATS = 7


def cpu_seconds(serialised: bytes) -> float:
    """Return the least processor time that a warm worker reports for a job, results written out; infinite if it fails.

    The time is from the arrival of the job to the end of the result.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [
                environment_python("lret"),
                "-m",
                "proxima_runtime.backend.worker",
                LRET_ENGINE,
                str(theirs.fileno()),
                str(os.getpid()),
            ],
            pass_fds=(theirs.fileno(),),
            env={**os.environ, **ONE_THREAD},
        )
    with ours:
        reader = FrameReader(ours)
        _until(reader, (Kind.READY, Kind.UNFIT))
        found = [_run(ours, reader, serialised) for _ in range(_REPEATS)]
        reader.close()
    process.wait(timeout=30)
    return min(found)


def _run(connection: socket.socket, reader: FrameReader, serialised: bytes) -> float:
    job = backend_pb2.Job.FromString(serialised)
    start = backend_pb2.StartExecution(execution=f"executions/{uuid.uuid4()}", attempt=1, job=job)
    send_frame(connection, Kind.JOB, backend_pb2.ExecuteRequest(start=start).SerializeToString())
    payload = _until(reader, (Kind.DONE, Kind.DONE_AND_RETIRED)).payload
    done = backend_pb2.ExecuteResponse.FromString(payload).done
    if done.outcome != backend_pb2.Done.OUTCOME_COMPLETED:
        return float("inf")
    return done.usage.cpu_duration.ToNanoseconds() / 1e9


def _until(reader: FrameReader, kinds: tuple[Kind, ...]) -> Frame:
    while not reader.ended:
        for frame in reader.receive():
            if frame.file >= 0:
                os.close(frame.file)
            if frame.kind in kinds:
                return frame
    raise RuntimeError("the worker ended")
