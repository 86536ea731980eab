"""Writes a circuit's columns: the lossless form in which the client sends Qiskit and Cirq circuits."""

import math
from collections.abc import Sequence

import numpy as np
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument

__all__ = ["STANDARD_GATES", "ColumnWriter"]

STANDARD_GATES = {
    **dict.fromkeys(("id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg"), (1, 0)),
    **dict.fromkeys(("p", "rx", "ry", "rz"), (1, 1)),
    "u": (1, 3),
    **dict.fromkeys(("cx", "cy", "cz", "ch", "cs", "csdg", "csx", "swap", "iswap", "dcx", "ecr"), (2, 0)),
    **dict.fromkeys(("cp", "crx", "cry", "crz", "rxx", "ryy", "rzz", "rzx"), (2, 1)),
    "cu": (2, 4),
    **dict.fromkeys(("ccx", "ccz", "cswap", "rccx"), (3, 0)),
    **dict.fromkeys(("rc3x", "c3x", "c3sx"), (4, 0)),
    "c4x": (5, 0),
}
"""Qubit and parameter count of each gate that the contract names (docs/gates.md)."""

_Key = tuple[circuit_pb2.Operation.Kind, str, int, int, int]


class ColumnWriter:
    """Appends instructions and ends in a `Circuit` message over declared qubits.

    Qubits and classical bits are indices in declaration order; angles are radians.
    """

    def __init__(self, *, qubit_count: int, clbit_count: int) -> None:
        self.qubit_count = qubit_count
        self.clbit_count = clbit_count
        self.global_phase = 0.0
        self._table: dict[_Key, int] = {}
        self._operations: list[circuit_pb2.Operation] = []
        self._opcodes: list[int] = []
        self._qubits: list[int] = []
        self._clbits: list[int] = []
        self._parameters: list[float] = []

    def gate(self, name: str, qubits: Sequence[int], parameters: Sequence[float] = ()) -> None:
        """Append a standard gate. Raises InvalidArgument for an angle that is not finite."""
        values = [float(parameter) for parameter in parameters]
        if not all(map(math.isfinite, values)):
            raise InvalidArgument(
                f"instruction {len(self._opcodes)} ({name}): the angles {values} are not all finite",
                reason=errors_pb2.ERROR_REASON_INVALID_CIRCUIT,
                metadata={},
            )
        if STANDARD_GATES[name] != (len(qubits), len(values)):
            raise ValueError(
                f"{name} takes {STANDARD_GATES[name]} qubits and parameters, got {len(qubits), len(values)}"
            )
        self._append(circuit_pb2.Operation.KIND_GATE, name, qubits, (), values)

    def measure(self, qubit: int, clbit: int) -> None:
        """Append a measurement of one qubit into one classical bit."""
        self._append(circuit_pb2.Operation.KIND_MEASURE, "measure", (qubit,), (clbit,), ())

    def reset(self, qubit: int) -> None:
        """Append a reset to |0>."""
        self._append(circuit_pb2.Operation.KIND_RESET, "reset", (qubit,), (), ())

    def barrier(self, qubits: Sequence[int]) -> None:
        """Append a barrier."""
        self._append(circuit_pb2.Operation.KIND_BARRIER, "barrier", qubits, (), ())

    def delay(self, qubit: int, seconds: float) -> None:
        """Append idle time."""
        self._append(circuit_pb2.Operation.KIND_DELAY, "delay", (qubit,), (), (seconds,))

    def circuit(
        self,
        *,
        qubit_registers: Sequence[tuple[str, int, int]] = (),
        clbit_registers: Sequence[tuple[str, int, int]] = (),
    ) -> circuit_pb2.Circuit:
        """Return the message; registers are (name, first index, size)."""
        return circuit_pb2.Circuit(
            qubit_count=self.qubit_count,
            clbit_count=self.clbit_count,
            operations=self._operations,
            opcodes=np.array(self._opcodes, dtype="<u2").tobytes(),
            qubits=np.array(self._qubits, dtype="<u4").tobytes(),
            clbits=np.array(self._clbits, dtype="<u4").tobytes(),
            parameters=np.array(self._parameters, dtype="<f8").tobytes(),
            global_phase=self.global_phase,
            declared_qubit_count=self.qubit_count,
            qubit_registers=[circuit_pb2.Register(name=n, start=i, size=s) for n, i, s in qubit_registers],
            clbit_registers=[circuit_pb2.Register(name=n, start=i, size=s) for n, i, s in clbit_registers],
        )

    def _append(
        self,
        kind: circuit_pb2.Operation.Kind,
        name: str,
        qubits: Sequence[int],
        clbits: Sequence[int],
        parameters: Sequence[float],
    ) -> None:
        key = (kind, name, len(qubits), len(clbits), len(parameters))
        opcode = self._table.get(key)
        if opcode is None:
            opcode = self._table[key] = len(self._operations)
            self._operations.append(
                circuit_pb2.Operation(
                    kind=kind,
                    name=name,
                    qubit_count=len(qubits),
                    clbit_count=len(clbits),
                    parameter_count=len(parameters),
                )
            )
        self._opcodes.append(opcode)
        self._qubits.extend(qubits)
        self._clbits.extend(clbits)
        self._parameters.extend(parameters)
