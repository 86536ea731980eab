"""Columns read without a simulator: what permutations do to bits, and the rows of a known circuit."""

import re
from pathlib import Path

import numpy as np
from proxima.simulation.v1 import circuit_pb2

_KIND = circuit_pb2.Operation
_ANGLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "angles.qasm"

Row = tuple[str, list[float], list[int]]


def angle_rows() -> list[Row]:
    """Name, angles and qubits of each gate of docs/examples/angles.qasm, which the orchestrator's tests read too."""
    found = re.findall(r"^(\w+)(?:\((\S+)\))? (q.*);$", _ANGLES.read_text(), re.MULTILINE)
    return [
        (name, [float(angle)] if angle else [], [int(index) for index in re.findall(r"\d+", operands)])
        for name, angle, operands in found
    ]


def rows_of(columns: circuit_pb2.Circuit) -> list[Row]:
    """Name, parameters and qubits of each instruction."""
    qubits = iter(np.frombuffer(columns.qubits, "<u4").tolist())
    parameters = iter(np.frombuffer(columns.parameters, "<f8").tolist())
    return [
        (
            columns.operations[opcode].name,
            [next(parameters) for _ in range(columns.operations[opcode].parameter_count)],
            [next(qubits) for _ in range(columns.operations[opcode].qubit_count)],
        )
        for opcode in np.frombuffer(columns.opcodes, "<u2")
    ]


def final_record(columns: circuit_pb2.Circuit) -> str:
    """The classical bits, highest first, after a circuit of x, cx, ccx, swap, reset, measure and conditions."""
    state = [0] * columns.qubit_count
    record = [0] * columns.clbit_count
    rows = conditions(columns)
    qubits = iter(np.frombuffer(columns.qubits, "<u4").tolist())
    clbits = iter(np.frombuffer(columns.clbits, "<u4").tolist())
    for index, opcode in enumerate(np.frombuffer(columns.opcodes, "<u2")):
        operation = columns.operations[opcode]
        operands = [next(qubits) for _ in range(operation.qubit_count)]
        targets = [next(clbits) for _ in range(operation.clbit_count)]
        if not all(_holds(record, *row) for row in rows.get(index, [])):
            continue
        if operation.kind == _KIND.KIND_MEASURE:
            readout = np.frombuffer(operation.readout, "<f8").reshape(-1, 2)
            record[targets[0]] = state[operands[0]] if not len(readout) else int(readout[state[operands[0]], 1])
        elif operation.kind == _KIND.KIND_RESET:
            state[operands[0]] = 0
        elif operation.name == "swap":
            first, second = operands
            state[first], state[second] = state[second], state[first]
        elif operation.kind != _KIND.KIND_BARRIER:
            assert operation.name in ("x", "cx", "ccx"), operation.name
            state[operands[-1]] ^= all(state[operand] for operand in operands[:-1])
    return "".join(map(str, reversed(record)))


def conditions(columns: circuit_pb2.Circuit) -> dict[int, list[tuple[int, int, int, int]]]:
    """(first clbit, width, value, negated) of the conditions of each conditional instruction."""
    held = columns.conditions
    names = (held.instructions, held.first_clbits, held.widths, held.values, held.negated)
    arrays = [np.frombuffer(data, dtype) for data, dtype in zip(names, ("<u4", "<u4", "<u4", "<u8", "u1"), strict=True)]
    found: dict[int, list[tuple[int, int, int, int]]] = {}
    for instruction, first, width, value, negated in zip(*(array.tolist() for array in arrays), strict=True):
        found.setdefault(instruction, []).append((first, width, value, negated))
    return found


def _holds(record: list[int], first: int, width: int, value: int, negated: int) -> bool:
    held = sum(bit << position for position, bit in enumerate(record[first : first + width]))
    return (held == value) != bool(negated)
