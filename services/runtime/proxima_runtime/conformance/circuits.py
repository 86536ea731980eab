"""Circuits as a test writes them, and as the contract carries them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.conformance import reference
from proxima_runtime.conformance.exact import Comparison, Row
from proxima_runtime.conformance.reference import Complex, Real

_Kind = circuit_pb2.Operation


@dataclass(kw_only=True)
class CircuitWriter:
    """Writes instructions into columns, and keeps them for the references.

    Attributes:
        qubit_count: qubits of the columns.
        clbit_count: declared classical bits.
        active_qubits: declared index of each column qubit; empty means the identity.
        declared_qubit_count: 0 means qubit_count.
        global_phase: radians.
        steps: the gates so far, for `reference.final_state`.
        rows: all instructions so far, for `exact`.
        measured: qubit recorded last by each written classical bit.
    """

    qubit_count: int
    clbit_count: int = 0
    active_qubits: Sequence[int] = ()
    declared_qubit_count: int = 0
    global_phase: float = 0.0
    steps: list[reference.Step] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    measured: dict[int, int] = field(default_factory=dict)
    _operations: dict[bytes, int] = field(default_factory=dict)
    _table: list[circuit_pb2.Operation] = field(default_factory=list)
    _opcodes: array[int] = field(default_factory=lambda: array("H"))
    _qubits: array[int] = field(default_factory=lambda: array("I"))
    _clbits: array[int] = field(default_factory=lambda: array("I"))
    _parameters: array[float] = field(default_factory=lambda: array("d"))

    def append(self, row: Row) -> Self:
        """Append any instruction."""
        operation = circuit_pb2.Operation(
            kind=row.kind,
            name=row.name,
            qubit_count=len(row.qubits),
            clbit_count=int(row.clbit >= 0),
            parameter_count=len(row.parameters),
            matrix=b"" if row.matrices is None else np.ascontiguousarray(row.matrices, dtype="<c16").tobytes(),
            readout=b"" if row.readout is None else np.ascontiguousarray(row.readout, dtype="<f8").tobytes(),
        )
        key = operation.SerializeToString(deterministic=True)
        if key not in self._operations:
            self._operations[key] = len(self._table)
            self._table.append(operation)
        self._opcodes.append(self._operations[key])
        self._qubits.extend(row.qubits)
        self._parameters.extend(row.parameters)
        if row.kind == _Kind.KIND_GATE:
            self.steps.append((row.name, row.qubits, row.parameters))
        if row.clbit >= 0:
            self._clbits.append(row.clbit)
            self.measured[row.clbit] = row.qubits[0]
        self.rows.append(row)
        return self

    def gate(self, name: str, qubits: Sequence[int], parameters: Sequence[float] = ()) -> Self:
        """Append a standard gate."""
        return self.append(Row(kind=_Kind.KIND_GATE, name=name, qubits=tuple(qubits), parameters=tuple(parameters)))

    def gates(self, steps: Sequence[reference.Step]) -> Self:
        """Append several gates."""
        for name, qubits, parameters in steps:
            self.gate(name, qubits, parameters)
        return self

    def measure(self, qubit: int, clbit: int, *, readout: Real | None = None) -> Self:
        """Append a measurement; `readout` is P(read | true), shape (2, 2)."""
        return self.append(Row(kind=_Kind.KIND_MEASURE, name="measure", qubits=(qubit,), clbit=clbit, readout=readout))

    def measure_all(self) -> Self:
        """Append a measurement of every qubit into the classical bit of its index."""
        for qubit in range(self.qubit_count):
            self.measure(qubit, qubit)
        return self

    def unitary(self, matrix: Complex, qubits: Sequence[int]) -> Self:
        """Append an explicit unitary, shape (2^k, 2^k); the first operand is the least significant bit of its index."""
        return self.append(
            Row(kind=_Kind.KIND_UNITARY, name="unitary", qubits=tuple(qubits), matrices=np.asarray(matrix)[None])
        )

    def channel(self, name: str, qubits: Sequence[int], parameters: Sequence[float]) -> Self:
        """Append a named channel."""
        return self.append(Row(kind=_Kind.KIND_CHANNEL, name=name, qubits=tuple(qubits), parameters=tuple(parameters)))

    def kraus(self, operators: Complex, qubits: Sequence[int]) -> Self:
        """Append a channel of explicit Kraus operators, shape (m, 2^k, 2^k)."""
        return self.append(Row(kind=_Kind.KIND_CHANNEL, name="kraus", qubits=tuple(qubits), matrices=operators))

    def reset(self, qubit: int) -> Self:
        """Append a reset."""
        return self.append(Row(kind=_Kind.KIND_RESET, name="reset", qubits=(qubit,)))

    def delay(self, qubit: int, seconds: float) -> Self:
        """Append idle time."""
        return self.append(Row(kind=_Kind.KIND_DELAY, name="delay", qubits=(qubit,), parameters=(seconds,)))

    def phase(self, angle: float) -> Self:
        """Append a global phase as an instruction."""
        return self.append(Row(kind=_Kind.KIND_GLOBAL_PHASE, name="gphase", parameters=(angle,)))

    def only_if(self, *comparisons: Comparison) -> Self:
        """Put the last instruction under conditions, all of which must hold."""
        self.rows[-1] = replace(self.rows[-1], conditions=(*self.rows[-1].conditions, *comparisons))
        return self

    def other(self, kind: circuit_pb2.Operation.Kind, qubits: Sequence[int], parameters: Sequence[float] = ()) -> Self:
        """Append an instruction of another kind: a barrier, or something malformed."""
        name = circuit_pb2.Operation.Kind.Name(kind).removeprefix("KIND_").lower()
        return self.append(Row(kind=kind, name=name, qubits=tuple(qubits), parameters=tuple(parameters)))

    def message(self) -> circuit_pb2.Circuit:
        """Return the circuit as it travels."""
        return circuit_pb2.Circuit(
            qubit_count=self.qubit_count,
            clbit_count=self.clbit_count,
            operations=self._table,
            opcodes=self._opcodes.tobytes(),
            qubits=self._qubits.tobytes(),
            clbits=self._clbits.tobytes(),
            parameters=self._parameters.tobytes(),
            global_phase=self.global_phase,
            active_qubits=self.active_qubits,
            declared_qubit_count=self.declared_qubit_count or self.qubit_count,
            conditions=self._conditions(),
        )

    def _conditions(self) -> circuit_pb2.ClassicalConditions | None:
        rows = [(index, condition) for index, row in enumerate(self.rows) for condition in row.conditions]
        if not rows:
            return None
        return circuit_pb2.ClassicalConditions(
            instructions=array("I", [index for index, _ in rows]).tobytes(),
            first_clbits=array("I", [condition.first_clbit for _, condition in rows]).tobytes(),
            widths=array("I", [condition.width for _, condition in rows]).tobytes(),
            values=array("Q", [condition.value for _, condition in rows]).tobytes(),
            negated=bytes(condition.negated for _, condition in rows),
        )


def ghz(width: int) -> CircuitWriter:
    """Return a GHZ circuit that measures every qubit."""
    circuit = CircuitWriter(qubit_count=width, clbit_count=width).gate("h", (0,))
    for qubit in range(width - 1):
        circuit.gate("cx", (qubit, qubit + 1))
    return circuit.measure_all()


def layered(width: int, depth: int, *, measure: bool = True) -> CircuitWriter:
    """Return layers of rotations and a line of CX, so that every amplitude is in play."""
    circuit = CircuitWriter(qubit_count=width, clbit_count=width if measure else 0)
    for layer in range(depth):
        for qubit in range(width):
            circuit.gate("u", (qubit,), (0.3 + layer + qubit / 7, 0.2 * layer + 0.1, 0.05 * qubit))
        for qubit in range(layer % 2, width - 1, 2):
            circuit.gate("cx", (qubit, qubit + 1))
    return circuit.measure_all() if measure else circuit
