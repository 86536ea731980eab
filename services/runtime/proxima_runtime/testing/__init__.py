"""For tests of what talks to a backend: a scripted engine without any simulator, served by the real runtime."""

from proxima_runtime.testing.launch import RunningBackend, start_backend
from proxima_runtime.testing.scripted import ScriptedEngine, scripted_job

__all__ = ["RunningBackend", "ScriptedEngine", "scripted_job", "start_backend"]
