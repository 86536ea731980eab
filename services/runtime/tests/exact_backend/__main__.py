"""Serves the engine: `python -m exact_backend --listen unix:/run/exact.sock`."""

from __future__ import annotations

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings

from .engine import ExactEngine

if __name__ == "__main__":
    serve(ExactEngine, BackendSettings.load())
