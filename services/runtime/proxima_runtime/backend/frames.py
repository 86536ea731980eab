"""Frames between the service and a worker: length, kind, payload, and at most one file descriptor each.

The payloads are messages of the contract itself: `ExecuteRequest` to the worker, `ExecuteResponse` from it. The bytes
of arrays and checkpoints travel beside them, in a memfd.
"""

from __future__ import annotations

import array
import enum
import socket
import struct
from collections import deque
from dataclasses import dataclass

_HEADER = struct.Struct("<IBB")
_READ_BYTES = 256 * 1024
# What SCM_RIGHTS delivers at once at most.
_MAX_FILES = 253


class Kind(enum.IntEnum):
    """What a frame is."""

    JOB = 1
    """To the worker: an ExecuteRequest with `start`; may bring the memfd of the checkpoint to resume from."""
    READY = 2
    """The worker is warm; no payload."""
    UNFIT = 3
    """The worker could not warm up; the payload is a sentence in UTF-8."""
    RESPONSE = 4
    """An ExecuteResponse that is not the last; a result header may bring a memfd."""
    DONE = 5
    """The ExecuteResponse `done`; the worker is ready for the next job."""
    DONE_AND_RETIRED = 6
    """The ExecuteResponse `done`; the worker wants to be replaced."""
    PAUSE = 7
    """To the worker: pause the job at its next boundary; no payload."""
    CHECKPOINT = 8
    """The memfd of the checkpoint of a job that pauses; no payload."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        kind: what it is.
        payload: its bytes.
        file: a file descriptor that the receiver owns, or -1.
    """

    kind: Kind
    payload: bytes
    file: int = -1


def encode_frame(kind: Kind, payload: bytes, *, has_file: bool = False) -> bytes:
    """Return the bytes of a frame."""
    return _HEADER.pack(len(payload), kind, has_file) + payload


def send_frame(connection: socket.socket, kind: Kind, payload: bytes, *, file: int = -1) -> None:
    """Send a frame on a blocking socket."""
    data = encode_frame(kind, payload, has_file=file >= 0)
    sent = 0
    if file >= 0:
        rights = array.array("i", [file]).tobytes()
        sent = connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    if sent < len(data):
        connection.sendall(memoryview(data)[sent:])


class FrameReader:
    """Cuts the byte stream of one socket into frames."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self._files: deque[int] = deque()
        self.ended = False

    def receive(self) -> list[Frame]:
        """Read once and return the frames completed by that; sets `ended` at the end of the stream.

        Raises:
            BlockingIOError: a non-blocking socket has nothing to read.
        """
        data, files, _, _ = socket.recv_fds(self._connection, _READ_BYTES, _MAX_FILES, socket.MSG_CMSG_CLOEXEC)
        self._files.extend(files)
        if not data:
            self.ended = True
        self._buffer += data
        return self._cut()

    def close(self) -> None:
        """Close the descriptors that no frame has claimed."""
        while self._files:
            socket.close(self._files.popleft())

    def _cut(self) -> list[Frame]:
        frames: list[Frame] = []
        start = 0
        while len(self._buffer) - start >= _HEADER.size:
            length, kind, has_file = _HEADER.unpack_from(self._buffer, start)
            end = start + _HEADER.size + length
            if len(self._buffer) < end:
                break
            payload = bytes(memoryview(self._buffer)[start + _HEADER.size : end])
            frames.append(Frame(kind=Kind(kind), payload=payload, file=self._files.popleft() if has_file else -1))
            start = end
        if start:
            del self._buffer[:start]
        return frames
