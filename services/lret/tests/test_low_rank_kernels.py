"""The kernels of low rank compute what plain numpy does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima_backend_lret.columns.reference import apply, as_columns
from proxima_backend_lret.low_rank import products, reference, spreading
from proxima_backend_lret.low_rank.compression import density, mapped
from proxima_backend_lret.low_rank.promotion import flipped_sums, pauli_vector, sign_of
from proxima_backend_lret.low_rank.state import State, zero_state

Planes = npt.NDArray[np.floating]
Complex = npt.NDArray[np.complex128]

WIDTH = 5
TOLERANCES = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-13}
DTYPES = st.sampled_from(sorted(TOLERANCES, key=str))


def _planes(rank: int, dtype: npt.DTypeLike, *, capacity: int = 0, width: int = WIDTH) -> Planes:
    generator = np.random.default_rng((rank, width))
    planes = np.full((2, 1 << width, max(rank, capacity)), np.nan)
    planes[:, :, :rank] = generator.normal(size=(2, 1 << width, rank)) / np.sqrt(2 * rank << width)
    return planes.astype(dtype)


def _matrices(count: int, side: int) -> Complex:
    generator = np.random.default_rng((count, side))
    found: Complex = generator.normal(size=(count, side, side)) + 1j * generator.normal(size=(count, side, side))
    return found


@settings(max_examples=60, deadline=None)
@given(dtype=DTYPES, qubits=st.permutations(range(WIDTH)), count=st.integers(1, 3), rank=st.integers(1, 20))
def test_reduced_states(dtype: np.dtype[np.floating], qubits: list[int], count: int, rank: int) -> None:
    """Reduced states of each of the first columns are partial traces."""
    planes = _planes(rank, dtype, capacity=rank + 3)
    some = max(rank - 1, 1)
    found = products.reduced_states(planes, count=some, qubits=qubits[:count])
    expected = reference.reduced_states(planes, count=some, qubits=qubits[:count])
    np.testing.assert_allclose(found, expected, atol=TOLERANCES[dtype])


@settings(max_examples=80, deadline=None)
@given(
    dtype=DTYPES,
    qubits=st.permutations(range(WIDTH)),
    count=st.integers(1, 3),
    rank=st.integers(1, 40),
    children=st.integers(0, 40),
    seed=st.integers(0, 99),
)
def test_spread(  # noqa: PLR0917 - the arguments are hypothesis's
    dtype: np.dtype[np.floating], qubits: list[int], count: int, rank: int, children: int, seed: int
) -> None:
    """The columns in use become their images under one operator, children those of the columns as they were."""
    planes = _planes(rank, dtype, capacity=rank + children)
    planes[:, :, rank:] = 0
    expected = planes.copy()
    sources = np.sort(np.random.default_rng(seed).integers(0, rank, children))
    operators = _matrices(children + 1, 1 << count)
    for spread, target in ((spreading.spread, planes), (reference.spread, expected)):
        spread(
            target,
            rank=rank,
            qubits=qubits[:count],
            leading=operators[0],
            sources=sources,
            operators=operators[1:],
        )
    np.testing.assert_allclose(planes, expected, atol=40 * TOLERANCES[dtype])


@settings(max_examples=40, deadline=None)
@given(dtype=DTYPES, rank=st.integers(1, 40), kept=st.integers(1, 40))
def test_gram_weights_and_rotation(dtype: np.dtype[np.floating], rank: int, kept: int) -> None:
    """Gram matrix, norms of columns and rows, and products from the right are those of the columns."""
    planes, tolerance = _planes(rank, dtype, capacity=rank + 5), TOLERANCES[dtype]
    columns = as_columns(planes, rank=rank)
    np.testing.assert_allclose(products.gram(planes, rank=rank), reference.gram(planes, rank=rank), atol=tolerance)
    weights = reference.column_weights(planes, rank=rank)
    np.testing.assert_allclose(products.column_weights(planes, rank=rank), weights, atol=tolerance)
    rows = (np.abs(columns) ** 2).sum(axis=1)
    np.testing.assert_allclose(products.row_weights(planes, rank=rank), rows, atol=tolerance)
    rotation = _matrices(1, max(rank, kept))[0, :rank, : min(kept, rank)]
    for single_precision in {False, dtype == np.float32}:
        found, expected = planes.copy(), planes.copy()
        products.rotate(found, rank=rank, rotation=rotation, single_precision=single_precision)
        reference.rotate(expected, rank=rank, rotation=rotation)
        part = slice(0, rotation.shape[1])
        np.testing.assert_allclose(found[:, :, part], expected[:, :, part], atol=20 * tolerance)


@pytest.mark.parametrize("width", [1, 2, 3, 7])
@pytest.mark.parametrize("rank", [1, 2, 9])
def test_pauli_vector(width: int, rank: int) -> None:
    """Promotion gives Tr(P rho) of every string, and so do the sums of single masks."""
    state = State(record=0, height=1 << width, rank=rank, capacity=rank, single_precision=False)
    state.planes[...] = _planes(rank, np.float64, width=width)
    found = pauli_vector(state)
    np.testing.assert_allclose(found, reference.pauli_vector(state.planes, rank=rank), atol=1e-14)
    for x_mask in {0, 1, (1 << width) - 1}:
        sums = flipped_sums(state.planes, rank=rank, flip=x_mask)
        for z_mask in range(1 << width):
            digits = [3 * (z_mask >> place & 1) ^ (x_mask >> place & 1) for place in range(width)]
            index = sum(digit << 2 * place for place, digit in enumerate(digits))
            assert sign_of((x_mask & z_mask).bit_count()) * sums[z_mask] == pytest.approx(found[index], abs=1e-14)


@settings(max_examples=30, deadline=None)
@given(qubits=st.permutations(range(4)), count=st.integers(1, 3))
def test_mapped_matrix(qubits: list[int], count: int) -> None:
    """A map on the matrix is the sum over its operators on the columns."""
    planes, operators = _planes(3, np.float64, width=4), _matrices(3, 1 << count)
    total = np.zeros((16, 16), dtype=np.complex128)
    for operator in operators:
        image = planes.copy()
        apply(image, rank=3, qubits=qubits[:count], matrix=operator)
        total += density(image, rank=3)
    found = mapped(density(planes, rank=3), operators, qubits[:count])
    np.testing.assert_allclose(found, total, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6), single_precision=st.booleans())
def test_planes_grow_in_place(sizes: list[int], single_precision: bool) -> None:
    """Room for more columns leaves the columns as they are, and the new ones zero."""
    state = zero_state(4, single_precision=single_precision)
    filled, generator = 1, np.random.default_rng(0)
    expected = state.planes.copy()
    for size in sizes:
        state.reserve(size)
        assert state.capacity >= size
        grown = np.zeros_like(state.planes)
        grown[:, :, :filled] = expected[:, :, :filled]
        np.testing.assert_array_equal(state.planes, grown)
        filled = state.capacity
        state.planes[...] = generator.normal(size=state.planes.shape)
        expected = state.planes.copy()
    assert state.held_bytes == state.planes.nbytes
