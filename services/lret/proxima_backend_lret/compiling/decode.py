"""The columns of a circuit decoded as arrays, with its matrices; `proxima_runtime.arrays.instructions` is the general
decoder, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import Condition, conditions_by_row, refuse_symbols
from proxima_runtime.backend.liveness import find_liveness
from proxima_runtime.backend.measurements import terminal_measurements

from proxima_backend_lret.compiling import kernels
from proxima_backend_lret.compiling.columns import Columns
from proxima_backend_lret.compiling.matrices import Batches
from proxima_backend_lret.compiling.program import MAP, MAX_STEP_QUBITS, MEASURE, Integers, Source
from proxima_backend_lret.compiling.recipes import Part, recipe
from proxima_backend_lret.compiling.rows import Rows

_KIND = circuit_pb2.Operation


def decode(
    circuit: circuit_pb2.Circuit, *, as_maps: bool, keeps_records: bool = True, needed: frozenset[int] | None = None
) -> Rows:
    """Decode a circuit whose columns the runtime has checked.

    Args:
        circuit: the circuit.
        as_maps: give transfer matrices, else unitaries; then every instruction that acts must be unitary.
        keeps_records: counts or probabilities are wanted, so that the final value of each bit matters.
        needed: qubits whose final state matters, before terminal measurements; None for all. What does not matter to
            them (and to the bits) is left out.

    Raises:
        FailedPrecondition: it has symbolic parameters (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        InvalidArgument: a matrix is not finite or does not preserve the trace (ERROR_REASON_MALFORMED_CIRCUIT).
    """
    refuse_symbols(circuit)
    columns = Columns.of(circuit)
    conditions = conditions_by_row(circuit) if circuit.HasField("conditions") else {}
    conditions = {row: found for row, found in conditions.items() if columns.kinds[row] != _KIND.KIND_BARRIER}
    terminal = columns.plain_terminal() if not conditions else None
    steps = columns.steps(conditions) if terminal is None else ()
    if terminal is None:
        terminal = np.array(sorted(terminal_measurements(steps)), dtype=np.int64)
    acts = columns.acts
    acts[terminal] = False
    rows = np.flatnonzero(acts)
    if needed is not None or (columns.kinds == _KIND.KIND_RESET).any():
        rows = rows[_cone(columns, rows, conditions, circuit, keeps_records=keeps_records, needed=needed)]
    tracked: frozenset[int] = frozenset()
    deaths: Mapping[int, Sequence[int]] = {}
    if steps:
        left = np.sort(np.concatenate((rows, terminal))).tolist()
        known = set(terminal.tolist())
        ends = frozenset(place for place, row in enumerate(left) if row in known)
        liveness = find_liveness([steps[row] for row in left], ends, keeps_records=keeps_records)
        tracked = frozenset(left[place] for place in liveness.tracked)
        deaths = {left[place]: bits for place, bits in liveness.deaths.items()}
    source = columns.source(terminal, is_unitary=not conditions and not columns.is_impure(rows))
    if not as_maps and not source.is_unitary:
        raise ValueError("the circuit is not unitary; compile it to maps")
    return _rows(columns, rows, source, conditions, tracked=tracked, deaths=deaths, as_maps=as_maps)


def _cone(
    columns: Columns,
    rows: Integers,
    conditions: Mapping[int, tuple[Condition, ...]],
    circuit: circuit_pb2.Circuit,
    *,
    keeps_records: bool,
    needed: frozenset[int] | None,
) -> Integers:
    """Return the places of `rows` that matter."""
    kinds = columns.kinds[rows]
    written = columns.written()[rows]
    conditional = np.array([row in conditions for row in rows.tolist()], dtype=np.bool_) if conditions else False
    effects = np.where(kinds == _KIND.KIND_MEASURE, 2, np.where((kinds == _KIND.KIND_RESET) & ~conditional, 1, 0))
    wanted = np.full(circuit.qubit_count, needed is None)
    wanted[list(needed or ())] = True
    bits = np.zeros(max(circuit.clbit_count, 1), dtype=np.bool_)
    bits[written[written >= 0]] = keeps_records
    spans = np.zeros((len(rows), 2), dtype=np.int64)
    ranges = np.zeros((0, 2), dtype=np.int64)
    if conditions:
        of = np.frombuffer(circuit.conditions.instructions, dtype="<u4").astype(np.int64)
        spans = np.stack((np.searchsorted(of, rows, "left"), np.searchsorted(of, rows, "right")), axis=1)
        first = np.frombuffer(circuit.conditions.first_clbits, dtype="<u4").astype(np.int64)
        width = np.frombuffer(circuit.conditions.widths, dtype="<u4").astype(np.int64)
        ranges = np.stack((first, first + width), axis=1)
    return kernels.cone(
        effects.astype(np.int64),
        columns.operands(rows),
        written,
        np.ascontiguousarray(spans),
        np.ascontiguousarray(ranges),
        wanted,
        bits,
    )


def _rows(
    columns: Columns,
    rows: Integers,
    source: Source,
    conditions: Mapping[int, tuple[Condition, ...]],
    *,
    tracked: frozenset[int],
    deaths: Mapping[int, Sequence[int]],
    as_maps: bool,
) -> Rows:
    acting = _taken_apart(columns, rows)
    instructions = acting.instructions
    is_tracked = np.zeros(len(instructions), dtype=np.bool_)
    if tracked:
        is_tracked = np.isin(instructions, np.array(sorted(tracked)))
    batches = Batches(
        as_maps=as_maps,
        slots=np.full(len(instructions), -1, dtype=np.int64),
        is_unitary=np.zeros(len(instructions), dtype=np.bool_),
    )
    sizes = np.array([len(operation.matrix) for operation in columns.table], dtype=np.int64)[columns.opcodes]
    sizes = sizes[instructions]
    named = np.flatnonzero((sizes == 0) & ~is_tracked)
    order = named[np.argsort(acting.pieces[named], kind="stable")]
    for group in np.split(order, np.flatnonzero(np.diff(acting.pieces[order])) + 1) if len(order) else ():
        _add(batches, columns, acting.table[acting.pieces[group[0]]], group, instructions)
    _add_explicit(batches, columns, instructions, sizes)
    one, two = batches.tables()
    numbers: dict[tuple[Condition, ...], int] = {}
    by_row = {row: numbers.setdefault(found, len(numbers) + 1) for row, found in conditions.items()}
    # What dies with a gate that was taken apart dies with its last part.
    last = {row: place for place, row in enumerate(instructions.tolist())} if deaths else {}
    written = columns.written()
    return Rows(
        source=source,
        instructions=instructions,
        kinds=np.where(is_tracked, MEASURE, MAP),
        widths=acting.widths,
        qubits=acting.qubits,
        slots=batches.slots,
        conditions=np.array([by_row.get(row, 0) for row in instructions.tolist()], dtype=np.int64)
        if by_row
        else np.zeros(len(instructions), dtype=np.int64),
        is_unitary=batches.is_unitary,
        one=one,
        two=two,
        wide=tuple(batches.wide),
        condition_table={number: found for found, number in numbers.items()},
        readings={
            place: columns.reading(int(instructions[place]), int(written[instructions[place]]))
            for place in np.flatnonzero(is_tracked).tolist()
        },
        deaths={last[row]: tuple(bits) for row, bits in deaths.items()},
        defect=batches.defect,
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Acting:
    """Rows, and parts of gates that have a recipe.

    Attributes:
        instructions: row of each entry.
        pieces: index of each entry in `table`.
        widths: operands of each entry.
        qubits: operands, -1 past the last, shape (entries, MAX_STEP_QUBITS).
        table: opcode, and part of the gate where it has a recipe.
    """

    instructions: Integers
    pieces: Integers
    widths: Integers
    qubits: Integers
    table: Sequence[tuple[int, Part | None]]


def _taken_apart(columns: Columns, rows: Integers) -> _Acting:
    opcodes, widths, qubits = columns.opcodes[rows], columns.widths[rows], columns.operands(rows)
    recipes = [recipe(entry.name) if entry.kind == _KIND.KIND_GATE else () for entry in columns.table]
    table: list[tuple[int, Part | None]] = [(code, None) for code in range(len(recipes))]
    if not any(recipes):
        return _Acting(instructions=rows, pieces=opcodes, widths=widths, qubits=qubits, table=table)
    firsts, counts = np.arange(len(recipes)), np.ones(len(recipes), dtype=np.int64)
    identity = list(range(MAX_STEP_QUBITS))
    places = [identity] * len(recipes)
    for code, parts in enumerate(recipes):
        if parts:
            firsts[code], counts[code] = len(table), len(parts)
            table += [(code, part) for part in parts]
            places += [[*part.places, *(-1,) * (MAX_STEP_QUBITS - len(part.places))] for part in parts]
    times = counts[opcodes]
    of = np.repeat(np.arange(len(rows)), times)
    pieces = firsts[opcodes][of] + np.arange(len(of)) - np.repeat(np.cumsum(times) - times, times)
    chosen = np.array(places)[pieces]
    operands = np.where(chosen < 0, -1, np.take_along_axis(qubits[of], chosen, axis=1))
    return _Acting(
        instructions=rows[of], pieces=pieces, widths=(operands >= 0).sum(axis=1), qubits=operands, table=table
    )


def _add(
    batches: Batches, columns: Columns, piece: tuple[int, Part | None], entries: Integers, instructions: Integers
) -> None:
    """Add the matrices of entries of one piece, none of them an explicit map."""
    opcode, part = piece
    operation = columns.table[opcode]
    if part is not None:
        batches.add_unitary(part.matrix, entries)
        return
    rows = instructions[entries]
    starts = columns.parameter_starts[rows]
    parameters = columns.parameters[starts[:, None] + np.arange(operation.parameter_count)]
    match operation.kind:
        case _KIND.KIND_GATE:
            batches.add_gate(operation.name, parameters, entries, rows)
        case _KIND.KIND_CHANNEL:
            batches.add_channel(operation.name, parameters, operation.qubit_count, entries)
        case _KIND.KIND_RESET:
            batches.add_reset(entries)
        case _KIND.KIND_MEASURE:
            batches.add_dephasing(entries)


def _add_explicit(batches: Batches, columns: Columns, instructions: Integers, sizes: Integers) -> None:
    """Add explicit maps, those of one shape at once; `sizes` are the bytes of each entry's matrices."""
    explicit = np.flatnonzero(sizes)
    if not len(explicit):
        return
    widths = columns.widths[instructions[explicit]]
    for width, size in sorted(set(zip(widths.tolist(), sizes[explicit].tolist(), strict=True))):
        entries = explicit[(widths == width) & (sizes[explicit] == size)]
        codes, places = np.unique(columns.opcodes[instructions[entries]], return_inverse=True)
        joined = b"".join(columns.table[code].matrix for code in codes.tolist())
        operators = np.frombuffer(joined, dtype="<c16").reshape(len(codes), -1, 1 << width, 1 << width)
        batches.add_explicit(operators, places.astype(np.int64, copy=False), entries, instructions[entries])
