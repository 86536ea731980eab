"""What the benchmark and its children say to each other: frames of a header in JSON and a body of bytes.

A frame is two little-endian uint32, the lengths of the two, then both. The children read them from standard input and
answer on standard output, one answer a request.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import IO

_LENGTHS = struct.Struct("<II")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a child is to do; the body is a serialised Job, or empty.

    Attributes:
        action: "run", "estimate" or "sweep"; a child refuses what it does not know.
        repeat: how often to run at most; the fastest counts.
        seconds: no further repeat begins after so much processor time.
        form: a way of running, in the child's own words.
    """

    action: str
    repeat: int = 1
    seconds: float = 0.0
    form: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a child found; the body is the array that the job asked for.

    Attributes:
        fault: why there is no result; empty where there is one.
        cpu_seconds: processor time of the fastest run.
        certified_error: bound of the error that the run reports; -1 where it reports none.
        method: what the run was done by in the end, where it says so.
        largest_rank: most columns that there were; 0 where the run does not say.
        work_units: of an estimate.
        memory_bytes: of an estimate.
    """

    fault: str = ""
    cpu_seconds: float = 0.0
    certified_error: float = -1.0
    method: str = ""
    largest_rank: int = 0
    work_units: float = 0.0
    memory_bytes: int = 0


def write_message(stream: IO[bytes], message: Request | Answer, body: bytes = b"") -> None:
    """Write one frame and flush."""
    header = json.dumps(asdict(message)).encode()
    stream.write(_LENGTHS.pack(len(header), len(body)) + header + body)
    stream.flush()


def read_request(stream: IO[bytes]) -> tuple[Request, bytes] | None:
    """Return the next request and its body, None at the end of the stream."""
    frame = _read_frame(stream)
    return None if frame is None else (Request(**json.loads(frame[0])), frame[1])


def read_answer(stream: IO[bytes]) -> tuple[Answer, bytes] | None:
    """Return the next answer and its body, None at the end of the stream."""
    frame = _read_frame(stream)
    return None if frame is None else (Answer(**json.loads(frame[0])), frame[1])


def _read_frame(stream: IO[bytes]) -> tuple[bytes, bytes] | None:
    head = stream.read(_LENGTHS.size)
    if len(head) < _LENGTHS.size:
        return None
    header_size, body_size = _LENGTHS.unpack(head)
    header, body = stream.read(header_size), stream.read(body_size)
    return (header, body) if len(body) == body_size else None
