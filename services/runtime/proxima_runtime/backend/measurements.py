"""Which circuits measure in mid-circuit, and which instructions are conditional, without numpy.

A measurement is terminal where it has no condition, nothing but barriers, delays and other terminal measurements follow
on its qubit, no later condition reads its bit and no later measurement that is not terminal writes it.
`has_mid_circuit_measurement` decides it for every job that comes in, at the speed of the columns;
`terminal_measurements` finds them all.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Protocol

from proxima.simulation.v1 import circuit_pb2

_Operation = circuit_pb2.Operation
IDLE = frozenset((_Operation.KIND_BARRIER, _Operation.KIND_DELAY, _Operation.KIND_GLOBAL_PHASE))
"""Kinds that do nothing to what is measured."""

_HARMLESS = IDLE | {_Operation.KIND_MEASURE}
_READ = bytes([1]) * 64  # the widest condition


class Step(Protocol):
    """An instruction as far as measurement and conditions go."""

    @property
    def kind(self) -> int:
        """Value of `Operation.Kind`."""

    @property
    def qubits(self) -> Sequence[int]:
        """Its operands."""

    @property
    def clbit(self) -> int:
        """The bit that it writes, or -1."""

    @property
    def reads(self) -> Sequence[range]:
        """The bits that each of its conditions reads; a barrier has none."""


def terminal_measurements(steps: Sequence[Step]) -> frozenset[int]:
    """Return the positions of the terminal measurements of a circuit in program order, found from the end backwards."""
    terminal: set[int] = set()
    busy_qubits: set[int] = set()
    # Bits that a later condition reads or a later measurement in mid-circuit writes.
    busy_clbits: set[int] = set()
    for position in range(len(steps) - 1, -1, -1):
        step = steps[position]
        for bits in step.reads:
            busy_clbits.update(bits)
        if step.kind in IDLE:
            continue
        if step.kind == _Operation.KIND_MEASURE:
            if step.qubits[0] not in busy_qubits and step.clbit not in busy_clbits and not step.reads:
                terminal.add(position)
                continue
            busy_clbits.add(step.clbit)
        busy_qubits.update(step.qubits)
    return frozenset(terminal)


def has_mid_circuit_measurement(
    circuit: circuit_pb2.Circuit,
    table: Sequence[circuit_pb2.Operation],
    used: Sequence[int],
    read: Mapping[int, Sequence[tuple[int, int]]],
) -> bool:
    """Some measurement is not terminal.

    Args:
        circuit: a circuit whose columns agree.
        table: its operations.
        used: the opcodes that occur.
        read: as `bits_read` returns it.
    """
    kinds = [operation.kind for operation in table]
    measures = {code for code in used if kinds[code] == _Operation.KIND_MEASURE}
    if not measures:
        return False
    opcodes = array("H", circuit.opcodes)
    if not read:
        harmless = {code for code in used if kinds[code] in _HARMLESS}
        first = min(opcodes.index(code) for code in measures)
        if harmless.issuperset(opcodes[first:]):
            return False
    qubits, clbits = array("I", circuit.qubits), array("I", circuit.clbits)
    sizes = [operation.qubit_count for operation in table]
    at_qubit, at_clbit = len(qubits), len(clbits)
    busy_qubits: set[int] = set()
    # Not 0 where a later condition reads the bit.
    busy_clbits = bytearray(circuit.clbit_count)
    for row in range(len(opcodes) - 1, -1, -1):
        code = opcodes[row]
        at_qubit -= sizes[code]
        for start, end in read.get(row, ()):
            busy_clbits[start:end] = _READ[start - end :]
        if code in measures:
            at_clbit -= 1
            # Whatever is read or comes later, the first measurement found that is not terminal decides.
            if row in read or qubits[at_qubit] in busy_qubits or busy_clbits[clbits[at_clbit]]:
                return True
        elif kinds[code] not in IDLE:
            busy_qubits.update(qubits[at_qubit : at_qubit + sizes[code]])
    return False


def bits_read(
    circuit: circuit_pb2.Circuit, table: Sequence[circuit_pb2.Operation]
) -> Mapping[int, Sequence[tuple[int, int]]]:
    """Return the ranges of classical bits, as (first, end), that the conditions of each conditional row read.

    A conditional barrier has none.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    conditions = circuit.conditions
    opcodes = memoryview(circuit.opcodes).cast("H")
    for row, first, width in zip(
        memoryview(conditions.instructions).cast("I"),
        memoryview(conditions.first_clbits).cast("I"),
        memoryview(conditions.widths).cast("I"),
        strict=True,
    ):
        if table[opcodes[row]].kind != _Operation.KIND_BARRIER:
            found.setdefault(row, []).append((first, first + width))
    return found
