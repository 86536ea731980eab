"""What watchers of a live execution see: snapshots and progress (the newest only), and every message of the result.

Any number of watchers follow one feed, each at its own pace; none of them holds the execution up. Messages of the
result are kept in memory up to a limit; a watcher that falls further behind reads them back from the artifact that is
being written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from proxima_orchestrator.artifacts import DiscardedError
from proxima_orchestrator.wire import frame

_KEPT_BYTES = 32 * 2**20

ReadBack = Callable[[], Awaitable[bytes]]


@dataclass(slots=True)
class _Entry:
    message: bytes | None
    size: int
    read_back: ReadBack | None


class Feed:
    """The stream of one live execution. All methods run on the event loop's thread."""

    def __init__(self) -> None:
        self._snapshot = b""
        self._snapshot_count = 0
        self._final = False
        self._progress = b""
        self._progress_count = 0
        self._entries: list[_Entry] = []
        self._kept_from = 0
        self._kept_bytes = 0
        self._closed: Exception | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def snapshot(self) -> bytes:
        """The newest snapshot, a serialised Execution; empty before the first."""
        return self._snapshot

    def publish(self, snapshot: bytes, *, final: bool) -> None:
        """Show a snapshot; a final one ends the streams once they have the whole result."""
        self._snapshot = snapshot
        self._snapshot_count += 1
        self._final = final
        self._wake()

    def report(self, progress_message: bytes) -> None:
        """Show progress: a message of the stream, field 2."""
        self._progress = progress_message
        self._progress_count += 1
        self._wake()

    def add_result(self, message: bytes, *, read_back: ReadBack | None = None) -> None:
        """Append a message of the result, fields 4 or 5; one that can be read back may leave memory."""
        self._entries.append(_Entry(message, len(message), read_back))
        self._kept_bytes += len(message)
        self._wake()

    def trim(self, written_count: int) -> None:
        """Let messages among the first `written_count` leave memory, the oldest first, down to the limit."""
        while self._kept_bytes > _KEPT_BYTES and self._kept_from < written_count:
            entry = self._entries[self._kept_from]
            self._kept_from += 1
            if entry.read_back is not None and entry.message is not None:
                entry.message = None
                self._kept_bytes -= entry.size

    @property
    def result_count(self) -> int:
        """How many messages of the result there are so far."""
        return len(self._entries)

    def close(self, error: Exception) -> None:
        """End every stream with an error: the orchestrator stops, the execution may go on."""
        self._closed = error
        self._wake()

    async def follow(self, *, deliver_results: bool) -> AsyncIterator[bytes]:
        """Yield messages of ExecuteResponse until the execution is at its end; the snapshot of now comes first.

        Raises:
            ProximaError: the feed was closed before the end.
        """
        seen = progress_seen = delivered = 0
        while True:
            if self._snapshot_count != seen and not self._final:
                seen = self._snapshot_count
                yield frame(1, self._snapshot)
            elif deliver_results and delivered < len(self._entries):
                entry = self._entries[delivered]
                delivered += 1
                if entry.message is not None:
                    yield entry.message
                elif entry.read_back is not None:
                    try:
                        message = await entry.read_back()
                    except DiscardedError:
                        # The run has failed: its end is all that is left to tell.
                        delivered = len(self._entries)
                        continue
                    yield message
            elif self._final:
                yield frame(1, self._snapshot)
                return
            elif self._progress_count != progress_seen:
                progress_seen = self._progress_count
                yield self._progress
            elif self._closed is not None:
                raise self._closed
            else:
                await self._change()

    async def _change(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
