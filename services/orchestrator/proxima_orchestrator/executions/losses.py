"""The ways in which a run is lost with its backend or on request, as errors."""

from __future__ import annotations

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Aborted, Internal, Unavailable

from proxima_orchestrator.executions.record import ExecutionRecord


def lost_backend(backend: str, why: str) -> Unavailable:
    """Return the error of a run whose backend went away."""
    return Unavailable(
        f"backend {backend} was lost during the run: {why}; run it again",
        reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        metadata={"backend": backend},
    )


def orphaned(record: ExecutionRecord, grace_seconds: float) -> Aborted:
    """Return the error of an attempt that the backend ended, or forgot, while the orchestrator was away."""
    return Aborted(
        f"the orchestrator was away for longer than the grace period of {grace_seconds:g} s, or the backend was "
        f"restarted: the run of attempt {record.attempt} is lost",
        reason=errors_pb2.ERROR_REASON_ORPHANED,
        metadata={"grace_seconds": f"{grace_seconds:g}"},
    )


def left_behind(record: ExecutionRecord) -> Unavailable:
    """Return the error of an attempt whose instance unregistered, or let its lease end."""
    return Unavailable(
        f"the instance {record.instance} went away during attempt {record.attempt}",
        reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        metadata={"backend": record.backend},
    )


def aborted(reason: str | None, *, note: str) -> Aborted:
    """Return the error of a run that was aborted on request; `note` says what is uncertain about it."""
    why = f": {reason}" if reason else ""
    return Aborted(f"aborted on request{why}{note}", reason=errors_pb2.ERROR_REASON_ABORTED)


def forgotten() -> Internal:
    """Return the error of a run that its backend does not know although it was just sent there."""
    return Internal("the backend forgot the run while it was being started", reason=errors_pb2.ERROR_REASON_INTERNAL)
