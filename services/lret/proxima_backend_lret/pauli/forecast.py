"""What a run will take, from the columns of a circuit: the service process asks, which has no numpy.

The tasks are those of `tasks.py` without their matrices: maps on one qubit change no sizes.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import circuit_pb2, result_pb2
from proxima_runtime.backend.measurements import IDLE, bits_read
from proxima_runtime.backend.outline import Outline, outline

from proxima_backend_lret.compiling.pairs import PAIRS
from proxima_backend_lret.pauli.layout import lay_out
from proxima_backend_lret.pauli.letters import kept_letters, width_of
from proxima_backend_lret.pauli.order import QUBIT_WIDTH, Start, Task, choose_order, cost_of

_KIND = circuit_pb2.Operation
_MATRIX_BYTES = 3 * 8 * 256
_OUTCOME_BYTES = 3 * 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """What a run will take.

    Attributes:
        entries: Pauli coefficients that all components hold.
        work: coefficients that all tasks go through.
        task_count: tasks on two wires and more.
        state_bytes: bytes of the coefficients.
        peak_bytes: with matrices, probabilities and the density matrix where they are wanted.
    """

    entries: int
    work: int
    task_count: int
    state_bytes: int
    peak_bytes: int


def forecast(job: backend_pb2.Job) -> Forecast:
    """Forecast a job of the method pauli_vector that the runtime has checked."""
    spec, circuit = job.results, job.circuit
    records = bool(spec.shots or spec.probabilities)
    found = outline(circuit, keeps_records=records)
    rows = _rows(circuit)
    measured: set[int] = set()
    if records:
        last = {row.clbit: row.qubits[0] for index, row in enumerate(rows) if index in found.terminal}
        measured = set(last.values()) if circuit.clbits else set(range(circuit.qubit_count))
    kept = kept_letters(
        circuit.qubit_count,
        measured=measured,
        paulis=[pauli for observable in spec.observables for pauli in observable.paulis],
        density_matrix=spec.density_matrix,
    )
    sketch = _Sketch(kept)
    for index in _that_matter(rows, found, kept):
        sketch.add(rows[index], tracked=index in found.tracked, dying=found.deaths.get(index, ()))
    tasks, start = sketch.done()
    order = choose_order(tasks, start)
    entries = lay_out(order, tasks, start).entries
    size = 4 if job.precision == result_pb2.PRECISION_SINGLE else 8
    outcomes = _OUTCOME_BYTES << (len(measured) + len(_final_bits(found, rows))) if records else 0
    # It is made beside the coefficients, and copied out.
    matrix = (4 * size) << (2 * circuit.qubit_count) if spec.density_matrix else 0
    return Forecast(
        entries=entries,
        work=cost_of(order, tasks, start).work,
        task_count=len(tasks),
        state_bytes=size * entries,
        peak_bytes=size * entries + outcomes + matrix + _MATRIX_BYTES * len(tasks),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    kind: int
    qubits: Sequence[int]
    parts: Sequence[Sequence[int]]
    clbit: int
    reads: tuple[int, ...]


def _rows(circuit: circuit_pb2.Circuit) -> list[_Row]:
    reads = {
        row: tuple(sorted({bit for first, end in spans for bit in range(first, end)}))
        for row, spans in bits_read(circuit, circuit.operations).items()
    }
    table = [
        (entry.kind, entry.qubit_count, entry.clbit_count, PAIRS.get(entry.name, ())) for entry in circuit.operations
    ]
    qubits, clbits = array("I", circuit.qubits).tolist(), array("I", circuit.clbits)
    rows: list[_Row] = []
    at_qubit = at_clbit = 0
    for index, opcode in enumerate(array("H", circuit.opcodes)):
        kind, width, writes, pairs = table[opcode]
        operands = qubits[at_qubit : at_qubit + width]
        bit = clbits[at_clbit] if writes else -1
        parts = [(operands[first], operands[second]) for first, second in pairs] if kind == _KIND.KIND_GATE else ()
        rows.append(_Row(kind=kind, qubits=operands, parts=parts or (operands,), clbit=bit, reads=reads.get(index, ())))
        at_qubit, at_clbit = at_qubit + width, at_clbit + writes
    return rows


def _that_matter(rows: Sequence[_Row], found: Outline, kept: Sequence[tuple[int, ...]]) -> list[int]:
    """Return the rows that have an effect on what is kept, by index, ascending."""
    needed = {qubit for qubit, letters in enumerate(kept) if len(letters) > 1}
    # As `simulation.needed_qubits`, which does not tell measurements apart.
    needed.update(row.qubits[0] for row in rows if row.kind == _KIND.KIND_MEASURE)
    chosen: list[int] = []
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        if row.kind in IDLE or index in found.terminal:
            continue
        if index in found.tracked or not needed.isdisjoint(row.qubits):
            chosen.append(index)
            if row.kind == _KIND.KIND_RESET and not row.reads:
                needed.difference_update(row.qubits)
            else:
                needed.update(row.qubits)
    return chosen[::-1]


class _Sketch:
    """Tasks as they are written, those on one pair after each other as one."""

    def __init__(self, kept: Sequence[tuple[int, ...]]) -> None:
        self._kept = kept
        self._wires: list[tuple[int, ...]] = []
        self._widths: list[tuple[int, ...]] = []
        self._controls: list[tuple[int, ...]] = []
        # Tasks that no other is fused with.
        self._apart: set[int] = set()
        self._last = [-1] * len(kept)
        self._bits: dict[int, int] = {}
        self._wire_count = len(kept)

    def add(self, row: _Row, *, tracked: bool, dying: Sequence[int]) -> None:
        """Write the tasks of a row; then bits die."""
        deciding = tuple([self._bits[bit] for bit in row.reads if bit in self._bits])
        if tracked:
            self._measure(row, deciding)
        else:
            for qubits in row.parts:
                if row.reads:
                    self._apart.add(len(self._wires))
                    self._write(qubits, (QUBIT_WIDTH,) * len(qubits), deciding)
                elif not self._is_fused(qubits):
                    self._write(qubits, (QUBIT_WIDTH,) * len(qubits))
        for bit in dying:
            if bit in self._bits:
                self._write((self._bits.pop(bit),), (0,))

    def done(self) -> tuple[list[Task], Start]:
        """Narrow each qubit in its last task, and return the tasks and the wires."""
        for qubit, letters in enumerate(self._kept):
            last, width = self._last[qubit], width_of(letters)
            if last < 0 or width == QUBIT_WIDTH:
                continue
            if self._controls[last]:
                self._write((qubit,), (width,))
            else:
                place, left = self._wires[last].index(qubit), self._widths[last]
                self._widths[last] = (*left[:place], width, *left[place + 1 :])
        tasks = [
            Task(wires=wires, widths=widths, controls=controls)
            for wires, widths, controls in zip(self._wires, self._widths, self._controls, strict=True)
        ]
        count = len(self._kept)
        return tasks, Start(widths=(QUBIT_WIDTH,) * count + (0,) * (self._wire_count - count))

    def _is_fused(self, qubits: Sequence[int]) -> bool:
        before = self._last[qubits[0]]
        if before in self._apart:
            return False
        return len(qubits) == 1 or (
            before >= 0
            and set(self._wires[before]) == set(qubits)
            and all(self._last[qubit] == before for qubit in qubits)
        )

    def _measure(self, row: _Row, deciding: tuple[int, ...]) -> None:
        old = self._bits.get(row.clbit)
        if not row.reads and old is not None:
            self._write((old,), (0,))
        if row.reads and old is not None and old not in deciding:
            wire = old
        else:
            wire, self._wire_count = self._wire_count, self._wire_count + 1
            self._bits[row.clbit] = wire
        self._apart.add(len(self._wires))
        self._write((*row.qubits, wire), (QUBIT_WIDTH, 1), deciding)
        if row.reads and old is not None and wire != old:
            self._write((old,), (0,))

    def _write(self, wires: Sequence[int], widths: tuple[int, ...], controls: tuple[int, ...] = ()) -> None:
        for wire in wires:
            if wire < len(self._last):
                self._last[wire] = len(self._wires)
        self._wires.append(tuple(wires))
        self._widths.append(widths)
        self._controls.append(controls)


def _final_bits(found: Outline, rows: Sequence[_Row]) -> set[int]:
    """Return the bits of mid-circuit measurements that results need."""
    dead: Mapping[int, Sequence[int]] = found.deaths
    written: dict[int, int] = {}
    for index in sorted(found.tracked):
        written[rows[index].clbit] = index
    return {bit for bit, index in written.items() if not any(bit in gone for row, gone in dead.items() if row >= index)}
