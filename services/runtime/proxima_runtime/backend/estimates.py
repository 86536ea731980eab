"""What estimates of engines have in common."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import estimate_pb2


def unsupported(description: str) -> estimate_pb2.Violation:
    """Return the violation for what an engine cannot run.

    Args:
        description: a sentence that names the instruction or result, and what would work.
    """
    return estimate_pb2.Violation(
        reason=errors_pb2.ErrorReason.Name(errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND),
        description=description,
        instruction=-1,
    )


def largest_fitting(peak_bytes: Callable[[int], int], limit_bytes: int, *, most: int) -> int:
    """Return the largest number of qubits whose peak is within the limit; 0 where none is, or there is no limit.

    Args:
        peak_bytes: peak memory by number of qubits, never less for more of them.
        limit_bytes: as in `Job.memory_limit_bytes`, 0 for none.
        most: number of qubits to stop at.
    """
    return bisect_right(range(1, most + 1), limit_bytes, key=peak_bytes) if limit_bytes > 0 else 0
