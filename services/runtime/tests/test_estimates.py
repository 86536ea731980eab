"""What estimates of engines have in common."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from proxima_runtime.backend.estimates import largest_fitting


@given(st.integers(1, 1 << 70), st.integers(0, 1000))
def test_the_largest_that_fits_fits_and_the_next_does_not(limit: int, fixed: int) -> None:
    """Of 16 bytes x 2^n and something fixed, the answer is within the limit and one qubit more is over it."""

    def peak(width: int) -> int:
        return fixed + (16 << width)

    found = largest_fitting(peak, limit, most=62)
    assert found == 0 or peak(found) <= limit
    assert found == 62 or peak(found + 1) > limit


def test_no_limit_has_no_largest() -> None:
    """Without a limit there is nothing to fit into."""
    assert largest_fitting(lambda width: width, 0, most=62) == 0
