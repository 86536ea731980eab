"""What a job would take on Aer, by rules with measured figures. Imports no simulator.

Measured on Linux with qiskit-aer 0.18.2, one thread, layered circuits of n = 18, 20, 22 (state vector) and n = 9, 10,
11 (density matrix), peak resident set over the warm worker plus the bytes of returned arrays: in units of the bare
state 1.00 sampling; 2.00 with the state; +1.00 when Aer samples as well, because it then copies the state it saves; +16
bytes an entry with probabilities (the array and its copy); single precision density matrix with the state 4.00, because
Aer returns it in double precision. All within 2 % at n >= 20 and n >= 10.

With channels the same, 1.00 and 2.00. Density matrices of R = 2, 4, 8 classical records: R + 2.9 matrices in double
precision, + 2 with the returned one (within 17 % for R = 2, 5 % from 4 on). Circuits run once a shot: 1.00, and 19
bytes a shot and observable. `tests/test_estimate.py` measures again.
"""

from __future__ import annotations

from collections.abc import Callable

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, estimate_pb2, result_pb2
from proxima_runtime.backend.estimates import largest_fitting
from proxima_runtime.backend.outline import Outline, outline

from proxima_backend_qiskit.load import BYTES_PER_GATE, Load, load_of
from proxima_backend_qiskit.ways import Way, choose, keeps_records, violations

DRAWN_SLOTS = 14
"""Largest number of measured bits whose counts are drawn from exact probabilities (`direct.py`)."""

# Aer keeps every shot, and the outcomes pass through a dictionary: 80 to 350 bytes a shot measured.
_BYTES_PER_SHOT, _BYTES_PER_SHOT_AND_BIT = 120, 5
# A shot's expectation values: Aer's list, our array and their sum.
_BYTES_PER_SAMPLE = 24
# Accumulated totals and cumulative weights of drawn counts.
_DRAWN_BYTES_PER_OUTCOME = 40
# A warm worker's heap has so much room that small allocations do not show; never less than the fixed part is claimed.
_WARM_HEAP_BYTES = 512 << 10
_FIXED_BYTES = 64 << 10
_BYTES_PER_COUNT_ROW = 64
# Counts of runs once a shot pass through a dictionary of hexadecimal strings and one of numbers.
_BYTES_PER_RECORD = 250
_RECORD_MATRICES = 3
_RETURNED_MATRICES = 2
_TABLEAU_UNITS_PER_OUTCOME_AND_QUBIT = 2.0

MPS_MAX_BOND = 64
"""Bond dimension that the estimate of a matrix product state assumes at most; the true one depends on the circuit."""

_MOST_QUBITS = 4096
_INT64_MAX = (1 << 63) - 1
_METHOD = capabilities_pb2.Method


def estimate(job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
    """Estimate a job that the runtime has checked."""
    found = outline(job.circuit, keeps_records=keeps_records(job))
    way, load = choose(job, found), load_of(job.circuit, job.method)
    slots = _measured_count(job.circuit, load)
    peak = _peak_rule(job, found, way, load, slots)
    need = peak(job.circuit.qubit_count)
    return estimate_pb2.ResourceEstimate(
        peak_memory_bytes=min(need, _INT64_MAX),
        largest_fitting_qubit_count=largest_fitting(peak, job.memory_limit_bytes, most=_MOST_QUBITS),
        work_units=_work_units(job, found, way, load, slots),
        rule=_rule(job, found, way, slots),
        violations=violations(job, found),
    )


def _measured_count(circuit: circuit_pb2.Circuit, load: Load) -> int:
    """Return an upper bound of the measured bits that are drawn apart, 0 where none is measured."""
    measures = min(len(circuit.clbits) // 4, circuit.clbit_count)
    if load.has_readout:
        # Bits with errors of their own are drawn apart even where they record one qubit.
        return measures
    return min(measures, circuit.qubit_count)


def _state_bytes(job: backend_pb2.Job, width: int) -> int:
    amplitude = 8 if job.precision == result_pb2.PRECISION_SINGLE else 16
    match job.method:
        case _METHOD.METHOD_DENSITY_MATRIX:
            return amplitude << (2 * width)
        case _METHOD.METHOD_MATRIX_PRODUCT_STATE:
            return int(32 * width * min(1 << (width // 2), MPS_MAX_BOND) ** 2)
        case _METHOD.METHOD_STABILIZER:
            return width * width
        case _:
            return amplitude << width


def _peak_rule(job: backend_pb2.Job, found: Outline, way: Way, load: Load, slots: int) -> Callable[[int], int]:
    """Return peak bytes as a function of the qubit count, everything else as in the job."""
    match way:
        case Way.SHOTS:
            return lambda width: _shots_peak(job, load, width)
        case Way.RECORDS if found.live_bit_count:
            return lambda width: _records_peak(job, found, load, width)
        case _:
            return lambda width: _direct_peak(job, load, slots, width)


def _direct_peak(job: backend_pb2.Job, load: Load, slots: int, width: int) -> int:
    spec, circuit = job.results, job.circuit
    is_single = job.precision == result_pb2.PRECISION_SINGLE
    all_measured = slots == circuit.qubit_count
    state = _state_bytes(job, width)
    bits = width if all_measured or not slots else slots
    # Of a density matrix with readout errors all counts are drawn.
    always_drawn = load.has_readout and job.method == _METHOD.METHOD_DENSITY_MATRIX
    is_drawn = spec.shots > 0 and (bits <= DRAWN_SLOTS or always_drawn)
    is_sampled = spec.shots > 0 and not is_drawn
    total, small = state, load.row_bytes
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
        vector = (8 if is_single else 16) << width
        held = 1 if is_sampled or job.method == _METHOD.METHOD_MATRIX_PRODUCT_STATE else 0
        total += vector * (1 + held)
    if spec.density_matrix:
        total += state * (3 if is_single else 1 + is_sampled)
    return total + _shown(small)


def _records_peak(job: backend_pb2.Job, found: Outline, load: Load, width: int) -> int:
    spec, circuit = job.results, job.circuit
    matrix = 16 << (2 * width)
    total = matrix * ((1 << min(found.live_bit_count, 62)) + _RECORD_MATRICES)
    if spec.density_matrix:
        total += _RETURNED_MATRICES * matrix
    measures = min(len(circuit.clbits) // 4, circuit.clbit_count)
    if spec.probabilities:
        total += 16 << measures
    small = load.row_bytes
    if spec.shots:
        # One outcome of the joint law is a record and terminal bits.
        joint = 1 << min(measures, width + found.live_bit_count)
        small += _DRAWN_BYTES_PER_OUTCOME * joint + min(spec.shots, joint) * _BYTES_PER_RECORD
    return total + _shown(small)


def _shots_peak(job: backend_pb2.Job, load: Load, width: int) -> int:
    spec, circuit = job.results, job.circuit
    bits = min(len(circuit.clbits) // 4, circuit.clbit_count)
    records = min(spec.shots, 1 << min(bits, 62)) if bits else 0
    small = load.row_bytes + records * (_BYTES_PER_RECORD + 3 * -(-circuit.clbit_count // 8))
    samples = spec.shots * len(spec.observables) * _BYTES_PER_SAMPLE
    return _state_bytes(job, width) + samples + _shown(small)


def _shown(small_bytes: int) -> int:
    return max(small_bytes - _WARM_HEAP_BYTES, _FIXED_BYTES)


def _work_units(job: backend_pb2.Job, found: Outline, way: Way, load: Load, slots: int) -> float:
    """Return amplitude updates of the instructions, for each shot or record where there are several runs, plus the same
    unit for each shot that Aer samples.

    A tableau gives its probabilities outcome by outcome, 1 us a qubit each (12 to 18 qubits measured). How many are not
    zero depends on the circuit; all of them are counted.
    """
    width = job.circuit.qubit_count
    each = {
        _METHOD.METHOD_DENSITY_MATRIX: 2.0 ** min(2 * width, 900),
        _METHOD.METHOD_MATRIX_PRODUCT_STATE: float(min(2 ** min(width // 2, 62), MPS_MAX_BOND) ** 3),
        _METHOD.METHOD_STABILIZER: float(width),
    }.get(job.method, 2.0 ** min(width, 900))
    units = load.work * each
    if way is Way.SHOTS:
        sampled = len(job.circuit.clbits) // 4 * width + len(job.results.observables) * each
        return max(job.results.shots, 1) * (units + sampled)
    if way is Way.RECORDS:
        return units * 2.0 ** min(found.live_bit_count, 64)
    units += float(job.results.shots) * width
    bits = slots or width
    is_listed = job.results.probabilities or (job.results.shots > 0 and bits <= DRAWN_SLOTS)
    if job.method == _METHOD.METHOD_STABILIZER and is_listed:
        units += _TABLEAU_UNITS_PER_OUTCOME_AND_QUBIT * width * 2.0 ** min(bits, 1000)
    return units


def _rule(job: backend_pb2.Job, found: Outline, way: Way, slots: int) -> str:
    is_single = job.precision == result_pb2.PRECISION_SINGLE
    kind = "8 bytes (complex64)" if is_single else "16 bytes (complex128)"
    state = {
        _METHOD.METHOD_STATEVECTOR: f"{kind} x 2^n",
        _METHOD.METHOD_TRAJECTORIES: f"{kind} x 2^n",
        _METHOD.METHOD_DENSITY_MATRIX: f"{kind} x 4^n",
        _METHOD.METHOD_MATRIX_PRODUCT_STATE: (
            f"32 bytes x n x bond dimension squared, assumed min(2^(n/2), {MPS_MAX_BOND}): the true one depends on the "
            "entanglement and may be far larger or smaller"
        ),
        _METHOD.METHOD_STABILIZER: "n^2 bytes of tableau",
    }.get(job.method, "unknown method")
    parts = [state]
    if way is Way.RECORDS and found.live_bit_count:
        count = 1 << found.live_bit_count
        parts = [f"16 bytes (complex128) x 4^n for each of {count} classical records and {_RECORD_MATRICES} more"]
    if job.results.probabilities:
        parts.append("16 bytes a returned probability")
    if job.results.statevector or job.results.density_matrix:
        parts.append("the returned state")
    if way is Way.SHOTS and job.results.observables:
        parts.append(f"{_BYTES_PER_SAMPLE * len(job.results.observables)} bytes a shot for expectation values")
    if way is Way.DIRECT and job.results.shots and slots > DRAWN_SLOTS:
        parts.append(f"{_BYTES_PER_SHOT + _BYTES_PER_SHOT_AND_BIT * slots} bytes a shot")
    parts.append(f"{BYTES_PER_GATE} bytes an instruction and the matrices of channels and unitaries")
    return ", plus ".join(parts)
