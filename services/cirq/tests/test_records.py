"""Sampled bits become counts of records."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from proxima_backend_cirq.records import bits_of, misread_outcomes, reindex, tally


@given(
    rows=st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=1, max_size=20),
    clbits=st.permutations(range(70)).map(lambda order: order[:3]),
    start=st.integers(0, 2**70 - 1),
)
def test_tally_counts_records(rows: list[list[int]], clbits: list[int], start: int) -> None:
    """Bits go to their classical bits, beside those already known, and equal records add up."""
    start &= ~sum(1 << clbit for clbit in clbits)
    found: dict[int, int] = {start: 5}
    tally(np.array(rows, dtype=np.uint8), clbits, start=start, into=found)
    expected = Counter({start: 5})
    for row in rows:
        expected[start | sum(bit << clbit for bit, clbit in zip(row, clbits, strict=True))] += 1
    assert found == expected


def test_misreading_follows_its_table() -> None:
    """Each bit flips by its own table; bits without one stay; every shot is kept."""
    outcomes = np.array([[0b00000000, 0b0], [0b00000001, 0b1]], dtype=np.uint8)
    tables = {0: np.array([[0.7, 0.3], [0.0, 1.0]]), 8: np.array([[1.0, 0.0], [0.4, 0.6]])}
    found = misread_outcomes(outcomes, np.array([20_000, 10_000], dtype=np.uint64), tables, np.random.default_rng(1))
    assert set(found) == {0, 1, 0b1_0000_0001}
    assert sum(found.values()) == 30_000
    assert abs(found[0] - 14_000) < 6 * math.sqrt(20_000 * 0.21)
    assert abs(found[0b1_0000_0001] - 6_000) < 6 * math.sqrt(10_000 * 0.24)


def test_reindex_places_bits_among_all() -> None:
    """Index bits go to the places of their classical bits, with the other bits as the record has them."""
    assert reindex((2, 7), (2, 5, 7), start=1 << 5).tolist() == [0b010, 0b011, 0b110, 0b111]
    assert reindex((), (3,), start=1 << 3).tolist() == [1]


def test_bits_of_outcomes() -> None:
    """The bits asked for, in the order asked."""
    assert bits_of(np.array([0b110, 0b001]), (2, 0)).tolist() == [[1, 0], [0, 1]]
