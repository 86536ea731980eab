"""Columns under construction: instructions appended one by one or in blocks, within the limits."""

import math
from array import array
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.circuit import Circuit, ClassicalConditions, Kind, Operation, Register
from proxima_orchestrator.qasm.errors import ExpressionError, InvalidCircuitError, LimitError
from proxima_orchestrator.qasm.limits import Limits

__all__ = ["Columns", "Condition", "identity", "too_large"]

Condition = tuple[int, int, int, bool]
"""(first classical bit, width 1 to 64, unsigned value, negated)."""

_MAX_OPERATIONS = 65_536


def too_large(limit: str, maximum: int, what: str, remedy: str) -> LimitError:
    """Return the error for a circuit beyond a limit (a field of Limits), without a place."""
    return LimitError(f"{what}, the limit is {maximum}; {remedy}", details={"limit": limit, "maximum": str(maximum)})


def identity(count: int) -> NDArray[np.int32]:
    """Return 0, 1, ..., count - 1 as int32: the active qubits of a circuit with none stripped."""
    return np.arange(count, dtype=np.int32)


class Columns:
    """The columns of a circuit, growing. Appending beyond a limit raises LimitError without a place."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._opcode_of: dict[Operation | tuple[Operation, bytes], int] = {}
        self._operations: list[Operation] = []
        self._matrix_bytes = 0
        self.opcodes = array("H")
        self.qubits = array("I")
        self.clbits = array("I")
        self.parameters = array("d")
        self.global_phase = 0.0
        self._condition_rows = array("I")
        self._conditions: list[Condition] = []

    @property
    def room(self) -> int:
        """How many more instructions the limit allows."""
        return self._limits.instructions - len(self.opcodes)

    def opcode(self, operation: Operation) -> int:
        """Return the opcode of an operation, new operations in order of first use; equal matrices share one."""
        key = operation if operation.matrix is None else (operation, operation.matrix.tobytes())
        known = self._opcode_of.get(key)
        if known is None:
            known = len(self._operations)
            if known >= _MAX_OPERATIONS:
                raise too_large(
                    "operations",
                    _MAX_OPERATIONS,
                    "too many different operations",
                    "use fewer barrier sizes and fewer different modified gates",
                )
            if operation.matrix is not None:
                self._matrix_bytes += operation.matrix.nbytes
                if self._matrix_bytes > self._limits.matrix_bytes:
                    raise too_large(
                        "matrix_bytes",
                        self._limits.matrix_bytes,
                        f"the modified gates take {self._matrix_bytes} bytes of matrices",
                        "write them as standard gates",
                    )
            self._opcode_of[key] = known
            self._operations.append(operation)
        return known

    def operation(self, opcode: int) -> Operation:
        """Return the operation of an opcode."""
        return self._operations[opcode]

    def require(self, instructions: int, operands: int) -> None:
        """Raise LimitError unless this many more instructions and qubit operands are within the limits."""
        if instructions > self.room:
            total = instructions + len(self.opcodes)
            raise too_large(
                "instructions",
                self._limits.instructions,
                f"the circuit unrolls to {_about(total)} instructions or more",
                "use shorter loops or smaller registers",
            )
        if operands > self._limits.operands - len(self.qubits):
            raise too_large(
                "operands",
                self._limits.operands,
                f"the circuit unrolls to {_about(operands + len(self.qubits))} qubit operands or more",
                "use fewer or smaller barriers",
            )

    def append(
        self,
        opcode: int,
        qubits: Sequence[int],
        clbits: Iterable[int] = (),
        parameters: Iterable[float] = (),
        conditions: Sequence[Condition] = (),
    ) -> None:
        """Append one instruction."""
        self.require(1, len(qubits))
        if conditions:
            self._add_conditions(len(self.opcodes), 1, conditions)
        self.opcodes.append(opcode)
        self.qubits.extend(qubits)
        self.clbits.extend(clbits)
        self.parameters.extend(parameters)

    def extend(
        self,
        opcodes: "array[int]",
        qubits: "array[int]",
        parameters: "array[float]",
        conditions: Sequence[Condition] = (),
    ) -> None:
        """Append a block of instructions without classical operands."""
        self.require(len(opcodes), len(qubits))
        if conditions:
            self._add_conditions(len(self.opcodes), len(opcodes), conditions)
        self.opcodes.extend(opcodes)
        self.qubits.extend(qubits)
        self.parameters.extend(parameters)

    def add_phase(self, angle: float, conditions: Sequence[Condition] = ()) -> None:
        """Add a global phase in radians: to the circuit, or as an instruction where it is conditional."""
        if not conditions:
            self.global_phase += angle
        elif angle != 0.0:
            operation = Operation(kind=Kind.GLOBAL_PHASE, name="gphase", qubit_count=0, parameter_count=1)
            self.append(self.opcode(operation), (), (), (angle,), conditions)

    def _add_conditions(self, first: int, count: int, conditions: Sequence[Condition]) -> None:
        for row in range(first, first + count):
            self._condition_rows.extend([row] * len(conditions))
            self._conditions.extend(conditions)

    def finish(
        self,
        *,
        qubit_count: int,
        clbit_count: int,
        qubit_registers: Sequence[Register],
        clbit_registers: Sequence[Register],
    ) -> Circuit:
        """Return the circuit; all declared qubits are active. Raises InvalidCircuitError when no qubit is declared."""
        if qubit_count == 0:
            raise InvalidCircuitError("the circuit declares no qubit; declare a quantum register", line=1, column=1)
        if not math.isfinite(self.global_phase):
            raise ExpressionError("the global phase of the circuit is not finite", line=1, column=1)
        operations, opcodes = self._in_use()
        return Circuit(
            qubit_count=qubit_count,
            clbit_count=clbit_count,
            operations=operations,
            opcodes=opcodes,
            qubits=np.array(self.qubits, dtype=np.uint32),
            clbits=np.array(self.clbits, dtype=np.uint32),
            parameters=np.array(self.parameters, dtype=np.float64) + 0.0,
            conditions=self._finish_conditions(),
            global_phase=self.global_phase + 0.0,
            active_qubits=identity(qubit_count),
            declared_qubit_count=qubit_count,
            qubit_registers=tuple(qubit_registers),
            clbit_registers=tuple(clbit_registers),
        )

    def _in_use(self) -> tuple[tuple[Operation, ...], NDArray[np.uint16]]:
        """The operations that instructions use, in order of first use, and the opcodes for them."""
        opcodes = np.array(self.opcodes, dtype=np.uint16)
        used = np.bincount(opcodes, minlength=len(self._operations)) > 0
        if used.all():
            return tuple(self._operations), opcodes
        numbers = np.cumsum(used, dtype=np.int64) - 1
        kept = tuple(operation for operation, keep in zip(self._operations, used.tolist(), strict=True) if keep)
        return kept, numbers[opcodes].astype(np.uint16)

    def _finish_conditions(self) -> ClassicalConditions | None:
        if not self._conditions:
            return None
        first, widths, values, negated = zip(*self._conditions, strict=True)
        return ClassicalConditions(
            instructions=np.array(self._condition_rows, dtype=np.uint32),
            first_clbits=np.array(first, dtype=np.uint32),
            widths=np.array(widths, dtype=np.uint32),
            values=np.array(values, dtype=np.uint64),
            negated=np.array(negated, dtype=np.uint8),
        )


def _about(count: int) -> str:
    return str(count) if count < 10**15 else f"{count:.0e}" if count < 10**300 else "far more than 1e300"
