"""The examples of the documentation end as their comments say, over all branches of their measurements."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima_orchestrator.characteristics import characterise
from proxima_orchestrator.circuit import Circuit, Kind, strip_idle
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse

from .test_unitaries import apply, closed_form

EXAMPLES = Path(__file__).resolve().parents[4] / "docs" / "examples"
State = NDArray[np.complex128]


def read(name: str) -> Circuit:
    """The circuit of an example."""
    return parse((EXAMPLES / name).read_bytes(), Limits())


def held(circuit: Circuit, row: int, record: int) -> bool:
    """Whether the conditions of a row hold for a record."""
    rows = circuit.conditions
    if rows is None:
        return True
    found = rows.instructions == row
    columns = (rows.first_clbits[found], rows.widths[found], rows.values[found], rows.negated[found])
    return all(
        ((record >> first & ((1 << width) - 1)) == value) != bool(negated)
        for first, width, value, negated in zip(*(column.tolist() for column in columns), strict=True)
    )


def records(circuit: Circuit) -> dict[int, float]:
    """The probability of each record of the classical bits, by following every branch of every measurement."""
    n = circuit.qubit_count
    start: State = np.eye(2**n, 1, dtype=complex)
    # One unnormalised state a branch; a reset may leave several with one record.
    branches: list[tuple[int, State]] = [(0, start)]
    qubit = clbit = parameter = 0
    for row, opcode in enumerate(circuit.opcodes.tolist()):
        operation = circuit.operations[opcode]
        qubits = circuit.qubits[qubit : qubit + operation.qubit_count].tolist()
        target = int(circuit.clbits[clbit]) if operation.clbit_count else 0
        values = circuit.parameters[parameter : parameter + operation.parameter_count].tolist()
        qubit += operation.qubit_count
        clbit += operation.clbit_count
        parameter += operation.parameter_count
        after: list[tuple[int, State]] = []
        for record, state in branches:
            if operation.kind is Kind.BARRIER or not held(circuit, row, record):
                after.append((record, state))
            elif operation.kind in (Kind.MEASURE, Kind.RESET):
                for outcome in (0, 1):
                    projected = apply(np.diag([1 - outcome, outcome]).astype(complex), qubits, state, n)
                    if np.vdot(projected, projected).real < 1e-12:
                        continue
                    if operation.kind is Kind.RESET:
                        flip = closed_form("x")() if outcome else closed_form("id")()
                        after.append((record, apply(flip, qubits, projected, n)))
                    else:
                        after.append((record & ~(1 << target) | outcome << target, projected))
            else:
                matrix = operation.matrix if operation.matrix is not None else closed_form(operation.name)(*values)
                after.append((record, apply(matrix, qubits, state, n)))
        branches = after
    totals: dict[int, float] = defaultdict(float)
    for record, state in branches:
        totals[record] += float(np.vdot(state, state).real)
    return dict(totals)


def bits(circuit: Circuit, name: str, record: int) -> int:
    """The value of a register in a record."""
    register = next(register for register in circuit.clbit_registers if register.name == name)
    return record >> register.start & ((1 << register.size) - 1)


def test_teleportation_arrives() -> None:
    """All four outcomes of the Bell measurement are equally likely, and the check is always 0."""
    circuit = read("teleportation.qasm")
    found = records(circuit)
    assert {bits(circuit, "check", record) for record in found} == {0}
    assert {bits(circuit, "m", record): round(chance, 9) for record, chance in found.items()} == dict.fromkeys(
        range(4), 0.25
    )


def test_repeat_until_success_succeeds() -> None:
    """The parity is odd after five rounds with probability 1/32, and the pair is 00 or 11 otherwise."""
    circuit = read("repeat_until_success.qasm")
    found = {(bits(circuit, "odd", r), bits(circuit, "out", r)): chance for r, chance in records(circuit).items()}
    assert {key: round(chance, 9) for key, chance in found.items()} == {
        (0, 0): 31 / 64,
        (0, 3): 31 / 64,
        (1, 1): 1 / 64,
        (1, 2): 1 / 64,
    }


@pytest.mark.parametrize("struck", [0, 1, 2, None])
def test_repetition_code_corrects_every_flip(struck: int | None) -> None:
    """Whichever data qubit is flipped, or none, the logical bit comes out."""
    source = (EXAMPLES / "repetition_code.qasm").read_text()
    error = "" if struck is None else f"x data[{struck}];"
    circuit = parse(source.replace("x data[1];", error, 1).encode(), Limits())
    (record,) = records(circuit)
    assert bits(circuit, "out", record) == 0b111


def test_phase_estimation_is_exact() -> None:
    """The phase 5/16 is found with certainty."""
    circuit = read("phase_estimation.qasm")
    (record,) = records(circuit)
    assert bits(circuit, "out", record) == 5


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.qasm")), ids=lambda path: path.name)
def test_every_example_is_read_and_counted(path: Path) -> None:
    """Every example of the documentation is a circuit."""
    assert characterise(strip_idle(read(path.name))).instruction_count > 0


def test_angles_are_those_of_the_text() -> None:
    """Each row of angles.qasm has the name, the operands and, to the last bit, the angle that is written there."""
    rows = re.findall(r"^(\w+)(?:\((\S+)\))? (q.*);$", (EXAMPLES / "angles.qasm").read_text(), re.MULTILINE)
    circuit = read("angles.qasm")
    assert [circuit.operations[opcode].name for opcode in circuit.opcodes] == [name for name, _, _ in rows]
    assert circuit.parameters.tolist() == [float(angle) for _, angle, _ in rows if angle]
    assert circuit.qubits.tolist() == [int(index) for _, _, operands in rows for index in re.findall(r"\d+", operands)]
    assert circuit.global_phase == 0.0
