"""The unitaries of the standard gates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima_runtime.arrays.gates import FIXED, PARAMETRIC, unitary
from proxima_runtime.arrays.unitaries import unitaries
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.conformance import reference


@pytest.mark.parametrize("name", sorted(STANDARD_GATES))
@given(data=st.data())
def test_equals_the_reference(name: str, data: st.DataObject) -> None:
    """Every gate of the vocabulary equals the reference, which is written from docs/gates.md on its own."""
    count = STANDARD_GATES[name][1]
    parameters = data.draw(st.lists(st.floats(-10, 10), min_size=count, max_size=count))
    np.testing.assert_allclose(unitary(name, parameters), reference.unitary(name, parameters), atol=1e-15)


def test_the_vocabulary_is_complete() -> None:
    """There is a matrix for every standard gate and for no other."""
    assert {*FIXED, *PARAMETRIC} == set(STANDARD_GATES)


def test_wrong_use_is_refused() -> None:
    """A name outside of the vocabulary is a KeyError, a wrong number of parameters a TypeError."""
    with pytest.raises(KeyError):
        unitary("toffoli")
    with pytest.raises(TypeError):
        unitary("x", (0.1,))
    with pytest.raises(ValueError, match="read-only"):
        unitary("x")[0, 0] = 1


@pytest.mark.parametrize("name", sorted(STANDARD_GATES))
@given(data=st.data())
def test_many_at_once_equal_one_by_one(name: str, data: st.DataObject) -> None:
    """A batch of one gate has the unitary of each row of parameters, and may be empty."""
    row = st.lists(st.floats(-10, 10), min_size=STANDARD_GATES[name][1], max_size=STANDARD_GATES[name][1])
    rows = data.draw(st.lists(row, max_size=3))
    found = unitaries(name, np.array(rows, dtype=np.float64).reshape(len(rows), STANDARD_GATES[name][1]))
    side = 1 << STANDARD_GATES[name][0]
    expected = np.array([unitary(name, row) for row in rows], dtype=np.complex128).reshape(-1, side, side)
    np.testing.assert_allclose(found, expected, atol=1e-15)


def test_a_batch_of_wrong_arity_is_refused() -> None:
    """A number of parameters that the gate does not take is a TypeError, for gates with and without parameters."""
    for name in ("rx", "x"):
        with pytest.raises(TypeError, match="parameters"):
            unitaries(name, np.zeros((3, 2)))
