"""Serves the scripted engine: `python -m proxima_runtime.testing --listen unix:/path`."""

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings
from proxima_runtime.testing.scripted import ScriptedEngine

if __name__ == "__main__":
    serve(ScriptedEngine, BackendSettings.load())
