"""For tests of what talks to a backend: a scripted engine without any simulator, served by the real runtime."""

from proxima_runtime.testing.caller import Answer, BackendCaller, Execution
from proxima_runtime.testing.launch import RunningBackend, start_backend, wait_until_serving
from proxima_runtime.testing.scripted import ScriptedEngine, scripted_job

__all__ = [
    "Answer",
    "BackendCaller",
    "Execution",
    "RunningBackend",
    "ScriptedEngine",
    "scripted_job",
    "start_backend",
    "wait_until_serving",
]
