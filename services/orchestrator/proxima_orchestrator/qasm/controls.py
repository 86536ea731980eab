"""Bodies under controls as instructions: one standard gate or one explicit unitary where that is possible."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proxima_orchestrator.circuit import Kind, Operation
from proxima_orchestrator.gates import STANDARD_GATES
from proxima_orchestrator.qasm.errors import unsupported
from proxima_orchestrator.qasm.matrices import angles, controlled
from proxima_orchestrator.qasm.multicontrol import written_out
from proxima_orchestrator.qasm.powers import CONTROLLED, Body

__all__ = ["MAX_UNITARY_QUBITS", "Instruction", "instructions", "standard_operation"]

MAX_UNITARY_QUBITS = 4
_NAMES = {value: name for name, value in CONTROLLED.items()}
_HALF_PI = math.pi / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """One row: its operation, its parameters, and the positions of its operands."""

    operation: Operation
    positions: tuple[int, ...]
    parameters: tuple[float, ...] = ()


def standard_operation(name: str) -> Operation:
    """Return the operation of a gate of the standard vocabulary."""
    gate = STANDARD_GATES[name]
    return Operation(kind=Kind.GATE, name=name, qubit_count=gate.qubit_count, parameter_count=gate.parameter_count)


def instructions(body: Body, controls: Sequence[bool], label: str) -> tuple[list[Instruction], float]:
    """Return a body under controls as rows, and a global phase in radians.

    Positions are the controls, then the body's qubits. A standard gate where one matches, else an explicit unitary of
    up to four qubits called `label`, else the body written out in standard gates. Raises UnsupportedFeatureError
    without a place where the last has no simple way.
    """
    total = len(controls) + body.qubit_count
    positions = tuple(range(total))
    if total == 0:
        return [], body.phase
    if (gate := _standard(body, controls)) is not None:
        name, parameters, phase = gate
        return [Instruction(operation=standard_operation(name), positions=positions, parameters=parameters)], phase
    if total <= MAX_UNITARY_QUBITS:
        matrix = controlled(body.unitary(), controls)
        operation = Operation(kind=Kind.UNITARY, name=label, qubit_count=total, matrix=np.ascontiguousarray(matrix))
        return [Instruction(operation=operation, positions=positions)], 0.0
    steps = written_out(body, controls)
    if steps is None:
        raise unsupported(
            f"'{label}' on {total} qubits",
            f"beyond {MAX_UNITARY_QUBITS} qubits, controls go on one-qubit gates, swap and the rotations about two "
            "qubits: define the gate by these and control the definition",
        )
    return [
        Instruction(operation=standard_operation(name), positions=operands, parameters=parameters)
        for name, parameters, operands in steps
    ], 0.0


def _standard(  # noqa: PLR0911 - one return a kind of match
    body: Body, controls: Sequence[bool]
) -> tuple[str, tuple[float, ...], float] | None:
    """A standard gate, its parameters and a global phase, or None where no gate of the vocabulary matches."""
    count = len(controls)
    if count == 0:
        if body.name:
            return body.name, body.parameters, body.phase
        if body.qubit_count == 1:
            *parameters, phase = _as_u(body)
            return "u", tuple(parameters), phase
        return None
    if body.qubit_count == 0 and controls == (False,):
        return "p", (-body.phase,), body.phase
    if not all(controls):
        return None
    if body.qubit_count == 0:
        return {1: ("p", (body.phase,), 0.0), 2: ("cp", (body.phase,), 0.0)}.get(count)
    if not body.phase:
        if (name := _NAMES.get((count, body.name))) is not None:
            return name, body.parameters, 0.0
        if count == 1 and body.name in {"t", "tdg"}:
            return "cp", (math.pi / 4 if body.name == "t" else -math.pi / 4,), 0.0
    if count == 1 and body.qubit_count == 1:
        return "cu", _as_u(body), 0.0
    return None


def _as_u(  # noqa: PLR0911 - one return a kind of gate
    body: Body,
) -> tuple[float, float, float, float]:
    """theta, phi, lambda and a phase of a body of one qubit; angles of named gates stay to the last bit."""
    match body.name, body.parameters:
        case "id", _:
            return 0.0, 0.0, 0.0, body.phase
        case "u", (theta, phi, lam):
            return theta, phi, lam, body.phase
        case "p", (angle,):
            return 0.0, 0.0, angle, body.phase
        case "rx", (angle,):
            return angle, -_HALF_PI, _HALF_PI, body.phase
        case "ry", (angle,):
            return angle, 0.0, 0.0, body.phase
        case "rz", (angle,):
            return 0.0, 0.0, angle, body.phase - angle / 2
    return angles(body.unitary())
