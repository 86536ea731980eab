"""Memory: said before, stopped in time, and typed where it is not enough."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import observable_pb2
from proxima_backend_lret.estimate import estimate
from proxima_runtime.conformance.backend import start
from proxima_runtime.conformance.circuits import CircuitWriter, layered
from proxima_runtime.conformance.peak import measured_peak_bytes
from proxima_runtime.errors import ResourceExhausted

from .noisy import LOW_RANK, SINGLE, VECTOR, job, layers, run

ENGINE = "proxima_backend_lret.engine:LretEngine"


def test_rank_past_the_memory_stops_with_figures() -> None:
    """A run whose rank outgrows its memory ends before it takes it, with rank, bytes needed and remedies."""
    with pytest.raises(ResourceExhausted) as caught:
        run(job(layers(12, 10, 0.02), max_error=0.001, probabilities=True, memory_limit_bytes=8 << 20))
    error = caught.value
    assert error.reason == errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY
    assert int(error.metadata["rank"]) > 1
    assert int(error.metadata["needed_bytes"]) > 8 << 20 == int(error.metadata["available_bytes"])
    assert f"rank {error.metadata['rank']}" in error.message
    assert "max_error" in error.message


def test_service_survives_a_rank_that_outgrows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the service, with an estimate that lies, the same error comes back and the next job runs."""
    search = os.pathsep.join((str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")))
    monkeypatch.setenv("PYTHONPATH", search)
    backend = start("lying")
    try:
        greedy = job(layers(13, 10, 0.02), probabilities=True, memory_limit_bytes=32 << 20)
        error = backend.refusal(greedy)
        assert error.reason == errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY
        assert int(error.metadata["rank"]) > 100
        huge = job(layered(22, 1), method=VECTOR, shots=10, memory_limit_bytes=64 << 20)
        assert backend.refusal(huge).reason == errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY
        assert sum(backend.run(job(layered(3, 1), shots=10)).counts.values()) == 10
    finally:
        backend.close()


_SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "wanted", ["shots", *(pytest.param(name, marks=_SLOW) for name in ("probabilities", "statevector", "observables"))]
)
def test_state_vectors_are_within_a_tenth(wanted: str) -> None:
    """The estimate of a state vector is within 10 % of the measured peak of a fresh worker."""
    # Large enough for a few megabytes of the allocator's to be within the tolerance.
    asked = job(layered(22, 1), method=VECTOR)
    match wanted:
        case "shots":
            asked.results.shots = 1000
        case "observables":
            asked.results.observables.append(
                observable_pb2.Observable(name="z", paulis=["Z" * 22, "X" * 22], coefficients=[1.0, 1.0])
            )
        case _:
            setattr(asked.results, wanted, True)
    assert estimate(asked).peak_memory_bytes == pytest.approx(measured_peak_bytes(ENGINE, asked), rel=0.1)


@pytest.mark.parametrize(
    ("circuit", "max_error"),
    [(layers(10, 10, 1.3e-3), 0.1), (layers(6, 5, 0.02), 0.0), (layers(8, 4, 0.01), 0.05)],
    ids=["weak", "exact", "strong"],
)
def test_low_rank_covers_what_it_takes(circuit: CircuitWriter, max_error: float) -> None:
    """The estimate of a noisy circuit covers the measured peak: it predicts the rank from above."""
    asked = job(circuit, max_error=max_error, density_matrix=True)
    # The linear algebra library takes up to a megabyte for itself when it is first called with such sizes.
    measured = measured_peak_bytes(ENGINE, asked) - 2**20
    assert estimate(asked).peak_memory_bytes >= 0.95 * measured


def test_low_rank_fits_what_it_is_promised() -> None:
    """A run that is given exactly what was estimated does not run out of it."""
    asked = job(layers(9, 8, 2e-3), max_error=0.05, probabilities=True)
    asked.memory_limit_bytes = estimate(asked).peak_memory_bytes
    assert run(asked).certified_error <= 0.05


def test_budget_makes_the_estimate_smaller() -> None:
    """A larger max_error predicts less memory; without one it is that of the exact state."""
    circuit = layers(14, 10, 1e-4)
    peaks = [
        estimate(job(circuit, probabilities=True, max_error=budget)).peak_memory_bytes for budget in (0.0, 0.01, 0.2)
    ]
    assert peaks[2] < peaks[1] <= peaks[0]


def test_saturates() -> None:
    """A state beyond every machine saturates at 2^63 - 1."""
    for method in (VECTOR, LOW_RANK):
        asked = job(layers(4, 2, 0.1), probabilities=True, method=method)
        asked.circuit.qubit_count = 100
        assert estimate(asked).peak_memory_bytes == 2**63 - 1


def test_largest_fitting_is_the_last_that_fits() -> None:
    """The named size needs at most the limit and one more qubit needs more."""
    asked = job(layered(4, 4, measure=False), method=VECTOR, probabilities=True)
    asked.memory_limit_bytes = 1 << 28
    largest = estimate(asked).largest_fitting_qubit_count
    asked.circuit.qubit_count = largest
    assert estimate(asked).peak_memory_bytes <= 1 << 28
    asked.circuit.qubit_count = largest + 1
    assert estimate(asked).peak_memory_bytes > 1 << 28


def _reasons(asked: backend_pb2.Job) -> list[str]:
    return [violation.description for violation in estimate(asked).violations]


def test_single_precision_needs_a_budget_ten_times_its_rounding() -> None:
    """complex64 is refused where its rounding would take more than a tenth of the budget; the message says how much."""
    circuit = layers(4, 30, 1e-3)
    (sentence,) = _reasons(job(circuit, precision=SINGLE, probabilities=True, max_error=1e-3))
    assert "double precision" in sentence
    assert not _reasons(job(circuit, precision=SINGLE, probabilities=True, max_error=0.5))
    assert not _reasons(job(circuit, precision=SINGLE, probabilities=True))


def test_budgets_below_rounding_are_refused() -> None:
    """A budget that rounding alone exceeds cannot be certified."""
    (sentence,) = _reasons(job(layers(4, 4, 1e-3), probabilities=True, max_error=1e-15))
    assert "rounding" in sentence


def test_segments_are_refused() -> None:
    """A plan with circuit segments is a violation."""
    asked = job(layers(2, 2, 0.1), probabilities=True)
    asked.segmentation.segment_starts.append(1)
    assert len(_reasons(asked)) == 1
