"""Serves the cirq backend: `python -m proxima_backend_cirq --listen unix:/run/proxima/cirq.sock`."""

from __future__ import annotations

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings

from proxima_backend_cirq.engine import CirqEngine


def main() -> None:
    """Read the settings and serve until told to stop."""
    serve(CirqEngine, BackendSettings.load())


if __name__ == "__main__":
    main()
