"""Resident memory of a process and everything it started, from /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["processes", "resident_memory"]


def resident_memory(pid: int) -> tuple[int, int]:
    """Return (bytes resident, number of processes) of a process and its descendants; (0, 0) where it is gone."""
    children: dict[int, list[int]] = {}
    for process, parent in processes():
        children.setdefault(parent, []).append(process)
    total = count = 0
    pending = [pid]
    while pending:
        process = pending.pop()
        size = _resident(process)
        if size:
            total += size
            count += 1
        pending.extend(children.get(process, ()))
    return total, count


def processes() -> Iterator[tuple[int, int]]:
    """Yield (process, parent) for every process that can be read."""
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        try:
            stat = Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        # The command's name stands in parentheses and may hold anything.
        yield int(entry), int(stat.rpartition(")")[2].split()[1])


def _resident(process: int) -> int:
    try:
        pages = int(Path("/proc", str(process), "statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
