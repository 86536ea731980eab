"""Serves the twin."""

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings

from . import TwinEngine

if __name__ == "__main__":
    serve(TwinEngine, BackendSettings.load())
