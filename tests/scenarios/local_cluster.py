"""The local cluster as the stack of the scenarios."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from .runner import Runner
from .stack import Sighting, Stack

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class LocalCluster:
    """A local cluster that runs; see `Stack`.

    Attributes:
        target: the orchestrator's Unix socket.
        environment: variables that point the command at this cluster.
        folder: of this cluster's home and the homes of its variants.
    """

    target: str
    environment: Mapping[str, str]
    folder: Path

    @classmethod
    @contextmanager
    def started(cls, folder: Path, settings: Mapping[str, str]) -> Iterator[Self]:
        """Start a cluster with its home below `folder`, and stop it in the end."""
        home = folder / f"home{len(list(folder.iterdir()))}"
        home.mkdir()
        environment = {
            **settings,
            "PROXIMA_HOME": str(home),
            "PROXIMA_ENVIRONMENTS": str(_ROOT / ".proxima" / "env"),
            "XDG_CONFIG_HOME": str(home),
            "PROXIMA_SERVER": "",
        }
        runner = Runner(directory=home, environment=environment)
        up = runner.run("up", "-o", "json", timeout=600)
        try:
            assert up.exit_code == 0, up
            assert {service["state"] for service in up.json["services"]} == {"serving"}, up
            yield cls(target=up.json["server"], environment=environment, folder=folder)
        finally:
            down = runner.run("down")
            assert down.exit_code == 0, down

    @property
    def _runner(self) -> Runner:
        return Runner(directory=self.folder, environment=self.environment)

    def sightings(self, service: str) -> list[Sighting]:
        """See `Stack`."""
        services = {found["name"]: found for found in self._runner.run("status", "-o", "json").json["services"]}
        pid = services[service]["pid"] if service in services else None
        found: list[Sighting] = []
        if pid is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                for each in (process, *process.children()):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        found += _sighting(each)
        return found if found and found[0].pid == pid else []

    def is_running(self, service: str, process: Sighting) -> bool:
        """See `Stack`."""
        try:
            return any(process.is_same(other) for other in _sighting(psutil.Process(process.pid)))
        except psutil.NoSuchProcess:
            return False

    def signal(self, service: str, process: Sighting, number: signal.Signals) -> None:
        """See `Stack`."""
        os.kill(process.pid, number)

    def is_whole(self) -> bool:
        """See `Stack`."""
        return self._runner.run("status").exit_code == 0

    @contextmanager
    def variant(self, settings: Mapping[str, str]) -> Iterator[Stack]:
        """See `Stack`."""
        with LocalCluster.started(self.folder, settings) as other:
            yield other


def _sighting(process: psutil.Process) -> list[Sighting]:
    with process.oneshot():
        if process.status() == psutil.STATUS_ZOMBIE:
            return []
        return [
            Sighting(
                pid=process.pid,
                parent_pid=process.ppid(),
                start=process.create_time(),
                processor_seconds=sum(process.cpu_times()[:2]),
                resident_bytes=process.memory_info().rss,
            )
        ]
