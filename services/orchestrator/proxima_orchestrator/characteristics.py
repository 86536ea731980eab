"""What planning learns of a circuit from its columns alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.capabilities import Feature
from proxima_orchestrator.circuit import Circuit, Kind
from proxima_orchestrator.gates import STANDARD_GATES, clifford_rows, is_clifford_matrix
from proxima_orchestrator.strength import noise_strength


@dataclass(frozen=True, kw_only=True, slots=True)
class Characteristics:
    """What was counted over a flat circuit without idle qubits.

    Attributes:
        declared_qubit_count: qubits of the source.
        active_qubit_count: qubits that an instruction touches, at least 1.
        clbit_count: declared classical bits.
        instruction_count: instructions, barriers and noise channels left out.
        depth: longest chain of instructions that share qubits or classical bits, barriers and noise channels left out.
        operation_counts: occurrences by name, the most frequent first.
        gates: names of the standard gates in use.
        multi_qubit_gate_count: gates and unitaries on two or more qubits.
        is_clifford: every gate and every explicit unitary is Clifford.
        t_count: T and T-dagger gates.
        measurement_count: measurements.
        has_mid_circuit_measurement: a measurement is conditional, or its qubit is acted on afterwards by anything but
            a measurement, a barrier or a delay, or a later condition reads its bit.
        features: what the circuit needs beyond terminal measurement of standard gates.
        noise_strength: E, the sum over channels of 1 - lambda_max(Choi / 2^k); 0 without channels.
    """

    declared_qubit_count: int
    active_qubit_count: int
    clbit_count: int
    instruction_count: int
    depth: int
    operation_counts: tuple[tuple[str, int], ...]
    gates: frozenset[str]
    multi_qubit_gate_count: int
    is_clifford: bool
    t_count: int
    measurement_count: int
    has_mid_circuit_measurement: bool
    features: frozenset[Feature]
    noise_strength: float = 0.0


_FEATURE_OF_KIND = {
    Kind.UNITARY: Feature.UNITARY,
    Kind.CHANNEL: Feature.CHANNEL,
    Kind.RESET: Feature.RESET,
    Kind.DELAY: Feature.DELAY,
    Kind.GLOBAL_PHASE: Feature.GLOBAL_PHASE_INSTRUCTION,
}


def characterise(circuit: Circuit) -> Characteristics:
    """Count a circuit whose idle qubits are stripped. Linear in its size; 100,000 instructions take tens of ms."""
    table = circuit.operations
    occurrences = np.bincount(circuit.opcodes, minlength=len(table)).tolist()
    counts: dict[str, int] = {}
    features: set[Feature] = set()
    gates: set[str] = set()
    instructions = multi = measurements = 0
    for operation, occurrence in zip(table, occurrences, strict=True):
        if not occurrence or operation.kind is Kind.BARRIER:
            continue
        instructions += occurrence if operation.kind is not Kind.CHANNEL else 0
        counts[operation.name] = counts.get(operation.name, 0) + occurrence
        if operation.kind is Kind.GATE:
            gates.add(operation.name)
        elif operation.kind is Kind.MEASURE:
            measurements += occurrence
            if operation.readout is not None:
                features.add(Feature.READOUT_ERROR)
        else:
            features.add(_FEATURE_OF_KIND[operation.kind])
        if operation.kind in (Kind.GATE, Kind.UNITARY) and operation.qubit_count > 1:
            multi += occurrence
    clifford = _is_clifford(circuit, occurrences)
    if not clifford:
        features.add(Feature.NON_CLIFFORD)
    conditional = _conditional_rows(circuit)
    if conditional.any():
        features.add(Feature.CLASSICAL_CONDITION)
    if circuit.symbolic_parameters is not None:
        features.add(Feature.PARAMETER_BINDINGS)
    mid_circuit = bool(measurements) and _measures_mid_circuit(circuit, conditional)
    if mid_circuit:
        features.add(Feature.MID_CIRCUIT_MEASUREMENT)
    return Characteristics(
        declared_qubit_count=circuit.declared_qubit_count,
        active_qubit_count=circuit.qubit_count,
        clbit_count=circuit.clbit_count,
        instruction_count=instructions,
        depth=depth(circuit),
        operation_counts=tuple(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))),
        gates=frozenset(gates),
        multi_qubit_gate_count=multi,
        is_clifford=clifford,
        t_count=counts.get("t", 0) + counts.get("tdg", 0),
        measurement_count=measurements,
        has_mid_circuit_measurement=mid_circuit,
        features=frozenset(features),
        noise_strength=noise_strength(circuit) if Feature.CHANNEL in features else 0.0,
    )


def depth(circuit: Circuit) -> int:
    """Return the longest chain of instructions that share qubits or classical bits, without barriers and channels."""
    table = circuit.operations
    # One wire a qubit, then one a classical bit; all operands of an instruction end at the same level.
    level = [0] * (circuit.qubit_count + circuit.clbit_count)
    shape = [
        (0, 0, operation.qubit_count)
        if operation.kind in (Kind.BARRIER, Kind.CHANNEL)
        else (operation.qubit_count, operation.clbit_count, 0)
        for operation in table
    ]
    conditional, reads = _condition_wires(circuit)
    next_condition = 0
    next_row = conditional[0] if conditional else -1
    qubits = circuit.qubits.tolist()
    clbits = (circuit.clbits.astype(np.int64) + circuit.qubit_count).tolist()
    position = clbit_position = 0
    for row, opcode in enumerate(circuit.opcodes.tolist()):
        operands, written, skipped = shape[opcode]
        if written or operands > 2 or row == next_row:
            wires = qubits[position : position + operands] + clbits[clbit_position : clbit_position + written]
            while row == next_row:
                wires += range(*reads[next_condition])
                next_condition += 1
                next_row = conditional[next_condition] if next_condition < len(conditional) else -1
            top = max((level[wire] for wire in wires), default=0) + 1
            for wire in () if skipped else wires:
                level[wire] = top
            clbit_position += written
        elif operands == 1:
            level[qubits[position]] += 1
        elif operands:
            first, second = qubits[position], qubits[position + 1]
            top = level[first] if level[first] > level[second] else level[second]
            level[first] = level[second] = top + 1
        position += operands + skipped
    return max(level)


def _condition_wires(circuit: Circuit) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the conditional instructions, ascending, and the range of wires that each condition reads."""
    conditions = circuit.conditions
    if conditions is None:
        return [], []
    starts = conditions.first_clbits.astype(np.int64) + circuit.qubit_count
    ranges = zip(starts.tolist(), (starts + conditions.widths).tolist(), strict=True)
    return conditions.instructions.tolist(), list(ranges)


def _is_clifford(circuit: Circuit, occurrences: list[int]) -> bool:
    table = circuit.operations
    parametrised: list[int] = []
    for index, (operation, occurrence) in enumerate(zip(table, occurrences, strict=True)):
        if not occurrence or operation.kind is not Kind.GATE:
            continue
        gate = STANDARD_GATES.get(operation.name)
        if gate is None or gate.clifford is False:
            return False
        if gate.clifford is not True:
            parametrised.append(index)
    if parametrised and not _angles_are_clifford(circuit, parametrised):
        return False
    matrices = [
        operation.matrix
        for operation, occurrence in zip(table, occurrences, strict=True)
        if occurrence and operation.kind is Kind.UNITARY and operation.matrix is not None
    ]
    return all(map(is_clifford_matrix, matrices))


def _angles_are_clifford(circuit: Circuit, parametrised: list[int]) -> bool:
    """Whether the gates of these opcodes, Clifford by their angles, are Clifford wherever they occur."""
    table = circuit.operations
    if circuit.symbolic_parameters is not None:
        return False
    widths = np.array([operation.parameter_count for operation in table], dtype=np.int64)
    ends = np.cumsum(widths[circuit.opcodes])
    for index in parametrised:
        width = table[index].parameter_count
        starts = ends[circuit.opcodes == index] - width
        rows = circuit.parameters[starts[:, None] + np.arange(width)]
        if not clifford_rows(table[index].name, rows).all():
            return False
    return True


def _conditional_rows(circuit: Circuit) -> NDArray[np.bool_]:
    """Which rows of the condition columns are those of anything but a barrier."""
    conditions = circuit.conditions
    if conditions is None:
        return np.zeros(0, dtype=np.bool_)
    return ~_rows_of(circuit, Kind.BARRIER)[conditions.instructions]


def _measures_mid_circuit(circuit: Circuit, conditional: NDArray[np.bool_]) -> bool:
    table = circuit.operations
    is_measure = _rows_of(circuit, Kind.MEASURE)
    is_acting = ~(is_measure | _rows_of(circuit, Kind.BARRIER) | _rows_of(circuit, Kind.DELAY))
    rows = np.repeat(np.arange(circuit.instruction_count), circuit.qubit_counts())
    acting = is_acting[rows]
    last_action = np.full(circuit.qubit_count, -1, dtype=np.int64)
    # Rows ascend, so the last assignment to a qubit is its last instruction.
    last_action[circuit.qubits[acting]] = rows[acting]
    measured = is_measure[rows]
    if bool((last_action[circuit.qubits[measured]] > rows[measured]).any()):
        return True
    conditions = circuit.conditions
    if conditions is None or not conditional.any():
        return False
    if bool(is_measure[conditions.instructions].any()):
        return True
    clbit_counts = np.array([operation.clbit_count for operation in table], dtype=np.int64)[circuit.opcodes]
    first_written = np.full(circuit.clbit_count, circuit.instruction_count, dtype=np.int64)
    np.minimum.at(first_written, circuit.clbits, np.repeat(np.arange(circuit.instruction_count), clbit_counts))
    for bit in range(int(conditions.widths.max())):
        wide = conditional & (conditions.widths > bit)
        if bool((first_written[conditions.first_clbits[wide] + bit] < conditions.instructions[wide]).any()):
            return True
    return False


def _rows_of(circuit: Circuit, kind: Kind) -> NDArray[np.bool_]:
    flags = np.array([operation.kind is kind for operation in circuit.operations], dtype=np.bool_)
    return flags[circuit.opcodes] if flags.size else np.zeros(0, dtype=np.bool_)
