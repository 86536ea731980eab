"""Classical records become result arrays; readout error acts on probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima_runtime.arrays.records import count_arrays, with_readout


@given(st.dictionaries(st.integers(0, 2**70 - 1), st.integers(0, 2**40), max_size=20))
def test_counts_round_trip(records: dict[int, int]) -> None:
    """Rows ascend as unsigned integers, bit b is bit b % 8 of byte b / 8, and unseen records are left out."""
    outcomes, values = count_arrays(records, 70)
    rows = np.frombuffer(outcomes.data, dtype=np.uint8).reshape(outcomes.shape)
    numbers = [int.from_bytes(row.tobytes(), "little") for row in rows]
    assert numbers == sorted(numbers)
    seen = dict(zip(numbers, np.frombuffer(values.data, dtype="<u8").tolist(), strict=True))
    assert seen == {record: times for record, times in records.items() if times}


def test_readout_acts_on_its_own_bit() -> None:
    """Bit 1 is read with P(1|0) = 0.1 and P(0|1) = 0.3, bits 0 and 2 exactly."""
    probabilities = np.zeros(8)
    probabilities[0b001], probabilities[0b110] = 0.25, 0.75
    found = with_readout(probabilities, [None, np.array([[0.9, 0.1], [0.3, 0.7]]), None])
    expected = np.zeros(8)
    expected[[0b001, 0b011]] = 0.225, 0.025
    expected[[0b110, 0b100]] = 0.525, 0.225
    np.testing.assert_allclose(found, expected, atol=1e-15)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_readout_is_the_tensor_product(errors: list[tuple[float, float]], seed: int) -> None:
    """All readouts together are the Kronecker product of their transposes, highest bit first."""
    readouts = [np.array([[1 - up, up], [down, 1 - down]]) for up, down in errors]
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(1 << len(errors)))
    whole = np.eye(1)
    for readout in readouts:
        whole = np.kron(readout.T, whole)
    np.testing.assert_allclose(with_readout(probabilities, readouts), whole @ probabilities, atol=1e-14)


def test_readout_of_another_width_is_refused() -> None:
    """There is one readout for each axis bit."""
    with pytest.raises(ValueError, match="2 axis bits"):
        with_readout(np.ones(2) / 2, [None, None])
