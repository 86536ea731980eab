"""The engine describes itself without importing a simulator."""

from __future__ import annotations

import subprocess
import sys


def test_describing_imports_no_simulator() -> None:
    """Capabilities and estimates in a service process import neither Cirq nor qsim."""
    script = (
        "import sys; from proxima_backend_cirq.engine import CirqEngine as E; e = E(); e.methods(); "
        "e.package_versions(); print([m for m in sys.modules if m.partition('.')[0] in ('cirq', 'qsimcirq')])"
    )
    finished = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert finished.stdout.strip() == "[]"
