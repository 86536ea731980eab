"""Serves the qiskit backend: `python -m proxima_backend_qiskit --listen unix:/run/proxima/qiskit.sock`."""

from __future__ import annotations

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings

from proxima_backend_qiskit.engine import QiskitEngine


def main() -> None:
    """Read the settings and serve until told to stop."""
    serve(QiskitEngine, BackendSettings.load())


if __name__ == "__main__":
    main()
