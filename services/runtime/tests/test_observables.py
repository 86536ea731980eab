"""Expectation values of Pauli sums, and means of samples."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima.simulation.v1 import observable_pb2
from proxima_runtime.arrays.observables import expectation, expectation_values, mean_with_error, pauli_masks

Complex = npt.NDArray[np.complex128]

LETTERS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def dense(observable: observable_pb2.Observable) -> Complex:
    """Return the matrix of an observable."""
    return np.asarray(
        sum(
            coefficient * reduce(np.kron, [LETTERS[letter] for letter in pauli])
            for pauli, coefficient in zip(observable.paulis, observable.coefficients, strict=True)
        )
    )


def random_state(width: int, seed: int) -> Complex:
    """Return a random state vector."""
    generator = np.random.default_rng(seed)
    state = generator.normal(size=1 << width) + 1j * generator.normal(size=1 << width)
    return np.asarray(state / np.linalg.norm(state))


@settings(max_examples=100, deadline=None)
@given(data=st.data(), width=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_equals_the_dense_matrix(data: st.DataObject, width: int, seed: int) -> None:
    """A state vector and its density matrix give the trace with the dense observable."""
    term = st.tuples(st.text("IXYZ", min_size=width, max_size=width), st.floats(-5, 5))
    terms = data.draw(st.lists(term, max_size=4))
    observable = observable_pb2.Observable(paulis=[pauli for pauli, _ in terms], coefficients=[c for _, c in terms])
    state = random_state(width, seed)
    expected = float(np.vdot(state, dense(observable) @ state).real) if terms else 0.0
    assert expectation(observable, state) == pytest.approx(expected, abs=1e-12)
    matrix = np.outer(state, state.conj())
    assert expectation(observable, matrix) == pytest.approx(expected, abs=1e-12)
    assert expectation(observable, matrix.astype(np.complex64)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("pauli", ["XIIIIIIIIIIIIIIY", "ZIIIIIIIIIIIIIIZ", "YYIIIIIIIIIIIIXZ", "IIIIIIIIIIIIIIII"])
def test_states_of_several_blocks(pauli: str) -> None:
    """A state larger than a block gives what index arithmetic on the whole gives."""
    state = random_state(16, 3)
    x_mask, z_mask, y_count = pauli_masks(pauli)
    index = np.arange(1 << 16)
    signs = np.array([1 - 2 * (int(j & z_mask).bit_count() & 1) for j in index])
    expected = np.vdot(state[index ^ x_mask], 1j**y_count * signs * state).real
    observable = observable_pb2.Observable(paulis=[pauli], coefficients=[1.0])
    assert expectation(observable, state) == pytest.approx(expected, abs=1e-12)


def test_first_letter_is_the_highest_qubit() -> None:
    """On |01> (qubit 0 is one) ZI is 1 and IZ is -1; names and order are kept."""
    observables = [
        observable_pb2.Observable(name="high", paulis=["ZI"], coefficients=[1.0]),
        observable_pb2.Observable(name="low", paulis=["IZ"], coefficients=[1.0]),
    ]
    found = expectation_values(observables, np.array([0, 1, 0, 0], dtype=complex))
    assert [(entry.name, entry.value, entry.HasField("standard_error")) for entry in found] == [
        ("high", 1.0, False),
        ("low", -1.0, False),
    ]


@given(values=st.lists(st.floats(-10, 10), min_size=2, max_size=30))
def test_error_of_independent_samples(values: list[float]) -> None:
    """Without weights it is the sample standard deviation over sqrt(N)."""
    mean, error = mean_with_error(values)
    assert mean == pytest.approx(np.mean(values), abs=1e-12)
    assert error == pytest.approx(np.std(values, ddof=1) / math.sqrt(len(values)), abs=1e-12)


def test_error_of_clusters_covers() -> None:
    """With clusters of unequal size the interval of 2.5 errors covers the truth in about 99 of 100 repetitions."""
    generator = np.random.default_rng(7)
    covered = 0
    for _ in range(500):
        weights = generator.integers(1, 20, size=60)
        mean, error = mean_with_error(generator.normal(1.0, 2.0, size=60), weights.tolist())
        covered += abs(mean - 1.0) < 2.5 * error
    assert 475 <= covered < 500


@pytest.mark.parametrize(("values", "weights"), [([], None), ([1.0], None), ([1.0, 2.0], [1, 0]), ([1.0, 2.0], [1])])
def test_too_little_for_an_error(values: list[float], weights: list[int] | None) -> None:
    """One sample has no standard error, and weights are positive, one a sample."""
    with pytest.raises(ValueError, match=r"samples|weights"):
        mean_with_error(values, weights)
