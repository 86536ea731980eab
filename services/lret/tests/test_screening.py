"""A channel makes the columns that weigh something, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from proxima_backend_lret.columns import Complex, apply, column_weights, zero_state
from proxima_backend_lret.screening import choose, make, make_state
from proxima_runtime.arrays.channels import kraus
from proxima_runtime.arrays.gates import unitary

RESET: Complex = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], dtype=np.complex128)


def _state(width: int, rank: int) -> Complex:
    generator = np.random.default_rng((width, rank))
    columns = generator.normal(size=(1 << width, rank)) + 1j * generator.normal(size=(1 << width, rank))
    return np.asarray(columns / np.linalg.norm(columns))


def _dense(operators: Complex, qubit: int, columns: Complex) -> Complex:
    width = len(columns).bit_length() - 1
    total = np.zeros((len(columns),) * 2, dtype=np.complex128)
    for operator in operators:
        full = np.kron(np.kron(np.eye(1 << (width - qubit - 1)), operator), np.eye(1 << qubit))
        image = full @ columns
        total += image @ image.conj().T
    return total


@pytest.mark.parametrize("angles", [(0.0, 0.0, 0.0), (1.5707963, 1.5707963, 0.0), (0.7, -2.1, 0.4)])
def test_a_pure_qubit_is_reset_by_one_column(angles: tuple[float, float, float]) -> None:
    """The operators are rotated to the state: whatever pure state a qubit is in, its reset makes one column."""
    columns = zero_state(3, single_precision=False)
    apply(unitary("u", angles), (1,), columns)
    children = choose(RESET, (1,), columns, droppable=1e-15)
    assert children.column_count == 1
    assert children.weight == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("droppable", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("rank", [1, 3, 8])
def test_the_lightest_columns_are_left_out(rank: int, droppable: float) -> None:
    """What is left out is positive, weighs what the children's weight lacks, and at most what may go."""
    columns, operators = _state(3, rank), kraus("amplitude_damping", (0.3, 0.2), 1)
    children = choose(operators, (2,), columns, droppable=droppable)
    made = make(children, (2,), columns)
    gone = _dense(operators, 2, columns) - made @ made.conj().T
    assert np.linalg.eigvalsh(gone).min() > -1e-14
    assert children.weight == pytest.approx(float(column_weights(made).sum()), abs=1e-14)
    assert 1 - children.weight <= droppable + 1e-14
    lightest = np.sort(column_weights(made))
    assert not len(lightest) or 1 - children.weight + lightest[0] > droppable - 1e-14


def test_columns_side_by_side_or_summed_are_one_state() -> None:
    """More columns than the dimension are added up to the same state."""
    columns, operators = _state(3, 6), kraus("depolarizing", (0.9,), 2)
    children = choose(operators, (2, 0), columns, droppable=0.0)
    made = make(children, (2, 0), columns)
    assert children.column_count > 8
    np.testing.assert_allclose(make_state(children, (2, 0), columns), made @ made.conj().T, atol=1e-14)
