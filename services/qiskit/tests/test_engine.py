"""The engine describes itself without importing Aer."""

from __future__ import annotations

import subprocess
import sys


def test_describing_imports_no_simulator() -> None:
    """Capabilities and estimates in a service process import neither Qiskit nor Aer."""
    script = (
        "import sys; from proxima_backend_qiskit.engine import QiskitEngine as E; e = E(); e.methods(); "
        "e.package_versions(); print([m for m in sys.modules if m.partition('.')[0] in ('qiskit', 'qiskit_aer')])"
    )
    finished = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert finished.stdout.strip() == "[]"
