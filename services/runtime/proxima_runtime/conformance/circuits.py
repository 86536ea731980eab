"""Circuits as a test writes them, and as the contract carries them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.conformance import reference


@dataclass(kw_only=True)
class CircuitWriter:
    """Writes instructions into columns, and keeps the gates for the reference.

    Attributes:
        qubit_count: qubits of the columns.
        clbit_count: declared classical bits.
        active_qubits: declared index of each column qubit; empty means the identity.
        declared_qubit_count: 0 means qubit_count.
        global_phase: radians.
        steps: the gates so far, for `reference.final_state`.
        measured: qubit recorded last by each written classical bit.
    """

    qubit_count: int
    clbit_count: int = 0
    active_qubits: Sequence[int] = ()
    declared_qubit_count: int = 0
    global_phase: float = 0.0
    steps: list[reference.Step] = field(default_factory=list)
    measured: dict[int, int] = field(default_factory=dict)
    _operations: dict[tuple[int, str, int], int] = field(default_factory=dict)
    _table: list[circuit_pb2.Operation] = field(default_factory=list)
    _opcodes: array[int] = field(default_factory=lambda: array("H"))
    _qubits: array[int] = field(default_factory=lambda: array("I"))
    _clbits: array[int] = field(default_factory=lambda: array("I"))
    _parameters: array[float] = field(default_factory=lambda: array("d"))

    def gate(self, name: str, qubits: Sequence[int], parameters: Sequence[float] = ()) -> Self:
        """Append a standard gate."""
        self._row(
            circuit_pb2.Operation(
                kind=circuit_pb2.Operation.KIND_GATE,
                name=name,
                qubit_count=len(qubits),
                parameter_count=len(parameters),
            ),
            qubits,
        )
        self._parameters.extend(parameters)
        self.steps.append((name, tuple(qubits), tuple(parameters)))
        return self

    def gates(self, steps: Sequence[reference.Step]) -> Self:
        """Append several gates."""
        for name, qubits, parameters in steps:
            self.gate(name, qubits, parameters)
        return self

    def measure(self, qubit: int, clbit: int) -> Self:
        """Append a measurement."""
        self._row(
            circuit_pb2.Operation(
                kind=circuit_pb2.Operation.KIND_MEASURE, name="measure", qubit_count=1, clbit_count=1
            ),
            (qubit,),
        )
        self._clbits.append(clbit)
        self.measured[clbit] = qubit
        return self

    def measure_all(self) -> Self:
        """Append a measurement of every qubit into the classical bit of its index."""
        for qubit in range(self.qubit_count):
            self.measure(qubit, qubit)
        return self

    def other(self, kind: circuit_pb2.Operation.Kind, qubits: Sequence[int], parameters: Sequence[float] = ()) -> Self:
        """Append an instruction of another kind: a barrier, or something that no gate is."""
        name = circuit_pb2.Operation.Kind.Name(kind).removeprefix("KIND_").lower()
        operation = circuit_pb2.Operation(
            kind=kind, name=name, qubit_count=len(qubits), parameter_count=len(parameters)
        )
        self._row(operation, qubits)
        self._parameters.extend(parameters)
        return self

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
        )

    def _row(self, operation: circuit_pb2.Operation, qubits: Sequence[int]) -> None:
        key = (operation.kind, operation.name, operation.qubit_count)
        if key not in self._operations:
            self._operations[key] = len(self._table)
            self._table.append(operation)
        self._opcodes.append(self._operations[key])
        self._qubits.extend(qubits)


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
