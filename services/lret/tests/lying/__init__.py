"""An engine for tests that claims to need no memory."""

from __future__ import annotations

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import estimate_pb2
from proxima_backend_lret.engine import LretEngine


class LyingEngine(LretEngine):
    """lret with an estimate that is always too small."""

    name = "lying"

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Claim one byte."""
        return estimate_pb2.ResourceEstimate(peak_memory_bytes=1, work_units=1.0, rule="none")
