"""A job that warms an engine up: small, and with every result of a method. Without numpy."""

from __future__ import annotations

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2

_KIND = circuit_pb2.Operation


def unreported(*, done_count: int, total_count: int, unit: str) -> None:
    """Report nothing: a `ProgressReporter` of runs that nobody waits for, like a warm-up."""
    del done_count, total_count, unit


def warm_up_job(capability: capabilities_pb2.MethodCapability) -> backend_pb2.Job:
    """Return a job on a measured Bell pair with every array that the method can return, in its preferred precision."""
    return backend_pb2.Job(
        circuit=circuit_pb2.Circuit(
            qubit_count=2,
            clbit_count=2,
            declared_qubit_count=2,
            operations=(
                _KIND(kind=_KIND.KIND_GATE, name="h", qubit_count=1),
                _KIND(kind=_KIND.KIND_GATE, name="cx", qubit_count=2),
                _KIND(kind=_KIND.KIND_MEASURE, name="measure", qubit_count=1, clbit_count=1),
            ),
            opcodes=_column(2, 0, 1, 2, 2),
            qubits=_column(4, 0, 0, 1, 0, 1),
            clbits=_column(4, 0, 1),
        ),
        results=result_pb2.ResultSpec(
            shots=10,
            probabilities=result_pb2.RESULT_KIND_PROBABILITIES in capability.results,
            statevector=result_pb2.RESULT_KIND_STATEVECTOR in capability.results,
            density_matrix=result_pb2.RESULT_KIND_DENSITY_MATRIX in capability.results,
        ),
        method=capability.method,
        engine=capability.engine,
        precision=capability.precisions[0],
        thread_count=1,
    )


def _column(size: int, *values: int) -> bytes:
    return b"".join(value.to_bytes(size, "little") for value in values)
