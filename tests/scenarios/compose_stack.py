"""The stack in containers as the stack of the scenarios, brought up by testcontainers from docker-compose.yml."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from testcontainers.compose import DockerCompose

from .runner import Runner
from .stack import Sighting, Stack

_ROOT = Path(__file__).resolve().parents[2]
_HERE = Path(__file__).resolve().parent
# Of the images that are built here, so that those of somebody's own stack stay as they are.
_TAG = "scenarios"

# Runs inside of a container. The service is the child of the container's first process; what is run by `docker exec`
# has no parent there.
_LIST_PROCESSES = """
import json, os, resource
ticks, page = os.sysconf("SC_CLK_TCK"), resource.getpagesize()
seen = []
for pid in filter(str.isdecimal, os.listdir("/proc")):
    try:
        stat = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        continue
    if stat[0] != "Z":
        cpu = (int(stat[11]) + int(stat[12])) / ticks
        seen.append([int(pid), int(stat[1]), int(stat[19]) / ticks, cpu, int(stat[21]) * page])
print(json.dumps(seen))
"""
_SEND_SIGNAL = "import os, sys; os.kill(int(sys.argv[1]), int(sys.argv[2]))"


@dataclass(frozen=True, kw_only=True)
class ComposeStack:
    """A Compose project that runs; see `Stack`.

    Attributes:
        target: the orchestrator's published port.
        environment: variables that point the command at this stack.
        folder: of its files and those of its variants.
        compose: the project.
    """

    target: str
    environment: Mapping[str, str]
    folder: Path
    compose: DockerCompose

    @classmethod
    @contextmanager
    def started(
        cls, folder: Path, settings: Mapping[str, str], *, build: bool = False, overrides: Sequence[str] = ()
    ) -> Iterator[Self]:
        """Start a project of its own with its own volume, and remove both in the end.

        Args:
            folder: where its files go.
            settings: variables of docker-compose.yml, and those that it passes on to the services.
            build: build the images anew, from what the layers in the cache leave to do.
            overrides: names of further Compose files in this folder.
        """
        port = _free_port()
        name = f"proxima-scenarios-{uuid.uuid4().hex[:8]}"
        file = folder / f"{name}.env"
        variables = {**settings, "COMPOSE_PROJECT_NAME": name, "PROXIMA_PORT": str(port), "PROXIMA_TAG": _TAG}
        file.write_text("".join(f"{key}={value}\n" for key, value in variables.items()))
        compose = DockerCompose(
            _ROOT,
            compose_file_name=["docker-compose.yml", *(str(_HERE / override) for override in overrides)],
            pull=False,
            build=build,
            wait=True,
            env_file=str(file),
        )
        environment = {
            "PROXIMA_HOME": str(folder / name),
            "XDG_CONFIG_HOME": str(folder / name),
            "PROXIMA_SERVER": f"127.0.0.1:{port}",
        }
        try:
            _start(compose)
            yield cls(target=f"127.0.0.1:{port}", environment=environment, folder=folder, compose=compose)
        finally:
            compose.stop()

    def _processes(self, service: str) -> list[Sighting]:
        try:
            listing = self.run_in(service, _LIST_PROCESSES)
        except subprocess.CalledProcessError:
            # The container is down, or went down meanwhile.
            return []
        return [
            Sighting(pid=pid, parent_pid=parent, start=start, processor_seconds=cpu, resident_bytes=resident)
            for pid, parent, start, cpu, resident in json.loads(listing)
        ]

    def run_in(self, service: str, program: str, *arguments: str) -> str:
        """Run a Python program inside of a service's container and return what it prints."""
        return self.compose.exec_in_container(["python", "-c", program, *arguments], service)[0]

    def call(self, *arguments: str) -> str:
        """Run `docker compose` on this project and return what it prints."""
        command = [*self.compose.docker_compose_command(), *arguments]
        return subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout

    def sightings(self, service: str) -> list[Sighting]:
        """See `Stack`."""
        seen = self._processes(service)
        found = [process for process in seen if process.parent_pid == 1]
        return [*found, *(process for process in seen if process.parent_pid in {each.pid for each in found})]

    def is_running(self, service: str, process: Sighting) -> bool:
        """See `Stack`."""
        return any(process.is_same(other) for other in self._processes(service))

    def signal(self, service: str, process: Sighting, number: signal.Signals) -> None:
        """See `Stack`."""
        self.run_in(service, _SEND_SIGNAL, str(process.pid), str(int(number)))

    def is_whole(self) -> bool:
        """See `Stack`."""
        # What the container engine says is some seconds old; the orchestrator knows.
        listing = Runner(directory=self.folder, environment=self.environment).run("backends", "list", "-o", "json")
        return listing.exit_code == 0 and all(
            instance["condition"] == "serving"
            for backend in listing.json["backends"]
            for instance in backend["instances"]
        )

    @contextmanager
    def variant(self, settings: Mapping[str, str]) -> Iterator[Stack]:
        """See `Stack`."""
        with ComposeStack.started(self.folder, settings) as other:
            yield other


def require_docker() -> None:
    """Fail with a sentence where there is no Docker engine with Compose."""
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"  # every project is removed by the test that started it
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise AssertionError(
                f"`{' '.join(command)}` failed: these scenarios need a Docker engine and the Compose plugin"
            ) from error


def _start(compose: DockerCompose) -> None:
    try:
        compose.start()
    except subprocess.CalledProcessError as error:
        raise AssertionError(f"{error.stderr.decode(errors='replace')}\n{compose.get_logs()[0]}") from error


def _free_port() -> int:
    """Return a port that is free now; Docker would choose another one whenever the container restarts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
