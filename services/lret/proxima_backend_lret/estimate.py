"""What a job would take, by rules with measured figures. Imports no numpy."""

from __future__ import annotations

from collections.abc import Callable

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2
from proxima_runtime.backend.estimates import largest_fitting, unsupported

from proxima_backend_lret.low_rank.certificate import fault_of_budget, rounding_bound
from proxima_backend_lret.low_rank.limits import GRAM_BYTES, SQUARE_BYTES, WORKING_BYTES
from proxima_backend_lret.low_rank.rank import Noise, find_noise

BYTES_PER_INSTRUCTION = 700
"""An instruction as Python objects, its operands, parameters and matrix included."""

_BYTES_PER_SHOT = 60
_BYTES_PER_COUNT_ROW = 64
_INT64_MAX = (1 << 63) - 1
_MAX_WIDTH = 62
_TYPICAL_EXPONENT = 0.7
_UPDATES_PER_NOISE = 3
_UNITS_PER_OPERATION = 10_000
_UNITS_PER_NOISE_STEP = 75_000


def estimate(job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
    """Estimate a job that the runtime has checked."""
    noise = find_noise(job.circuit)
    peak = _peak_rule(job, noise)
    return estimate_pb2.ResourceEstimate(
        peak_memory_bytes=min(peak(job.circuit.qubit_count), _INT64_MAX),
        largest_fitting_qubit_count=largest_fitting(peak, job.memory_limit_bytes, most=_MAX_WIDTH),
        work_units=_work_units(job, noise),
        rule=_rule(job, noise),
        violations=_violations(job, noise),
    )


def _peak_rule(job: backend_pb2.Job, noise: Noise) -> Callable[[int], int]:
    """Return peak bytes as a function of the qubit count, everything else as in the job."""
    spec, circuit = job.results, job.circuit
    entry = 8 if _is_single(job) else 16
    written = min(len(circuit.clbits) // 4, circuit.clbit_count)
    measures_all = written == circuit.qubit_count
    reshapes = not noise.is_pure or any(operation.readout for operation in circuit.operations)
    small = WORKING_BYTES + len(circuit.opcodes) // 2 * BYTES_PER_INSTRUCTION

    def peak(width: int) -> int:
        height = 1 << width
        bits = width if measures_all or not written else written
        count = int(min(noise.columns(width, job.max_error), 2.0**_MAX_WIDTH))
        state = entry * height * count
        evolving = state
        if not noise.is_pure:
            # The columns that a channel makes exist beside those that it makes them of.
            small_side = min(count, height)
            evolving += max(entry * height * small_side, SQUARE_BYTES * height**2 if count >= height else 0)
            evolving = max(evolving, state + GRAM_BYTES * small_side**2)
        after = returned = 0
        if spec.shots or spec.probabilities:
            # Weights, their running sum, and totals, whose pages are not all touched.
            after += 8 * height + (12 << min(bits, width) if spec.shots else 0)
            if spec.probabilities:
                outcomes = 8 << bits
                after += outcomes if reshapes else 0
                returned += outcomes
        if spec.shots:
            rows = min(spec.shots, 1 << min(bits, _MAX_WIDTH))
            after += spec.shots * _BYTES_PER_SHOT + rows * (_BYTES_PER_COUNT_ROW + 3 * -(-circuit.clbit_count // 8))
        if spec.statevector:
            returned += entry * height
        if spec.density_matrix:
            after += entry * height * height + state
            returned += entry * height * height
        # What is returned is copied out, and counted on top of the peak wherever that is.
        return max(evolving, state + after) + returned + small

    return peak


def _is_single(job: backend_pb2.Job) -> bool:
    return job.precision == result_pb2.PRECISION_SINGLE


def _work_units(job: backend_pb2.Job, noise: Noise) -> float:
    """Return amplitude updates of all operations on a typical rank, the cubes of compressions, and calls of numpy.

    Measured runs of budgets 0.01 to 0.1 and n = 6 to 12 took between a seventh and four times of this at 5e8 a second.
    """
    columns, entries = noise.columns(job.circuit.qubit_count, job.max_error), 2.0 ** min(job.circuit.qubit_count, 300)
    # What is predicted is a bound; compression leaves less.
    typical = columns**_TYPICAL_EXPONENT if job.max_error else columns
    updates = entries * typical * (noise.operation_count + _UPDATES_PER_NOISE * noise.noise_count)
    compressions = noise.noise_count * min(typical, entries) ** 3
    calls = _UNITS_PER_OPERATION * noise.operation_count + _UNITS_PER_NOISE_STEP * noise.noise_count
    return updates + compressions + calls + float(job.results.shots)


def _rule(job: backend_pb2.Job, noise: Noise) -> str:
    kind = "8 bytes (complex64)" if _is_single(job) else "16 bytes (complex128)"
    if noise.is_pure:
        parts = [f"{kind} x 2^n, one column"]
    else:
        width = job.circuit.qubit_count
        columns = noise.columns(width, job.max_error)
        allowed = f"max_error {job.max_error:g} allows to drop the rest" if job.max_error else "nothing is dropped"
        parts = [
            f"2 x {kind} x 2^n x {columns:.4g} columns of all live records, predicted from the channels: at most 2^n "
            f"each, {allowed}; the run stops if it needs more",
            f"{GRAM_BYTES} bytes x columns^2 for compression",
        ]
    if job.results.density_matrix:
        parts.append("the returned matrix twice")
    elif job.results.statevector:
        parts.append("the returned state")
    parts.append(f"{BYTES_PER_INSTRUCTION} bytes an instruction")
    return ", plus ".join(parts)


def _violations(job: backend_pb2.Job, noise: Noise) -> list[estimate_pb2.Violation]:
    found: list[str] = []
    if job.segmentation.segment_starts:
        found.append("this backend does not run circuits in segments; leave segment_starts empty")
    if job.method == capabilities_pb2.METHOD_LOW_RANK:
        rounding = rounding_bound(noise.constants, single_precision=_is_single(job))
        fault = fault_of_budget(max_error=job.max_error, rounding=rounding, single_precision=_is_single(job))
        if fault:
            found.append(fault)
    return [unsupported(sentence) for sentence in found]
