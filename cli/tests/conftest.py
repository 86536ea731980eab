"""A command line run as a user runs it, and a fake server on a thread for commands that need one."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from proxima_client.testing import FakeOrchestrator, Script, serve_fake

Serve = Callable[[Script], "Served"]


@dataclass(frozen=True, kw_only=True)
class Served:
    """A fake that is served, its target, and the loop that it runs in."""

    fake: FakeOrchestrator
    target: str
    loop: asyncio.AbstractEventLoop


@dataclass(frozen=True, kw_only=True)
class Proxima:
    """The `proxima` command with a home of its own."""

    environment: Mapping[str, str]
    directory: Path

    def __call__(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "proxima_cli", *arguments],
            env=dict(self.environment),
            cwd=self.directory,
            input=stdin,
            capture_output=True,
            timeout=300,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "proxima_cli", *arguments],
            env=dict(self.environment),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def proxima(tmp_path: Path) -> Proxima:
    """The command, in an empty folder, without the user's configuration or server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROXIMA_")}
    environment = {**kept, "PROXIMA_HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    folder = tmp_path / "work"
    folder.mkdir()
    return Proxima(environment=environment, directory=folder)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve scripts on a thread until the test ends."""
    with _running_loop() as loop:
        contexts = []

        def start(script: Script) -> Served:
            context = serve_fake(script)
            fake, target = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result()
            contexts.append(context)
            return Served(fake=fake, target=target, loop=loop)

        yield start
        for context in contexts:
            asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result()


@contextmanager
def _running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
