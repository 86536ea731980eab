"""How many columns a circuit's noise may need, predicted from its columns before it runs. Imports no numpy.

Without a budget every Kraus operator of every channel may make a column, up to 2^n for each live record. With one,
think of a run as drawing errors: a channel departs from its leading operator with probability at most p, in one of the
circuit's directions. Columns of more than K errors may go once their weight, a Poisson tail of the sum of p, is within
the part of the budget that may be spent by then; those of up to K errors are counted. How many of the directions a
state can tell apart is measured: 0.6 of single errors, and a fifth for each error more.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.backend.columns import counts_of

from proxima_backend_lret.compiling.pairs import PAIRS
from proxima_backend_lret.low_rank.certificate import map_constant
from proxima_backend_lret.low_rank.directions import Directions, count_directions
from proxima_backend_lret.low_rank.limits import BUDGET_POWER, MAX_RECORDS, SCREENING_SHARE

_KIND = circuit_pb2.Operation
_HARMLESS = (_KIND.KIND_BARRIER, _KIND.KIND_DELAY)
_OPERATORS: Mapping[str, int] = {
    "pauli_channel": 4,
    "amplitude_damping": 4,
    "phase_damping": 2,
    "thermal_relaxation": 4,
}
_STEPS = 16
# compile.py: 32^k / 8 + 8 * 2^k an instruction and 32^k / 8 a step, on two qubits.
_FUSING = 288.0
_MAX_LOG2 = 1000.0
_MOST_STRINGS = 2.0**200
_TOLD_APART, _TOLD_APART_FURTHER = 0.6, 0.2
_LOG2_FEW = 1.5


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What makes columns in a circuit.

    Attributes:
        operation_count: instructions that act, terminal measurements left out.
        noise_count: those that may add columns: channels, resets, measurements in mid-circuit.
        constants: sum of the certificate's c over all maps.
        compiling: bound of the c of fusing them, which is in double precision whatever that of the run.
        log2_operators: log2 of the product of the channels' operator counts.
        directions: different errors, as `directions.count_directions` counts them.
        map_count: maps that instructions are fused to, about.
        departures: sum over channels of the largest probability of another operator than the leading one.
        doublings: resets and measurements in mid-circuit.
        recorded_bits: classical bits that are measured in mid-circuit.
    """

    operation_count: int
    noise_count: int
    constants: float
    compiling: float
    log2_operators: float
    directions: float
    map_count: int
    departures: float
    doublings: int
    recorded_bits: int

    @property
    def is_pure(self) -> bool:
        """The state stays one column."""
        return not self.noise_count

    def columns(self, qubit_count: int, max_error: float) -> float:
        """Return the most columns that are predicted, in all live records together."""
        log2 = self._log2_course(max_error)[-1] if max_error > 0 else self.log2_operators
        return self._within(log2, qubit_count)

    def mean_columns(self, qubit_count: int, max_error: float) -> float:
        """Return the mean number of columns over the course of the run that is predicted."""
        if max_error <= 0:
            return self.columns(qubit_count, max_error)
        course = self._log2_course(max_error)
        return sum(self._within(log2, qubit_count) for log2 in course) / len(course)

    def _within(self, log2: float, qubit_count: int) -> float:
        records = min(2.0**self.recorded_bits, MAX_RECORDS) if self.recorded_bits < _MAX_LOG2 else MAX_RECORDS
        full = qubit_count + math.log2(records)
        return float(2.0 ** min(min(log2, self.log2_operators) + self.doublings, full, _MAX_LOG2))

    def _log2_course(self, max_error: float) -> list[float]:
        """Return log2 of the error strings kept as the noise goes on; columns seldom become fewer again."""
        # What the first map may leave out decides whether there are columns at all; few of them are not compressed.
        first = 1 / max(self.noise_count, 1)
        has_children = self.departures * first > SCREENING_SHARE * max_error * first**BUDGET_POWER
        course = [_LOG2_FEW if has_children else 0.0]
        for step in range(1, _STEPS + 1):
            part = step / _STEPS
            allowed = max_error * part**BUDGET_POWER
            strings = _log2_strings(self.departures * part, self.directions * part, allowed)
            course.append(max(course[-1], strings))
        return course[1:]


def find_noise(circuit: circuit_pb2.Circuit) -> Noise:
    """Count what makes columns in a circuit that the runtime has checked."""
    counts = dict(counts_of(circuit.opcodes))
    mid_count, recorded_bits, terminal_count = _mid_circuit(circuit, counts)
    operation_count = noise_count = resets = 0
    constants = compiling = log2_operators = 0.0
    for code, count in counts.items():
        operation = circuit.operations[code]
        # Gates that are taken apart become up to four gates a pair.
        pairs = len(PAIRS.get(operation.name, ()))
        compiling += count * _FUSING * max(4 * pairs, 1)
        constants += count * pairs * map_constant(2, 16)
        match operation.kind:
            case _KIND.KIND_GATE | _KIND.KIND_UNITARY:
                constants += count * map_constant(operation.qubit_count)
            case _KIND.KIND_CHANNEL:
                operators = _operator_count(operation)
                constants += count * map_constant(operation.qubit_count, operators)
                log2_operators += count * math.log2(operators)
                noise_count += count
            case _KIND.KIND_RESET:
                resets += count
        operation_count += count if operation.kind not in _HARMLESS else 0
    doublings = resets + mid_count
    constants += doublings * map_constant(1, 2)
    directions = (
        count_directions(circuit, [_operator_count(entry) for entry in circuit.operations])
        if noise_count + doublings
        else Directions(count=0.0, map_count=0)
    )
    return Noise(
        operation_count=operation_count - terminal_count,
        noise_count=noise_count + doublings,
        constants=constants,
        compiling=compiling,
        log2_operators=log2_operators,
        directions=directions.count,
        map_count=max(directions.map_count, 1),
        departures=_departures(circuit) if noise_count else 0.0,
        doublings=doublings,
        recorded_bits=recorded_bits,
    )


def _operator_count(operation: circuit_pb2.Operation) -> int:
    if operation.kind != _KIND.KIND_CHANNEL:
        return 1
    if operation.matrix:
        return len(operation.matrix) // (16 << 2 * operation.qubit_count)
    if operation.name in _OPERATORS:
        return _OPERATORS[operation.name]
    return 1 << 2 * operation.qubit_count


def _departures(circuit: circuit_pb2.Circuit) -> float:
    """Sum the channels' largest probabilities of another operator than the leading one."""
    table = circuit.operations
    arity = [operation.parameter_count for operation in table]
    explicit = {code: _explicit_departure(entry) for code, entry in enumerate(table) if entry.matrix}
    named = {code: entry for code, entry in enumerate(table) if entry.kind == _KIND.KIND_CHANNEL and not entry.matrix}
    parameters = array("d", circuit.parameters)
    opcodes = array("H", circuit.opcodes)
    total = 0.0
    for code, end in zip(opcodes, accumulate(map(arity.__getitem__, opcodes)), strict=True):
        if code in named:
            total += _named_departure(named[code], parameters[end - arity[code] : end])
        elif code in explicit:
            total += explicit[code]
    return total


def _named_departure(operation: circuit_pb2.Operation, values: array[float]) -> float:
    match operation.name:
        case "depolarizing":
            return values[0] * (1 - 4.0**-operation.qubit_count)
        case "pauli_channel":
            return min(sum(values), 1.0)
        case "amplitude_damping":
            return values[0]
        case "phase_damping":
            return (1 - math.sqrt(1 - values[0])) / 2
        case "thermal_relaxation":
            t1, t2, duration, _ = values
            coherence = math.exp(-duration / t2) if t2 else 0.0
            return min(-math.expm1(-duration / t1) + (1 - coherence) / 2, 1.0) if t1 else 1.0
    return 1.0


def _explicit_departure(operation: circuit_pb2.Operation) -> float:
    """Bound it by the squared norms of all operators but the largest; 0 for a unitary."""
    entries = array("d", operation.matrix)
    size = 2 * 4**operation.qubit_count
    norms = [sum(value * value for value in entries[at : at + size]) for at in range(0, len(entries), size)]
    return min(sum(norms) - max(norms), 1.0)


def _log2_strings(mean: float, directions: float, allowed: float) -> float:
    """Return log2 of the strings kept of a Poisson number of errors, when `allowed` of the weight may go."""
    if mean <= 0:
        return 0.0
    weight = math.exp(-mean)
    tail, count, strings = 1.0 - weight, 1.0, 1.0
    errors = 0
    while tail > allowed:
        errors += 1
        before = tail
        weight *= mean / errors
        tail -= weight
        count *= (_TOLD_APART if errors == 1 else _TOLD_APART_FURTHER) * directions / errors
        part = min((before - allowed) / weight, 1.0) if weight > 0 else 1.0
        strings += count * part
        if strings > _MOST_STRINGS or weight <= 0:
            break
    return math.log2(strings)


def _mid_circuit(circuit: circuit_pb2.Circuit, counts: Mapping[int, int]) -> tuple[int, int, int]:
    """Return how many measurements are not terminal, into how many bits, and how many are terminal."""
    table = circuit.operations
    measures = {code for code in counts if table[code].kind == _KIND.KIND_MEASURE}
    total = sum(counts[code] for code in measures)
    if not measures:
        return 0, 0, 0
    opcodes = array("H", circuit.opcodes)
    harmless = measures | {code for code in counts if table[code].kind in _HARMLESS}
    first = min(opcodes.index(code) for code in measures)
    if not circuit.conditions.instructions and harmless.issuperset(opcodes[first:]):
        return 0, 0, total
    conditional = set(array("I", circuit.conditions.instructions))
    read = {
        bit
        for start, width in zip(
            array("I", circuit.conditions.first_clbits), array("I", circuit.conditions.widths), strict=True
        )
        for bit in range(start, start + width)
    }
    qubits, clbits = array("I", circuit.qubits), array("I", circuit.clbits)
    at_qubit, at_clbit = len(qubits), len(clbits)
    busy: set[int] = set()
    recorded: set[int] = set()
    mid_count = 0
    for row in range(len(opcodes) - 1, -1, -1):
        code = opcodes[row]
        at_qubit -= table[code].qubit_count
        if code in measures:
            at_clbit -= 1
            if qubits[at_qubit] in busy or clbits[at_clbit] in read or row in conditional:
                mid_count += 1
                recorded.add(clbits[at_clbit])
                busy.add(qubits[at_qubit])
        elif code not in harmless:
            busy.update(qubits[at_qubit : at_qubit + table[code].qubit_count])
    return mid_count, len(recorded), total - mid_count
