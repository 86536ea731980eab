"""Records as snapshots: the contract's Execution message, serialised."""

from __future__ import annotations

from google.protobuf import timestamp_pb2
from google.rpc import status_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import result_pb2

from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.wire import frame

_FIELDS = executions_pb2.Execution.DESCRIPTOR.fields_by_name
_ERROR_FIELD = _FIELDS["error"].number
_CHARACTERISTICS_FIELD = _FIELDS["characteristics"].number
_PLAN_FIELD = _FIELDS["plan"].number
_USAGE_FIELD = _FIELDS["usage"].number
_RESULT_SPEC_FIELD = _FIELDS["result_spec"].number


def execution_to_message(record: ExecutionRecord, *, with_arrays: bool = True) -> executions_pb2.Execution:
    """Return the snapshot of a record as a message; without arrays, headers carry no inline data."""
    message = executions_pb2.Execution.FromString(snapshot(record))
    if not with_arrays:
        for header in message.results:
            for array in header.arrays:
                array.ClearField("inline_data")
    return message


def headers_to_bytes(headers: list[result_pb2.ResultHeader]) -> bytes:
    """Return the headers as a record keeps them."""
    return executions_pb2.Execution(results=headers).SerializeToString()


def headers_from_bytes(data: bytes) -> list[result_pb2.ResultHeader]:
    """Return the headers that a record keeps."""
    return list(executions_pb2.Execution.FromString(data).results)


def closed_attempt_to_bytes(
    *, attempt: int, instance: str, start_time: int | None, end_time: int, error: bytes
) -> bytes:
    """Return a lost attempt as a record keeps it; those of several attempts may be joined."""
    message = executions_pb2.Attempt(
        attempt=attempt,
        state=executions_pb2.STATE_RUNNING,
        error=status_message(error),
        backend_instance=instance,
        start_time=None if start_time is None else timestamp(start_time),
        end_time=timestamp(end_time),
    )
    return executions_pb2.Execution(closed_attempts=[message]).SerializeToString()


def usage_to_bytes(usage: result_pb2.Usage, *, before: bytes) -> bytes:
    """Return what a run took as a record keeps it: times add up over its pauses, the peak is the highest."""
    earlier = result_pb2.Usage.FromString(before)
    total = result_pb2.Usage(peak_memory_bytes=max(usage.peak_memory_bytes, earlier.peak_memory_bytes))
    for name in ("worker_duration", "engine_duration", "queued_duration", "cpu_duration"):
        parts = [getattr(part, name) for part in (earlier, usage) if part.HasField(name)]
        if parts:
            getattr(total, name).FromNanoseconds(sum(part.ToNanoseconds() for part in parts))
    return total.SerializeToString()


def worked_seconds(usage: bytes) -> float:
    """Return the time that workers have had a run, in seconds, of a record's usage."""
    return float(result_pb2.Usage.FromString(usage).worker_duration.ToNanoseconds() / 1e9)


def status_message(data: bytes) -> status_pb2.Status:
    """Return the status that a record keeps."""
    return status_pb2.Status.FromString(data)


def timestamp(microseconds: int) -> timestamp_pb2.Timestamp:
    """Return a moment given in microseconds since the Unix epoch."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return timestamp_pb2.Timestamp(seconds=seconds, nanos=rest * 1000)


def snapshot(record: ExecutionRecord) -> bytes:
    """Return the serialised Execution of a record; its parts are joined, not parsed."""
    head = executions_pb2.Execution(
        name=record.name,
        owner=record.owner,
        attempt=record.attempt,
        state=f"STATE_{record.state.name}",
        display_name=record.display_name,
        circuit_digest=record.circuit_digest,
        seed=record.seed,
        request_id=record.request_id or "",
        comparison=f"comparisons/{record.comparison}" if record.comparison else "",
        backend_instance=record.instance if record.start_time is not None else "",
    )
    for field, moment in (
        (head.create_time, record.create_time),
        (head.plan_time, record.plan_time),
        (head.ready_time, record.ready_time),
        (head.start_time, record.start_time),
        (head.end_time, record.end_time),
    ):
        if moment is not None:
            seconds, rest = divmod(moment, 1_000_000)
            field.seconds = seconds
            field.nanos = rest * 1000
    parts = [head.SerializeToString(), record.results, record.closed_attempts]
    for number, data in (
        (_ERROR_FIELD, record.error),
        (_CHARACTERISTICS_FIELD, record.characteristics),
        (_PLAN_FIELD, record.plan),
        (_USAGE_FIELD, record.usage),
        (_RESULT_SPEC_FIELD, record.result_spec),
    ):
        if data:
            parts.append(frame(number, data))
    return b"".join(parts)
