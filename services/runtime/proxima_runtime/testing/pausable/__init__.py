"""The scripted engine with a method that pauses, served by `python -m proxima_runtime.testing.pausable`."""

from proxima_runtime.testing.pausable.engine import PAUSABLE_GATES, PausableScriptedEngine, pausable_job, uninterrupted

__all__ = ["PAUSABLE_GATES", "PausableScriptedEngine", "pausable_job", "uninterrupted"]
