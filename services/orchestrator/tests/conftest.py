"""Runs coroutine tests, and gives scripts for the scripted backend."""

from __future__ import annotations

import asyncio
import inspect
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.protobuf import duration_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.testing import scripted_job

BELL = b"""OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0], q[1];
measure q -> c;
"""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), 120))
    return True


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for Unix sockets."""
    with tempfile.TemporaryDirectory(prefix="px-") as name:
        yield Path(name)


ScriptedSpec = Callable[..., executions_pb2.ExecutionSpec]


@pytest.fixture
def bell() -> executions_pb2.ExecutionSpec:
    """A Bell circuit with measurements."""
    return executions_pb2.ExecutionSpec(circuit=executions_pb2.CircuitSource(openqasm=BELL, display_name="bell"))


@pytest.fixture
def script() -> ScriptedSpec:
    """Builds a specification from script gates: script(("scripted_sleep", 60), statevector=True)."""

    def build(
        *steps: tuple[str, float],
        shots: int = 16,
        statevector: bool = False,
        timeout_seconds: float = 0,
        thread_count: int = 0,
    ) -> executions_pb2.ExecutionSpec:
        job = scripted_job(*steps, shots=shots)
        spec = executions_pb2.ExecutionSpec(
            circuit=executions_pb2.CircuitSource(circuit=job.circuit),
            results=result_pb2.ResultSpec(shots=shots, statevector=statevector),
            backend="backends/scripted",
            thread_count=thread_count,
        )
        if timeout_seconds:
            whole = int(timeout_seconds)
            nanos = int((timeout_seconds - whole) * 1e9)
            spec.timeout.CopyFrom(duration_pb2.Duration(seconds=whole, nanos=nanos))
        return spec

    return build
