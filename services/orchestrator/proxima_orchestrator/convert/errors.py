"""Refusals and circuit errors as errors of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import (
    Aborted,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    ProximaError,
    ResourceExhausted,
    Unavailable,
    Unimplemented,
)

from proxima_orchestrator.planning import Refusal
from proxima_orchestrator.qasm.errors import CircuitError

_CLASS_OF_REASON: Mapping[str, type[ProximaError]] = {
    "ERROR_REASON_SYNTAX": InvalidArgument,
    "ERROR_REASON_INVALID_CIRCUIT": InvalidArgument,
    "ERROR_REASON_CIRCUIT_LIMIT": InvalidArgument,
    "ERROR_REASON_PARSE_DEADLINE": InvalidArgument,
    "ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE": Unimplemented,
    "ERROR_REASON_MALFORMED_CIRCUIT": InvalidArgument,
    "ERROR_REASON_INVALID_REQUEST": InvalidArgument,
    "ERROR_REASON_NO_MEASUREMENT": InvalidArgument,
    "ERROR_REASON_MESSAGE_LIMIT": ResourceExhausted,
    "ERROR_REASON_NO_CAPABLE_BACKEND": FailedPrecondition,
    "ERROR_REASON_UNKNOWN_BACKEND": NotFound,
    "ERROR_REASON_BACKEND_UNAVAILABLE": Unavailable,
    "ERROR_REASON_UNSUPPORTED_BY_BACKEND": FailedPrecondition,
    "ERROR_REASON_INSUFFICIENT_MEMORY": ResourceExhausted,
    "ERROR_REASON_ABOVE_SAFE_LINE": FailedPrecondition,
    "ERROR_REASON_ABORTED": Aborted,
    "ERROR_REASON_NOT_IMPLEMENTED": Unimplemented,
}


def refusal_error(refusal: Refusal) -> ProximaError:
    """Return the error that a refusal travels as."""
    error_class = _CLASS_OF_REASON.get(refusal.reason, Internal)
    reason: errors_pb2.ErrorReason = getattr(errors_pb2, refusal.reason)
    return error_class(refusal.message, reason=reason, metadata=refusal.metadata)


def circuit_error(error: CircuitError) -> ProximaError:
    """Return the error that a fault of a circuit's source travels as, with its place in the metadata."""
    metadata = dict(error.details)
    if error.line:
        metadata |= {"line": str(error.line), "column": str(error.column)}
    return refusal_error(Refusal(reason=error.reason, message=str(error), metadata=metadata))


def invalid(field: str, problem: str) -> InvalidArgument:
    """Return the error of a request field: `problem` says what is wrong with it and what to do."""
    return InvalidArgument(
        f"{field}: {problem}", reason=errors_pb2.ERROR_REASON_INVALID_REQUEST, metadata={"field": field}
    )


def malformed(field: str, problem: str) -> InvalidArgument:
    """Return the error of a circuit message whose columns disagree."""
    return InvalidArgument(
        f"circuit.{field}: {problem}", reason=errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT, metadata={"field": field}
    )
