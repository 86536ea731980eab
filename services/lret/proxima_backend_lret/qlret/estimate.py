"""What a job would take on upstream LRET, by rules with measured figures. Imports no numpy."""

from __future__ import annotations

from collections.abc import Callable

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import estimate_pb2
from proxima_runtime.backend.estimates import largest_fitting, unsupported

_INT64_MAX = (1 << 63) - 1
_MAX_WIDTH = 30

_STATE_BYTES = 64
"""Copies of the state vector while a gate is done, complex128: bytes an amplitude."""
_VALUE_BYTES, _SAMPLE_BYTES = 34, 16
"""Bytes an entry of the dense 2^n x 2^n matrices, complex128: an expectation value holds two, and what is left of
smaller ones; sampling holds one."""

_BYTES_PER_INSTRUCTION = 1000
_BYTES_PER_SHOT = 60
_BYTES_PER_TERM = 1500
_WORKING_BYTES = 1 << 20

# In units of an amplitude's update by a gate, 5.5 ns.
_UNITS_PER_INSTRUCTION = 1400
_UNITS_PER_VALUE_ENTRY, _UNITS_PER_SAMPLE_ENTRY = 6, 3
_UNITS_PER_SHOT = 40


def estimate(job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
    """Estimate a job that the runtime has checked."""
    spec, width = job.results, job.circuit.qubit_count
    instructions, terms = len(job.circuit.opcodes) // 2, _term_count(job)
    entries, square = 2.0 ** min(width, _MAX_WIDTH), 4.0 ** min(width, _MAX_WIDTH)
    work = instructions * (entries + _UNITS_PER_INSTRUCTION) + terms * square * _UNITS_PER_VALUE_ENTRY
    if spec.shots:
        work += square * _UNITS_PER_SAMPLE_ENTRY + spec.shots * _UNITS_PER_SHOT
    peak = _peak_rule(job, terms)
    return estimate_pb2.ResourceEstimate(
        peak_memory_bytes=min(peak(width), _INT64_MAX),
        largest_fitting_qubit_count=largest_fitting(peak, job.memory_limit_bytes, most=_MAX_WIDTH),
        work_units=work,
        rule=_rule(job),
        violations=[
            unsupported("engine qlret does not run circuits in segments; leave segment_starts empty")
            for _ in job.segmentation.segment_starts[:1]
        ],
    )


def _peak_rule(job: backend_pb2.Job, terms: int) -> Callable[[int], int]:
    """Return peak bytes as a function of the qubit count, everything else as in the job."""
    entry = _bytes_per_entry(job)
    fixed = len(job.circuit.opcodes) // 2 * _BYTES_PER_INSTRUCTION + job.results.shots * _BYTES_PER_SHOT
    fixed += terms * _BYTES_PER_TERM + _WORKING_BYTES

    def peak(width: int) -> int:
        side = 1 << width
        return entry * side**2 + _STATE_BYTES * side + fixed

    return peak


def _bytes_per_entry(job: backend_pb2.Job) -> int:
    if job.results.observables:
        return _VALUE_BYTES
    return _SAMPLE_BYTES if job.results.shots else 0


def _term_count(job: backend_pb2.Job) -> int:
    return len({pauli for observable in job.results.observables for pauli in observable.paulis})


def _rule(job: backend_pb2.Job) -> str:
    what = "an expectation value" if job.results.observables else "sampling"
    return (
        f"{_bytes_per_entry(job)} bytes x 4^n for the dense matrices of {what}, plus {_STATE_BYTES} bytes x 2^n, plus "
        f"{_BYTES_PER_INSTRUCTION} bytes an instruction and {_BYTES_PER_SHOT} a shot"
    )
