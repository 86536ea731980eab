"""Jobs on the real simulators, and what their results hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, observable_pb2, result_pb2
from proxima_backend_cirq.simulate import Simulation
from proxima_runtime.backend.engine import ItemResult
from proxima_runtime.conformance.circuits import CircuitWriter

METHOD = capabilities_pb2.Method
DOUBLE, SINGLE = result_pb2.PRECISION_DOUBLE, result_pb2.PRECISION_SINGLE

_TYPES = {
    result_pb2.DATA_TYPE_UINT8: "u1",
    result_pb2.DATA_TYPE_UINT64: "<u8",
    result_pb2.DATA_TYPE_FLOAT64: "<f8",
    result_pb2.DATA_TYPE_COMPLEX64: "<c8",
    result_pb2.DATA_TYPE_COMPLEX128: "<c16",
}


@cache
def simulation() -> Simulation:
    """Return the one simulation of the tests' process: its guard verifies each instruction once."""
    return Simulation()


def silent(*, done_count: int, total_count: int, unit: str) -> None:
    """No progress is wanted."""


def job(
    circuit: CircuitWriter,
    method: capabilities_pb2.Method,
    results: result_pb2.ResultSpec,
    *,
    engine: str = "cirq",
    precision: result_pb2.Precision = DOUBLE,
    seed: int = 1,
    batches: Sequence[int] = (),
) -> backend_pb2.Job:
    """Return a job as it travels."""
    return backend_pb2.Job(
        circuit=circuit.message(),
        results=results,
        method=method,
        engine=engine,
        precision=SINGLE if engine == "qsim" else precision,
        seed=seed,
        thread_count=1,
        segmentation=backend_pb2.Segmentation(shot_batches=batches),
    )


def run(wanted: backend_pb2.Job) -> ItemResult:
    """Run a job."""
    return simulation().run(wanted, silent)


def array(item: ItemResult, role: result_pb2.ArrayRole) -> npt.NDArray[np.number]:
    """Return the array of a role."""
    found = next(entry for entry in item.arrays if entry.role == role)
    return np.frombuffer(found.data, dtype=_TYPES[found.data_type]).reshape(found.shape)


def counts(item: ItemResult) -> Mapping[int, int]:
    """Return counts by record, bit b of which is classical bit b."""
    outcomes = array(item, result_pb2.ARRAY_ROLE_COUNT_OUTCOMES)
    values = array(item, result_pb2.ARRAY_ROLE_COUNT_VALUES)
    return {int.from_bytes(row.tobytes(), "little"): int(value) for row, value in zip(outcomes, values, strict=True)}


def observable(*paulis: str) -> observable_pb2.Observable:
    """Return a sum of Pauli strings with coefficients 1, -2, 3, ..."""
    coefficients = [float((-1) ** index * (index + 1)) for index in range(len(paulis))]
    return observable_pb2.Observable(name="+".join(paulis), paulis=paulis, coefficients=coefficients)
