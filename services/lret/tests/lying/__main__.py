"""Serves the lying engine."""

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings

from . import LyingEngine

if __name__ == "__main__":
    serve(LyingEngine, BackendSettings.load())
