"""Turns a Cirq `Circuit` into columns.

The qubits are `sorted(circuit.all_qubits())`: the first is qubit 0, the least significant bit (Cirq itself shows it
as the most significant one). Each measurement key is a run of classical bits in order of appearance, its first qubit
lowest. Gates whose matrix is a gate of the contract up to a global phase keep that phase in the circuit's global
phase, matrices and gates of two qubits stay one instruction, channels become channels, classical controls conditions
of instructions; any other gate is decomposed by Cirq.
"""

from collections.abc import Sequence

import cirq
import numpy as np
from numpy.typing import NDArray
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument, Unimplemented

from proxima_client.cirq_conditions import rows_of
from proxima_client.cirq_gates import append_channel, append_gate, phase_of
from proxima_client.columns import ColumnWriter

__all__ = ["convert"]

_MAX_DEPTH = 64

_Keys = dict[str, tuple[int, int]]


def convert(circuit: cirq.Circuit) -> circuit_pb2.Circuit:
    """Return the circuit in columns.

    Raises:
        InvalidArgument: a symbol has no value, a key is measured twice, or a qubit is not two-dimensional.
        Unimplemented: a repetition until a condition holds, a control that is no comparison with a constant, or an
            operation that Cirq cannot decompose; the message names it.
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
    circuit = _unrolled(circuit)
    keys = _keys(circuit)
    index = {qubit: position for position, qubit in enumerate(qubits)}
    writer = ColumnWriter(qubit_count=len(qubits), clbit_count=sum(size for _, size in keys.values()))
    for operation in circuit.all_operations():
        _append(writer, operation, index, keys, depth=0)
    return writer.circuit(
        qubit_registers=[("q", 0, len(qubits))] if qubits else [],
        clbit_registers=[(name, start, size) for name, (start, size) in keys.items()],
    )


def _unrolled(circuit: cirq.Circuit) -> cirq.Circuit:
    """The circuit with its subcircuits written out, repetitions included."""
    try:
        return cirq.unroll_circuit_op(circuit, deep=True, tags_to_check=None)
    except ValueError as error:
        raise Unimplemented(
            f"Proxima does not take a subcircuit that repeats until a condition holds ({error}); write out as many "
            "rounds as may be needed, each under classical controls",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
            metadata={"feature": "CircuitOperation"},
        ) from error


def _keys(circuit: cirq.Circuit) -> _Keys:
    """First classical bit and size of each measurement key, in order of appearance."""
    keys: _Keys = {}
    total = 0
    for operation in circuit.all_operations():
        if not cirq.is_measurement(operation):
            continue
        inner = operation.without_classical_controls().untagged
        if not isinstance(inner.gate, (cirq.MeasurementGate, cirq.PauliMeasurementGate)):
            raise _unsupported("a measurement of this kind", operation)
        key = cirq.measurement_key_name(operation)
        if key in keys:
            raise InvalidArgument(
                f"the key {key!r} is measured twice; give each measurement a key of its own",
                reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT,
            )
        size = len(inner.qubits) if isinstance(inner.gate, cirq.MeasurementGate) else 1
        keys[key] = (total, size)
        total += size
    return keys


def _append(
    writer: ColumnWriter, operation: cirq.Operation, index: dict[cirq.Qid, int], keys: _Keys, *, depth: int
) -> None:
    operation = operation.untagged
    if operation.classical_controls:
        rows = rows_of(operation, keys)
        inner = operation.without_classical_controls()
        if rows is True:
            _append(writer, inner, index, keys, depth=depth)
        elif rows is not False:
            with writer.condition(*rows):
                _append(writer, inner, index, keys, depth=depth)
        return
    gate = operation.gate
    qubits = [index[qubit] for qubit in operation.qubits]
    label = "" if gate is None else type(gate).__name__
    if isinstance(gate, cirq.MeasurementGate):
        _append_measurement(writer, operation, gate, qubits, keys)
    elif isinstance(gate, cirq.ResetChannel):
        writer.reset(qubits[0])
    elif isinstance(gate, cirq.WaitGate):
        for qubit in qubits:
            writer.delay(qubit, gate.duration.total_picos() * 1e-12)
    elif isinstance(gate, cirq.GlobalPhaseGate):
        writer.add_phase(phase_of(gate))
    elif gate is not None and (append_gate(writer, gate, qubits, label) or append_channel(writer, gate, qubits, label)):
        return
    else:
        parts = cirq.decompose_once(operation, None) if depth < _MAX_DEPTH else None
        if parts is None:
            raise _unsupported("an operation that Cirq cannot decompose", operation)
        for part in parts:
            _append(writer, part, index, keys, depth=depth + 1)


def _append_measurement(
    writer: ColumnWriter,
    operation: cirq.Operation,
    gate: cirq.MeasurementGate,
    qubits: Sequence[int],
    keys: _Keys,
) -> None:
    if any(len(positions) != 1 for positions in gate.confusion_map):
        raise _unsupported("a confusion map over several qubits at once; give one for each qubit", operation)
    start, _ = keys[cirq.measurement_key_name(operation)]
    for offset, (qubit, inverted) in enumerate(zip(qubits, gate.full_invert_mask(), strict=True)):
        readout: NDArray[np.float64] | None = None
        if (confusion := gate.confusion_map.get((offset,))) is not None:
            readout = np.asarray(confusion, dtype=np.float64)
        if inverted:
            # The mask turns around what was read, after the confusion.
            readout = (np.eye(2) if readout is None else readout)[:, ::-1]
        writer.measure(qubit, start + offset, readout)


def _unsupported(what: str, operation: cirq.Operation) -> Unimplemented:
    return Unimplemented(
        f"Proxima does not take {what}: {operation!s:.200}",
        reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
        metadata={"feature": type(operation.gate or operation).__name__},
    )
