"""What a job would take on Aer, by rules with measured figures. Imports no simulator.

Measured on Linux with qiskit-aer 0.18.2, one thread, layered circuits of n = 18, 20, 22 (state vector) and n = 9, 10,
11 (density matrix), peak resident set over the warm worker plus the bytes of returned arrays: in units of the bare
state 1.00 sampling; 2.00 with the state; +1.00 when Aer samples as well, because it then copies the state it saves; +16
bytes an entry with probabilities (the array and its copy); single precision density matrix with the state 4.00, because
Aer returns it in double precision. All within 2 % at n >= 20 and n >= 10. `tests/test_estimate.py` measures again.
"""

from __future__ import annotations

from collections.abc import Callable

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, estimate_pb2, result_pb2

DRAWN_SLOTS = 14
"""Largest number of measured qubits whose counts are drawn from exact probabilities (`simulate.py`)."""

BYTES_PER_GATE = 2100
"""Aer's instruction and our decoded columns: 1660 to 2080 measured, by parameter count."""

# Aer keeps every shot, and the outcomes pass through a dictionary: 80 to 350 bytes a shot measured.
_BYTES_PER_SHOT, _BYTES_PER_SHOT_AND_BIT = 120, 5
# Accumulated totals and cumulative weights of drawn counts.
_DRAWN_BYTES_PER_OUTCOME = 40
# A warm worker's heap has so much room that small allocations do not show; never less than the fixed part is claimed.
_WARM_HEAP_BYTES = 512 << 10
_FIXED_BYTES = 64 << 10
_BYTES_PER_COUNT_ROW = 64
_TABLEAU_UNITS_PER_OUTCOME_AND_QUBIT = 2.0

MPS_MAX_BOND = 64
"""Bond dimension that the estimate of a matrix product state assumes at most; the true one depends on the circuit."""

_INT64_MAX = (1 << 63) - 1
_METHOD = capabilities_pb2.Method


def estimate(job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
    """Estimate a job that the runtime has checked."""
    circuit = job.circuit
    slots = _measured_count(circuit)
    peak = _peak_rule(job, slots)
    need = peak(circuit.qubit_count)
    return estimate_pb2.ResourceEstimate(
        peak_memory_bytes=min(need, _INT64_MAX),
        largest_fitting_qubit_count=_largest_fitting(job, slots),
        work_units=_work_units(job, slots),
        rule=_rule(job, slots),
        violations=_violations(job),
    )


def _measured_count(circuit: circuit_pb2.Circuit) -> int:
    """Return an upper bound of the qubits that are measured, 0 where none is."""
    measures = len(circuit.clbits) // 4
    return min(measures, circuit.qubit_count)


def _peak_rule(job: backend_pb2.Job, slots: int) -> Callable[[int], int]:
    """Return peak bytes as a function of the qubit count, everything else as in the job."""
    spec, circuit = job.results, job.circuit
    is_single = job.precision == result_pb2.PRECISION_SINGLE
    amplitude = 8 if is_single else 16
    gate_bytes = len(circuit.opcodes) // 2 * BYTES_PER_GATE
    all_measured = slots == circuit.qubit_count

    def peak(width: int) -> int:
        state = {
            _METHOD.METHOD_STATEVECTOR: amplitude << width,
            _METHOD.METHOD_DENSITY_MATRIX: amplitude << (2 * width),
            _METHOD.METHOD_MATRIX_PRODUCT_STATE: 32 * width * min(1 << (width // 2), MPS_MAX_BOND) ** 2,
            _METHOD.METHOD_STABILIZER: width * width,
        }.get(job.method, 0)
        bits = width if all_measured or not slots else min(slots, width)
        is_drawn = spec.shots > 0 and bits <= DRAWN_SLOTS
        is_sampled = spec.shots > 0 and not is_drawn
        total, small = state, gate_bytes
        if spec.probabilities:
            # Over measured classical bits, of which there can be more than measured qubits.
            clbits = min(len(circuit.clbits) // 4, circuit.clbit_count)
            fan_out = max(bits, clbits) if slots and not all_measured else bits
            total += 16 << fan_out
        if is_drawn:
            small += _DRAWN_BYTES_PER_OUTCOME << bits
        if is_sampled:
            small += spec.shots * (_BYTES_PER_SHOT + _BYTES_PER_SHOT_AND_BIT * bits)
        if spec.shots:
            rows = min(spec.shots, 1 << min(bits, 62))
            small += rows * (_BYTES_PER_COUNT_ROW + 3 * -(-circuit.clbit_count // 8))
        if spec.statevector:
            vector = amplitude << width
            held = 1 if is_sampled or job.method == _METHOD.METHOD_MATRIX_PRODUCT_STATE else 0
            total += vector * (1 + held)
        if spec.density_matrix:
            total += state * (3 if is_single else 1 + is_sampled)
        return total + max(small - _WARM_HEAP_BYTES, _FIXED_BYTES)

    return peak


def _largest_fitting(job: backend_pb2.Job, slots: int) -> int:
    if job.memory_limit_bytes <= 0:
        return 0
    peak, limit = _peak_rule(job, slots), job.memory_limit_bytes
    low, high = 0, 4096
    while low < high:
        middle = (low + high + 1) // 2
        if peak(middle) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _work_units(job: backend_pb2.Job, slots: int) -> float:
    """Return amplitude updates of the gates, plus the same unit for each shot that Aer samples.

    A tableau gives its probabilities outcome by outcome, 1 us a qubit each (12 to 18 qubits measured). How many are not
    zero depends on the circuit; all of them are counted.
    """
    width, gates = job.circuit.qubit_count, len(job.circuit.opcodes) // 2
    each = {
        _METHOD.METHOD_STATEVECTOR: 2.0 ** min(width, 1000),
        _METHOD.METHOD_DENSITY_MATRIX: 2.0 ** min(2 * width, 1000),
        _METHOD.METHOD_MATRIX_PRODUCT_STATE: float(min(2 ** min(width // 2, 62), MPS_MAX_BOND) ** 3),
        _METHOD.METHOD_STABILIZER: float(width),
    }.get(job.method, 1.0)
    units = gates * each + float(job.results.shots) * width
    bits = slots or width
    is_listed = job.results.probabilities or (job.results.shots > 0 and bits <= DRAWN_SLOTS)
    if job.method == _METHOD.METHOD_STABILIZER and is_listed:
        units += _TABLEAU_UNITS_PER_OUTCOME_AND_QUBIT * width * 2.0 ** min(bits, 1000)
    return units


def _rule(job: backend_pb2.Job, slots: int) -> str:
    is_single = job.precision == result_pb2.PRECISION_SINGLE
    kind = "8 bytes (complex64)" if is_single else "16 bytes (complex128)"
    state = {
        _METHOD.METHOD_STATEVECTOR: f"{kind} x 2^n",
        _METHOD.METHOD_DENSITY_MATRIX: f"{kind} x 4^n",
        _METHOD.METHOD_MATRIX_PRODUCT_STATE: (
            f"32 bytes x n x bond dimension squared, assumed min(2^(n/2), {MPS_MAX_BOND}): the true one depends on the "
            "entanglement and may be far larger or smaller"
        ),
        _METHOD.METHOD_STABILIZER: "n^2 bytes of tableau",
    }.get(job.method, "unknown method")
    parts = [state]
    if job.results.probabilities:
        parts.append("16 bytes a returned probability")
    if job.results.statevector or job.results.density_matrix:
        parts.append("the returned state")
    if job.results.shots and slots > DRAWN_SLOTS:
        parts.append(f"{_BYTES_PER_SHOT + _BYTES_PER_SHOT_AND_BIT * slots} bytes a shot")
    parts.append(f"{BYTES_PER_GATE} bytes an instruction")
    return ", plus ".join(parts)


def _violations(job: backend_pb2.Job) -> list[estimate_pb2.Violation]:
    if job.segmentation.segment_starts:
        return [
            estimate_pb2.Violation(
                reason=errors_pb2.ErrorReason.Name(errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND),
                description="Aer is not run in circuit segments by this backend; leave segment_starts empty",
                instruction=-1,
            )
        ]
    return []
