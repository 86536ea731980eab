"""Prometheus metrics of a service, in a registry of its own."""

from __future__ import annotations

import threading
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from proxima_runtime.address import parse_address

_CALL_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)


class _Server(Protocol):
    server_port: int

    def shutdown(self) -> None: ...


class Metrics:
    """What every service measures about its calls.

    Attributes:
        registry: where parts of a service add their own metrics.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "proxima_requests_total",
            "Calls ended, by method and gRPC code.",
            ("method", "code"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "proxima_request_seconds",
            "Duration of calls, by method.",
            ("method",),
            registry=self.registry,
            buckets=_CALL_SECONDS,
        )
        self._in_flight = Gauge(
            "proxima_requests_in_flight", "Calls that have not ended.", ("method",), registry=self.registry
        )

    def of_method(self, method: str) -> MethodMetrics:
        """Return the metrics of one method; look them up once."""
        return MethodMetrics(
            requests=self._requests,
            seconds=self._seconds.labels(method=method),
            in_flight=self._in_flight.labels(method=method),
            method=method,
        )


class MethodMetrics:
    """What is measured about the calls of one method."""

    def __init__(self, *, requests: Counter, seconds: Histogram, in_flight: Gauge, method: str) -> None:
        self._requests = requests
        self._seconds = seconds
        self._in_flight = in_flight
        self._method = method
        self._by_code: dict[str, Counter] = {}

    def begin(self) -> None:
        """A call begins."""
        self._in_flight.inc()

    def end(self, *, code: str, seconds: float) -> None:
        """A call has ended."""
        self._in_flight.dec()
        self._seconds.observe(seconds)
        counter = self._by_code.get(code)
        if counter is None:
            counter = self._by_code[code] = self._requests.labels(method=self._method, code=code)
        counter.inc()


class MetricsServer:
    """Serves a registry over HTTP on a thread.

    Attributes:
        target: "host:port" in force.
    """

    def __init__(self, metrics: Metrics, listen: str) -> None:
        """Start serving.

        Raises:
            OSError: the address cannot be had.
        """
        address = parse_address(listen)
        self._server: _Server
        self._thread: threading.Thread
        self._server, self._thread = start_http_server(address.port, addr=address.host, registry=metrics.registry)
        self.target = f"{address.host}:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
