"""Operators on columns act as dense matrices do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima_backend_lret.columns import (
    BLOCK_ENTRIES,
    Complex,
    apply,
    column_weights,
    reduced_states,
    row_weights,
    zero_state,
)
from proxima_backend_lret.compression import compress, factor
from proxima_runtime.conformance import reference


def random_columns(width: int, rank: int, seed: int = 0) -> Complex:
    """Return columns of trace 1."""
    generator = np.random.default_rng((seed, width, rank))
    columns = generator.normal(size=(1 << width, rank)) + 1j * generator.normal(size=(1 << width, rank))
    return np.asarray(columns / np.linalg.norm(columns))


@settings(max_examples=80, deadline=None)
@given(qubits=st.permutations(range(5)), count=st.integers(1, 4), rank=st.integers(1, 7), part=st.integers(0, 3))
def test_apply_is_the_dense_product(qubits: list[int], count: int, rank: int, part: int) -> None:
    """Any matrix on any operands in any order, on all columns or on a part of them."""
    matrix = random_columns(count, 1 << count, seed=1)
    columns = random_columns(5, rank)
    expected = columns.copy()
    chosen = slice(min(part, rank - 1), None)
    expected[:, chosen] = reference.apply(matrix, qubits[:count], columns[:, chosen])
    apply(matrix, qubits[:count], columns, chosen)
    np.testing.assert_allclose(columns, expected, atol=1e-14)


@pytest.mark.parametrize("qubits", [(0,), (13,), (0, 13), (13, 0), (5, 2, 11)])
def test_apply_in_many_blocks(qubits: tuple[int, ...]) -> None:
    """A state of many blocks is covered wholly and once, wherever the operands are."""
    columns = random_columns(14, 9)
    assert columns.size > 4 * BLOCK_ENTRIES
    matrix = random_columns(len(qubits), 1 << len(qubits), seed=2)
    expected = reference.apply(matrix, qubits, columns)
    apply(matrix, qubits, columns)
    np.testing.assert_allclose(columns, expected, atol=1e-14)


@pytest.mark.parametrize("qubits", [(0,), (3,), (1, 4), (4, 1), (2, 0, 3), (9, 3, 0, 11)])
def test_reduced_states_are_partial_traces(qubits: tuple[int, ...]) -> None:
    """The reduced state of each column has the first operand as the least significant bit."""
    width = max(*qubits, 4) + 1
    columns = random_columns(width, 3)
    moved = np.moveaxis(
        columns.reshape((2,) * width + (3,)), [width - 1 - qubit for qubit in reversed(qubits)], range(len(qubits))
    ).reshape(1 << len(qubits), -1, 3)
    expected = np.einsum("aec,bec->cab", moved, moved.conj())
    np.testing.assert_allclose(reduced_states(qubits, columns), expected, atol=1e-14)


def test_weights_are_norms() -> None:
    """Column and row weights are squared norms, in double precision, over several blocks."""
    columns = random_columns(13, 11).astype(np.complex64)
    squares = np.abs(columns.astype(np.complex128)) ** 2
    np.testing.assert_allclose(column_weights(columns), squares.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(row_weights(columns), squares.sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("rank", [3, 16, 40])
def test_compression_drops_the_lightest_eigenvectors(rank: int) -> None:
    """What goes is a positive part of exactly the weight that is reported, and the least that rank allows."""
    columns = random_columns(4, rank)
    before = columns @ columns.conj().T
    kept, dropped = compress(columns, droppable=0.2)
    gone = before - kept @ kept.conj().T
    weights = np.linalg.eigvalsh(before)
    lightest = np.cumsum(np.maximum(weights, 0))
    assert kept.shape[1] == 16 - int(np.searchsorted(lightest, 0.2, side="right"))
    assert np.linalg.eigvalsh(gone).min() > -1e-14
    assert dropped == pytest.approx(float(np.trace(gone).real), abs=1e-14)
    assert dropped <= 0.2


def test_compression_without_a_budget_loses_nothing() -> None:
    """More columns than the dimension become as many, with the same state."""
    columns = random_columns(3, 50)
    kept, dropped = compress(columns, droppable=0.0)
    assert (kept.shape, dropped) == ((8, 8), 0.0)
    np.testing.assert_allclose(kept @ kept.conj().T, columns @ columns.conj().T, atol=1e-14)


def test_a_pure_state_factors_into_one_column() -> None:
    """Eigenvalues that are zero but for rounding make no columns."""
    column = random_columns(4, 1)
    kept, _ = factor(column @ column.conj().T, droppable=1e-15, dtype=np.complex128)
    assert kept.shape == (16, 1)


def test_starts_in_zero() -> None:
    """The first state is |0...0>, in the precision asked."""
    assert zero_state(3, single_precision=True).dtype == np.complex64
    assert zero_state(3, single_precision=False)[:, 0].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
