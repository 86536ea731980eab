"""The stack behind the scenarios: what they ask of it beside the `proxima` command, however it was started."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

_DEADLINE_SECONDS = 120.0
# A worker of Aer that holds more than this has a large state; one that warms up holds less.
_WARM_BYTES = 2**27


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A process as it was seen once.

    Attributes:
        pid: process id, in the service's own name space.
        parent_pid: that of its parent then.
        start: when it started, on a clock of the stack's own; with `pid` it tells processes apart.
        processor_seconds: user and system time so far.
        resident_bytes: resident memory.
    """

    pid: int
    parent_pid: int
    start: float
    processor_seconds: float
    resident_bytes: int

    def is_same(self, other: Sighting) -> bool:
        """Both are the same process."""
        return (self.pid, self.start) == (other.pid, other.start)


class Stack(Protocol):
    """A running stack."""

    @property
    def target(self) -> str:
        """Where the orchestrator listens, as `--server` takes it."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that point the command at this stack."""

    def sightings(self, service: str) -> list[Sighting]:
        """Return the process of a service, first, and its children; nothing where it does not run."""

    def is_running(self, service: str, process: Sighting) -> bool:
        """Return whether a process that was seen at a service is still there, whoever its parent is by now."""

    def signal(self, service: str, process: Sighting, number: signal.Signals) -> None:
        """Send a signal to a process of a service."""

    def is_whole(self) -> bool:
        """Every service serves."""

    def variant(self, settings: Mapping[str, str]) -> AbstractContextManager[Stack]:
        """Start a second stack beside this one, with other settings: variables as the services read them."""


def until(condition: Callable[[], bool], what: str, *, seconds: float = _DEADLINE_SECONDS) -> None:
    """Wait for what another process does, which has no event to await."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen in {seconds:g} s"
        time.sleep(0.02)


def service_process(stack: Stack, service: str) -> Sighting:
    """Return the process of a service that runs."""
    seen = stack.sightings(service)
    assert seen, f"{service} does not run"
    return seen[0]


def busy_worker(stack: Stack, service: str) -> Sighting:
    """Wait for a worker of a service that computes on a large state, and return it."""
    found: list[Sighting] = []

    def computes() -> bool:
        before = stack.sightings(service)[1:]
        time.sleep(0.2)
        for after in stack.sightings(service)[1:]:
            spent = [after.processor_seconds - seen.processor_seconds for seen in before if after.is_same(seen)]
            if spent and spent[0] > 0.1 and after.resident_bytes > _WARM_BYTES:
                found.append(after)
        return bool(found)

    until(computes, f"a worker of {service} that computes")
    return found[0]
