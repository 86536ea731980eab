"""What decides how a circuit can be run, from its columns alone, for estimates: imports no numpy.

`proxima_runtime.arrays.instructions` lists the same circuit with its matrices for the run.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.backend.columns import counts_of
from proxima_runtime.backend.liveness import find_liveness
from proxima_runtime.backend.measurements import IDLE, bits_read, terminal_measurements

_KIND = circuit_pb2.Operation
_RANDOM = frozenset((_KIND.KIND_CHANNEL, _KIND.KIND_RESET))


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The classical side of a circuit; rows are indices of instructions in the message.

    Attributes:
        is_unitary: no channel, reset, condition or measurement that is not terminal: a pure state stays the one pure
            state.
        terminal: rows of the terminal measurements.
        prefix_count: rows before the first channel, reset or measurement that is not terminal; up to there all shots
            are alike.
        live_bit_counts: for each row, how many bits of measurements in mid-circuit matter while it is done; there are
            at most 2 to this power records.
        tracked: rows of measurements in mid-circuit whose outcome matters later (`liveness.py`).
        deaths: bits that no longer matter after a row.
    """

    is_unitary: bool
    terminal: frozenset[int]
    prefix_count: int
    live_bit_counts: Sequence[int]
    tracked: frozenset[int] = frozenset()
    deaths: Mapping[int, Sequence[int]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def live_bit_count(self) -> int:
        """Most bits that matter at once."""
        return max(self.live_bit_counts, default=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """One instruction, a `Step`."""

    kind: int
    qubits: Sequence[int]
    clbit: int
    reads: Sequence[range]


def outline(circuit: circuit_pb2.Circuit, *, keeps_records: bool) -> Outline:
    """Outline a circuit that the runtime has checked.

    Args:
        circuit: the circuit.
        keeps_records: counts or probabilities are wanted, so that the final value of each bit matters.
    """
    opcodes = array("H", circuit.opcodes)
    simple = None if circuit.conditions.instructions else _measured_last(circuit, opcodes)
    if simple is not None:
        prefix_count = _prefix_count(circuit, opcodes)
        return Outline(
            is_unitary=prefix_count == len(opcodes),
            terminal=simple,
            prefix_count=prefix_count,
            live_bit_counts=bytes(len(opcodes)),
        )
    rows = _rows(circuit, opcodes)
    terminal = terminal_measurements(rows)
    found = find_liveness(rows, terminal, keeps_records=keeps_records)
    middle = (index for index, row in enumerate(rows) if row.kind == _KIND.KIND_MEASURE and index not in terminal)
    prefix_count = min(_prefix_count(circuit, opcodes), next(middle, len(rows)))
    return Outline(
        is_unitary=prefix_count == len(rows) and not any(row.reads for row in rows),
        terminal=terminal,
        prefix_count=prefix_count,
        live_bit_counts=found.live_bit_counts,
        tracked=found.tracked,
        deaths=found.deaths,
    )


def _measured_last(circuit: circuit_pb2.Circuit, opcodes: array[int]) -> frozenset[int] | None:
    """Return the rows of all measurements where nothing but what is idle follows the first, else None."""
    table = circuit.operations
    measures = {opcode for opcode, _ in counts_of(circuit.opcodes) if table[opcode].kind == _KIND.KIND_MEASURE}
    if not measures:
        return frozenset()
    first = min(map(opcodes.index, measures))
    if any(table[opcode].kind not in IDLE for opcode in set(opcodes[first:]) - measures):
        return None
    return frozenset(row for row in range(first, len(opcodes)) if opcodes[row] in measures)


def _prefix_count(circuit: circuit_pb2.Circuit, opcodes: array[int]) -> int:
    """Return the rows before the first channel or reset."""
    used = (opcode for opcode, _ in counts_of(circuit.opcodes))
    random = [opcode for opcode in used if circuit.operations[opcode].kind in _RANDOM]
    return min(map(opcodes.index, random), default=len(opcodes))


def _rows(circuit: circuit_pb2.Circuit, opcodes: array[int]) -> list[_Row]:
    reads = {
        row: tuple(range(first, end) for first, end in spans)
        for row, spans in bits_read(circuit, circuit.operations).items()
    }
    table = [(entry.kind, entry.qubit_count, entry.clbit_count) for entry in circuit.operations]
    qubits, clbits = array("I", circuit.qubits), array("I", circuit.clbits)
    rows: list[_Row] = []
    at_qubit = at_clbit = 0
    for index, opcode in enumerate(opcodes):
        kind, width, writes = table[opcode]
        rows.append(
            _Row(
                kind=kind,
                qubits=qubits[at_qubit : at_qubit + width],
                clbit=clbits[at_clbit] if writes else -1,
                reads=reads.get(index, ()),
            )
        )
        at_qubit, at_clbit = at_qubit + width, at_clbit + writes
    return rows
