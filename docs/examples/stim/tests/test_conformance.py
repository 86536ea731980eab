"""The backend passes the conformance suite."""

from __future__ import annotations

import subprocess
import sys


def test_conformance() -> None:
    """Every test of proxima_runtime.conformance passes against the real service."""
    command = [sys.executable, "-m", "proxima_runtime.conformance", "--backend-module", "stim_backend", "-q"]
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert finished.returncode == 0, finished.stdout
