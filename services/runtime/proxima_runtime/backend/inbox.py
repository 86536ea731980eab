"""What the service sends to a worker: jobs, one after the other, and pauses while one runs."""

from __future__ import annotations

import select
import socket
import time
from collections import deque

from proxima_runtime.backend.frames import Frame, FrameReader, Kind

# The socket is looked at so often at most, however often the engine asks.
_LOOK_SECONDS = 0.01


class Inbox:
    """The frames of a worker's socket, in order."""

    def __init__(self, connection: socket.socket) -> None:
        self._reader = FrameReader(connection)
        self._frames: deque[Frame] = deque()
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    def next(self) -> Frame | None:
        """Wait for the next frame; None at the end of the stream."""
        while not self._frames:
            if self._reader.ended:
                return None
            self._frames.extend(self._reader.receive())
        return self._frames.popleft()

    def take_pause(self) -> bool:
        """Return whether the next frame is a pause, and take it; does not wait."""
        while not self._reader.ended and self._poll.poll(0):
            self._frames.extend(self._reader.receive())
        if self._frames and self._frames[0].kind is Kind.PAUSE:
            self._frames.popleft()
            return True
        return False


class PauseControl:
    """Whether the run of now is to pause; see `RunControl`."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._requested = False
        self._next_look = 0.0

    def pause_requested(self) -> bool:
        """See `RunControl`."""
        if not self._requested:
            now = time.monotonic()
            if now >= self._next_look:
                self._next_look = now + _LOOK_SECONDS
                self._requested = self._inbox.take_pause()
        return self._requested

    def withdraw(self) -> None:
        """The pause was not possible; the next one may be."""
        self._requested = False
