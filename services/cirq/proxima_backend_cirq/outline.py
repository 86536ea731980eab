"""What a circuit with any instructions will ask of a simulation, from its columns alone. Imports no numpy.

A simulation of density matrices keeps one matrix for each classical record that still matters. Which bits matter is
found here: a bit matters from its measurement to the last condition that reads that value, and to the end where counts
or probabilities need it.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from proxima.simulation.v1 import circuit_pb2

_KIND = circuit_pb2.Operation
# What does nothing to a state.
_IDLE = frozenset((_KIND.KIND_BARRIER, _KIND.KIND_DELAY))


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The classical side of a circuit; rows are indices of instructions in the message.

    Attributes:
        is_unitary: a pure state stays the one pure state (`Listing.is_unitary` of the runtime).
        terminal: rows of the terminal measurements (`Listing.terminal`).
        tracked: rows of other measurements whose outcome matters later.
        deaths: classical bits that no longer matter after a row.
        live_bits: most bits that matter at once; there are at most 2^live_bits records.
        prefix_count: rows before the first random one.
        work: passes over a density matrix, summed over rows and records.
    """

    is_unitary: bool
    terminal: frozenset[int]
    tracked: frozenset[int]
    deaths: Mapping[int, Sequence[int]]
    live_bits: int
    prefix_count: int
    work: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    kind: int
    weight: int
    qubits: Sequence[int]
    clbit: int
    reads: Sequence[range]


def outline(circuit: circuit_pb2.Circuit, *, keeps_record: bool) -> Outline:
    """Outline a circuit that the runtime has checked.

    Args:
        circuit: the circuit.
        keeps_record: counts or probabilities are wanted, so the final record matters.
    """
    rows = _rows(circuit)
    terminal = _terminal(rows)
    tracked, deaths = _liveness(rows, terminal, keeps_record=keeps_record)
    random = [
        index
        for index, row in enumerate(rows)
        if row.kind in (_KIND.KIND_CHANNEL, _KIND.KIND_RESET)
        or (row.kind == _KIND.KIND_MEASURE and index not in terminal)
    ]
    live: set[int] = set()
    most, work = 0, 0.0
    for index, row in enumerate(rows):
        if index in tracked:
            live.add(row.clbit)
            most = max(most, len(live))
        if row.kind not in _IDLE and index not in terminal:
            work += row.weight * 2.0 ** min(len(live), 64)
        live.difference_update(deaths.get(index, ()))
    return Outline(
        is_unitary=not random and not any(row.reads for row in rows),
        terminal=terminal,
        tracked=tracked,
        deaths=MappingProxyType(deaths),
        live_bits=most,
        prefix_count=random[0] if random else len(rows),
        work=work,
    )


def _rows(circuit: circuit_pb2.Circuit) -> list[_Row]:
    reads: dict[int, list[range]] = {}
    columns = circuit.conditions
    for index, first, width in zip(
        array("I", columns.instructions), array("I", columns.first_clbits), array("I", columns.widths), strict=True
    ):
        reads.setdefault(index, []).append(range(first, first + width))
    table = [(entry.kind, _weight(entry), entry.qubit_count, entry.clbit_count) for entry in circuit.operations]
    qubits, clbits = array("I", circuit.qubits), array("I", circuit.clbits)
    rows: list[_Row] = []
    at_qubit = at_clbit = 0
    for index, opcode in enumerate(array("H", circuit.opcodes)):
        kind, weight, width, writes = table[opcode]
        rows.append(
            _Row(
                kind=kind,
                weight=weight,
                qubits=qubits[at_qubit : at_qubit + width],
                clbit=clbits[at_clbit] if writes else -1,
                reads=() if kind == _KIND.KIND_BARRIER else reads.get(index, ()),
            )
        )
        at_qubit, at_clbit = at_qubit + width, at_clbit + writes
    return rows


def _weight(operation: circuit_pb2.Operation) -> int:
    """Return the passes over a density matrix: more for channels on 3 and 4 qubits, which are large matrices."""
    return max(1, (1 << 2 * operation.qubit_count) // 16) if operation.kind == _KIND.KIND_CHANNEL else 1


def _terminal(rows: Sequence[_Row]) -> frozenset[int]:
    """Return what `proxima_runtime.arrays.instructions.Listing.terminal` defines."""
    terminal: set[int] = set()
    busy_qubits: set[int] = set()
    busy_clbits: set[int] = set()
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        for bits in row.reads:
            busy_clbits.update(bits)
        if row.kind in _IDLE:
            continue
        if row.kind == _KIND.KIND_MEASURE:
            if row.qubits[0] not in busy_qubits and row.clbit not in busy_clbits and not row.reads:
                terminal.add(index)
                continue
            busy_clbits.add(row.clbit)
        busy_qubits.update(row.qubits)
    return frozenset(terminal)


def _liveness(
    rows: Sequence[_Row], terminal: frozenset[int], *, keeps_record: bool
) -> tuple[frozenset[int], dict[int, list[int]]]:
    """Return the tracked measurements and the deaths, from the end backwards."""
    measures = [index for index, row in enumerate(rows) if row.kind == _KIND.KIND_MEASURE]
    # Bits whose present value matters to what comes later.
    wanted: set[int] = set()
    if keeps_record:
        wanted.update(rows[index].clbit for index in measures)
        wanted.difference_update(rows[index].clbit for index in terminal)
    tracked: set[int] = set()
    deaths: dict[int, list[int]] = {}
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        if row.kind == _KIND.KIND_MEASURE and index not in terminal:
            if row.clbit in wanted:
                tracked.add(index)
            # An unconditional measurement replaces what the bit was before.
            if not row.reads:
                wanted.discard(row.clbit)
        if row.kind in _IDLE:
            continue
        for bits in row.reads:
            for bit in bits:
                if bit not in wanted:
                    wanted.add(bit)
                    deaths.setdefault(index, []).append(bit)
    return frozenset(tracked), deaths
