"""From what Aer returned to the arrays of a result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.arrays.readout import Bytes, Counts, Real
from proxima_runtime.backend.engine import ResultArray
from proxima_runtime.errors import Internal

from proxima_backend_qiskit import aer

# How far a sum of probabilities may be from 1; both are far above rounding and far below anything that matters.
_NORM_TOLERANCE = {False: 1e-6, True: 1e-2}


def state_array(
    state: np.typing.NDArray[np.complexfloating], *, single_precision: bool, active_qubits: tuple[int, ...]
) -> ResultArray:
    """Return the array of a state vector, shape (2^n,), or of a density matrix, shape (2^n, 2^n)."""
    if single_precision and state.dtype != np.complex64:
        state = state.astype(np.complex64)
    flat = np.ascontiguousarray(state).reshape(-1)
    return ResultArray(
        role=result_pb2.ARRAY_ROLE_STATEVECTOR if state.ndim == 1 else result_pb2.ARRAY_ROLE_DENSITY_MATRIX,
        data_type=result_pb2.DATA_TYPE_COMPLEX64 if single_precision else result_pb2.DATA_TYPE_COMPLEX128,
        shape=state.shape,
        data=flat.view(np.uint8).data,
        bit_space=result_pb2.BIT_SPACE_QUBITS,
        axis_bits=active_qubits,
    )


def exact_values(names: Sequence[str], values: Sequence[float]) -> list[result_pb2.ExpectationValue]:
    """Return exact expectation values, without a standard error."""
    return [result_pb2.ExpectationValue(name=name, value=value) for name, value in zip(names, values, strict=True)]


def merged_counts(runs: Sequence[aer.Output], slot_count: int) -> tuple[Bytes, Counts]:
    """Add up the counts of Aer's batches; rows are packed slots."""
    totals: dict[str, int] = {}
    for run in runs:
        for outcome, seen in run.counts.items():
            totals[outcome] = totals.get(outcome, 0) + seen
    size = -(-slot_count // 8)
    packed = b"".join(int(outcome, 16).to_bytes(size, "little") for outcome in totals)
    rows = np.frombuffer(packed, dtype=np.uint8).reshape(-1, size)
    return rows, np.fromiter(totals.values(), dtype=np.uint64, count=len(totals))


def saved(values: Real | None) -> Real:
    """Return saved probabilities.

    Raises:
        Internal: there are none (ERROR_REASON_ENGINE_FAILED).
    """
    if values is None:
        raise _failed("Aer returned no probabilities although it was told to save them", "no probabilities")
    return values


def check_norm(probabilities: Real, *, single_precision: bool) -> None:
    """Check that probabilities sum to 1.

    Raises:
        Internal: they do not (ERROR_REASON_ENGINE_FAILED).
    """
    total = float(probabilities.sum())
    if not abs(total - 1.0) <= _NORM_TOLERANCE[single_precision]:
        raise _failed(
            f"Aer's probabilities sum to {total!r}, not 1; nothing was returned", f"probabilities sum to {total!r}"
        )


def _failed(sentence: str, message: str) -> Internal:
    return Internal(
        sentence, reason=errors_pb2.ERROR_REASON_ENGINE_FAILED, metadata={"engine": "aer", "message": message}
    )
