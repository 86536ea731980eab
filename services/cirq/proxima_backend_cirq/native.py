"""Cirq's own state-vector and density-matrix simulation of circuits that have only gates.

Operations act one after the other on `cirq.StateVectorSimulationState` and `cirq.DensityMatrixSimulationState`, the
states inside `cirq.Simulator` and `cirq.DensityMatrixSimulator`. Driving them directly leaves out the moments, and the
copies that the simulators make at each step: 2 states at the peak instead of more than 4, and progress can be counted.

Cirq's index has its first qubit most significant, so the states get their qubits in descending order; the result then
is in Proxima's order without a transposition.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import cirq
import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.gates import FIXED, PARAMETRIC
from proxima_runtime.arrays.program import Program
from proxima_runtime.backend.engine import ProgressReporter

from proxima_backend_cirq.failures import cirq_failures, mismatch

State = npt.NDArray[np.complexfloating]

_Make = Callable[[Sequence[int], Sequence[float]], cirq.Operation]

_BY_NAME: Mapping[str, cirq.Gate] = {
    "id": cirq.I,
    "x": cirq.X,
    "y": cirq.Y,
    "z": cirq.Z,
    "h": cirq.H,
    "s": cirq.S,
    "sdg": cirq.S**-1,
    "t": cirq.T,
    "tdg": cirq.T**-1,
    "cx": cirq.CNOT,
    "cz": cirq.CZ,
    "swap": cirq.SWAP,
    "iswap": cirq.ISWAP,
    "ccx": cirq.CCX,
    "ccz": cirq.CCZ,
    "cswap": cirq.CSWAP,
}
_ROTATIONS: Mapping[str, Callable[[float], cirq.Gate]] = {
    "rx": cirq.rx,
    "ry": cirq.ry,
    "rz": cirq.rz,
    "p": lambda angle: cirq.ZPowGate(exponent=angle / np.pi),
    "cp": lambda angle: cirq.CZPowGate(exponent=angle / np.pi),
}


def operations(program: Program, qubits: Sequence[cirq.Qid]) -> Iterator[cirq.Operation]:
    """Yield one Cirq operation a gate; `qubits[q]` is qubit q.

    Raises:
        Internal: not every operand of the columns was used exactly once (ERROR_REASON_TRANSLATION_MISMATCH).
    """
    makers = tuple(operation_maker(name, qubits) if name else None for name in program.names)
    known: dict[tuple[int, tuple[int, ...]], cirq.Operation] = {}
    at_qubit = at_parameter = gate_count = 0
    for opcode in program.opcodes:
        next_qubit = at_qubit + program.qubit_counts[opcode]
        next_parameter = at_parameter + program.parameter_counts[opcode]
        operands = tuple(program.qubits[at_qubit:next_qubit])
        maker = makers[opcode]
        if maker is not None:
            gate_count += 1
            if next_parameter > at_parameter:
                yield maker(operands, program.parameters[at_parameter:next_parameter])
            else:
                # Making an operation costs as much as applying it; those without parameters repeat.
                operation = known.get((opcode, operands))
                if operation is None:
                    operation = known[opcode, operands] = maker(operands, ())
                yield operation
        at_qubit, at_parameter = next_qubit, next_parameter
    expected = (program.row_count - program.set_aside_count, len(program.qubits), len(program.parameters))
    if (gate_count, at_qubit, at_parameter) != expected:
        actual = (gate_count, at_qubit, at_parameter)
        raise mismatch("cirq", what="(gates, operands, parameters)", expected=str(expected), actual=str(actual))


def final_state(
    program: Program, *, density_matrix: bool, single_precision: bool, report: ProgressReporter
) -> tuple[State, float]:
    """Return the final state, shape (2^n,) or (2^n, 2^n), in Proxima's bit order, and the seconds that Cirq took.

    Raises:
        MemoryError: Cirq could not allocate.
        Internal: Cirq failed (ERROR_REASON_ENGINE_FAILED).
    """
    width = program.qubit_count
    qubits = cirq.LineQubit.range(width)
    kind = cirq.DensityMatrixSimulationState if density_matrix else cirq.StateVectorSimulationState
    total = len(program.opcodes)
    started = time.perf_counter()
    with cirq_failures():
        state = kind(
            qubits=qubits[::-1],
            initial_state=0,
            dtype=np.complex64 if single_precision else np.complex128,
            prng=np.random.RandomState(0),
        )
        for done, operation in enumerate(operations(program, qubits), start=1):
            cirq.act_on(operation, state)
            report(done_count=done, total_count=total, unit="operations")
        tensor: State = state.target_tensor
    seconds = time.perf_counter() - started
    # The other buffer of the state goes with it.
    del state
    side = 1 << width
    return np.ascontiguousarray(tensor).reshape((side, side) if density_matrix else (side,)), seconds


def operation_maker(name: str, qubits: Sequence[cirq.Qid]) -> _Make:
    """Return what makes operations of gate `name`. Raises KeyError for a gate outside the vocabulary."""
    if name in _BY_NAME:
        gate = _BY_NAME[name]
        return lambda operands, _: gate.on(*(qubits[operand] for operand in operands))
    if name in _ROTATIONS:
        rotation = _ROTATIONS[name]
        return lambda operands, angles: rotation(angles[0]).on(*(qubits[operand] for operand in operands))
    if name in PARAMETRIC:
        matrix_of = PARAMETRIC[name]
        return lambda operands, angles: _matrix_operation(matrix_of(*angles), operands, qubits)
    matrix = FIXED[name]
    return lambda operands, _: _matrix_operation(matrix, operands, qubits)


def _matrix_operation(matrix: Sequence[complex], operands: Sequence[int], qubits: Sequence[cirq.Qid]) -> cirq.Operation:
    """Our matrices have the first operand least significant, Cirq's most: hand the operands over reversed."""
    side = 1 << len(operands)
    gate = cirq.MatrixGate(np.array(matrix).reshape(side, side), unitary_check=False)
    return gate.on(*(qubits[operand] for operand in reversed(operands)))
