"""Ctrl-C during a run: the first aborts the run, the second leaves at once."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from proxima_cli.output.printing import warn

__all__ = ["interruptible"]

_ABORTED = 130


@contextmanager
def interruptible() -> Iterator[asyncio.Event]:
    """Yield an event that the first SIGINT or SIGTERM sets; a second one ends the process with code 130.

    Needs a running event loop in the main thread.
    """
    loop = asyncio.get_running_loop()
    interrupted = asyncio.Event()

    def on_signal() -> None:
        if interrupted.is_set():
            warn("proxima: left at once; the abort goes on")
            os._exit(_ABORTED)
        interrupted.set()

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, on_signal)
    try:
        yield interrupted
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
