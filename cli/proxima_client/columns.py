"""Writes a circuit's columns: the lossless form in which the client sends Qiskit and Cirq circuits."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument, Unimplemented

__all__ = ["STANDARD_GATES", "ColumnWriter", "Condition"]

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

Condition = tuple[int, int, int, bool]
"""(first classical bit, width 1 to 64, unsigned value, negated): a row of the contract's ClassicalConditions."""

_MAX_OPERATIONS = 65_536

_Kind = circuit_pb2.Operation.Kind
_Key = tuple[_Kind, str, int, int, int, bytes, bytes]


@dataclass(slots=True, eq=False)
class _Active:
    """A condition in force; `stale` once its own block has measured into its bits."""

    condition: Condition
    stale: bool = False


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
        self._condition_rows: list[int] = []
        self._conditions: list[Condition] = []
        self._active: tuple[_Active, ...] = ()

    @contextmanager
    def condition(self, *rows: Condition, stale: bool = False) -> Iterator[None]:
        """Make what is appended inside conditional on all rows, besides those around.

        `stale` says that a branch before this one has measured into the bits, so that nothing more can depend on them.
        """
        outer = self._active
        self._active = (*outer, *(_Active(row, stale) for row in rows))
        try:
            yield
        finally:
            self._active = outer

    @property
    def is_stale(self) -> bool:
        """Whether a condition in force has been measured over."""
        return any(active.stale for active in self._active)

    def add_phase(self, angle: float) -> None:
        """Add a global phase in radians, an instruction of its own where it is conditional."""
        if not self._active:
            self.global_phase += angle
        elif angle:
            self._append(circuit_pb2.Operation.KIND_GLOBAL_PHASE, "gphase", (), (), (angle,))

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

    def unitary(self, name: str, matrix: NDArray[np.complex128], qubits: Sequence[int]) -> None:
        """Append an explicit unitary, shape (2^k, 2^k), on 1 to 4 qubits, the first one least significant."""
        self._append(circuit_pb2.Operation.KIND_UNITARY, name, qubits, (), (), matrix=_bytes(matrix, "<c16"))

    def channel(self, name: str, qubits: Sequence[int], parameters: Sequence[float]) -> None:
        """Append a named noise channel (docs/noise.md)."""
        self._append(circuit_pb2.Operation.KIND_CHANNEL, name, qubits, (), parameters)

    def kraus(self, name: str, operators: NDArray[np.complex128], qubits: Sequence[int]) -> None:
        """Append Kraus operators, shape (m, 2^k, 2^k), on 1 to 4 qubits, the first one least significant."""
        self._append(circuit_pb2.Operation.KIND_CHANNEL, name, qubits, (), (), matrix=_bytes(operators, "<c16"))

    def measure(self, qubit: int, clbit: int, readout: NDArray[np.float64] | None = None) -> None:
        """Append a measurement of one qubit into one classical bit; `readout` is P(read | true), shape (2, 2)."""
        data = b"" if readout is None else _bytes(readout, "<f8")
        self._append(circuit_pb2.Operation.KIND_MEASURE, "measure", (qubit,), (clbit,), (), readout=data)
        for active in self._active:
            first, width, _, _ = active.condition
            active.stale = active.stale or first <= clbit < first + width

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
        message = circuit_pb2.Circuit(
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
        if self._conditions:
            first_clbits, widths, values, negated = zip(*self._conditions, strict=True)
            message.conditions.instructions = np.array(self._condition_rows, dtype="<u4").tobytes()
            message.conditions.first_clbits = np.array(first_clbits, dtype="<u4").tobytes()
            message.conditions.widths = np.array(widths, dtype="<u4").tobytes()
            message.conditions.values = np.array(values, dtype="<u8").tobytes()
            message.conditions.negated = np.array(negated, dtype="u1").tobytes()
        return message

    def _append(
        self,
        kind: _Kind,
        name: str,
        qubits: Sequence[int],
        clbits: Sequence[int],
        parameters: Sequence[float],
        *,
        matrix: bytes = b"",
        readout: bytes = b"",
    ) -> None:
        if self.is_stale:
            raise Unimplemented(
                f"instruction {len(self._opcodes)} ({name}) comes after its own block has measured into the bits of its"
                " condition, and a condition looks at the bits when an instruction's turn comes; measure into other "
                "bits, or at the end of the block",
                reason=errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE,
                metadata={"feature": "a block that changes the bits of its own condition"},
            )
        key = (kind, name, len(qubits), len(clbits), len(parameters), matrix, readout)
        opcode = self._table.get(key)
        if opcode is None:
            opcode = len(self._operations)
            if opcode >= _MAX_OPERATIONS:
                raise InvalidArgument(
                    f"the circuit has more than {_MAX_OPERATIONS} different operations; use fewer different "
                    "matrices and barriers of fewer sizes",
                    reason=errors_pb2.ERROR_REASON_CIRCUIT_LIMIT,
                    metadata={"limit": "operations", "maximum": str(_MAX_OPERATIONS)},
                )
            self._table[key] = opcode
            self._operations.append(
                circuit_pb2.Operation(
                    kind=kind,
                    name=name,
                    qubit_count=len(qubits),
                    clbit_count=len(clbits),
                    parameter_count=len(parameters),
                    matrix=matrix,
                    readout=readout,
                )
            )
        for active in self._active:
            self._condition_rows.append(len(self._opcodes))
            self._conditions.append(active.condition)
        self._opcodes.append(opcode)
        self._qubits.extend(qubits)
        self._clbits.extend(clbits)
        self._parameters.extend(parameters)


def _bytes(values: NDArray[np.generic], dtype: str) -> bytes:
    return np.ascontiguousarray(values, dtype=dtype).tobytes()
