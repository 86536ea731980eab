"""How many shots run at once. Imports no numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WORKING_BYTES = 4 * 2**20
"""What a run takes beside its columns, its program and what its shots leave."""

_COPIED = 0.15
_CACHE_BYTES = 2 * 2**20
_MOST, _LEAST = 256, 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Shots that run at once.

    Attributes:
        seed_index: which batch of the plan they belong to, and with it which seed.
        first_shot: in that batch of the plan.
        start: in all of the run.
        shots: how many.
    """

    seed_index: int
    first_shot: int
    start: int
    shots: int


def column_count(qubit_count: int, *, single_precision: bool, memory_limit_bytes: int | None) -> int:
    """Return the shots that run at once: what the second cache holds, within limits; 0 where not one fits."""
    column = column_bytes(qubit_count, single_precision=single_precision)
    found = min(max(_CACHE_BYTES // column, _LEAST), _MOST)
    if memory_limit_bytes is not None:
        fitting = max(memory_limit_bytes - WORKING_BYTES, 0) // column
        found = min(found, fitting)
        while found and found + copied_columns(found) > fitting:
            found -= 1
    return found


def copied_columns(count: int) -> int:
    """Return how many of the columns that run at once a step may copy."""
    return 0 if count == 1 else max(int(_COPIED * count), 1)


def column_bytes(qubit_count: int, *, single_precision: bool) -> int:
    """Return the bytes of one pure state."""
    return (8 if single_precision else 16) << qubit_count


def shot_bytes(*, clbit_count: int, observable_count: int) -> int:
    """Return the bytes that each shot leaves until the end."""
    return -(-clbit_count // 8) + 8 * observable_count


def split(planned: Sequence[int], most: int) -> Iterator[Batch]:
    """Cut the batches of the plan into batches of at most `most` shots."""
    start = 0
    for index, shots in enumerate(planned):
        for first in range(0, shots, most):
            size = min(most, shots - first)
            yield Batch(seed_index=index, first_shot=first, start=start, shots=size)
            start += size
