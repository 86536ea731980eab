"""Serves the Stim backend: `python -m stim_backend --listen unix:/run/proxima/stim.sock`."""

from __future__ import annotations

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings

from stim_backend.engine import StimEngine

if __name__ == "__main__":
    serve(StimEngine, BackendSettings.load())
