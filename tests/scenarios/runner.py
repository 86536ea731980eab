"""Runs the `proxima` command as a user does; the scenarios know nothing of how the stack behind it was started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one command ended.

    Attributes:
        exit_code: exit status of the process.
        stdout: standard output, decoded.
        stderr: standard error, decoded.
    """

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as one JSON object."""
        value = json.loads(self.stdout)
        assert isinstance(value, dict), self
        return value


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Starts `proxima` against one stack.

    Attributes:
        environment: variables that point the command at the stack, over this process's own.
        directory: working directory of the commands.
    """

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "proxima_cli", *arguments],
            env={**os.environ, **self.environment},
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, stdin: bytes = b"", timeout: float = 300) -> Outcome:
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "proxima_cli", *arguments],
            env={**os.environ, **self.environment},
            cwd=self.directory,
            input=stdin,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return Outcome(exit_code=done.returncode, stdout=done.stdout.decode(), stderr=done.stderr.decode())

    def run_circuit(self, source: str | bytes, *arguments: str) -> Outcome:
        """Run `proxima run -` on a circuit from standard input, with JSON output."""
        data = source.encode() if isinstance(source, str) else source
        return self.run("run", "-", "-o", "json", *arguments, stdin=data)


def assert_refused(outcome: Outcome, *, exit_code: int, reason: str, mentions: Sequence[str]) -> None:
    """Assert that a command was refused with this exit code, ErrorInfo reason and words in its message."""
    assert outcome.exit_code == exit_code, outcome
    error = outcome.json["error"]
    assert error["reason"] == reason, error
    for word in mentions:
        assert word.lower() in error["message"].lower(), error
