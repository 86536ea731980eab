"""From Proxima's instructions to Stim's, one by one and without a pass in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import stim
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.channels import pauli_probabilities
from proxima_runtime.arrays.gates import unitary
from proxima_runtime.arrays.instructions import Instruction
from proxima_runtime.errors import Internal

Real = npt.NDArray[np.float64]

KIND = circuit_pb2.Operation
# Names of Stim's gates and the operands of ours that each takes, in order.
_GATES: Mapping[str, Sequence[tuple[str, tuple[int, ...]]]] = {
    "id": [("I", (0,))],
    "sdg": [("S_DAG", (0,))],
    "sx": [("SQRT_X", (0,))],
    "sxdg": [("SQRT_X_DAG", (0,))],
    "dcx": [("CX", (0, 1)), ("CX", (1, 0))],
    # exp(-i pi/4 Z on a, X on b), a Clifford gate that Stim calls SQRT_ZZ between two Hadamards on b; then X on a.
    "ecr": [("H", (1,)), ("SQRT_ZZ", (0, 1)), ("H", (1,)), ("X", (0,))],
    **{name: [(name.upper(), (0,))] for name in ("x", "y", "z", "h", "s")},
    **{name: [(name.upper(), (0, 1))] for name in ("cx", "cy", "cz", "swap", "iswap")},
}


def append_gate(circuit: stim.Circuit, name: str, qubits: Sequence[int]) -> None:
    """Append a gate; a global phase is lost, as no stabilizer state has one."""
    for native, places in _GATES[name]:
        circuit.append(native, [qubits[place] for place in places])


def probabilities(channel: Instruction) -> Real:
    """Return the probability of each Pauli operator, shape (4^k,), the first operand its least significant digit."""
    found = pauli_probabilities(channel.name, channel.parameters, len(channel.qubits))
    if found is None:
        raise _mismatch(f"channel {channel.name!r} is no mixture of Pauli operators")
    return found


def sampled_circuit(instructions: Iterable[Instruction]) -> stim.Circuit:
    """Return the circuit whose record has one bit for each measurement, in order, without readout error.

    Raises:
        Internal: it has not as many measurements as the instructions (ERROR_REASON_TRANSLATION_MISMATCH).
    """
    circuit = stim.Circuit()
    measured = 0
    for row in instructions:
        if row.kind == KIND.KIND_GATE:
            append_gate(circuit, row.name, row.qubits)
        elif row.kind == KIND.KIND_CHANNEL:
            _append_channel(circuit, probabilities(row), row.qubits)
        elif row.kind == KIND.KIND_MEASURE:
            circuit.append("M", row.qubits)
            measured += 1
        elif row.kind == KIND.KIND_RESET:
            circuit.append("R", row.qubits)
        elif row.kind != KIND.KIND_DELAY:
            raise _mismatch(f"instruction {row.row} ({row.name}) has no translation")
    if circuit.num_measurements != measured:
        raise _mismatch(f"{measured} measurements became {circuit.num_measurements}")
    return circuit


def check_gates(names: Iterable[str]) -> None:
    """Compare the unitary of each gate with that of docs/gates.md, up to a global phase.

    Raises:
        Internal: one of them differs (ERROR_REASON_TRANSLATION_MISMATCH).
    """
    for name in names:
        expected = unitary(name, ())
        circuit = stim.Circuit()
        append_gate(circuit, name, range(len(expected).bit_length() - 1))
        # Little-endian: qubit 0 is the least significant bit.
        found = circuit.to_tableau().to_unitary_matrix(endian="little")
        if abs(abs(np.vdot(expected, found)) / len(expected) - 1) > 1e-6:
            raise _mismatch(f"gate {name!r} is another one in Stim")


def _append_channel(circuit: stim.Circuit, weights: Real, qubits: Sequence[int]) -> None:
    if len(qubits) == 1:
        circuit.append("PAULI_CHANNEL_1", qubits, weights[1:])
        return
    if len(qubits) == 2:
        # Stim's first operand is the most significant digit.
        circuit.append("PAULI_CHANNEL_2", qubits, weights.reshape(4, 4).T.reshape(-1)[1:])
        return
    name, left = "E", 1.0
    for index in np.flatnonzero(weights[1:]) + 1:
        letters = ["IXYZ"[(int(index) >> (2 * place)) & 3] for place in range(len(qubits))]
        pairs = zip(letters, qubits, strict=True)
        targets = [stim.target_pauli(qubit, letter) for letter, qubit in pairs if letter != "I"]
        # Each case is tried only where those before it did not happen.
        circuit.append(name, targets, min(float(weights[index]) / left, 1.0))
        name, left = "ELSE_CORRELATED_ERROR", left - float(weights[index])


def _mismatch(problem: str) -> Internal:
    return Internal(
        f"the circuit for Stim is not the one that was sent: {problem}",
        reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
    )
