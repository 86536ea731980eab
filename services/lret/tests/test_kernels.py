"""The compiled kernels on planes, held to plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima_backend_lret.columns import kernels, reference

_TOLERANCES = {"float32": 1e-5, "float64": 1e-13}


@st.composite
def _cases(draw: st.DrawFn) -> tuple[reference.Planes, int, tuple[int, ...], reference.Complex]:
    width = draw(st.integers(1, 6))
    rank = draw(st.integers(1, 40))
    capacity = rank + draw(st.integers(0, 40))
    qubits = tuple(draw(st.permutations(range(width)))[: draw(st.integers(1, min(width, 3)))])
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    side = 1 << len(qubits)
    matrix = generator.normal(size=(side, side)) + 1j * generator.normal(size=(side, side))
    planes = generator.normal(size=(2, 1 << width, capacity)).astype(draw(st.sampled_from(sorted(_TOLERANCES))))
    return planes, rank, qubits, matrix


@given(_cases())
@settings(deadline=None, max_examples=200)
def test_matrix(case: tuple[reference.Planes, int, tuple[int, ...], reference.Complex]) -> None:
    """Matrices on any one, two or three qubits in any order act as in plain numpy, for any rank and capacity."""
    planes, rank, qubits, matrix = case
    expected = planes.astype(np.float64)
    reference.apply(expected, rank=rank, qubits=qubits, matrix=matrix)
    kernels.apply(planes, rank=rank, qubits=qubits, matrix=matrix)
    scale = float(np.abs(matrix).sum())
    np.testing.assert_allclose(
        planes[:, :, :rank], expected[:, :, :rank], rtol=0, atol=_TOLERANCES[planes.dtype.name] * scale
    )


def test_reference_operand_order() -> None:
    """A CX whose control is the first operand acts on that operand's basis states."""
    cx = np.eye(4, dtype=np.complex128)[[0, 3, 2, 1]]
    planes = np.zeros((2, 8, 1))
    planes[0, 0b100, 0] = 1
    reference.apply(planes, rank=1, qubits=(2, 0), matrix=cx)
    assert np.flatnonzero(planes[0, :, 0]).tolist() == [0b101]


@pytest.mark.parametrize(
    ("rank", "capacity", "itemsize", "expected"), [(3, 64, 4, 16), (3, 64, 8, 8), (17, 64, 4, 32), (30, 31, 4, 31)]
)
def test_whole_vectors(rank: int, capacity: int, itemsize: int, expected: int) -> None:
    """Kernels work on whole vectors of columns, and never past the capacity."""
    assert kernels.whole_vectors(rank, capacity=capacity, itemsize=itemsize) == expected


def test_columns_out_of_use() -> None:
    """Values that are not numbers, in columns out of use, do not reach those in use."""
    planes = np.full((2, 4, 40), np.nan, dtype=np.float32)
    planes[:, :, :5] = 1
    kernels.apply(planes, rank=5, qubits=(0,), matrix=np.eye(2, dtype=np.complex128))
    assert np.all(planes[:, :, :5] == 1)
