"""What a job would take on qsim or Cirq, by rules with measured figures. Imports no simulator and no numpy.

Measured on Linux with qsimcirq 0.22.1 and cirq-core 1.7.0, one thread, layered circuits of n = 18, 20, 22 (state
vector) and n = 9, 10, 11 (density matrix), peak resident set over the warm worker plus the bytes of returned arrays. In
units of the bare state: qsim 1.00, Cirq's state vector 2.50 and density matrix 4.48 (4.74 at n = 11 in double
precision), whatever is sampled; a returned state adds its copy, 1.00; probabilities add 16 bytes an entry (the array
and its copy) to qsim, and their copy alone to Cirq, whose buffers are free by then. All within 6 % of the rule.
`tests/test_estimate.py` measures again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, estimate_pb2, result_pb2
from proxima_runtime.backend.estimates import largest_fitting, unsupported
from proxima_runtime.backend.outline import outline

from proxima_backend_cirq import demands

VECTOR_STATES = 2.5
"""States that Cirq's state-vector simulation holds: the state, its buffer, and half of one inside numpy."""

MATRIX_STATES = 4.5
"""The same for its density-matrix simulation, which has three buffers."""

WHOLE_QUBITS = 16
"""Largest state vector whose weights are held at once to draw counts (`sampling.py`)."""

# The circuit and our decoded columns, by parameter count: the larger of what was measured.
BYTES_PER_GATE = {"qsim": 750, "cirq": 170}

_DRAWING_BYTES = 400 << 10
_BYTES_PER_SHOT = 40
_BYTES_PER_COUNT_ROW = 64
# A warm worker's heap has so much room that small allocations do not show; never less than the fixed part is claimed.
_WARM_HEAP_BYTES = 384 << 10
_FIXED_BYTES = 64 << 10
# Blocks of a state in double precision, whatever its size.
_OBSERVABLE_BYTES = 1 << 20

_MOST_QUBITS = 62
_INT64_MAX = (1 << 63) - 1
_METHOD = capabilities_pb2.Method
_KIND = circuit_pb2.Operation
_PLAIN = frozenset((_KIND.KIND_GATE, _KIND.KIND_MEASURE, _KIND.KIND_BARRIER))


def estimate(job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
    """Estimate a job that the runtime has checked."""
    spec = job.results
    segments = ["this backend does not run circuits in segments; leave segment_starts empty"]
    problems = segments if job.segmentation.segment_starts else []
    if _is_plain(job.circuit) and job.method != _METHOD.METHOD_TRAJECTORIES:
        peak, units, rule = _peak_rule(job), _work_units(job), _rule(job)
    else:
        plan = outline(job.circuit, keeps_records=bool(spec.shots or spec.probabilities))
        peak, units, rule = demands.peak_rule(job, plan), demands.work_units(job, plan), demands.rule(job, plan)
        problems = [*problems, *demands.violations(job, plan)]
    return estimate_pb2.ResourceEstimate(
        peak_memory_bytes=min(peak(job.circuit.qubit_count), _INT64_MAX),
        largest_fitting_qubit_count=largest_fitting(peak, job.memory_limit_bytes, most=_MOST_QUBITS),
        work_units=units,
        rule=rule,
        violations=[unsupported(problem) for problem in problems],
    )


def _is_plain(circuit: circuit_pb2.Circuit) -> bool:
    """The circuit has only gates, barriers and, after them, measurements without readout error."""
    operations = circuit.operations
    if circuit.HasField("conditions") or any(entry.kind not in _PLAIN or entry.readout for entry in operations):
        return False
    measures = {index for index, entry in enumerate(operations) if entry.kind == _KIND.KIND_MEASURE}
    if not measures:
        return True
    opcodes = array("H", circuit.opcodes)
    found = [opcodes.index(opcode) for opcode in measures if opcode in opcodes]
    gates = {index for index, entry in enumerate(operations) if entry.kind == _KIND.KIND_GATE}
    return not found or gates.isdisjoint(opcodes[min(found) :]) or outline(circuit, keeps_records=False).is_unitary


def _is_single(job: backend_pb2.Job) -> bool:
    return job.engine == "qsim" or job.precision == result_pb2.PRECISION_SINGLE


def _is_matrix(job: backend_pb2.Job) -> bool:
    return job.method == _METHOD.METHOD_DENSITY_MATRIX


def _held_states(job: backend_pb2.Job) -> float:
    if job.engine == "qsim":
        return 1
    return MATRIX_STATES if _is_matrix(job) else VECTOR_STATES


def _peak_rule(job: backend_pb2.Job) -> Callable[[int], int]:
    """Return peak bytes as a function of the qubit count, everything else as in the job."""
    spec, circuit = job.results, job.circuit
    amplitude = 8 if _is_single(job) else 16
    measure_count = len(circuit.clbits) // 4
    slots = min(measure_count, circuit.qubit_count)
    is_whole = slots == circuit.qubit_count
    gate_bytes = len(circuit.opcodes) // 2 * BYTES_PER_GATE[job.engine]

    def peak(width: int) -> int:
        state = amplitude << (2 * width if _is_matrix(job) else width)
        bits = width if is_whole or not slots else min(slots, width)
        # While Cirq simulates it holds its buffers, afterwards the results take their place.
        after, small = state, gate_bytes
        if spec.probabilities:
            clbits = min(measure_count, circuit.clbit_count)
            written = max(bits, clbits) if slots and not is_whole else bits
            returned = 8 << written
            weights = 8 << width
            after += max(weights, returned) if written == width else weights + returned
        elif spec.shots and (_is_matrix(job) or width <= WHOLE_QUBITS):
            after += 24 << width
        if spec.shots:
            rows = min(spec.shots, 1 << min(bits, 62))
            small += _DRAWING_BYTES + spec.shots * _BYTES_PER_SHOT
            small += rows * (_BYTES_PER_COUNT_ROW + 3 * -(-circuit.clbit_count // 8))
        if spec.observables:
            small += min(_OBSERVABLE_BYTES, 64 << width)
        copies = state if spec.statevector or spec.density_matrix else 0
        if spec.probabilities:
            copies += returned
        held = max(round(_held_states(job) * state), after)
        return held + copies + max(small - _WARM_HEAP_BYTES, _FIXED_BYTES)

    return peak


def _work_units(job: backend_pb2.Job) -> float:
    """Return amplitude updates of the gates, plus one unit a shot."""
    width, gates = job.circuit.qubit_count, len(job.circuit.opcodes) // 2
    return gates * 2.0 ** min(2 * width if _is_matrix(job) else width, 1000) + float(job.results.shots)


def _rule(job: backend_pb2.Job) -> str:
    kind = "8 bytes (complex64)" if _is_single(job) else "16 bytes (complex128)"
    parts = [f"{_held_states(job):g} x {kind} x {'4' if _is_matrix(job) else '2'}^n"]
    if job.results.probabilities:
        parts.append("16 bytes a returned probability")
    if job.results.statevector or job.results.density_matrix:
        parts.append("the returned state")
    parts.append(f"{BYTES_PER_GATE[job.engine]} bytes an instruction")
    return ", plus ".join(parts)
