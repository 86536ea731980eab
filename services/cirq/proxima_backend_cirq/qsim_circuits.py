"""All kinds of instructions in qsim's two types of circuit.

A channel goes with a lower bound of each operator's probability, by which qsim chooses without looking at the state
where it can: the square of the smallest singular value, exact for multiples of unitaries. Those go as unitaries with
that probability, the rest as they are. qsim's matrices have the first operand most significant, so operands are handed
over reversed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import Instruction, Listing
from qsimcirq import qsim as library

from proxima_backend_cirq.failures import mismatch
from proxima_backend_cirq.qsim import Appenders, Emit, NativeCircuit, emitter, fixed, flat
from proxima_backend_cirq.translate import RESET

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

_KIND = circuit_pb2.Operation
_IDLE = frozenset((_KIND.KIND_DELAY, _KIND.KIND_GLOBAL_PHASE))
_UNITARY_TOLERANCE = 1e-12

NOISY = Appenders(
    gate=library.add_gate_channel, matrix=library.add_matrix_gate_channel, control=library.control_last_gate_channel
)
"""For circuits with channels and measurements, `new_noisy_circuit`."""

# Lower bound of the probability, matrix in real and imaginary parts, whether the matrix is unitary.
_Operator = tuple[float, list[float], bool]


@dataclass(frozen=True, kw_only=True)
class Reads:
    """What the measurements of a circuit record, in the order in which qsim returns bits.

    Attributes:
        clbits: classical bit of each.
        readouts: P(read | true) of each, shape (2, 2); None where reading is exact.
    """

    clbits: Sequence[int]
    readouts: Sequence[Real | None]


def new_noisy_circuit(qubit_count: int) -> NativeCircuit:
    """Return an empty circuit of qsim's type for channels and measurements."""
    circuit: NativeCircuit = library.NoisyCircuit()
    circuit.num_qubits = qubit_count
    return circuit


def append_instructions(
    listing: Listing, circuit: NativeCircuit, appenders: Appenders, *, measure_terminal: bool
) -> Reads:
    """Append all instructions to an empty circuit.

    Args:
        listing: without conditions; for `GATES_ONLY` also unitary.
        circuit: of the type that `appenders` are for.
        appenders: qsim's functions.
        measure_terminal: append the terminal measurements too.

    Raises:
        Internal: an instruction was not appended (ERROR_REASON_TRANSLATION_MISMATCH).
    """
    known: dict[tuple[int, str, int], Emit] = {}
    reads: list[Instruction] = []
    count = left_out = 0
    for position, step in enumerate(listing.instructions):
        if step.conditions:
            raise mismatch("qsim", what=f"for instruction {step.row}", expected="no condition", actual="a condition")
        if step.kind in _IDLE or (position in listing.terminal and not measure_terminal):
            left_out += 1
            continue
        if step.kind == _KIND.KIND_MEASURE:
            reads.append(step)
        # The listing has one matrix object for equal operations; a gate is made from its name and parameters.
        key = step.kind, step.name, 0 if step.kind == _KIND.KIND_GATE else id(step.matrix)
        if key not in known:
            known[key] = _emit_of(step, appenders)
        known[key](count, list(step.qubits), list(step.parameters), circuit)
        count += 1
    expected = len(listing.instructions) - left_out
    if count != expected:
        raise mismatch("qsim", what="instructions", expected=str(expected), actual=str(count))
    return Reads(clbits=[step.clbit for step in reads], readouts=[step.readout for step in reads])


def operators_of(kraus: Complex) -> list[_Operator]:
    """Return Kraus operators, shape (m, 2^k, 2^k), as qsim takes them."""
    found: list[_Operator] = []
    for operator in kraus:
        values = np.linalg.svd(operator, compute_uv=False)
        bound = float(values[-1]) ** 2
        if values[0] - values[-1] <= _UNITARY_TOLERANCE:
            found.append((bound, flat((operator / values[0]).reshape(-1).tolist()), True))
        else:
            found.append((bound, flat(operator.reshape(-1).tolist()), False))
    return found


def _emit_of(step: Instruction, appenders: Appenders) -> Emit:
    if step.kind == _KIND.KIND_GATE:
        return emitter(step.name, appenders)
    if step.kind == _KIND.KIND_MEASURE:
        return _measurement(appenders)
    if step.kind == _KIND.KIND_RESET:
        return _channel(RESET)
    if step.matrix is None:
        raise mismatch("qsim", what=f"for instruction {step.row}", expected="a matrix", actual="nothing")
    if step.kind == _KIND.KIND_UNITARY:
        return fixed(flat(step.matrix.reshape(-1).tolist()), appenders)
    return _channel(step.matrix)


def _measurement(appenders: Appenders) -> Emit:
    add: Callable[..., None] = appenders.gate

    def emit(step: int, operands: list[int], _: list[float], circuit: NativeCircuit) -> None:
        add(library.kMeasurement, step, operands, {}, circuit)

    return emit


def _channel(kraus: Complex) -> Emit:
    operators = operators_of(kraus)

    def emit(step: int, operands: list[int], _: list[float], circuit: NativeCircuit) -> None:
        library.add_channel(step, operands[::-1], operators, circuit)

    return emit
