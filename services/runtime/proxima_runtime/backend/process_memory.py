"""Memory, processor time and state of a process, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Memory of one process at one moment.

    Attributes:
        size_bytes: address space.
        resident_bytes: resident set.
        peak_bytes: high-water mark of the resident set since the last reset.
    """

    size_bytes: int
    resident_bytes: int
    peak_bytes: int


def read_memory(pid: int | str = "self") -> Memory:
    """Read a process's memory.

    Raises:
        ProcessLookupError: the process is gone.
    """
    fields = {b"VmSize": 0, b"VmRSS": 0, b"VmHWM": 0}
    for line in _read(f"/proc/{pid}/status").split(b"\n"):
        key, _, rest = line.partition(b":")
        if key in fields:
            fields[key] = int(rest.split()[0]) * 1024
    return Memory(size_bytes=fields[b"VmSize"], resident_bytes=fields[b"VmRSS"], peak_bytes=fields[b"VmHWM"])


def read_resident_bytes(pid: int | str = "self") -> int:
    """Read a process's resident set only; cheaper than `read_memory`.

    Raises:
        ProcessLookupError: the process is gone.
    """
    return int(_read(f"/proc/{pid}/statm").split()[1]) * _PAGE_BYTES


def reset_peak() -> None:
    """Start the high-water mark of this process's resident set again."""
    with open("/proc/self/clear_refs", "wb", buffering=0) as file:
        file.write(b"5")


def read_processor_seconds(pid: int) -> float:
    """Read a process's user and system time, in seconds.

    Raises:
        ProcessLookupError: the process is gone.
    """
    # The name in parentheses may hold anything, spaces and parentheses too.
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def wants_processor(pid: int) -> bool:
    """Some thread of the process runs, waits for a processor, or waits in the kernel for a page or a disk.

    Raises:
        ProcessLookupError: the process is gone.
    """
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except FileNotFoundError as error:
        raise ProcessLookupError(pid) from error
    for thread in threads:
        try:
            state = _read(f"/proc/{pid}/task/{thread}/stat").rpartition(b")")[2].split()[0]
        except ProcessLookupError:
            continue
        if state in (b"R", b"D"):
            return True
    return False


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read() or b""
    except (FileNotFoundError, ProcessLookupError) as error:
        raise ProcessLookupError(path) from error
