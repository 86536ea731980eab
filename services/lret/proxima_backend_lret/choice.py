"""Which of its ways the method low_rank takes: columns, or the Pauli vector from the beginning. Imports no numpy.

Both times are predicted, for one core of the machine that the figures were measured on (`just bench lret`); only which
of them is the smaller matters here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from proxima.backend.v1 import backend_pb2

from proxima_backend_lret.low_rank.certificate import rounding_bound
from proxima_backend_lret.low_rank.rank import Noise, find_noise
from proxima_backend_lret.pauli.forecast import Forecast, forecast

SMALL_QUBITS = 8
"""Up to here the Pauli vector is never more than a few milliseconds, less than columns ever take."""

_PAULI_FIXED, _PAULI_TASK, _PAULI_CACHED, _PAULI_ENTRY = 2e5, 3e4, 0.45, 0.75
_CACHED_BYTES = 16 << 20
_COLUMN_FIXED, _COLUMN_STEP, _COLUMN_ENTRY, _COLUMN_PAIR = 2e6, 1.2e5, 4.0, 0.04


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What low_rank will do.

    Attributes:
        noise: what makes columns.
        vector: what the Pauli vector would take; None where there is no noise.
        begins_with_vector: the Pauli vector, which is exact, takes less from the beginning.
    """

    noise: Noise
    vector: Forecast | None
    begins_with_vector: bool


def choose(job: backend_pb2.Job) -> Choice:
    """Return how the method low_rank will run a job that the runtime has checked."""
    noise = find_noise(job.circuit)
    if noise.is_pure:
        return Choice(noise=noise, vector=None, begins_with_vector=False)
    vector = forecast(job)
    return Choice(noise=noise, vector=vector, begins_with_vector=_begins_with_vector(job, noise, vector))


def begins_with_vector(job: backend_pb2.Job) -> bool:
    """Whether a job that has noise begins with the Pauli vector, if that fits."""
    return job.circuit.qubit_count <= SMALL_QUBITS or choose(job).begins_with_vector


def _begins_with_vector(job: backend_pb2.Job, noise: Noise, vector: Forecast) -> bool:
    if job.memory_limit_bytes and vector.peak_bytes > job.memory_limit_bytes:
        return False
    width = job.circuit.qubit_count
    bound = 2.0 ** (min(width, 300) / 2) * rounding_bound(noise.constants, single_precision=False)
    bound += rounding_bound(noise.compiling, single_precision=False)
    if job.max_error and 2 * bound > job.max_error:
        return False
    if width <= SMALL_QUBITS:
        return True
    return vector_nanoseconds(vector) < column_nanoseconds(job, noise)


def vector_nanoseconds(found: Forecast) -> float:
    """Return the predicted time of the Pauli vector."""
    each = _PAULI_CACHED if found.state_bytes <= _CACHED_BYTES else _PAULI_ENTRY
    return _PAULI_FIXED + _PAULI_TASK * found.task_count + each * found.work


def column_nanoseconds(job: backend_pb2.Job, noise: Noise) -> float:
    """Return the predicted time of columns."""
    width = job.circuit.qubit_count
    columns = noise.mean_columns(width, job.max_error)
    # Maps go through every column, compressions through every pair of columns.
    each = (_COLUMN_ENTRY + _COLUMN_PAIR * columns) * columns
    return _COLUMN_FIXED + noise.map_count * (_COLUMN_STEP + 2.0 ** min(width, 300) * each)


def break_even_rank(qubit_count: int) -> int:
    """Return the columns of all records above which a map takes less time on the exact Pauli vector."""
    half = _COLUMN_ENTRY / (2 * _COLUMN_PAIR)
    return int(math.sqrt(half**2 + _PAULI_ENTRY * 2.0 ** min(qubit_count, 300) / _COLUMN_PAIR) - half) + 1
