"""The errors of Proxima and their two-way mapping to gRPC.

    ProximaError
    ├── InvalidArgument       the request can never work; fix it
    ├── NotFound              the named thing does not exist
    ├── AlreadyExists         the name is taken by something else
    ├── FailedPrecondition    right request, wrong state or wrong backend
    ├── ResourceExhausted     memory, disk, queue or a limit
    ├── Unavailable           nobody answers; try later or elsewhere
    ├── DeadlineExceeded      out of time
    ├── Aborted               stopped on purpose or from outside
    ├── PermissionDenied      the caller may not do this
    ├── Unimplemented         part of the contract, not served yet
    └── Internal              a bug, or a crash that nothing explains

Each class is one gRPC code; what happened is `reason`, a value of `proxima.errors.v1.ErrorReason`. On the wire an error
is a `google.rpc.Status` with one `google.rpc.ErrorInfo` (domain "proxima").

This module does not import grpc, because worker processes import it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2
from proxima.errors.v1 import errors_pb2

if TYPE_CHECKING:
    import grpc

DOMAIN = "proxima"
STATUS_TRAILER = "grpc-status-details-bin"

# Trailers share one 8 KiB HTTP/2 header block: the message travels twice (once percent-encoded, up to three bytes for
# one) and the details once in base64.
_TRAILER_MESSAGE_BYTES = 1024
_TRAILER_METADATA_BYTES = 2048


class ProximaError(Exception):
    """Base of all errors that a caller of Proxima may see.

    Attributes:
        message: a sentence that names the place and the remedy.
        reason: value of `ErrorReason`.
        metadata: the figures behind the message, as the reason's comment in the contract lists them.
        code: value of `google.rpc.Code`, fixed by the class.
    """

    code: ClassVar[int] = code_pb2.UNKNOWN

    def __init__(
        self, message: str, *, reason: errors_pb2.ErrorReason, metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.metadata: Mapping[str, str] = dict(metadata or {})

    @property
    def reason_name(self) -> str:
        """Name of the reason, for example "ERROR_REASON_TIMEOUT"."""
        return errors_pb2.ErrorReason.Name(self.reason)

    @property
    def code_name(self) -> str:
        """Name of the gRPC code, for example "DEADLINE_EXCEEDED"."""
        name: str = code_pb2.Code.Name(self.code)
        return name


class InvalidArgument(ProximaError):
    """The request can never work, whatever the state of the system."""

    code = code_pb2.INVALID_ARGUMENT


class NotFound(ProximaError):
    """The named thing does not exist."""

    code = code_pb2.NOT_FOUND


class AlreadyExists(ProximaError):
    """The name is taken by something else."""

    code = code_pb2.ALREADY_EXISTS


class FailedPrecondition(ProximaError):
    """The request is right and the state, or the backend, does not allow it."""

    code = code_pb2.FAILED_PRECONDITION


class ResourceExhausted(ProximaError):
    """Memory, disk, queue or a limit is used up."""

    code = code_pb2.RESOURCE_EXHAUSTED


class Unavailable(ProximaError):
    """Nobody answers."""

    code = code_pb2.UNAVAILABLE


class DeadlineExceeded(ProximaError):
    """Out of time."""

    code = code_pb2.DEADLINE_EXCEEDED


class Aborted(ProximaError):
    """Stopped on purpose, or from outside."""

    code = code_pb2.ABORTED


class PermissionDenied(ProximaError):
    """The caller may not do this."""

    code = code_pb2.PERMISSION_DENIED


class Unimplemented(ProximaError):
    """Part of the contract, not served by this version."""

    code = code_pb2.UNIMPLEMENTED


class Internal(ProximaError):
    """A bug in Proxima, or a crash that nothing explains."""

    code = code_pb2.INTERNAL


_CLASSES: Mapping[int, type[ProximaError]] = {
    cls.code: cls
    for cls in (
        InvalidArgument,
        NotFound,
        AlreadyExists,
        FailedPrecondition,
        ResourceExhausted,
        Unavailable,
        DeadlineExceeded,
        Aborted,
        PermissionDenied,
        Unimplemented,
        Internal,
    )
}

_REASONS = cast("Mapping[str, errors_pb2.ErrorReason]", dict(errors_pb2.ErrorReason.items()))

# What a gRPC code means when the peer, or the library itself, attached no ErrorInfo of ours.
_FOREIGN_REASONS: Mapping[int, errors_pb2.ErrorReason] = {
    code_pb2.UNAVAILABLE: errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
    code_pb2.DEADLINE_EXCEEDED: errors_pb2.ERROR_REASON_TIMEOUT,
    code_pb2.RESOURCE_EXHAUSTED: errors_pb2.ERROR_REASON_MESSAGE_LIMIT,
    code_pb2.UNIMPLEMENTED: errors_pb2.ERROR_REASON_NOT_IMPLEMENTED,
    code_pb2.INVALID_ARGUMENT: errors_pb2.ERROR_REASON_INVALID_REQUEST,
    code_pb2.NOT_FOUND: errors_pb2.ERROR_REASON_NOT_FOUND,
    code_pb2.ABORTED: errors_pb2.ERROR_REASON_ABORTED,
    code_pb2.CANCELLED: errors_pb2.ERROR_REASON_ABORTED,
}


def to_status(error: ProximaError) -> status_pb2.Status:
    """Return the wire form of an error."""
    status = status_pb2.Status(code=error.code, message=error.message)
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason=error.reason_name, domain=DOMAIN, metadata=error.metadata)
    )
    return status


def to_trailer(error: ProximaError) -> tuple[str, bytes]:
    """Return the text and the `grpc-status-details-bin` trailer that end a call with an error.

    Both are cut so that they fit gRPC's limit on trailers whatever a caller made us quote.
    """
    metadata = {}
    left = _TRAILER_METADATA_BYTES
    for key, value in error.metadata.items():
        kept = _cut(value, min(left - len(key.encode()), 512))
        if not kept and value:
            break
        metadata[key] = kept
        left -= len(key.encode()) + len(kept.encode())
    message = _cut(error.message, _TRAILER_MESSAGE_BYTES)
    short = type(error)(message, reason=error.reason, metadata=metadata)
    return message, to_status(short).SerializeToString()


def reason_named(name: str) -> errors_pb2.ErrorReason:
    """Return the reason of a name, ERROR_REASON_UNSPECIFIED where this version does not know it."""
    return _REASONS.get(name, errors_pb2.ERROR_REASON_UNSPECIFIED)


def from_status(status: status_pb2.Status) -> ProximaError:
    """Return the error that a wire status stands for. Never raises on unknown codes, reasons or foreign details."""
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if not detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            continue
        try:
            detail.Unpack(info)
        except DecodeError:
            continue
        if info.domain == DOMAIN:
            reason = reason_named(info.reason)
            return _class_of(status.code)(status.message, reason=reason, metadata=info.metadata)
    return _foreign(status.code, status.message)


def from_rpc_error(error: grpc.RpcError) -> ProximaError:
    """Return the error behind a failed call.

    A call that never reached a Proxima service (connection refused, reset, deadline passed, message too large) has no
    details of ours; its gRPC code decides the reason.
    """
    if not hasattr(error, "code"):
        return _foreign(code_pb2.UNKNOWN, str(error))
    code: int = error.code().value[0]
    message: str = error.details() or ""
    trailer = cast("Iterable[tuple[str, str | bytes]]", error.trailing_metadata() or ())
    for key, value in trailer:
        if key == STATUS_TRAILER and isinstance(value, bytes):
            try:
                status = status_pb2.Status.FromString(value)
            except DecodeError:
                break
            return from_status(status)
    return _foreign(code, message)


def _foreign(code: int, message: str) -> ProximaError:
    reason = _FOREIGN_REASONS.get(code, errors_pb2.ERROR_REASON_INTERNAL)
    name: str = code_pb2.Code.Name(code) if code in code_pb2.Code.values() else f"code {code}"
    return _class_of(code)(message or f"the call failed with {name} and no message", reason=reason)


def _class_of(code: int) -> type[ProximaError]:
    if code == code_pb2.CANCELLED:
        return Aborted
    return _CLASSES.get(code, Internal)


def _cut(text: str, size: int) -> str:
    data = text.encode()
    if len(data) <= size:
        return text
    if size < len("..."):
        return ""
    return data[: size - len("...")].decode(errors="ignore") + "..."
