"""What killed a worker: from the way it ended to a typed error that says so."""

from __future__ import annotations

import signal

from proxima.errors.v1 import errors_pb2

from proxima_runtime.backend.worker_process import Exit
from proxima_runtime.errors import Aborted, Internal, ProximaError, ResourceExhausted

# An estimate above this part of the limit makes memory the probable cause of a crash that says nothing.
_NEAR_LIMIT = 0.8


def classify_death(
    ended: Exit,
    *,
    peak_bytes: int,
    estimated_bytes: int,
    limit_bytes: int,
    oom_kills_before: tuple[int, int],
    oom_kills_after: tuple[int, int],
) -> ProximaError:
    """Return the error of a job whose worker ended before it was done, and whom the runtime did not end.

    Args:
        ended: how the worker ended.
        peak_bytes: peak memory over the warm worker.
        estimated_bytes: what the engine's estimate said.
        limit_bytes: the job's memory limit.
        oom_kills_before: processes the kernel's memory killer had taken when the job began (control group, machine).
        oom_kills_after: the same when the worker had ended.
    """
    if ended.signal_number == signal.SIGKILL:
        return _killed(oom_kills_before, oom_kills_after)
    metadata = {"peak_memory_bytes": str(peak_bytes)}
    if ended.signal_number:
        name = _signal_name(ended.signal_number)
        text = f"the worker crashed with {name}"
        metadata["signal"] = name
    else:
        text = f"the worker exited by itself with status {ended.status}"
        metadata["exit_status"] = str(ended.status)
    if estimated_bytes > _NEAR_LIMIT * limit_bytes:
        text += f", probably for lack of memory: it was estimated to take {estimated_bytes} of its {limit_bytes} bytes"
        metadata["probable_cause"] = "memory"
    return Internal(
        f"{text}; the service goes on with a fresh worker",
        reason=errors_pb2.ERROR_REASON_WORKER_CRASHED,
        metadata=metadata,
    )


def _killed(before: tuple[int, int], after: tuple[int, int]) -> ProximaError:
    if after[0] > before[0] or after[1] > before[1]:
        place = "of its control group" if after[0] > before[0] else "of the machine"
        return ResourceExhausted(
            f"the kernel's memory killer took the worker: the memory {place} ran out; choose a smaller job, or lower "
            "the service's memory cap below what is really free",
            reason=errors_pb2.ERROR_REASON_WORKER_KILLED,
            metadata={"signal": "SIGKILL", "probable_cause": "memory"},
        )
    return Aborted(
        "the worker was killed from outside with SIGKILL, and not by the kernel's memory killer; run it again",
        reason=errors_pb2.ERROR_REASON_WORKER_KILLED,
        metadata={"signal": "SIGKILL"},
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
