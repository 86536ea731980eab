"""Jobs for the tests, and what Aer made of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import sqrt

import numpy as np
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, observable_pb2, result_pb2
from proxima_backend_qiskit.simulate import Simulation
from proxima_runtime.backend.engine import ItemResult
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter

METHOD = capabilities_pb2.Method


@cache
def simulation() -> Simulation:
    """Return the one simulation of the test process."""
    return Simulation()


def job(
    circuit: CircuitWriter,
    method: capabilities_pb2.Method,
    *,
    results: result_pb2.ResultSpec,
    seed: int = 1,
    shot_batches: Sequence[int] = (),
) -> backend_pb2.Job:
    """Return a job on one thread in double precision."""
    return backend_pb2.Job(
        circuit=circuit.message(),
        results=results,
        method=method,
        engine="aer",
        precision=result_pb2.PRECISION_DOUBLE,
        seed=seed,
        thread_count=1,
        segmentation=backend_pb2.Segmentation(shot_batches=shot_batches),
    )


def run(todo: backend_pb2.Job) -> ItemResult:
    """Run a job in this process."""
    return simulation().run(todo, lambda *, done_count, total_count, unit: None)


def counts(result: ItemResult) -> dict[int, int]:
    """Return counts by record."""
    arrays = {array.role: array for array in result.arrays}
    rows = arrays[result_pb2.ARRAY_ROLE_COUNT_OUTCOMES]
    values = np.frombuffer(arrays[result_pb2.ARRAY_ROLE_COUNT_VALUES].data, dtype="<u8")
    outcomes = np.frombuffer(rows.data, dtype=np.uint8).reshape(rows.shape)
    return {int.from_bytes(row.tobytes(), "little"): int(seen) for row, seen in zip(outcomes, values, strict=True)}


def array(result: ItemResult, role: result_pb2.ArrayRole) -> np.ndarray:
    """Return an array of doubles or complex doubles in its shape."""
    (found,) = (entry for entry in result.arrays if entry.role == role)
    dtype = {result_pb2.DATA_TYPE_FLOAT64: "<f8", result_pb2.DATA_TYPE_COMPLEX128: "<c16"}[found.data_type]
    return np.frombuffer(found.data, dtype=dtype).reshape(found.shape)


def observable(pauli: str) -> observable_pb2.Observable:
    """Return one Pauli string as an observable."""
    return observable_pb2.Observable(name=pauli, paulis=[pauli], coefficients=[1.0])


def worst_deviation(circuit: CircuitWriter, found: dict[int, int]) -> float:
    """Return the largest deviation of a count from its exact expectation, in standard deviations.

    An outcome that cannot be and was seen is infinitely far off.
    """
    expected = exact.record_probabilities(circuit.qubit_count, circuit.rows)
    shots = sum(found.values())
    possible = {record: p for record, p in expected.items() if p > 1e-12}
    if set(found) - set(possible):
        return float("inf")
    return max(
        abs(found.get(record, 0) - shots * p) / max(sqrt(shots * p * (1 - p)), 1.0) for record, p in possible.items()
    )
