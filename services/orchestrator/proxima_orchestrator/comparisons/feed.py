"""What watchers of a live comparison see: the newest snapshot, and each member's newest progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from proxima_orchestrator.wire import frame


class ComparisonFeed:
    """The stream of one live comparison. All methods run on the event loop's thread."""

    def __init__(self) -> None:
        self._snapshot = b""
        self._version = 0
        self._final = False
        self._progress: dict[int, tuple[int, bytes]] = {}
        self._closed: Exception | None = None
        self._changed = asyncio.Event()

    @property
    def snapshot(self) -> bytes:
        """The newest snapshot, a serialised Comparison."""
        return self._snapshot

    def publish(self, snapshot: bytes, *, final: bool) -> None:
        """Show a snapshot; a final one ends the streams."""
        self._version += 1
        self._snapshot = snapshot
        self._final = final
        self._wake()

    def report(self, member: int, progress: bytes) -> None:
        """Show a member's progress, a serialised MemberProgress."""
        self._version += 1
        self._progress[member] = (self._version, progress)
        self._wake()

    def close(self, error: Exception) -> None:
        """End every stream with an error: the orchestrator stops, the comparison may go on."""
        self._closed = error
        self._wake()

    async def follow(self) -> AsyncIterator[bytes]:
        """Yield messages of WatchComparison until the comparison is at its end; the snapshot of now comes first.

        Raises:
            ProximaError: the feed was closed before the end.
        """
        seen, shown = 0, b""
        while True:
            changed = self._changed
            progress = [message for version, message in self._progress.values() if version > seen]
            seen = self._version
            if self._snapshot != shown or self._final:
                shown = self._snapshot
                final = self._final
                yield frame(1, shown)
                if final:
                    return
            for message in progress:
                yield frame(2, message)
            if self._version != seen:
                continue
            if self._closed is not None:
                raise self._closed
            await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
