"""A map makes the columns that weigh something, and no others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from proxima_backend_lret.columns.kernels import apply
from proxima_backend_lret.low_rank import reference
from proxima_backend_lret.low_rank.compression import density, mapped
from proxima_backend_lret.low_rank.screening import Children, choose
from proxima_backend_lret.low_rank.state import State, zero_state
from proxima_runtime.arrays.channels import kraus
from proxima_runtime.arrays.gates import unitary

Complex = npt.NDArray[np.complex128]

RESET: Complex = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], dtype=np.complex128)


def _state(width: int, weights: list[float]) -> State:
    """Return a random state whose columns have the given weights."""
    rank = len(weights)
    state = State(record=0, height=1 << width, rank=rank, capacity=rank, single_precision=False)
    state.planes[...] = np.random.default_rng((width, rank)).normal(size=state.planes.shape)
    state.planes *= np.sqrt(weights / reference.column_weights(state.planes, rank=rank))
    state.weigh()
    return state


def _made(state: State, children: Children, qubits: tuple[int, ...]) -> Complex:
    rank = len(children.weights)
    planes = np.zeros((2, state.height, rank))
    planes[:, :, : state.rank] = state.planes[:, :, : state.rank]
    reference.spread(
        planes,
        rank=state.rank,
        qubits=qubits,
        leading=children.leading,
        sources=children.sources,
        operators=children.operators,
    )
    return density(planes, rank=rank)


@pytest.mark.parametrize("angles", [(0.0, 0.0, 0.0), (1.5707963, 1.5707963, 0.0), (0.7, -2.1, 0.4)])
def test_a_pure_qubit_is_reset_by_one_column(angles: tuple[float, float, float]) -> None:
    """The operators are rotated to the state: whatever pure state a qubit is in, its reset makes no child."""
    state = zero_state(3, single_precision=False)
    apply(state.planes, rank=1, qubits=(1,), matrix=unitary("u", angles))
    children = choose(RESET, (1,), state.planes, state.weights, droppable=1e-15)
    assert len(children.sources) == 0
    assert children.weights.sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("droppable", [1e-15, 0.01, 0.1])
@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.3, 0.2], [0.9, *[0.01] * 10]])
def test_what_is_left_out_is_positive_and_known(weights: list[float], droppable: float) -> None:
    """What is left out is a positive part of at most what may go, and no more than is said."""
    state, operators, qubits = _state(4, weights), kraus("depolarizing", (0.2,), 2), (2, 0)
    children = choose(operators, qubits, state.planes, state.weights, droppable=droppable)
    made = _made(state, children, qubits)
    gone = mapped(density(state.planes, rank=state.rank), operators, qubits) - made
    assert np.linalg.eigvalsh(gone).min() > -1e-14
    assert 1 - np.trace(made).real <= children.dropped + 1e-14
    assert children.dropped <= droppable
    # Weights are those of the columns made, or upper bounds.
    assert children.weights.sum() >= np.trace(made).real - 1e-14


def test_light_columns_are_not_looked_at() -> None:
    """Children of light columns are left out by a bound: the state of the heavy column is enough to choose."""
    state, operators = _state(4, [0.99, 0.005, 0.005]), kraus("depolarizing", (0.04,), 1)
    blind = state.planes.copy()
    blind[:, :, 1:] = np.nan
    seen = choose(operators, (1,), state.planes, state.weights, droppable=1e-3)
    assert seen.sources.tolist() == [0, 0, 0]
    found = choose(operators, (1,), blind, state.weights, droppable=1e-3)
    np.testing.assert_array_equal(found.weights, seen.weights)
    # Where even their children matter all columns are looked at.
    assert set(choose(operators, (1,), state.planes, state.weights, droppable=1e-9).sources.tolist()) == {0, 1, 2}


def test_the_lightest_children_are_left_out() -> None:
    """Of the children the lightest go, as many as the weight allows."""
    state, operators = _state(3, [1.0]), kraus("pauli_channel", (0.1, 0.02, 0.003), 1)
    counts = [
        len(choose(operators, (0,), state.planes, state.weights, droppable=droppable).sources)
        for droppable in (1e-15, 0.01, 0.04, 0.3)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 3
    assert counts[-1] == 0
