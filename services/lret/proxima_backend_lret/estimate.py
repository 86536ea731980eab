"""What a job would take, by rules with measured figures. Imports no numpy.

Work units are nanoseconds of one core of the machine that the figures were measured on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2
from proxima_runtime.backend.columns import counts_of
from proxima_runtime.backend.estimates import largest_fitting, unsupported

from proxima_backend_lret.choice import Choice, break_even_rank, choose, column_nanoseconds, vector_nanoseconds
from proxima_backend_lret.compiling.pairs import PAIRS
from proxima_backend_lret.low_rank.certificate import fault_of_budget, rounding_bound
from proxima_backend_lret.low_rank.limits import GRAM_BYTES, SQUARE_BYTES, WORKING_BYTES
from proxima_backend_lret.low_rank.rank import Noise, find_noise
from proxima_backend_lret.pauli.forecast import Forecast, forecast
from proxima_backend_lret.trajectories.batches import column_bytes, column_count, copied_columns, shot_bytes

BYTES_PER_INSTRUCTION = 700
"""An instruction decoded and compiled, its matrices included."""

_BYTES_PER_SHOT = 60
_BYTES_PER_COUNT_ROW = 64
_INT64_MAX = (1 << 63) - 1
_MAX_WIDTH = 62

# Nanoseconds.
_COMPILE = 1500.0
_RUN = 5e5
_SHOT = 50.0
_STATE_STEP, _STATE_ENTRY = 7e3, 0.4
_TRAJECTORY_STEP, _TRAJECTORY_ENTRY = 2.8e4, 0.77
_LOOK, _LOOK_ENTRY = 1.2e5, 20.0
_LOOK_STEP, _LOOK_ALL_ENTRY = 2e5, 5.5
_TRAJECTORY_BYTES = 3 << 20


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """What a method takes.

    Attributes:
        peak: bytes as a function of the qubit count, everything else as in the job.
        nanoseconds: of the run, without decoding and reading out.
        sentence: the rule of `peak` in words.
        violations: sentences that keep the job from running.
        scales: `peak` holds for other qubit counts too.
    """

    peak: Callable[[int], int]
    nanoseconds: float
    sentence: str
    violations: tuple[str, ...] = ()
    scales: bool = True


def estimate(job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
    """Estimate a job that the runtime has checked."""
    match job.method:
        case capabilities_pb2.METHOD_STATEVECTOR:
            rule = _pure(job)
        case capabilities_pb2.METHOD_PAULI_VECTOR:
            rule = _vector(job, forecast(job))
        case capabilities_pb2.METHOD_TRAJECTORIES:
            rule = _trajectories(job)
        case _:
            rule = _low_rank(job)
    instructions = len(job.circuit.opcodes) // 2
    fixed = WORKING_BYTES + instructions * BYTES_PER_INSTRUCTION

    def peak(width: int) -> int:
        return rule.peak(width) + fixed

    limit = job.memory_limit_bytes if rule.scales else 0
    found = list(rule.violations)
    if job.segmentation.segment_starts:
        found.append("this backend does not run circuits in segments; leave segment_starts empty")
    return estimate_pb2.ResourceEstimate(
        peak_memory_bytes=min(peak(job.circuit.qubit_count), _INT64_MAX),
        largest_fitting_qubit_count=largest_fitting(peak, limit, most=_MAX_WIDTH),
        work_units=_RUN + _COMPILE * instructions + rule.nanoseconds + _SHOT * job.results.shots,
        rule=f"{rule.sentence}, plus {BYTES_PER_INSTRUCTION} bytes an instruction; work in nanoseconds of one core",
        violations=[unsupported(sentence) for sentence in found],
    )


def _pure(job: backend_pb2.Job) -> _Rule:
    entry = 8 if _is_single(job) else 16

    def peak(width: int) -> int:
        returned = (entry << width) if job.results.statevector else 0
        returned += (2 * entry << 2 * width) if job.results.density_matrix else 0
        # What is returned is copied out, and counted on top of the peak wherever that is.
        return (entry << width) + 2 * returned + _read_bytes(job, width)

    steps = _pair_count(job)
    work = steps * (_STATE_STEP + _STATE_ENTRY * entry / 8 * 2.0**job.circuit.qubit_count)
    kind = "complex64" if _is_single(job) else "complex128"
    returned = ", plus the returned state twice" if job.results.statevector else ""
    return _Rule(peak=peak, nanoseconds=work, sentence=f"{entry} bytes ({kind}) x 2^n{returned}")


def _vector(job: backend_pb2.Job, found: Forecast) -> _Rule:
    def peak(_: int) -> int:
        return found.peak_bytes

    width, size = job.circuit.qubit_count, 4 if _is_single(job) else 8
    sentence = (
        f"{size} bytes x {found.entries:.4g} Pauli coefficients, of 4^n = {4.0**width:.4g}, that components of the "
        "circuit have at most"
    )
    # How the components of a circuit grow with its qubits is its own affair.
    return _Rule(peak=peak, nanoseconds=vector_nanoseconds(found), sentence=sentence, scales=False)


def _low_rank(job: backend_pb2.Job) -> _Rule:
    choice = choose(job)
    rounding = rounding_bound(choice.noise.constants, single_precision=_is_single(job))
    rounding += rounding_bound(choice.noise.compiling, single_precision=False)
    fault = fault_of_budget(max_error=job.max_error, rounding=rounding, single_precision=_is_single(job))
    violations = (fault,) if fault else ()
    if choice.vector is None:
        rule = _pure(job)
        return replace(rule, sentence=f"{rule.sentence}, one column", violations=violations)
    if choice.begins_with_vector:
        rule = _vector(job, choice.vector)
        sentence = f"as a Pauli vector from the beginning, which takes less than columns: {rule.sentence}"
        return replace(rule, sentence=sentence, violations=violations)
    return _columns(job, choice, violations)


def _columns(job: backend_pb2.Job, choice: Choice, violations: tuple[str, ...]) -> _Rule:
    entry = 8 if _is_single(job) else 16
    noise = choice.noise

    def peak(width: int) -> int:
        height = 1 << width
        count = int(min(_column_count(noise, width, job.max_error), 2.0**_MAX_WIDTH))
        state = entry * height * count
        side = min(count, height)
        evolving = state + max(GRAM_BYTES * side**2, SQUARE_BYTES * height**2 if count >= height else 0)
        matrix = entry * height * height if job.results.density_matrix else 0
        return max(evolving, state + 2 * matrix + _read_bytes(job, width)) + matrix

    kind, most = "complex64" if _is_single(job) else "complex128", break_even_rank(job.circuit.qubit_count)
    count = _column_count(noise, job.circuit.qubit_count, job.max_error)
    allowed = f"max_error {job.max_error:g} allows to drop the rest" if job.max_error else "nothing is dropped"
    return _Rule(
        peak=peak,
        nanoseconds=column_nanoseconds(job, noise),
        sentence=(
            f"{entry} bytes ({kind}) x 2^n x {count:.4g} columns of all live records, predicted from the channels: "
            f"at most 2^n each, {allowed}; the run goes on as a Pauli vector past {most} columns, or stops where that "
            f"does not fit, plus {GRAM_BYTES} bytes x columns^2 for compression"
        ),
        violations=violations,
    )


def _column_count(noise: Noise, width: int, max_error: float) -> float:
    return noise.columns(width, max_error)


def _trajectories(job: backend_pb2.Job) -> _Rule:
    spec, circuit, single = job.results, job.circuit, _is_single(job)
    each = shot_bytes(clbit_count=circuit.clbit_count, observable_count=len(spec.observables))

    def columns(width: int) -> int:
        limit = job.memory_limit_bytes or None
        return max(min(column_count(width, single_precision=single, memory_limit_bytes=limit), spec.shots), 1)

    def peak(width: int) -> int:
        held = columns(width) + copied_columns(columns(width))
        return (
            _TRAJECTORY_BYTES
            + column_bytes(width, single_precision=single) * held
            + spec.shots * (each + 8)
            + _count_bytes(job, circuit.clbit_count)
        )

    at_once = columns(circuit.qubit_count)
    work = _shot_nanoseconds(job, at_once) * (spec.shots / at_once)
    entry = column_bytes(0, single_precision=single)
    sentence = f"{entry} bytes x 2^n x {at_once} shots at once and {copied_columns(at_once)} copied"
    return _Rule(peak=peak, nanoseconds=work, sentence=sentence)


def _shot_nanoseconds(job: backend_pb2.Job, at_once: int) -> float:
    """Return the time of one batch of trajectories: its steps, and looks at states that an error is drawn for."""
    noise, height = find_noise(job.circuit), 2.0 ** min(job.circuit.qubit_count, 300)
    steps = _pair_count(job)
    entry = _TRAJECTORY_ENTRY * (1 if _is_single(job) else 2)
    # Past some looks in a step every column gets a matrix of its own, as it does where all are looked at.
    most = _LOOK_STEP + _LOOK_ALL_ENTRY * height * at_once
    looks = at_once * noise.departures * (_LOOK + _LOOK_ENTRY * height)
    looks = min(looks, steps * most) + noise.doublings * most
    return (steps + noise.doublings) * (_TRAJECTORY_STEP + entry * height * at_once) + looks


def _read_bytes(job: backend_pb2.Job, width: int) -> int:
    """Return the bytes of probabilities and counts."""
    spec, circuit = job.results, job.circuit
    if not spec.shots and not spec.probabilities:
        return 0
    written = min(len(circuit.clbits) // 4, circuit.clbit_count)
    bits = width if written in (0, circuit.qubit_count) else written
    # Weights and their running sum, and totals, whose pages are not all touched.
    taken = (8 << width) + ((12 << min(bits, width)) if spec.shots else 0)
    if spec.probabilities:
        reshapes = any(operation.readout for operation in circuit.operations)
        taken += (16 if reshapes else 8) << bits
    return taken + _count_bytes(job, bits)


def _count_bytes(job: backend_pb2.Job, bits: int) -> int:
    spec, circuit = job.results, job.circuit
    rows = min(spec.shots, 1 << min(bits, _MAX_WIDTH))
    return spec.shots * _BYTES_PER_SHOT + rows * (_BYTES_PER_COUNT_ROW + 3 * -(-circuit.clbit_count // 8))


def _pair_count(job: backend_pb2.Job) -> float:
    """Return about how many steps on two qubits a circuit has; one-qubit ones are taken into them."""
    table = job.circuit.operations
    pairs = sum(
        count * (len(PAIRS.get(table[code].name, ())) or table[code].qubit_count - 1)
        for code, count in dict(counts_of(job.circuit.opcodes)).items()
        if table[code].qubit_count > 1
    )
    return float(max(pairs, 1))


def _is_single(job: backend_pb2.Job) -> bool:
    return job.precision == result_pb2.PRECISION_SINGLE
