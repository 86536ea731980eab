"""The flat columnar circuit: one row an instruction, columns as numpy arrays.

The layout is that of `proxima.simulation.v1.Circuit`, column by column; the conversion to and from the message lives in
`proxima_orchestrator.convert`. Qubit 0 is the least significant bit of a basis index.
"""

import enum
import hashlib
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Circuit",
    "ClassicalConditions",
    "Kind",
    "Operation",
    "Register",
    "SymbolicParameters",
    "digest",
    "strip_idle",
]


class Kind(enum.IntEnum):
    """What an operation is; the numbers are those of `Operation.Kind` on the wire."""

    GATE = 1
    UNITARY = 2
    CHANNEL = 3
    MEASURE = 4
    RESET = 5
    BARRIER = 6
    DELAY = 7
    GLOBAL_PHASE = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Register:
    """A named run of bits: `size` consecutive declared indices from `start`."""

    name: str
    start: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """An entry of the operation table.

    `name` is the standard name of a gate (`proxima_orchestrator.gates`) or of a channel. `matrix` is complex128: shape
    (2^k, 2^k) for a unitary, (m, 2^k, 2^k) for Kraus operators, first operand least significant. `readout` is float64,
    shape (2, 2), P(read | true), rows are the true value.
    """

    kind: Kind
    name: str
    qubit_count: int
    clbit_count: int = 0
    parameter_count: int = 0
    matrix: NDArray[np.complex128] | None = field(default=None, compare=False)
    readout: NDArray[np.float64] | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClassicalConditions:
    """Conditions in columns, sorted by instruction; rows of one instruction are a conjunction.

    A row holds when the classical bits [first_clbits, first_clbits + widths), first bit least significant, equal
    `values`, or differ from it where `negated`.
    """

    instructions: NDArray[np.uint32]
    first_clbits: NDArray[np.uint32]
    widths: NDArray[np.uint32]
    values: NDArray[np.uint64]
    negated: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SymbolicParameters:
    """Symbolic parameters: parameter `positions[j]` is scales[j] * value(symbols[symbol_indices[j]]) + offsets[j]."""

    symbols: tuple[str, ...]
    positions: NDArray[np.uint32]
    symbol_indices: NDArray[np.uint32]
    scales: NDArray[np.float64]
    offsets: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Circuit:
    """A flat circuit in columns.

    Row i executes `operations[opcodes[i]]` on the next operands of `qubits`, `clbits` and `parameters` (angles in
    radians, delays in seconds, all finite). Column qubit j is the declared qubit `active_qubits[j]`. `global_phase` is
    in radians. Registers are presentation only: qubit registers over declared indices, clbit registers over clbits.
    `notices` says what was changed of the circuit as it came, a sentence each; no part of what the circuit does.
    """

    qubit_count: int
    clbit_count: int
    operations: tuple[Operation, ...]
    opcodes: NDArray[np.uint16]
    qubits: NDArray[np.uint32]
    clbits: NDArray[np.uint32]
    parameters: NDArray[np.float64]
    conditions: ClassicalConditions | None = None
    symbolic_parameters: SymbolicParameters | None = None
    global_phase: float = 0.0
    active_qubits: NDArray[np.int32]
    declared_qubit_count: int
    qubit_registers: tuple[Register, ...] = ()
    clbit_registers: tuple[Register, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def instruction_count(self) -> int:
        """Number of instructions, barriers included."""
        return int(self.opcodes.size)

    def qubit_counts(self) -> NDArray[np.int64]:
        """Number of qubit operands of each instruction, int64, shape (instruction_count,)."""
        table = np.array([operation.qubit_count for operation in self.operations], dtype=np.int64)
        return table[self.opcodes] if self.operations else np.zeros(0, dtype=np.int64)


def strip_idle(circuit: Circuit) -> Circuit:
    """Return the circuit on the qubits that some instruction other than a barrier touches, in ascending order.

    Barriers lose their operands on stripped qubits, and vanish with their conditions when none is left. When no qubit
    is touched, qubit 0 stays. Declared indices are kept in `active_qubits`; classical bits are never stripped.
    """
    table = circuit.operations
    is_barrier = np.array([operation.kind is Kind.BARRIER for operation in table], dtype=bool)
    counts = circuit.qubit_counts()
    barrier_rows = is_barrier[circuit.opcodes] if table else np.zeros(0, dtype=bool)
    any_barrier = bool(barrier_rows.any())
    active = np.zeros(circuit.qubit_count, dtype=bool)
    if any_barrier:
        of_barrier = np.repeat(barrier_rows, counts)
        active[circuit.qubits[~of_barrier]] = True
    else:
        active[circuit.qubits] = True
    if active.all():
        return circuit
    if not active.any():
        active[0] = True
    renumbered = np.cumsum(active, dtype=np.int64) - 1
    kept_qubits = np.flatnonzero(active)
    stripped = replace(
        circuit,
        qubit_count=int(kept_qubits.size),
        active_qubits=circuit.active_qubits[kept_qubits],
        qubits=renumbered[circuit.qubits].astype(np.uint32),
    )
    if not any_barrier:
        return stripped
    kept_entries = ~of_barrier | active[circuit.qubits]
    running = np.concatenate(([0], np.cumsum(kept_entries, dtype=np.int64)))
    ends = np.cumsum(counts)
    new_counts = running[ends] - running[ends - counts]
    kept_rows = ~barrier_rows | (new_counts > 0)
    operations, opcodes = _resize_barriers(table, circuit.opcodes[kept_rows], new_counts[kept_rows])
    return replace(
        stripped,
        operations=operations,
        opcodes=opcodes,
        qubits=renumbered[circuit.qubits[kept_entries]].astype(np.uint32),
        conditions=None if circuit.conditions is None else _keep_conditions(circuit.conditions, kept_rows),
    )


def _resize_barriers(
    table: tuple[Operation, ...], opcodes: NDArray[np.uint16], counts: NDArray[np.int64]
) -> tuple[tuple[Operation, ...], NDArray[np.uint16]]:
    """Rebuild the table for new barrier sizes, entries in order of first use."""
    sizes = counts.copy()
    for index, operation in enumerate(table):
        if operation.kind is not Kind.BARRIER:
            sizes[opcodes == index] = 0
    pairs = opcodes.astype(np.int64) * (int(sizes.max(initial=0)) + 1) + sizes
    _, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    operations: list[Operation] = []
    for row in first[order]:
        operation = table[opcodes[row]]
        barrier = operation.kind is Kind.BARRIER
        operations.append(replace(operation, qubit_count=int(counts[row])) if barrier else operation)
    return tuple(operations), rank[inverse].astype(np.uint16)


def _keep_conditions(conditions: ClassicalConditions, kept_rows: NDArray[np.bool_]) -> ClassicalConditions | None:
    keep = kept_rows[conditions.instructions]
    if not keep.any():
        return None
    index = np.cumsum(kept_rows, dtype=np.int64) - 1
    return ClassicalConditions(
        instructions=index[conditions.instructions[keep]].astype(np.uint32),
        first_clbits=conditions.first_clbits[keep],
        widths=conditions.widths[keep],
        values=conditions.values[keep],
        negated=conditions.negated[keep],
    )


def digest(circuit: Circuit) -> str:
    """Return the SHA-256 of what the circuit does, as 64 hexadecimal digits.

    Covers every column, the operation table, counts, conditions, symbols and the global phase; register names are
    presentation and do not count. Equal columns give equal digests on every machine (all bytes are little-endian).
    """
    sha = hashlib.sha256(b"proxima circuit 1\n")
    numbers = (circuit.qubit_count, circuit.clbit_count, circuit.declared_qubit_count, len(circuit.operations))
    sha.update(np.array(numbers, dtype="<i8").tobytes())
    sha.update(np.array([circuit.global_phase], dtype="<f8").tobytes())
    for operation in circuit.operations:
        shape = (operation.kind, operation.qubit_count, operation.clbit_count, operation.parameter_count)
        sha.update(repr((tuple(map(int, shape)), operation.name)).encode())
        _update(sha, (operation.matrix, "<c16"), (operation.readout, "<f8"))
    _update(
        sha,
        (circuit.opcodes, "<u2"),
        (circuit.qubits, "<u4"),
        (circuit.clbits, "<u4"),
        (circuit.parameters, "<f8"),
        (circuit.active_qubits, "<i4"),
    )
    if (conditions := circuit.conditions) is not None:
        sha.update(b"conditions")
        _update(
            sha,
            (conditions.instructions, "<u4"),
            (conditions.first_clbits, "<u4"),
            (conditions.widths, "<u4"),
            (conditions.values, "<u8"),
            (conditions.negated, "<u1"),
        )
    if (symbolic := circuit.symbolic_parameters) is not None:
        sha.update(b"symbols" + repr(symbolic.symbols).encode())
        _update(
            sha,
            (symbolic.positions, "<u4"),
            (symbolic.symbol_indices, "<u4"),
            (symbolic.scales, "<f8"),
            (symbolic.offsets, "<f8"),
        )
    return sha.hexdigest()


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...


def _update(sha: _Hash, *columns: tuple[NDArray[np.generic] | None, str]) -> None:
    """Feed each column as its length and its little-endian bytes; a missing one as length -1."""
    for column, dtype in columns:
        size = -1 if column is None else column.size
        sha.update(size.to_bytes(8, "little", signed=True))
        if column is not None:
            sha.update(np.ascontiguousarray(column, dtype=dtype).tobytes())
