"""Which of its ways the method low_rank takes. Imports no numpy."""

from __future__ import annotations

_BREAK_EVEN = 0.25


def break_even_rank(qubit_count: int) -> int:
    """Return the columns of all records above which the exact Pauli vector takes less time."""
    return max(int(_BREAK_EVEN * 2.0**qubit_count), 1)
