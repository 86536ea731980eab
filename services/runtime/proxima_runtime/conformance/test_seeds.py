"""Seeds decide samples, all of them and nothing but them."""

from __future__ import annotations

import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2

from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter

SHOTS = 1000


def _job(mode: Mode, seed: int, *, shots: int = SHOTS) -> backend_pb2.Job:
    if not mode.gives(result_pb2.RESULT_KIND_COUNTS):
        pytest.skip(f"{mode.name} does not count")
    circuit = CircuitWriter(qubit_count=6, clbit_count=6)
    for qubit in range(6):
        circuit.gate("h", (qubit,))
    return mode.job(circuit.measure_all(), shots=shots, seed=seed)


def test_same_seed_same_counts(backend: Backend, mode: Mode) -> None:
    """A deterministic method gives the same counts for the same seed."""
    if not mode.capability.deterministic:
        pytest.skip(f"{mode.name} does not promise it")
    assert backend.run(_job(mode, 7)).counts == backend.run(_job(mode, 7)).counts


def test_other_seed_other_counts(backend: Backend, mode: Mode) -> None:
    """Another seed gives other counts."""
    assert backend.run(_job(mode, 7)).counts != backend.run(_job(mode, 8)).counts


@pytest.mark.parametrize("seed", [0, 2**31, 2**32 - 1])
def test_extreme_seeds(backend: Backend, mode: Mode, seed: int) -> None:
    """The ends of the seed range work."""
    assert sum(backend.run(_job(mode, seed)).counts.values()) == SHOTS


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_out_of_range(backend: Backend, mode: Mode, seed: int) -> None:
    """A seed outside of 0 to 2^32 - 1 is refused."""
    assert backend.refusal(_job(mode, seed)).reason == errors_pb2.ERROR_REASON_INVALID_REQUEST


def test_one_shot(backend: Backend, mode: Mode) -> None:
    """One shot is one outcome."""
    assert list(backend.run(_job(mode, 3, shots=1)).counts.values()) == [1]


def test_shot_batches(backend: Backend, mode: Mode) -> None:
    """Batches of the plan sum to the shots, and are reproducible where the method is deterministic."""
    job = _job(mode, 5)
    job.segmentation.shot_batches.extend([300, 700])
    first = backend.run(job).counts
    assert sum(first.values()) == SHOTS
    if mode.capability.deterministic:
        assert backend.run(job).counts == first
