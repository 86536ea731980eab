"""What a circuit with instructions beyond gates and terminal measurement takes, and what of it cannot run.

Imports no numpy. Multiples of the bare state, measured as those of `estimate.py`: a density matrix is held once for
each classical record that matters at once, beside Cirq's three buffers and half a state inside numpy; a pure state of
Cirq in two buffers, two copies where a random instruction looks at some qubits, and one saved state for each halving of
the shots.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2
from proxima_runtime.backend.measurements import IDLE
from proxima_runtime.backend.outline import Outline

MAX_LIVE_BITS = 10
"""Classical bits that may matter at once on a density matrix: 2^10 records."""

BUFFERS = 3.5
"""Density matrices beside the one of a single record while Cirq applies an operation."""

RECORD_BUFFERS = 3.0
"""The same beside those of several records."""

PURE_STATES = 2.0
"""State vectors of Cirq's pure state; two more while it meets a random instruction."""

_BYTES_PER_INSTRUCTION = 1200
_BYTES_PER_SHOT = 120
# What small arrays take, less the room in a warm worker's heap; never less than the fixed part is claimed.
_DRAWING_BYTES = 400 << 10
_WARM_HEAP_BYTES = 384 << 10
_FIXED_BYTES = 64 << 10
_OBSERVABLE_BYTES = 1 << 20

_KIND = circuit_pb2.Operation
_METHOD = capabilities_pb2.Method


def peak_rule(job: backend_pb2.Job, plan: Outline) -> Callable[[int], int]:
    """Return peak bytes as a function of the qubit count, everything else as in the job."""
    spec, circuit = job.results, job.circuit
    amplitude = 8 if _is_single(job) else 16
    rows = len(circuit.opcodes) // 2
    small = rows * _BYTES_PER_INSTRUCTION + _operator_bytes(circuit) + (_DRAWING_BYTES if spec.shots else 0)
    small += spec.shots * (_BYTES_PER_SHOT + 40 * len(spec.observables) + -(-circuit.clbit_count // 8))
    bits = len(set(memoryview(circuit.clbits).cast("I"))) if circuit.clbits else 0

    def peak(width: int) -> int:
        if job.method == _METHOD.METHOD_DENSITY_MATRIX:
            state, records = amplitude << (2 * width), 2.0 ** min(plan.live_bit_count, 64)
            held = (records + (BUFFERS if records == 1 else RECORD_BUFFERS)) * state
            held += state if spec.density_matrix else 0
        else:
            state = amplitude << width
            held = _pure_states(job, plan) * state
            if job.engine == "cirq" and spec.shots:
                # At the end weights and their running sum, in double precision, instead of the two more states.
                held = max(held, (_pure_states(job, plan) - 2) * state + (16 << width))
            held += state if spec.statevector else 0
        if spec.observables:
            held += min(_OBSERVABLE_BYTES, 64 << width)
        outcomes = 8 << (bits or width)
        if spec.probabilities:
            held += 3 * outcomes
        elif spec.shots and job.method == _METHOD.METHOD_DENSITY_MATRIX:
            held += 2 * outcomes
        return round(held) + max(small - _WARM_HEAP_BYTES, _FIXED_BYTES)

    return peak


def work_units(job: backend_pb2.Job, plan: Outline) -> float:
    """Return amplitude updates, plus one unit a shot; every shot is counted where each is a run of its own."""
    width, shots = job.circuit.qubit_count, float(job.results.shots)
    if job.method == _METHOD.METHOD_DENSITY_MATRIX:
        return _passes(job.circuit, plan) * 2.0 ** min(2 * width, 900) + shots
    rows = float(len(job.circuit.opcodes) // 2)
    state = 2.0 ** min(width, 900)
    if plan.is_unitary and not job.results.observables:
        return rows * state + shots
    if job.engine == "qsim":
        passes = bool(job.circuit.clbits) + bool(job.results.observables)
        return max(shots, 1.0) * rows * state * max(passes, 1)
    # Shots that have gone the same way so far share their work.
    return (plan.prefix_count + max(shots, 1.0) * (rows - plan.prefix_count)) * state + shots


def rule(job: backend_pb2.Job, plan: Outline) -> str:
    """Return the rule in a sentence."""
    kind = "8 bytes (complex64)" if _is_single(job) else "16 bytes (complex128)"
    if job.method == _METHOD.METHOD_DENSITY_MATRIX:
        buffers = RECORD_BUFFERS if plan.live_bit_count else BUFFERS
        count, size = f"({1 << min(plan.live_bit_count, 62)} records + {buffers:g})", "4"
    else:
        count, size = f"{_pure_states(job, plan):g}", "2"
    return f"{count} x {kind} x {size}^n, plus the results"


def violations(job: backend_pb2.Job, plan: Outline) -> list[str]:
    """Return a sentence for each thing that cannot run, with the remedy."""
    spec, found = job.results, []
    if job.method == _METHOD.METHOD_DENSITY_MATRIX:
        if plan.live_bit_count > MAX_LIVE_BITS:
            found.append(
                f"{plan.live_bit_count} classical bits of measurements in mid-circuit matter at once, the density "
                f"matrix tracks at most {MAX_LIVE_BITS} (2^{MAX_LIVE_BITS} records); ask for counts from trajectories "
                "or statevector, leave out counts and probabilities, or measure fewer bits before the end"
            )
        return found
    if job.method == _METHOD.METHOD_STATEVECTOR and not plan.is_unitary:
        why = "a circuit with reset, classical conditions or measurement in mid-circuit"
        if spec.statevector:
            found.append(
                f"{why} has no one state vector; ask for counts, or for the density matrix from density_matrix"
            )
        if spec.probabilities:
            found.append(f"{job.engine} samples {why}; ask for counts, or for probabilities from density_matrix")
    is_sampled = job.method == _METHOD.METHOD_TRAJECTORIES or not plan.is_unitary
    if spec.observables and is_sampled and spec.shots < 2:
        found.append(
            f"expectation values of this circuit are sampled and need at least 2 shots, {spec.shots} were asked; ask "
            "for more shots, or for exact values from density_matrix"
        )
    return found


def _is_single(job: backend_pb2.Job) -> bool:
    return job.engine == "qsim" or job.precision == result_pb2.PRECISION_SINGLE


def _pure_states(job: backend_pb2.Job, plan: Outline) -> float:
    if job.engine == "qsim":
        return 1.0
    if plan.is_unitary:
        return 2.5
    random_count = len(job.circuit.opcodes) // 2 - plan.prefix_count
    return PURE_STATES + 2 + min(max(int(job.results.shots).bit_length() - 1, 0), random_count)


def _passes(circuit: circuit_pb2.Circuit, plan: Outline) -> float:
    """Return passes over a density matrix, summed over rows and records."""
    weights = [_weight(operation) for operation in circuit.operations]
    return math.fsum(
        weights[opcode] * 2.0 ** min(live, 64)
        for row, (opcode, live) in enumerate(
            zip(memoryview(circuit.opcodes).cast("H"), plan.live_bit_counts, strict=True)
        )
        if row not in plan.terminal
    )


def _weight(operation: circuit_pb2.Operation) -> int:
    """Return the passes of one row: more for channels on 3 and 4 qubits, which are large matrices."""
    if operation.kind in IDLE:
        return 0
    return max(1, (1 << 2 * operation.qubit_count) // 16) if operation.kind == _KIND.KIND_CHANNEL else 1


def _operator_bytes(circuit: circuit_pb2.Circuit) -> int:
    """Bytes of the operators of channels, which qsim copies for each instruction."""
    sizes = []
    for operation in circuit.operations:
        entries = len(operation.matrix) // 16
        if operation.kind == _KIND.KIND_CHANNEL and not operation.matrix:
            entries = 16 ** min(operation.qubit_count, 4)
        sizes.append(entries)
    return 96 * sum(sizes[opcode] for opcode in memoryview(circuit.opcodes).cast("H"))
