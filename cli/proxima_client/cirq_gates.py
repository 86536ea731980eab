"""Cirq's gates and channels as single instructions of the contract: by name, as a matrix, or not at all."""

import cmath
import math
from collections.abc import Hashable, Sequence

import cirq
import numpy as np

from proxima_client.columns import ColumnWriter
from proxima_client.operators import MAX_QUBITS, Matrix, few_kraus, first_operand_lowest, u_angles

__all__ = ["PLAIN", "append_channel", "append_gate"]

PLAIN: dict[cirq.Gate, str] = {
    cirq.I: "id",
    cirq.X: "x",
    cirq.Y: "y",
    cirq.Z: "z",
    cirq.H: "h",
    cirq.S: "s",
    cirq.S**-1: "sdg",
    cirq.T: "t",
    cirq.T**-1: "tdg",
    cirq.X**0.5: "sx",
    cirq.X**-0.5: "sxdg",
    cirq.CNOT: "cx",
    cirq.CZ: "cz",
    cirq.SWAP: "swap",
    cirq.ISWAP: "iswap",
    cirq.CCX: "ccx",
    cirq.CCZ: "ccz",
    cirq.CSWAP: "cswap",
}
_ROTATIONS: dict[type[cirq.Gate], str] = {
    cirq.XPowGate: "rx",
    cirq.YPowGate: "ry",
    cirq.XXPowGate: "rxx",
    cirq.YYPowGate: "ryy",
    cirq.ZZPowGate: "rzz",
}
_PHASES: dict[type[cirq.Gate], str] = {cirq.ZPowGate: "p", cirq.CZPowGate: "cp"}
_EXACT: dict[type[cirq.Gate], str] = {cirq.Rx: "rx", cirq.Ry: "ry", cirq.Rz: "rz"}
_CONTROLLED = {
    **{name: f"c{name}" for name in ("x", "y", "z", "h", "s", "sdg", "sx", "rx", "ry", "rz", "p", "swap")},
    "cx": "ccx",
    "cz": "ccz",
    "ccx": "c3x",
    "c3x": "c4x",
}

_Named = tuple[str, tuple[float, ...], float]
"""A gate of the contract, its parameters, and the global phase in radians that it lacks."""


def append_gate(writer: ColumnWriter, gate: cirq.Gate, qubits: Sequence[int], label: str) -> bool:
    """Append a unitary gate as one instruction (the identity on several qubits as several); return whether it is one.

    Named gates keep their angles and their global phase, other gates of one qubit become `u` and a phase; a matrix,
    and a gate of two qubits or with controls that has no name, becomes an explicit unitary of up to four qubits.
    """
    if isinstance(gate, cirq.IdentityGate):
        for qubit in qubits:
            writer.gate("id", (qubit,))
        return True
    if (named := _named(gate)) is not None:
        name, parameters, phase = named
        writer.gate(name, qubits, parameters)
        writer.add_phase(phase)
        return True
    explicit = isinstance(gate, (cirq.MatrixGate, cirq.ControlledGate)) or len(qubits) == 2
    if len(qubits) > MAX_QUBITS or not (explicit or len(qubits) == 1):
        return False
    matrix = cirq.unitary(gate, None)
    if matrix is None:
        return False
    if explicit:
        writer.unitary(label, first_operand_lowest(np.asarray(matrix, dtype=np.complex128)), qubits)
    else:
        *angles, phase = u_angles(np.asarray(matrix, dtype=np.complex128))
        writer.gate("u", qubits, angles)
        writer.add_phase(phase)
    return True


def append_channel(writer: ColumnWriter, gate: cirq.Gate, qubits: Sequence[int], label: str) -> bool:
    """Append a noise channel on up to four qubits, by name where the contract has it; return whether it is one."""
    if (named := _named_channel(gate, len(qubits))) is not None:
        writer.channel(named[0], qubits, named[1])
        return True
    if len(qubits) > MAX_QUBITS or cirq.has_unitary(gate) or not cirq.has_kraus(gate):
        return False
    operators: Matrix = np.asarray(cirq.kraus(gate), dtype=np.complex128)
    writer.kraus(label, few_kraus(first_operand_lowest(operators)), qubits)
    return True


def _named(gate: cirq.Gate) -> _Named | None:  # noqa: PLR0911 - one return a family of gates
    plain = PLAIN.get(gate) if isinstance(gate, Hashable) else None
    if plain is not None:
        return plain, (), 0.0
    if isinstance(gate, cirq.ControlledGate):
        return _controlled(gate)
    for exact, name in _EXACT.items():
        if isinstance(gate, exact):
            # Its exponent is the angle over pi, which loses the last bits.
            return name, (float(gate._json_dict_()["rads"]),), 0.0
    if not isinstance(gate, cirq.EigenGate):
        return None
    angle = math.pi * float(gate.exponent)
    shift = float(gate.global_shift)
    for kind, name in _ROTATIONS.items():
        if isinstance(gate, kind):
            # X^t = exp(i pi t / 2) Rx(pi t), and a global shift s multiplies by exp(i pi s t).
            return name, (angle,), angle * (0.5 + shift)
    for kind, name in _PHASES.items():
        if isinstance(gate, kind):
            return name, (angle,), angle * shift
    return None


def _controlled(gate: cirq.ControlledGate) -> _Named | None:
    """Controls on 1 over a named gate, one at a time; with one control any gate of one qubit is `cu`."""
    count = gate.num_controls()
    if not all(values == (1,) * count for values in gate.control_values.expand()):
        return None
    inner = _named(gate.sub_gate)
    if inner is not None and inner[2] == 0.0:
        name: str | None = inner[0]
        for _ in range(count):
            name = None if name is None else _CONTROLLED.get(name)
        if name is not None:
            return name, inner[1], 0.0
    if count == 1 and gate.sub_gate.num_qubits() == 1 and (matrix := cirq.unitary(gate.sub_gate, None)) is not None:
        return "cu", u_angles(np.asarray(matrix, dtype=np.complex128)), 0.0
    return None


def _named_channel(  # noqa: PLR0911 - one return a channel
    gate: cirq.Gate, qubit_count: int
) -> tuple[str, tuple[float, ...]] | None:
    match gate:
        case cirq.DepolarizingChannel() if qubit_count <= MAX_QUBITS:
            # Cirq counts the identity apart: p' = p (4^k - 1) / 4^k.
            size = 4.0**qubit_count
            return "depolarizing", (min(gate.p * size / (size - 1), size / (size - 1)),)
        case cirq.BitFlipChannel():
            return "pauli_channel", (gate.p, 0.0, 0.0)
        case cirq.PhaseFlipChannel():
            return "pauli_channel", (0.0, 0.0, gate.p)
        case cirq.AsymmetricDepolarizingChannel() if qubit_count == 1:
            chances = gate.error_probabilities
            return "pauli_channel", tuple(float(chances.get(pauli, 0.0)) for pauli in "XYZ")
        case cirq.AmplitudeDampingChannel():
            return "amplitude_damping", (gate.gamma, 0.0)
        case cirq.GeneralizedAmplitudeDampingChannel():
            return "amplitude_damping", (gate.gamma, 1 - gate.p)
        case cirq.PhaseDampingChannel():
            return "phase_damping", (gate.gamma,)
    return None


def phase_of(gate: cirq.GlobalPhaseGate) -> float:
    """Return the phase of a global phase gate in radians."""
    return cmath.phase(complex(gate.coefficient))
