"""Turns a Cirq `Circuit` into columns.

The qubits are `sorted(circuit.all_qubits())`: the first is qubit 0, the least significant bit (Cirq itself shows it
as the most significant one). Each measurement key is a run of classical bits in order of appearance, its first qubit
lowest. Gates whose matrix is a gate of the contract up to a global phase keep that phase in the circuit's global
phase; any other gate is decomposed by Cirq.
"""

import cmath
import math

import cirq
import numpy as np
from numpy.typing import NDArray
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument, Unimplemented

from proxima_client.columns import ColumnWriter

__all__ = ["convert"]

_MAX_DEPTH = 64
_PLAIN: dict[cirq.Gate, str] = {
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


def convert(circuit: cirq.Circuit) -> circuit_pb2.Circuit:
    """Return the circuit in columns.

    Raises:
        InvalidArgument: a symbol has no value, a key is measured twice, or a qubit is not two-dimensional.
        Unimplemented: noise, classical control or an operation that Cirq cannot decompose; the message names it.
    """
    if isinstance(circuit, cirq.FrozenCircuit):
        circuit = circuit.unfreeze()
    if symbols := sorted(cirq.parameter_names(circuit)):
        raise InvalidArgument(
            f"the circuit has symbols without a value: {', '.join(symbols)}. Bind them first: "
            f"cirq.resolve_parameters(...)",
            reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT,
        )
    qubits = sorted(circuit.all_qubits())
    if odd := [str(qubit) for qubit in qubits if qubit.dimension != 2]:
        raise InvalidArgument(
            f"Proxima simulates qubits; {', '.join(odd)} has another dimension",
            reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT,
        )
    keys = _keys(circuit)
    index = {qubit: position for position, qubit in enumerate(qubits)}
    writer = ColumnWriter(qubit_count=len(qubits), clbit_count=sum(size for _, size in keys.values()))
    for operation in circuit.all_operations():
        _append(writer, operation, index, keys, depth=0)
    return writer.circuit(
        qubit_registers=[("q", 0, len(qubits))] if qubits else [],
        clbit_registers=[(name, start, size) for name, (start, size) in keys.items()],
    )


def _keys(circuit: cirq.Circuit) -> dict[str, tuple[int, int]]:
    """First classical bit and size of each measurement key, in order of appearance."""
    keys: dict[str, tuple[int, int]] = {}
    total = 0
    for operation in circuit.all_operations():
        if not isinstance(operation.gate, cirq.MeasurementGate):
            continue
        key = cirq.measurement_key_name(operation)
        if key in keys:
            raise InvalidArgument(
                f"the key {key!r} is measured twice; give each measurement a key of its own",
                reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT,
            )
        keys[key] = (total, len(operation.qubits))
        total += len(operation.qubits)
    return keys


def _append(
    writer: ColumnWriter,
    operation: cirq.Operation,
    index: dict[cirq.Qid, int],
    keys: dict[str, tuple[int, int]],
    *,
    depth: int,
) -> None:
    operation = operation.untagged
    if isinstance(operation, cirq.ClassicallyControlledOperation):
        raise _unsupported("a classically controlled operation", operation)
    gate = operation.gate
    qubits = [index[qubit] for qubit in operation.qubits]
    if isinstance(gate, cirq.MeasurementGate):
        _append_measurement(writer, gate, qubits, keys)
    elif isinstance(gate, cirq.ResetChannel):
        writer.reset(qubits[0])
    elif isinstance(gate, cirq.WaitGate):
        for qubit in qubits:
            writer.delay(qubit, gate.duration.total_picos() * 1e-12)
    elif isinstance(gate, cirq.GlobalPhaseGate):
        writer.global_phase += cmath.phase(complex(gate.coefficient))
    elif gate is not None and _append_gate(writer, gate, qubits):
        return
    elif len(qubits) == 1 and (matrix := cirq.unitary(operation, None)) is not None:
        _append_matrix(writer, matrix, qubits[0])
    else:
        parts = cirq.decompose_once(operation, None) if depth < _MAX_DEPTH else None
        if parts is None:
            raise _unsupported("an operation that Cirq cannot decompose into unitary gates", operation)
        for part in parts:
            _append(writer, part, index, keys, depth=depth + 1)


def _append_measurement(
    writer: ColumnWriter, gate: cirq.MeasurementGate, qubits: list[int], keys: dict[str, tuple[int, int]]
) -> None:
    if gate.confusion_map or any(gate.full_invert_mask()):
        raise Unimplemented(
            f"the measurement {gate.key!r} has a confusion map or an invert mask, which Proxima does not take; "
            f"leave it out "
            "and treat the counts instead",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
            metadata={"feature": "readout_error"},
        )
    start, _ = keys[gate.key]
    for offset, qubit in enumerate(qubits):
        writer.measure(qubit, start + offset)


def _append_gate(writer: ColumnWriter, gate: cirq.Gate, qubits: list[int]) -> bool:
    """Append the gate where the contract has it by name; return whether it did."""
    plain = _PLAIN.get(gate)
    if plain is not None:
        writer.gate(plain, qubits)
        return True
    if isinstance(gate, cirq.IdentityGate):
        for qubit in qubits:
            writer.gate("id", (qubit,))
        return True
    if not isinstance(gate, cirq.EigenGate):
        return False
    rotations: dict[type[cirq.Gate], str] = {
        cirq.XPowGate: "rx",
        cirq.YPowGate: "ry",
        cirq.ZPowGate: "rz",
        cirq.XXPowGate: "rxx",
        cirq.YYPowGate: "ryy",
        cirq.ZZPowGate: "rzz",
    }
    angle = math.pi * float(gate.exponent)
    for kind, name in rotations.items():
        if isinstance(gate, kind):
            writer.gate(name, qubits, (angle,))
            # X^t = exp(i pi t / 2) Rx(pi t), and a global shift s multiplies by exp(i pi s t).
            writer.global_phase += angle * (0.5 + float(gate.global_shift))
            return True
    if isinstance(gate, cirq.CZPowGate):
        writer.gate("cp", qubits, (angle,))
        writer.global_phase += angle * float(gate.global_shift)
        return True
    return False


def _append_matrix(writer: ColumnWriter, matrix: NDArray[np.complex128], qubit: int) -> None:
    """Append a one-qubit unitary as u(theta, phi, lambda) and a global phase, exact to rounding."""
    (a, b), (c, d) = matrix
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) >= abs(c):
        phase = cmath.phase(a)
        total = cmath.phase(d) - phase
        phi = cmath.phase(c) - phase if abs(c) > 0 else 0.0
        lam = total - phi
    else:
        phi_phase = cmath.phase(c)
        lam_phase = cmath.phase(-b)
        phase = cmath.phase(a) if abs(a) > 0 else 0.0
        phi, lam = phi_phase - phase, lam_phase - phase
    writer.gate("u", (qubit,), (theta, phi, lam))
    writer.global_phase += phase


def _unsupported(what: str, operation: cirq.Operation) -> Unimplemented:
    return Unimplemented(
        f"Proxima does not take {what}: {operation!s:.200}",
        reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
        metadata={"feature": type(operation.gate or operation).__name__},
    )
