"""The kernel's count of processes killed for memory, read seldom because reading it is slow."""

from __future__ import annotations

import time

from proxima_runtime.backend.limits import oom_kill_counts

_FRESH_SECONDS = 2.0


class OomKills:
    """Counts of the kernel's memory killer, for the control group and the machine."""

    def __init__(self) -> None:
        self._counts = oom_kill_counts()
        self._read = time.monotonic()

    def recent(self) -> tuple[int, int]:
        """Return counts at most two seconds old."""
        if time.monotonic() - self._read > _FRESH_SECONDS:
            return self.now()
        return self._counts

    def now(self) -> tuple[int, int]:
        """Read the counts."""
        self._counts = oom_kill_counts()
        self._read = time.monotonic()
        return self._counts
