"""What the orchestrator measures about executions."""

from __future__ import annotations

from google.rpc import error_details_pb2
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from proxima_orchestrator.convert.execution import status_message
from proxima_orchestrator.executions.record import ExecutionRecord

_PLANNING_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class RunMetrics:
    """Prometheus metrics of executions.

    Attributes:
        queue_length: executions that wait for a place at a backend.
        active: executions that are not terminal and not paused.
        paused: executions that are paused.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ended = Counter(
            "proxima_executions_total", "Executions ended, by state and reason.", ("state", "reason"), registry=registry
        )
        self._planning = Histogram(
            "proxima_planning_seconds", "Duration of planning.", registry=registry, buckets=_PLANNING_SECONDS
        )
        self.queue_length = Gauge("proxima_queue_length", "Executions waiting for a place.", registry=registry)
        self.active = Gauge(
            "proxima_executions_active", "Executions that are not terminal and not paused.", registry=registry
        )
        self.paused = Gauge("proxima_executions_paused", "Executions that are paused.", registry=registry)

    def planned(self, seconds: float) -> None:
        """A plan was made."""
        self._planning.observe(seconds)

    def ended(self, record: ExecutionRecord) -> None:
        """An execution ended."""
        reason = ""
        if record.error:
            for detail in status_message(record.error).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    reason = info.reason
        self._ended.labels(state=record.state.name, reason=reason).inc()
