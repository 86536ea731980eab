"""Tying a process's life to its parent's (Linux)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: signal.Signals, *, parent_pid: int | None = None) -> None:
    """Have the kernel send this process `death_signal` when its parent ends; exit at once if it already has.

    The kernel watches the *thread* that started this process: parents start children from their main thread.

    Args:
        death_signal: the signal to get.
        parent_pid: process id of the rightful parent, where the child was told; closes the race with an early death.

    Raises:
        OSError: the platform cannot do it.
    """
    if not sys.platform.startswith("linux"):
        raise OSError(f"following the parent's death needs Linux, this is {sys.platform}")
    expected = os.getppid() if parent_pid is None else parent_pid
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl(PR_SET_PDEATHSIG): {os.strerror(number)}")
    if os.getppid() != expected:
        raise SystemExit(1)
