"""Seconds to and from protobuf durations."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration


def to_duration(seconds: float) -> Duration:
    """Return a protobuf duration, rounded to nanoseconds."""
    nanoseconds = round(seconds * 1e9)
    return Duration(seconds=nanoseconds // 10**9, nanos=nanoseconds % 10**9)


def from_duration(duration: Duration) -> float:
    """Return a duration in seconds."""
    return duration.seconds + duration.nanos * 1e-9
