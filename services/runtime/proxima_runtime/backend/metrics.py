"""Prometheus metrics of a backend service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

_BYTES = tuple(float(2**power) for power in range(20, 44, 2))


class BackendMetrics:
    """What a backend service measures about its executions.

    Attributes:
        executions: executions ended, by outcome.
        peak_memory: peak memory of executions.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.executions = Counter(
            "proxima_backend_executions_total",
            'Executions ended, by outcome: "completed", or the reason.',
            ("outcome",),
            registry=registry,
        )
        self.peak_memory = Histogram(
            "proxima_backend_peak_memory_bytes",
            "Peak memory of executions over the warm worker.",
            registry=registry,
            buckets=_BYTES,
        )


class WorkerCollector:
    """Exports the workers by state, counted when somebody asks."""

    def __init__(self, counts: Callable[[], Mapping[str, int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client's collectors."""
        family = GaugeMetricFamily("proxima_backend_workers", "Worker processes by state.", labels=("state",))
        for state, count in self._counts().items():
            family.add_metric((state,), count)
        yield family
