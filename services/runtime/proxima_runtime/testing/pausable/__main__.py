"""Serves the pausable scripted engine."""

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings
from proxima_runtime.testing.pausable.engine import PausableScriptedEngine

if __name__ == "__main__":
    serve(PausableScriptedEngine, BackendSettings.load())
