"""The error of a circuit that contradicts itself: INVALID_ARGUMENT with the field's name in the metadata."""

from __future__ import annotations

from proxima.errors.v1 import errors_pb2

from proxima_runtime.errors import InvalidArgument


def require(condition: bool, field: str, problem: str) -> None:
    """Raise `malformed` unless `condition` holds."""
    if not condition:
        raise malformed(field, problem)


def malformed(field: str, problem: str) -> InvalidArgument:
    """Return the error; the message is the field of the circuit followed by the problem, a sentence's predicate."""
    return InvalidArgument(
        f"circuit.{field} {problem}",
        reason=errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT,
        metadata={"field": f"circuit.{field}"},
    )
