"""Without a budget nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from proxima.simulation.v1 import observable_pb2
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter

from .noisy import circuits, job, layers, random_circuit, run


@pytest.mark.parametrize("seed", range(12))
def test_equals_the_density_matrix(seed: int) -> None:
    """The state is that of a dense evolution to 1e-12."""
    width = 1 + seed % 6
    circuit = random_circuit(seed + 7, width, strength=0.3)
    answer = run(job(circuit, density_matrix=True))
    np.testing.assert_allclose(answer.density_matrix, exact.final_density_matrix(width, circuit.rows), atol=1e-12)
    assert answer.certified_error < 1e-9


@settings(max_examples=50, deadline=None)
@given(circuit=circuits())
def test_any_circuit_equals_the_reference(circuit: CircuitWriter) -> None:
    """State and probabilities of circuits that hypothesis finds are the reference's to 1e-12."""
    measures = any(row.clbit >= 0 for row in circuit.rows)
    answer = run(job(circuit, density_matrix=True, probabilities=measures))
    truth = exact.final_density_matrix(circuit.qubit_count, circuit.rows)
    np.testing.assert_allclose(answer.density_matrix, truth, atol=1e-12)
    if measures:
        _, expected = exact.clbit_probabilities(circuit.qubit_count, circuit.rows)
        np.testing.assert_allclose(answer.probabilities, expected, atol=1e-12)


@pytest.mark.parametrize("probability", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("max_error", [0.0, 1e-10])
def test_weak_noise_is_not_erased(probability: float, max_error: float) -> None:
    """Noise far weaker than any threshold keeps its effect where the budget does not allow to drop it."""
    circuit = CircuitWriter(qubit_count=2).gate("h", (0,)).gate("cx", (0, 1))
    for _ in range(50):
        circuit.channel("depolarizing", (0,), (probability,)).channel("amplitude_damping", (1,), (probability, 0.0))
    parity = observable_pb2.Observable(name="p", paulis=["ZZ"], coefficients=[1.0])
    (found,) = run(job(circuit, max_error=max_error, observables=(parity,))).values
    truth = exact.expectation("ZZ", exact.final_density_matrix(2, circuit.rows))
    assert abs(found - truth) <= 1e-4 * (1 - truth) + max_error
    assert 1 - found == pytest.approx(100 * probability, rel=0.1)


def test_full_rank_stays_within_the_dimension() -> None:
    """Depolarizing everything again and again gives the maximally mixed state, at full rank and not beyond it."""
    circuit = layers(3, 6, 0.9)
    answer = run(job(circuit, density_matrix=True))
    np.testing.assert_allclose(answer.density_matrix, exact.final_density_matrix(3, circuit.rows), atol=1e-12)


def test_separable_noise_makes_no_columns_of_zero_weight() -> None:
    """A reset of a qubit in a known state keeps one column: a chain of them needs little memory."""
    circuit = CircuitWriter(qubit_count=12, clbit_count=1)
    for place in range(60):
        circuit.gate("h", (place % 12,)).reset(place % 12)
    found = run(job(circuit.measure(3, 0), probabilities=True, memory_limit_bytes=2 << 20)).probabilities
    np.testing.assert_allclose(found, [1, 0], atol=1e-12)
