"""Which of its ways the method low_rank takes: columns, or the Pauli vector from the beginning. Imports no numpy.

Both times are predicted, for one core of the machine that the figures were measured on (`just bench lret`); only which
of them is the smaller matters here.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxima.backend.v1 import backend_pb2

from proxima_backend_lret.low_rank.rank import Noise, find_noise
from proxima_backend_lret.pauli.forecast import Forecast, forecast

SMALL_QUBITS = 8
"""Up to here the Pauli vector is never more than a few milliseconds, less than columns ever take."""

_BREAK_EVEN = 0.25
_TYPICAL_EXPONENT = 0.7

_PAULI_FIXED, _PAULI_TASK, _PAULI_ENTRY = 1.5e6, 1e4, 1.1
_COLUMN_FIXED, _COLUMN_STEP, _COLUMN_ENTRY = 2e6, 1e5, 5.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What low_rank will do.

    Attributes:
        noise: what makes columns.
        rank: predicted columns at a typical moment, and the most.
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
    if job.circuit.qubit_count <= SMALL_QUBITS:
        return True
    return vector_nanoseconds(vector) < column_nanoseconds(job, noise)


def vector_nanoseconds(found: Forecast) -> float:
    """Return the predicted time of the Pauli vector."""
    return _PAULI_FIXED + _PAULI_TASK * found.task_count + _PAULI_ENTRY * found.work


def column_nanoseconds(job: backend_pb2.Job, noise: Noise) -> float:
    """Return the predicted time of columns."""
    width = job.circuit.qubit_count
    columns = noise.columns(width, job.max_error)
    typical = columns**_TYPICAL_EXPONENT if job.max_error else columns
    # Maps on one qubit are taken into those on two.
    steps = max(noise.operation_count - noise.noise_count, 1) / 3
    return _COLUMN_FIXED + steps * (_COLUMN_STEP + _COLUMN_ENTRY * 2.0 ** min(width, 300) * typical)


def break_even_rank(qubit_count: int) -> int:
    """Return the columns of all records above which the exact Pauli vector takes less time for the rest."""
    return max(int(_BREAK_EVEN * 2.0**qubit_count), 1)
