"""A truncation budget is kept, and the certified error bounds every result."""

from __future__ import annotations

import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2

from proxima_runtime.conformance import exact
from proxima_runtime.conformance.agreement import expectation, telling_observables
from proxima_runtime.conformance.backend import Backend, Result
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter

WIDTH, LAYERS = 4, 4
BUDGETS = (0.0, 1e-6, 0.02, 0.2, 0.7)


def _need(mode: Mode) -> None:
    if not mode.offers(capabilities_pb2.FEATURE_MAX_ERROR):
        pytest.skip(f"{mode.name} does not truncate")


def _circuit(mode: Mode) -> CircuitWriter:
    """Noise enough for full rank, unital and not."""
    circuit = CircuitWriter(qubit_count=WIDTH, clbit_count=WIDTH)
    for layer in range(LAYERS):
        circuit.gates(mode.start(WIDTH, layer))
        for qubit in range(layer % 2, WIDTH - 1, 2):
            circuit.gate("cx", (qubit, qubit + 1)).channel("depolarizing", (qubit, qubit + 1), (0.03,))
        circuit.channel("amplitude_damping", (layer % WIDTH,), (0.05, 0.1))
    mode.require(circuit)
    return circuit


def _run(backend: Backend, mode: Mode, circuit: CircuitWriter, budget: float) -> Result:
    job = mode.job(
        circuit,
        probabilities=mode.gives(result_pb2.RESULT_KIND_PROBABILITIES),
        density_matrix=mode.gives(result_pb2.RESULT_KIND_DENSITY_MATRIX),
        observables=telling_observables(circuit) if mode.gives(result_pb2.RESULT_KIND_EXPECTATION_VALUES) else (),
        max_error=budget,
    )
    if mode.precision == result_pb2.PRECISION_SINGLE and 0 < budget < 1e-3 and backend.estimate(job).violations:
        pytest.skip(f"{mode.name} cannot certify {budget:g} over its own rounding, and says so")
    return backend.run(job)


@pytest.mark.parametrize("budget", BUDGETS)
def test_certified_error_holds(backend: Backend, mode: Mode, budget: float) -> None:
    """The certified error is at most the budget, and no result is farther from the truth than it says."""
    _need(mode)
    circuit = _circuit(mode)
    result = _run(backend, mode, circuit, budget)
    assert result.header.HasField("certified_error"), "the result does not say its certified error"
    certified = result.header.certified_error
    # Rounding has its share; an exact run promises no more than that.
    assert 0 <= certified <= max(budget, 1e-3 if mode.precision == result_pb2.PRECISION_SINGLE else 1e-9)
    truth, slack = exact.final_density_matrix(WIDTH, circuit.rows), certified + mode.tolerance
    if result_pb2.ARRAY_ROLE_DENSITY_MATRIX in result.arrays:
        difference = result.array(result_pb2.ARRAY_ROLE_DENSITY_MATRIX).astype(np.complex128) - truth
        assert 0.5 * np.abs(np.linalg.eigvalsh(difference)).sum() <= slack
    if result_pb2.ARRAY_ROLE_PROBABILITIES in result.arrays:
        excess = result.array(result_pb2.ARRAY_ROLE_PROBABILITIES) - np.diagonal(truth).real
        assert 0.5 * np.abs(excess).sum() <= slack
    for entry, observable in zip(result.header.expectation_values, telling_observables(circuit), strict=True):
        # An eigenvalue lies within 1 of 0: twice the trace distance bounds the error of a Pauli string.
        assert abs(entry.value - expectation(observable, truth)) <= 2 * slack


def test_state_stays_a_state(backend: Backend, mode: Mode) -> None:
    """A truncated density matrix has trace 1 and no negative eigenvalue; probabilities sum to 1."""
    _need(mode)
    result = _run(backend, mode, _circuit(mode), 0.3)
    if result_pb2.ARRAY_ROLE_DENSITY_MATRIX in result.arrays:
        state = result.array(result_pb2.ARRAY_ROLE_DENSITY_MATRIX).astype(np.complex128)
        assert np.trace(state).real == pytest.approx(1, abs=mode.tolerance)
        assert np.linalg.eigvalsh(state).min() >= -mode.tolerance
    if result_pb2.ARRAY_ROLE_PROBABILITIES in result.arrays:
        found = result.array(result_pb2.ARRAY_ROLE_PROBABILITIES)
        assert float(found.sum()) == pytest.approx(1, abs=mode.tolerance)
        assert float(found.min()) >= 0


def test_low_rank_truncates(capability: capabilities_pb2.MethodCapability) -> None:
    """A low-rank method takes a budget: its approximation is bounded by what was asked."""
    if capability.method != capabilities_pb2.METHOD_LOW_RANK:
        pytest.skip("not a low-rank method")
    assert capabilities_pb2.FEATURE_MAX_ERROR in capability.features


def test_budget_without_truncation(backend: Backend, mode: Mode) -> None:
    """A method that does not truncate refuses a budget."""
    if mode.offers(capabilities_pb2.FEATURE_MAX_ERROR):
        pytest.skip(f"{mode.name} truncates")
    shots = 1 if mode.gives(result_pb2.RESULT_KIND_COUNTS) else 0
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).gate("x", (0,)).measure_all()
    error = backend.refusal(mode.job(circuit, shots=shots, probabilities=not shots, max_error=0.1))
    assert error.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND


@pytest.mark.parametrize("budget", [-0.1, 1.0, float("nan")])
def test_illegal_budgets(backend: Backend, mode: Mode, budget: float) -> None:
    """A budget outside of [0, 1) is refused as the request's."""
    shots = 1 if mode.gives(result_pb2.RESULT_KIND_COUNTS) else 0
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).gate("x", (0,)).measure_all()
    error = backend.refusal(mode.job(circuit, shots=shots, probabilities=not shots, max_error=budget))
    assert error.reason == errors_pb2.ERROR_REASON_INVALID_REQUEST
