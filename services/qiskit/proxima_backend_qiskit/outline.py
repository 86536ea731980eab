"""What decides how a circuit is run, read from its columns alone. Imports neither numpy nor a simulator.

A density matrix is kept for each classical record that still matters. A bit matters from its measurement to the last
condition that reads the value, and to the end where counts or probabilities are wanted. Bits that do not matter are
measured by dephasing.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.backend.columns import counts_of

_KIND = circuit_pb2.Operation
# What does nothing to a state and nothing to a record.
_IDLE = frozenset((_KIND.KIND_BARRIER, _KIND.KIND_DELAY, _KIND.KIND_GLOBAL_PHASE))
_RANDOM = frozenset((_KIND.KIND_CHANNEL, _KIND.KIND_RESET))


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The classical side of a circuit; rows are indices of instructions in the message.

    Attributes:
        is_unitary: no channel, reset, condition or measurement in mid-circuit: a pure state stays the one pure state.
        terminal: rows of the terminal measurements, as `proxima_runtime.arrays.instructions.Listing.terminal` defines
            them; empty where `is_static`.
        is_static: no condition, and no measurement but terminal ones.
        tracked: rows of measurements in mid-circuit whose outcome matters later.
        deaths: bits that no longer matter after a row.
        live_bit_count: most bits that matter at once; there are at most 2 to this power records at a time.
    """

    is_unitary: bool
    is_static: bool
    terminal: frozenset[int] = frozenset()
    tracked: frozenset[int] = frozenset()
    deaths: Mapping[int, Sequence[int]] = field(default_factory=lambda: MappingProxyType({}))
    live_bit_count: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """One instruction; `reads` has the bits that its conditions read, `clbit` the one that it writes or -1."""

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
    table = circuit.operations
    used = frozenset(opcode for opcode, _ in counts_of(circuit.opcodes))
    is_random = any(table[opcode].kind in _RANDOM for opcode in used)
    if not circuit.conditions.instructions and _measures_last(circuit, used):
        return Outline(is_unitary=not is_random, is_static=True)
    rows = _rows(circuit)
    terminal = _terminal(rows)
    is_static = not any(
        row.reads or (row.kind == _KIND.KIND_MEASURE and index not in terminal) for index, row in enumerate(rows)
    )
    tracked, deaths = _liveness(rows, terminal, keeps_records=keeps_records)
    return Outline(
        is_unitary=is_static and not is_random,
        is_static=is_static,
        terminal=terminal,
        tracked=tracked,
        deaths=MappingProxyType(deaths),
        live_bit_count=_live_bit_count(rows, terminal, tracked, deaths),
    )


def _measures_last(circuit: circuit_pb2.Circuit, used: frozenset[int]) -> bool:
    """Nothing but what is idle follows the first measurement."""
    table = circuit.operations
    measures = [opcode for opcode in used if table[opcode].kind == _KIND.KIND_MEASURE]
    if not measures:
        return True
    opcodes = array("H", circuit.opcodes)
    first = min(opcodes.index(opcode) for opcode in measures)
    return all(
        table[opcode].kind == _KIND.KIND_MEASURE or table[opcode].kind in _IDLE for opcode in set(opcodes[first:])
    )


def _rows(circuit: circuit_pb2.Circuit) -> list[_Row]:
    reads: dict[int, list[range]] = {}
    columns = circuit.conditions
    for index, first, width in zip(
        array("I", columns.instructions), array("I", columns.first_clbits), array("I", columns.widths), strict=True
    ):
        reads.setdefault(index, []).append(range(first, first + width))
    table = [(entry.kind, entry.qubit_count, entry.clbit_count) for entry in circuit.operations]
    qubits, clbits = array("I", circuit.qubits), array("I", circuit.clbits)
    rows: list[_Row] = []
    at_qubit = at_clbit = 0
    for index, opcode in enumerate(array("H", circuit.opcodes)):
        kind, width, writes = table[opcode]
        rows.append(
            _Row(
                kind=kind,
                qubits=qubits[at_qubit : at_qubit + width],
                clbit=clbits[at_clbit] if writes else -1,
                reads=() if kind == _KIND.KIND_BARRIER else reads.get(index, ()),
            )
        )
        at_qubit, at_clbit = at_qubit + width, at_clbit + writes
    return rows


def _terminal(rows: Sequence[_Row]) -> frozenset[int]:
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
    rows: Sequence[_Row], terminal: frozenset[int], *, keeps_records: bool
) -> tuple[frozenset[int], dict[int, list[int]]]:
    """Return the tracked measurements and the deaths, found from the end backwards."""
    # Bits whose present value matters to what comes later.
    wanted = {row.clbit for row in rows if row.kind == _KIND.KIND_MEASURE} if keeps_records else set()
    tracked: set[int] = set()
    deaths: dict[int, list[int]] = {}
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        if row.kind == _KIND.KIND_MEASURE:
            if row.clbit in wanted and index not in terminal:
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


def _live_bit_count(
    rows: Sequence[_Row], terminal: frozenset[int], tracked: frozenset[int], deaths: Mapping[int, Sequence[int]]
) -> int:
    live: set[int] = set()
    most = 0
    for index, row in enumerate(rows):
        if row.kind == _KIND.KIND_MEASURE and index not in terminal:
            if index in tracked:
                live.add(row.clbit)
                most = max(most, len(live))
            elif not row.reads:
                live.discard(row.clbit)
        live.difference_update(deaths.get(index, ()))
    return most
