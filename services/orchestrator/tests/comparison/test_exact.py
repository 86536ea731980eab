"""Distances of states and distributions, and arrays brought to the same axes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima_orchestrator.comparison.alignment import (
    align_counts,
    align_distributions,
    align_states,
    counts_over,
)
from proxima_orchestrator.comparison.exact import state_distance, tolerance
from proxima_orchestrator.comparison.results import Counts, Distribution, State

Complex = NDArray[np.complex128]


def random_state(count: int, seed: int) -> Complex:
    """Return a normalised state vector."""
    rng = np.random.default_rng(seed)
    state = rng.normal(size=count) + 1j * rng.normal(size=count)
    return np.asarray(state / np.linalg.norm(state), dtype=np.complex128)


def random_mixed(count: int, seed: int) -> Complex:
    """Return a density matrix of full rank."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(count, count)) + 1j * rng.normal(size=(count, count))
    mixed = root @ root.conj().T
    return np.asarray(mixed / np.trace(mixed), dtype=np.complex128)


def test_pure_states() -> None:
    """Fidelity and trace distance of two pure states are |<a|b>|^2 and sqrt(1 - F); a global phase is no distance."""
    first, second = random_state(8, 1), random_state(8, 2)
    found = state_distance(first, second)
    fidelity = abs(np.vdot(first, second)) ** 2
    assert found.fidelity == pytest.approx(fidelity)
    assert found.most == pytest.approx(np.sqrt(1 - fidelity))
    turned = state_distance(first, np.exp(1.3j) * first)
    assert turned.most < 1e-15


def test_small_distances_keep_their_digits() -> None:
    """A state that is off by 1e-12 shows that distance, which 1 - F could not."""
    state = random_state(8, 1)
    apart = random_state(8, 3)
    apart -= np.vdot(state, apart) * state
    moved = state + 1e-12 * apart / np.linalg.norm(apart)
    assert state_distance(state, moved).most == pytest.approx(1e-12, rel=0.01)


def test_a_lost_norm_is_a_distance() -> None:
    """A state vector of norm squared 0.9 is 0.05 from the same one normalised."""
    state = random_state(4, 1)
    assert state_distance(state, np.sqrt(0.9) * state).most == pytest.approx(0.05)


def test_mixed_states() -> None:
    """Commuting density matrices have the fidelity and the distance of their distributions."""
    p, q = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0.25, 0.25, 0.25, 0.25])
    found = state_distance(np.diag(p).astype(complex), np.diag(q).astype(complex))
    assert found.fidelity == pytest.approx(np.sqrt(p * q).sum() ** 2)
    assert found.most == pytest.approx(np.abs(p - q).sum() / 2)


def test_a_pure_state_and_its_matrix_are_equal() -> None:
    """A state vector agrees with its own density matrix, and has the fidelity <a|rho|a> with another."""
    state, mixed = random_state(8, 1), random_mixed(8, 2)
    same = state_distance(np.outer(state, state.conj()), state)
    assert same.fidelity == pytest.approx(1.0)
    assert same.most < 1e-15
    assert state_distance(state, mixed).fidelity == pytest.approx(np.vdot(state, mixed @ state).real)


def test_large_matrices_have_bounds() -> None:
    """Past 512 dimensions the bounds hold the trace distance between them."""
    difference = np.zeros(1024)
    difference[:2] = 0.1, -0.1
    base = np.full(1024, 1 / 1024)
    found = state_distance(np.diag(base).astype(complex), np.diag(base + difference).astype(complex))
    assert found.least <= 0.1 <= found.most
    assert found.fidelity is None


def test_tolerance_grows_with_the_circuit() -> None:
    """Rounding excuses 1e-5 and 1e-10 up to 100 instructions, and in proportion more above."""
    assert tolerance(is_single=True, instruction_count=10) == 1e-5
    assert tolerance(is_single=False, instruction_count=100) == 1e-10
    assert tolerance(is_single=True, instruction_count=1000) == pytest.approx(1e-4)
    assert tolerance(is_single=True, instruction_count=10**9) == 1.0


def test_states_over_other_qubits_are_aligned() -> None:
    """A state over qubits 2 and 0 equals the one over 0, 1 and 2 with qubit 1 in |0>."""
    small = State(data=np.array([0, 1, 2, 3], dtype=complex), bits=(2, 0))
    large = np.zeros(8, dtype=complex)
    large[0b100], large[0b001], large[0b101] = 1, 2, 3
    first, second = align_states(small, State(data=large, bits=(0, 1, 2)))
    assert (first == second).all()
    matrix = State(data=np.outer(small.data, small.data.conj()), bits=small.bits)
    expanded, _ = align_states(matrix, State(data=large, bits=(0, 1, 2)))
    assert (expanded == np.outer(large, large.conj())).all()


def test_distributions_over_other_bits_are_aligned() -> None:
    """A bit that one side does not list is 0 there."""
    one = Distribution(data=np.array([0.25, 0.75]), bits=(1,), over_clbits=True, readout_included=False)
    two = Distribution(data=np.array([0.25, 0, 0.75, 0]), bits=(0, 1), over_clbits=True, readout_included=False)
    first, second = align_distributions(one, two)
    assert (first == second).all()


def test_counts_find_their_place_in_a_distribution() -> None:
    """Counts over 10 classical bits are read at the distribution's bits; shots with any other bit are counted apart."""
    outcomes = np.array([[0b00000001, 0b10], [0b00000000, 0b10], [0b00000100, 0b00]], dtype=np.uint8)
    counts = Counts(outcomes=outcomes, values=np.array([5, 7, 2]))
    over = Distribution(data=np.zeros(4), bits=(9, 0), over_clbits=True, readout_included=False)
    found, outside = counts_over(counts, over)
    assert found.tolist() == [0, 7, 0, 5]
    assert outside == 2


def test_counts_are_aligned_by_outcome() -> None:
    """Two histograms are brought to the union of their outcomes, whatever the width."""
    width = 20
    rows = np.repeat(np.arange(4, dtype=np.uint8)[:, None], width, axis=1)
    first = Counts(outcomes=rows[[0, 2]], values=np.array([1, 2]))
    second = Counts(outcomes=rows[[2, 3]], values=np.array([5, 6]))
    outcomes, left, right = align_counts(first, second)
    assert outcomes[:, 0].tolist() == [0, 2, 3]
    assert (left.tolist(), right.tolist()) == ([1, 2, 0], [0, 5, 6])
