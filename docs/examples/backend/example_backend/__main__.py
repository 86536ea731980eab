"""Serves the example backend: `python -m example_backend --listen unix:/run/proxima/example.sock`."""

from __future__ import annotations

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings

from example_backend.engine import ExampleEngine

if __name__ == "__main__":
    serve(ExampleEngine, BackendSettings.load())
