"""Sampled expectation values say their standard error, and it is one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, observable_pb2, result_pb2

from proxima_runtime.conformance import exact
from proxima_runtime.conformance.agreement import expectation
from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter

_RUNS, _SHOTS = 30, 200
OBSERVABLES = (
    observable_pb2.Observable(name="ZZ", paulis=["ZZ"], coefficients=[1.0]),
    observable_pb2.Observable(name="sum", paulis=["XX", "IZ"], coefficients=[0.5, -1.0]),
)


def _need(mode: Mode) -> None:
    needed = {result_pb2.RESULT_KIND_EXPECTATION_VALUES, result_pb2.RESULT_KIND_COUNTS}
    if mode.capability.method != capabilities_pb2.METHOD_TRAJECTORIES or not needed <= set(mode.capability.results):
        pytest.skip(f"{mode.name} does not sample expectation values by trajectories")


def _circuit() -> CircuitWriter:
    """Noise whose trajectories differ by their states and not only by signs."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=2).gate("h", (0,)).channel("amplitude_damping", (0,), (0.5, 0.0))
    circuit.gate("cx", (0, 1)).channel("depolarizing", (0, 1), (0.2,)).channel("phase_damping", (1,), (0.6,))
    return circuit


def _job(mode: Mode, circuit: CircuitWriter, *, seed: int, shots: int = _SHOTS) -> backend_pb2.Job:
    return mode.job(circuit, observables=OBSERVABLES, shots=shots, seed=seed)


@pytest.mark.parametrize("measured", [False, True], ids=["unmeasured", "measured"])
def test_standard_error_is_calibrated(backend: Backend, mode: Mode, *, measured: bool) -> None:
    """Over 30 seeds the squared deviations in units of the stated errors average to 1, within their 1e-6 quantiles."""
    _need(mode)
    circuit = _circuit().measure_all() if measured else _circuit()
    state = exact.final_density_matrix(2, circuit.rows)
    scores = np.zeros(len(OBSERVABLES))
    for seed in range(_RUNS):
        found = backend.run(_job(mode, circuit, seed=seed)).header.expectation_values
        for place, (entry, observable) in enumerate(zip(found, OBSERVABLES, strict=True)):
            scores[place] += ((entry.value - expectation(observable, state)) / entry.standard_error) ** 2
    # Wilson and Hilferty's quantiles of chi-square with 30 degrees of freedom.
    spread = 2 / (9 * _RUNS)
    low, high = (_RUNS * (1 - spread + sign * 4.75 * math.sqrt(spread)) ** 3 for sign in (-1, 1))
    assert np.all((low < scores) & (scores < high)), f"{scores / _RUNS} deviations squared of {low:.3g} to {high:.3g}"


def test_seed_decides(backend: Backend, mode: Mode) -> None:
    """Equal seeds give equal values where the method is deterministic; other seeds give others."""
    _need(mode)
    first, again, other = (
        [entry.value for entry in backend.run(_job(mode, _circuit(), seed=seed)).header.expectation_values]
        for seed in (5, 5, 6)
    )
    assert first == again or not mode.capability.deterministic
    assert first != other


def test_shots_without_measurement_are_trajectories(backend: Backend, mode: Mode) -> None:
    """Without a measurement there are values and no counts."""
    _need(mode)
    result = backend.run(_job(mode, _circuit(), seed=1))
    assert len(result.header.expectation_values) == len(OBSERVABLES)
    assert not result.arrays


@pytest.mark.parametrize("shots", [0, 1])
def test_too_few_trajectories(backend: Backend, mode: Mode, shots: int) -> None:
    """Less than two trajectories have no standard error, and are refused."""
    _need(mode)
    error = backend.refusal(_job(mode, _circuit().measure_all(), seed=1, shots=shots))
    assert error.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
    assert "shots" in error.message


def test_noiseless_trajectories_agree(backend: Backend, mode: Mode) -> None:
    """Without noise every trajectory is the same; the value is exact to rounding or within its error."""
    _need(mode)
    circuit = CircuitWriter(qubit_count=2).gate("h", (0,)).gate("cx", (0, 1))
    found = backend.run(_job(mode, circuit, seed=1)).header.expectation_values
    assert found[0].value == pytest.approx(1.0, abs=mode.tolerance)
    assert found[0].standard_error == pytest.approx(0.0, abs=mode.tolerance)
