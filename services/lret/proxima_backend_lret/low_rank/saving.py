"""A low-rank run written down, and read back with checks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proxima_backend_lret.low_rank.evolution import Evolution
from proxima_backend_lret.low_rank.limits import MAX_RECORDS
from proxima_backend_lret.low_rank.state import State, capacity_for, state_bytes
from proxima_backend_lret.simulation import Plain, Saved

_MAX_RECORD_DIGITS = 1 << 16


def save(evolution: Evolution) -> Saved:
    """Return what the rest of a run depends on; the planes are views."""
    states, history = evolution.states, evolution.history
    values: Saved = {
        "position": evolution.position,
        "noise_steps": evolution.noise_steps,
        "rounding": evolution.ledger.rounding,
        "history_operations": [operation for operation, _ in history.points],
        "history_ranks": [rank for _, rank in history.points],
        "history_stride": history.stride,
        "largest_rank": history.largest,
        "most_columns": evolution.most_columns,
        # In hexadecimal: a record may have more bits than numbers of JSON.
        "records": [f"{state.record:x}" for state in states],
        "capacities": [state.capacity for state in states],
        "settled": [state.settled for state in states],
        "excesses": [state.excess for state in states],
        "state_weights": [state.weight for state in states],
    }
    planes = {f"planes{index}": state.planes[:, :, : state.rank] for index, state in enumerate(states)}
    weights = {f"weights{index}": state.weights for index, state in enumerate(states)}
    return {**values, **planes, **weights}


def restore(evolution: Evolution, saved: Saved, *, step_count: int) -> None:
    """Let a run that has not begun go on from where `save` was called.

    Raises:
        ValueError: it does not describe a state of this run.
        ResourceExhausted: the state is larger than what the run may hold.
    """
    position, noise_steps = _count(saved, "position"), _count(saved, "noise_steps")
    if position > step_count or noise_steps > position:
        raise ValueError(f"position {position} with {noise_steps} noise steps is none of this run")
    (zero,) = evolution.states
    records = _listed(saved, "records")
    shapes = zip(_counts(saved, "capacities"), _counts(saved, "settled"), _counts(saved, "excesses"), strict=True)
    if not 1 <= len(records) <= 2 * MAX_RECORDS:
        raise ValueError(f"there are {len(records)} records")
    states, held = [], 0
    for index, (record, (capacity, settled, excess), weight) in enumerate(
        zip(records, shapes, _listed(saved, "state_weights"), strict=True)
    ):
        planes, weights = saved.get(f"planes{index}"), saved.get(f"weights{index}")
        if not isinstance(planes, np.ndarray) or planes.dtype != zero.planes.dtype or planes.ndim != zero.planes.ndim:
            raise ValueError(f"planes{index} are not {zero.planes.dtype} in three dimensions")
        rank = planes.shape[2]
        if planes.shape[:2] != (2, zero.height) or not 1 <= rank <= capacity:
            raise ValueError(f"planes{index} have the shape {planes.shape}")
        if not isinstance(weights, np.ndarray) or weights.dtype != np.float64 or weights.shape != (rank,):
            raise ValueError(f"weights{index} are not {rank} numbers")
        if capacity != capacity_for(capacity, itemsize=planes.itemsize) or settled < 1:
            raise ValueError(f"planes{index} have room for {capacity} columns")
        if not isinstance(record, str) or len(record) > _MAX_RECORD_DIGITS:
            raise ValueError("a record is not a number")
        held += state_bytes(zero.height, capacity, itemsize=planes.itemsize)
        evolution.require(held, rank=rank, row=0)
        state = State(
            record=int(record, 16),
            height=zero.height,
            rank=rank,
            capacity=capacity,
            single_precision=zero.is_single,
        )
        state.planes[:, :, :rank] = planes
        state.weights = weights.astype(np.float64)
        state.weight, state.settled, state.excess = _finite(weight, "state_weights"), settled, excess
        states.append(state)
    operations, ranks = _counts(saved, "history_operations"), _counts(saved, "history_ranks")
    evolution.history.restore(
        list(zip(operations, ranks, strict=True)),
        largest=_count(saved, "largest_rank"),
        stride=max(_count(saved, "history_stride"), 1),
    )
    evolution.ledger.rounding = _finite(saved.get("rounding"), "rounding")
    evolution.most_columns = _count(saved, "most_columns")
    evolution.resume(states, position=position, noise_steps=noise_steps)


def _count(saved: Saved, name: str) -> int:
    return _whole(saved.get(name), name)


def _counts(saved: Saved, name: str) -> list[int]:
    return [_whole(value, name) for value in _listed(saved, name)]


def _listed(saved: Saved, name: str) -> Sequence[Plain]:
    found = saved.get(name)
    if not isinstance(found, list):
        raise ValueError(f"{name} is not a list")  # noqa: TRY004 - the protocol's error of a wrong state
    return found


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is {value!r}, not a count")
    return value


def _finite(value: object, name: str) -> float:
    if not isinstance(value, float) or not 0 <= value <= 2:
        raise ValueError(f"{name} is {value!r}, not a weight")
    return value
