"""An estimate that is wrong costs the run and never the service."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.conformance.backend import start
from proxima_runtime.conformance.circuits import CircuitWriter, layered


def _job(circuit: CircuitWriter, method: capabilities_pb2.Method) -> backend_pb2.Job:
    return backend_pb2.Job(
        circuit=circuit.message(),
        results=result_pb2.ResultSpec(shots=10),
        method=method,
        engine="aer",
        memory_limit_bytes=64 << 20,
        thread_count=1,
    )


@pytest.mark.parametrize(
    ("method", "width"),
    [(capabilities_pb2.METHOD_STATEVECTOR, 26), (capabilities_pb2.METHOD_DENSITY_MATRIX, 13)],
)
def test_out_of_memory(monkeypatch: pytest.MonkeyPatch, method: capabilities_pb2.Method, width: int) -> None:
    """A run that passes its memory limit ends with OUT_OF_MEMORY, and the next one runs."""
    search = os.pathsep.join((str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")))
    monkeypatch.setenv("PYTHONPATH", search)
    backend = start("lying")
    try:
        error = backend.refusal(_job(layered(width, 1), method))
        assert error.reason == errors_pb2.ERROR_REASON_OUT_OF_MEMORY
        assert sum(backend.run(_job(layered(3, 1), method)).counts.values()) == 10
    finally:
        backend.close()
