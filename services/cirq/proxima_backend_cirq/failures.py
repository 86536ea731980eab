"""The one place where Cirq's exceptions become ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Internal


@contextmanager
def cirq_failures() -> Iterator[None]:
    """Turn what Cirq raises inside of the block into Internal (ERROR_REASON_ENGINE_FAILED); MemoryError passes."""
    try:
        yield
    except (RuntimeError, ValueError, TypeError, AssertionError, IndexError) as error:
        raise Internal(
            f"Cirq failed: {error}",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": "cirq", "message": str(error)},
        ) from error


def mismatch(engine: str, *, what: str, expected: str, actual: str) -> Internal:
    """Return the error for a translation that is not what the columns say (ERROR_REASON_TRANSLATION_MISMATCH)."""
    return Internal(
        f"the translated circuit has {what} {actual}, the columns have {expected}; report this with the circuit",
        reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
        metadata={"engine": engine, "expected": expected, "actual": actual},
    )
