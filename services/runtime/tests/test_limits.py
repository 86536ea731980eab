"""Limits of control groups, read from made-up trees."""

from __future__ import annotations

from pathlib import Path

from proxima_runtime.backend.limits import (
    available_memory_bytes,
    available_processor_count,
    memory_cap_bytes,
    oom_kill_counts,
)
from proxima_runtime.backend.settings import BackendSettings

GIB = 2**30


def write(path: Path, text: str) -> None:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def machine(root: Path, *, cgroup: str) -> tuple[Path, Path]:
    """Make a /proc with 64 GiB and return it with an empty /sys/fs/cgroup."""
    proc, cgroups = root / "proc", root / "cgroup"
    write(proc / "meminfo", f"MemTotal:       {64 * GIB // 1024} kB\n")
    write(proc / "self" / "cgroup", cgroup)
    write(proc / "vmstat", "nr_free_pages 1\noom_kill 5\n")
    cgroups.mkdir()
    return proc, cgroups


def test_without_limits_it_is_the_machine(tmp_path: Path) -> None:
    """Physical memory counts where no group sets a limit."""
    proc, cgroups = machine(tmp_path, cgroup="0::/\n")

    assert available_memory_bytes(proc=proc, cgroups=cgroups) == 64 * GIB


def test_the_tightest_group_of_version_2_counts(tmp_path: Path) -> None:
    """The limit of any group above this process binds it."""
    proc, cgroups = machine(tmp_path, cgroup="0::/slice/pod\n")
    write(cgroups / "slice" / "memory.max", f"{8 * GIB}\n")
    write(cgroups / "slice" / "pod" / "memory.max", "max\n")

    assert available_memory_bytes(proc=proc, cgroups=cgroups) == 8 * GIB


def test_a_path_of_the_host_falls_back_to_the_root(tmp_path: Path) -> None:
    """Inside a container the path may not exist; the limit is then at the root."""
    proc, cgroups = machine(tmp_path, cgroup="0::/docker/abc\n")
    write(cgroups / "memory.max", f"{2 * GIB}\n")

    assert available_memory_bytes(proc=proc, cgroups=cgroups) == 2 * GIB


def test_groups_of_version_1_count(tmp_path: Path) -> None:
    """Version 1 has a tree for each controller, and says "no limit" with a huge number."""
    proc, cgroups = machine(tmp_path, cgroup="9:memory:/pod\n4:cpu,cpuacct:/pod\n")
    write(cgroups / "memory" / "pod" / "memory.limit_in_bytes", f"{4 * GIB}\n")
    write(cgroups / "memory" / "memory.limit_in_bytes", "9223372036854771712\n")
    write(cgroups / "cpu,cpuacct" / "pod" / "cpu.cfs_quota_us", "50000\n")
    write(cgroups / "cpu,cpuacct" / "pod" / "cpu.cfs_period_us", "100000\n")

    assert available_memory_bytes(proc=proc, cgroups=cgroups) == 4 * GIB
    assert available_processor_count(proc=proc, cgroups=cgroups) == 1


def test_a_processor_quota_is_rounded_up(tmp_path: Path) -> None:
    """Half a processor is one, and no quota leaves the affinity."""
    proc, cgroups = machine(tmp_path, cgroup="0::/\n")
    unlimited = available_processor_count(proc=proc, cgroups=cgroups)
    write(cgroups / "cpu.max", "50000 100000\n")

    assert available_processor_count(proc=proc, cgroups=cgroups) == 1
    assert unlimited >= 1


def test_the_memory_killer_is_counted_for_group_and_machine(tmp_path: Path) -> None:
    """Both counts are read; they tell whose memory ran out."""
    proc, cgroups = machine(tmp_path, cgroup="0::/pod\n")
    write(cgroups / "pod" / "memory.events", "low 0\noom 3\noom_kill 2\n")

    assert oom_kill_counts(proc=proc, cgroups=cgroups) == (2, 5)


def test_the_cap_leaves_room_for_service_and_warm_workers() -> None:
    """256 MiB each for the service and every warm worker, the spare too; never more than three quarters."""
    assert memory_cap_bytes(available_bytes=8 * GIB, worker_count=2) == (8 * GIB - 4 * GIB // 4) // 2
    assert memory_cap_bytes(available_bytes=GIB // 2, worker_count=1) == GIB // 8


def test_the_cap_follows_the_share() -> None:
    """Half a machine is planned as a machine of half the size; a cap that was given wins."""
    half = BackendSettings(memory_share=0.5, worker_count=1)
    expected = memory_cap_bytes(available_bytes=int(available_memory_bytes() * 0.5), worker_count=1)
    assert half.resolved_memory_cap_bytes() == expected
    assert BackendSettings(memory_share=0.5, memory_cap_bytes=2**24).resolved_memory_cap_bytes() == 2**24
