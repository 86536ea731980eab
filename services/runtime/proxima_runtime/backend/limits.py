"""What this process may use: memory and processors as the control groups (v2 and v1) and the machine allow."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")

# Rule of the default memory cap: what the instance may use, less a reserve for the service process and for each warm
# worker (the spare one too), divided among the workers. The reserve is never more than three quarters: that is what a
# service of Cirq's size needs in a container of 512 MiB.
_SERVICE_BYTES = 256 * 2**20
_WARM_WORKER_BYTES = 256 * 2**20


def memory_cap_bytes(*, available_bytes: int, worker_count: int) -> int:
    """Default cap of one execution's memory over the warm worker, in bytes."""
    reserve = _SERVICE_BYTES + (worker_count + 1) * _WARM_WORKER_BYTES
    return (available_bytes - min(reserve, available_bytes * 3 // 4)) // worker_count


def available_memory_bytes(*, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int:
    """The least of physical memory and every memory limit of this process's control groups, in bytes."""
    total = _physical_bytes(proc)
    for folder in _folders("memory", proc, cgroups):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = _first_number(folder / name)
            if limit is not None:
                total = min(total, limit)
    return total


def available_processor_count(*, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int:
    """Processors this process may run on, by affinity and by quota (rounded up), at least 1."""
    count = len(os.sched_getaffinity(0))
    for folder in _folders("cpu", proc, cgroups):
        quota, period = _quota(folder)
        if quota > 0 and period > 0:
            count = min(count, math.ceil(quota / period))
    return max(count, 1)


def oom_kill_counts(*, proc: Path = _PROC, cgroups: Path = _CGROUPS) -> tuple[int, int]:
    """How many processes the kernel's memory killer has taken: in this control group, and on the machine."""
    group = 0
    for folder in _folders("memory", proc, cgroups):
        for name in ("memory.events", "memory.oom_control"):
            group = max(group, _keyed_number(folder / name, "oom_kill"))
        break
    return group, _keyed_number(proc / "vmstat", "oom_kill")


def _physical_bytes(proc: Path) -> int:
    kibibytes = _keyed_number(proc / "meminfo", "MemTotal:")
    return kibibytes * 1024 if kibibytes else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _folders(controller: str, proc: Path, cgroups: Path) -> Iterator[Path]:
    """Yield this process's folders of a controller, from its own group up to the root."""
    for line in _text(proc / "self" / "cgroup").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if number == "0" and not names:
            root = cgroups
        elif controller in names.split(","):
            root = cgroups / names if (cgroups / names).is_dir() else cgroups / controller
        else:
            continue
        folder = root / path.lstrip("/")
        while folder.is_relative_to(root):
            # Inside a container the path may be the host's; then only the root exists.
            if folder.is_dir():
                yield folder
            folder = folder.parent


def _quota(folder: Path) -> tuple[int, int]:
    words = _text(folder / "cpu.max").split()
    if len(words) == 2 and words[0].isdecimal() and words[1].isdecimal():
        return int(words[0]), int(words[1])
    return _first_number(folder / "cpu.cfs_quota_us") or 0, _first_number(folder / "cpu.cfs_period_us") or 0


def _first_number(path: Path) -> int | None:
    words = _text(path).split()
    return int(words[0]) if words and words[0].isdecimal() else None


def _keyed_number(path: Path, key: str) -> int:
    for line in _text(path).splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == key and words[1].isdecimal():
            return int(words[1])
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        # The kernel does not offer it here: no such limit.
        return ""
