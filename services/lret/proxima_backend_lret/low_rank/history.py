"""How many columns there were over the course of a run."""

from __future__ import annotations

from collections.abc import Sequence

from proxima.simulation.v1 import result_pb2

MAX_POINTS = 64


class History:
    """Ranks at evenly spaced operations, at most 64 of them, however many operations there are.

    Attributes:
        largest: the most columns at any time.
        points: (operations done, columns), ascending.
        stride: operations between two points.
    """

    def __init__(self) -> None:
        self.largest = 1
        self.points: list[tuple[int, int]] = []
        self.stride = 1

    def add(self, operation: int, rank: int) -> None:
        """Take note of `rank` columns after `operation` operations."""
        self.largest = max(self.largest, rank)
        if operation % self.stride:
            return
        self.points.append((operation, rank))
        if len(self.points) >= MAX_POINTS:
            self.stride *= 2
            self.points = [point for point in self.points if not point[0] % self.stride]

    def restore(self, points: Sequence[tuple[int, int]], *, largest: int, stride: int) -> None:
        """Take over what was noted before."""
        self.points, self.largest, self.stride = list(points), largest, stride

    def message(self, *, operation: int, rank: int, operation_count: int) -> result_pb2.RankHistory:
        """Return the message of a run that stands at `operation` with `rank` columns."""
        points = [point for point in self.points if point[0] < operation] + [(operation, rank)]
        return result_pb2.RankHistory(
            points=[result_pb2.RankPoint(operation=at, rank=count) for at, count in points],
            largest_rank=max(self.largest, rank),
            operation_count=operation_count,
        )
