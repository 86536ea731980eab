"""Checks on columns, against the plain way."""

from __future__ import annotations

import math
import struct
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from proxima_runtime.backend.columns import all_below, all_finite, counts_of

UINT16 = st.integers(0, 2**16 - 1) | st.integers(0, 4)
UINT32 = st.integers(0, 2**32 - 1) | st.integers(0, 300)


@given(st.lists(UINT16))
def test_counts_are_those_of_a_counter(values: list[int]) -> None:
    """Both the byte-wise and the general way count right."""
    assert dict(counts_of(struct.pack(f"<{len(values)}H", *values))) == Counter(values)


@given(st.lists(UINT32), st.integers(0, 400) | st.integers(0, 2**32))
def test_the_bound_is_exclusive(values: list[int], bound: int) -> None:
    """`all_below` says what comparing each value says."""
    column = struct.pack(f"<{len(values)}I", *values)

    assert all_below(column, bound) == all(value < bound for value in values)


@given(st.lists(st.floats()))
def test_finite_is_what_math_calls_finite(values: list[float]) -> None:
    """`all_finite` says what math.isfinite says, the largest numbers included."""
    column = struct.pack(f"<{len(values)}d", *values)

    assert all_finite(column) == all(map(math.isfinite, values))
