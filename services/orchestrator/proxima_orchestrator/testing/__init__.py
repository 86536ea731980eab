"""For tests: the orchestrator as a real process that can be killed and started again."""

from proxima_orchestrator.testing.launch import RunningOrchestrator

__all__ = ["RunningOrchestrator"]
