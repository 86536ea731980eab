"""Drives `aer_peer.py` in the qiskit backend's environment."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .stack import environment_python


class AerPeer:
    """Aer in a process of its own that holds nothing but Qiskit and Aer."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, action: str, **request: object) -> dict[str, float]:
        """Send one request and return its answer.

        Raises:
            RuntimeError: the peer died or refused.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"action": action, **request}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the Aer peer ended with status {self._process.wait()}")
        answer: dict[str, float] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(str(answer["error"]))
        return answer


@contextlib.contextmanager
def start_peer() -> Iterator[AerPeer]:
    """Start the peer; stop it at the end."""
    script = Path(__file__).with_name("aer_peer.py")
    process = subprocess.Popen(
        [environment_python("qiskit"), script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield AerPeer(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)
