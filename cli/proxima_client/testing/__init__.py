"""A real fake of the orchestrator, at the gRPC boundary: the contract served by a script instead of simulators.

Its backend is called "scripted" and its numbers are those that the test wrote; nothing in the product starts it.
"""

from proxima_client.testing.orchestrator import FakeOrchestrator, serve_fake
from proxima_client.testing.script import Script, ScriptedArray, scripted_counts, scripted_plan, scripted_state

__all__ = [
    "FakeOrchestrator",
    "Script",
    "ScriptedArray",
    "scripted_counts",
    "scripted_plan",
    "scripted_state",
    "serve_fake",
]
