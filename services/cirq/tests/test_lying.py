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


def _job(circuit: CircuitWriter, engine: str) -> backend_pb2.Job:
    return backend_pb2.Job(
        circuit=circuit.message(),
        results=result_pb2.ResultSpec(shots=10),
        method=capabilities_pb2.METHOD_STATEVECTOR,
        engine=engine,
        memory_limit_bytes=64 << 20,
        thread_count=1,
    )


@pytest.mark.parametrize("engine", ["cirq", "qsim"])
def test_out_of_memory(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """A run that passes its memory limit ends typed, and the next one runs; qsim may die of it instead of saying so."""
    search = os.pathsep.join((str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")))
    monkeypatch.setenv("PYTHONPATH", search)
    reasons = {errors_pb2.ERROR_REASON_OUT_OF_MEMORY}
    if engine == "qsim":
        reasons.add(errors_pb2.ERROR_REASON_WORKER_CRASHED)
    backend = start("lying")
    try:
        assert backend.refusal(_job(layered(27, 1), engine)).reason in reasons
        assert sum(backend.run(_job(layered(3, 1), engine)).counts.values()) == 10
    finally:
        backend.close()
