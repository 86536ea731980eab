"""The estimate counts what the run will do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.compiling.kraus import kraus_of
from proxima_backend_lret.low_rank.rank import find_noise
from proxima_runtime.conformance.circuits import CircuitWriter

from .noisy import circuits, layers


@settings(max_examples=150, deadline=None)
@given(circuit=circuits())
def test_counts_are_those_of_the_run(circuit: CircuitWriter) -> None:
    """Steps that make columns are at most those that are estimated, whatever was fused."""
    message = circuit.message()
    program, noise = compile_maps(message, keeps_records=True, absorbs=True), find_noise(message)
    assert noise.noise_count >= sum(operators is None or len(operators) > 1 for operators in kraus_of(program))


def test_terminal_measurements_are_no_noise() -> None:
    """A circuit of gates and terminal measurements is pure, whatever stands between the measurements."""
    circuit = CircuitWriter(qubit_count=3, clbit_count=3).gate("h", (0,)).measure(0, 0).gate("h", (1,)).measure(1, 1)
    assert find_noise(circuit.message()).is_pure
    assert not find_noise(circuit.gate("x", (0,)).message()).is_pure


def test_exact_rank_is_the_product_of_kraus_counts() -> None:
    """Without a budget the columns are the product of the operator counts, up to the dimension."""
    circuit = CircuitWriter(qubit_count=4)
    circuit.channel("pauli_channel", (0,), (0.1, 0.1, 0.1)).channel("phase_damping", (1,), (0.1,))
    noise = find_noise(circuit.message())
    assert noise.columns(10, 0.0) == 8
    assert noise.columns(2, 0.0) == 4


@pytest.mark.parametrize("probability", [1e-4, 1e-3, 1e-2])
def test_prediction_covers_error_strings(probability: float) -> None:
    """The predicted rank holds enough strings of errors: a Monte Carlo of errors stays within it by its weight."""
    circuit, budget = layers(6, 10, probability), 0.1
    noise = find_noise(circuit.message())
    columns = noise.columns(40, budget)
    count = noise.noise_count
    errors = np.random.default_rng(0).binomial(count, 0.75 * probability, size=200_000)
    # Strings of k errors there are at most (3 count)^k / k!; those that do not fit weigh less than the budget.
    strings, k = 1.0, 0
    while strings < columns:
        k += 1
        strings += float(np.prod([3 * count / place for place in range(1, k + 1)]))
    assert np.mean(errors > k) <= budget


def test_explicit_unitary_channels_never_branch() -> None:
    """One Kraus operator adds no column."""
    matrix = np.array([[[0, 1], [1, 0]]], dtype=np.complex128)
    noise = find_noise(CircuitWriter(qubit_count=1).kraus(matrix, (0,)).message())
    assert noise.columns(5, 0.0) == 1
    assert noise.columns(5, 0.1) == 1
