"""The estimate counts what the run will do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.compiling.kraus import kraus_of
from proxima_backend_lret.low_rank.certificate import rounding_bound
from proxima_backend_lret.low_rank.evolution import Evolution, planned_rounding
from proxima_backend_lret.low_rank.rank import find_noise
from proxima_runtime.conformance.circuits import CircuitWriter

from .families import FAMILIES, noisy
from .noisy import circuits


@settings(max_examples=150, deadline=None)
@given(circuit=circuits())
def test_counts_are_those_of_the_run(circuit: CircuitWriter) -> None:
    """Steps that make columns are at most those that are estimated, whatever was fused."""
    message = circuit.message()
    program, noise = compile_maps(message, keeps_records=True, absorbs=True), find_noise(message)
    assert noise.noise_count >= sum(operators is None or len(operators) > 1 for operators in kraus_of(program))
    estimated = rounding_bound(noise.constants, single_precision=False)
    estimated += rounding_bound(noise.compiling, single_precision=False)
    # Explicit operators add their defects, which these circuits' have none of but for rounding.
    assert estimated >= planned_rounding(program, single_precision=False) * (1 - 1e-9) - 1e-12


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


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize(("probability", "max_error"), [(1e-3, 0.1), (1e-4, 0.01), (3e-4, 0.01)])
def test_prediction_is_near_what_runs_reach(family: str, probability: float, max_error: float) -> None:
    """The largest and the mean number of columns are within a factor of what the run has; few columns within a few."""
    circuit = noisy(family, 10, probability)
    message = circuit.message()
    program, noise = compile_maps(message, keeps_records=True, absorbs=True), find_noise(message)
    run = Evolution(program, max_error=max_error, single_precision=False, memory_limit_bytes=1 << 34)
    ranks = []
    while run.position < program.step_count:
        run.advance()
        ranks.append(run.rank)
    largest, mean = noise.columns(10, max_error), noise.mean_columns(10, max_error)
    assert 0.5 * max(ranks) - 4 <= largest <= 2 * max(ranks) + 4
    assert 0.5 * np.mean(ranks) - 4 <= mean <= 2 * np.mean(ranks) + 4
    assert mean <= largest * (1 + 1e-12)


def test_directions_that_gates_do_not_make() -> None:
    """Noise between gates on one qubit or on one pair, behind swaps, and behind small turns is the same noise again."""

    def directions(*gates: tuple[str, tuple[int, ...], tuple[float, ...]]) -> float:
        circuit = CircuitWriter(qubit_count=2)
        for name, qubits, angles in (("cx", (0, 1), ()), *gates):
            circuit.gate(name, qubits, angles)
            for qubit in (0, 1):
                circuit.channel("depolarizing", (qubit,), (0.01,))
        return find_noise(circuit.message()).directions

    counted = directions()
    gates = (("h", (0,), ()), ("cx", (0, 1), ()), ("swap", (0, 1), ()), ("cp", (0, 1), (1e-6,)))
    for gate in gates:
        assert directions(gate) == pytest.approx(counted, abs=1e-5)
    apart = (("cx", (1, 0), ()), ("h", (0,), ()))
    assert directions(*apart) == counted
    assert find_noise(noisy("brickwork", 6, 0.01).message()).directions > counted


def test_explicit_unitary_channels_never_branch() -> None:
    """One Kraus operator adds no column."""
    matrix = np.array([[[0, 1], [1, 0]]], dtype=np.complex128)
    noise = find_noise(CircuitWriter(qubit_count=1).kraus(matrix, (0,)).message())
    assert noise.columns(5, 0.0) == 1
    assert noise.columns(5, 0.1) == 1
