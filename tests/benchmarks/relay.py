"""A state vector of 24 qubits (256 MiB) live through the orchestrator against one direct hop to the backend.

Both times run from the arrival of the result's header to its last byte, so that neither holds the simulation.
"""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import AsyncIterable
from typing import Literal, Protocol

from proxima.backend.v1 import backend_pb2, backend_pb2_grpc
from proxima.orchestrator.v1 import executions_pb2, executions_pb2_grpc
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2
from proxima_runtime.channel import open_channel

from .stack import start_stack

_QUBITS = 24
_BYTES = 16 * 2**_QUBITS
_TURNS = 5


async def run() -> None:
    """Print both throughputs, their ratio, and the later retrieval from the artifact store."""
    direct: list[float] = []
    relayed: list[float] = []
    stored: list[float] = []
    async with (
        start_stack("qiskit") as stack,
        open_channel(stack.backend_targets["qiskit"]) as south,
        open_channel(stack.target) as north,
    ):
        backend = backend_pb2_grpc.BackendServiceStub(south)
        executions = executions_pb2_grpc.ExecutionServiceStub(north)
        for _ in range(_TURNS):
            call = backend.Execute()  # type: ignore[call-arg]  # the iterator is optional
            await call.write(backend_pb2.ExecuteRequest(start=_start()))
            direct.append(await _drain(call))
            spec = executions_pb2.ExecutionSpec(
                backend="backends/qiskit",
                method=capabilities_pb2.METHOD_STATEVECTOR,
                results=result_pb2.ResultSpec(statevector=True),
                circuit=executions_pb2.CircuitSource(
                    openqasm=f'OPENQASM 2.0;include "qelib1.inc";qreg q[{_QUBITS}];h q;'.encode()
                ),
            )
            request = executions_pb2.ExecuteRequest(spec=spec, deliver_results=True)
            name: list[str] = []
            relayed.append(await _drain(executions.Execute(request), names=name))
            stored.append(await _drain(executions.ReadResult(executions_pb2.ReadResultRequest(name=name[0]))))
    mib = _BYTES / 2**20
    print(
        f"direct {mib / statistics.median(direct):,.0f} MiB/s; live through the orchestrator "
        f"{mib / statistics.median(relayed):,.0f} MiB/s, "
        f"ratio {statistics.median(direct) / statistics.median(relayed):.2f}; "
        f"from the store {mib / statistics.median(stored):,.0f} MiB/s"
    )


class _Message(Protocol):
    """An answer of either service that carries results."""

    @property
    def result_chunk(self) -> result_pb2.ResultChunk: ...

    def WhichOneof(self, oneof_group: Literal["message"], /) -> str | None: ...


async def _drain(call: AsyncIterable[_Message], names: list[str] | None = None) -> float:
    begin = 0.0
    received = 0
    seconds = 0.0
    async for message in call:
        kind = message.WhichOneof("message")
        if kind == "result_header":
            begin = time.perf_counter()
        elif kind == "result_chunk":
            received += len(message.result_chunk.data)
            seconds = time.perf_counter() - begin
        elif isinstance(message, executions_pb2.ExecuteResponse) and names is not None and not names:
            names.append(message.execution.name)
    assert received == _BYTES, f"{received} of {_BYTES} bytes arrived"
    return seconds


def _start() -> backend_pb2.StartExecution:
    circuit = circuit_pb2.Circuit(
        qubit_count=_QUBITS,
        declared_qubit_count=_QUBITS,
        operations=[circuit_pb2.Operation(kind=circuit_pb2.Operation.KIND_GATE, name="h", qubit_count=1)],
        opcodes=bytes(2 * _QUBITS),
        qubits=b"".join(q.to_bytes(4, "little") for q in range(_QUBITS)),
    )
    job = backend_pb2.Job(
        circuit=circuit,
        results=result_pb2.ResultSpec(statevector=True),
        method=capabilities_pb2.METHOD_STATEVECTOR,
        engine="aer",
    )
    return backend_pb2.StartExecution(execution=f"executions/{uuid.uuid4()}", attempt=1, job=job)
