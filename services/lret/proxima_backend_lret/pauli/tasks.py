"""A compiled circuit as tasks on wires: which matrix each has, and what is left of each wire.

Wires are the qubits, and one for every time that a classical bit gets a value that matters. A component with such wires
holds one vector of Pauli coefficients for each value of its bits, weighted by its probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition

from proxima_backend_lret.compiling.program import MEASURE, Program, Reading
from proxima_backend_lret.compiling.transfer import transfer_of
from proxima_backend_lret.pauli.letters import ALL, Z, width_of
from proxima_backend_lret.pauli.order import QUBIT_WIDTH, Start, Task

Real = npt.NDArray[np.float64]

MAX_LIVE_BITS = 10
"""Classical bits whose values may matter at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What is to be done.

    Attributes:
        tasks: in program order.
        slots: index of the matrix of each task in `Program.two`; -1 where it is in `matrices`.
        matrices: the other matrices, by task, float64, shape (places after, places before), the first wire the least
            significant digit.
        values: for each task with controls the values of them, as numbers with the first control least significant,
            for which it acts.
        start: the wires at the start.
        kept: letters of each qubit that are left at the end, ascending, I first.
        bits: wire of each classical bit that matters at the end.
    """

    tasks: tuple[Task, ...]
    slots: tuple[int, ...]
    matrices: Mapping[int, Real]
    values: Mapping[int, tuple[int, ...]]
    start: Start
    kept: tuple[tuple[int, ...], ...]
    bits: Mapping[int, int]


def find_tasks(
    program: Program,
    kept: Sequence[tuple[int, ...]],
    *,
    first: int = 0,
    joined: bool = False,
    live: Sequence[int] = (),
) -> Work:
    """Return the tasks of a program.

    Args:
        program: compiled to transfer matrices.
        kept: as `kept_letters` returns it.
        first: the first step to be done.
        joined: all qubits, then the bits that are live, are one component at the start.
        live: classical bits that have values then.

    Raises:
        FailedPrecondition: too many classical bits matter at once (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
    """
    check_live_bits(len(live))
    writer = _Writer(program, kept, live)
    for step in range(first, program.step_count):
        writer.add(step)
    widths = (
        [QUBIT_WIDTH] * program.qubit_count
        + [1] * len(live)
        + [0] * (writer.wire_count - program.qubit_count - len(live))
    )
    # What no step ends is narrowed where there is one component, which would be kept whole otherwise.
    if joined:
        writer.narrow_untouched(first)
    groups = (tuple(range(program.qubit_count + len(live))),) if joined else ()
    return Work(
        tasks=tuple(writer.tasks),
        slots=tuple(writer.slots),
        matrices=writer.matrices,
        values=writer.values,
        start=Start(widths=tuple(widths), groups=groups),
        kept=tuple(kept),
        bits=writer.wires,
    )


def check_live_bits(count: int) -> None:
    """Refuse more classical bits at once than are kept apart.

    Raises:
        FailedPrecondition: always then (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
    """
    if count > MAX_LIVE_BITS:
        raise FailedPrecondition(
            f"the values of {count} classical bits of mid-circuit measurements matter at once, and pauli_vector keeps "
            f"at most {MAX_LIVE_BITS} apart; ask for fewer bits that are measured in mid-circuit, or use trajectories",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
            metadata={"feature": f"more than {MAX_LIVE_BITS} bits of mid-circuit measurements"},
        )


@dataclass
class _Writer:
    program: Program
    kept: Sequence[tuple[int, ...]]
    live: Sequence[int]
    tasks: list[Task] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    matrices: dict[int, Real] = field(default_factory=dict)
    values: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = self.program
        self.wires: dict[int, int] = {bit: program.qubit_count + place for place, bit in enumerate(self.live)}
        self.wire_count = program.qubit_count + len(self.live)
        self._qubits = [
            tuple(row[:width]) for row, width in zip(program.qubits.tolist(), program.widths.tolist(), strict=True)
        ]
        self._slots: list[int] = program.slots.tolist()
        self._kinds: list[int] = program.kinds.tolist()
        self._values: tuple[int, ...] = ()
        self._last = [-1] * program.qubit_count
        for step, qubits in enumerate(self._qubits):
            for qubit in qubits:
                self._last[qubit] = step

    def add(self, step: int) -> None:
        """Write the tasks of a step, in order."""
        qubits = self._qubits[step]
        controls, acts = self._find_controls(step)
        narrows = acts and not controls
        if acts and self._kinds[step] == MEASURE:
            self._measure(self.program.readings[step], controls, letters=self._left(step, qubits, narrows=narrows)[0])
        elif acts:
            self._map(step, qubits, controls, narrows=narrows)
        if not narrows:
            self._end(step, qubits)
        for bit in self.program.forgets.get(step, ()):
            self._forget(bit)

    def _find_controls(self, step: int) -> tuple[tuple[int, ...], bool]:
        """Return the wires that decide whether a step acts, none where it always does, and whether it ever does."""
        conditions = self.program.conditions.get(step)
        if not conditions:
            return (), True
        bits = sorted({bit for condition in conditions for bit in condition.bits if bit in self.wires})
        self._values = tuple(
            value
            for value in range(1 << len(bits))
            if self.program.runs(step, sum(1 << bit for place, bit in enumerate(bits) if (value >> place) & 1))
        )
        if len(self._values) == 1 << len(bits):
            return (), True
        return tuple(self.wires[bit] for bit in bits), bool(self._values)

    def narrow_untouched(self, first: int) -> None:
        """Narrow the qubits that no step from `first` on touches."""
        for qubit, last in enumerate(self._last):
            if last < first:
                self._end(last, (qubit,))

    def _left(self, step: int, qubits: Sequence[int], *, narrows: bool) -> list[tuple[int, ...]]:
        """Return the letters that are left of each qubit after a step."""
        return [self.kept[qubit] if narrows and self._last[qubit] == step else ALL for qubit in qubits]

    def _map(self, step: int, qubits: tuple[int, ...], controls: tuple[int, ...], *, narrows: bool) -> None:
        slot = self._slots[step]
        letters = self._left(step, qubits, narrows=narrows)
        whole = all(len(left) == len(ALL) for left in letters)
        if len(qubits) == 2 and whole:
            self._write(qubits, (QUBIT_WIDTH, QUBIT_WIDTH), controls, slot=slot)
            return
        if len(qubits) > 2:
            matrix = transfer_of(self.program.wide[slot][None])[0]
        else:
            matrix = (self.program.one if len(qubits) == 1 else self.program.two)[slot]
        self._write(qubits, _widths(letters), controls, matrix=matrix if whole else _rows(matrix, letters))

    def _measure(self, reading: Reading, controls: tuple[int, ...], *, letters: tuple[int, ...]) -> None:
        qubit, bit = reading.qubit, reading.clbit
        odds = np.eye(2) if reading.readout is None else reading.readout
        matrix = np.zeros((2, 4, 4))
        for true, sign in enumerate((1.0, -1.0)):
            found = np.zeros((4, 4))
            found[[0, 0, Z, Z], [0, Z, 0, Z]] = 0.5, 0.5 * sign, 0.5 * sign, 0.5
            matrix += odds[true][:, None, None] * found
        widths = (*_widths([letters]), 1)
        if not controls:
            if bit in self.wires:
                self._forget(bit)
            wire = self._new_wire(bit)
            self._write((qubit, wire), widths, (), matrix=matrix[:, letters].reshape(-1, 4))
            return
        old = self.wires.get(bit)
        wire = old if old is not None and old not in controls else self._new_wire(bit)
        if old is None:
            # It was 0 so far.
            self._write((qubit, wire), widths, (), matrix=np.eye(8, 4))
        elif wire != old:
            self._write((old, wire), (1, 1), (), matrix=np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]]))
        both = np.concatenate((matrix.reshape(8, 4),) * 2, axis=1)
        self._write((qubit, wire), widths, controls, matrix=both)
        if old is not None and wire != old:
            self._drop(old)

    def _new_wire(self, bit: int) -> int:
        self.wires[bit] = self.wire_count
        self.wire_count += 1
        check_live_bits(len(self.wires))
        return self.wires[bit]

    def _forget(self, bit: int) -> None:
        wire = self.wires.pop(bit, None)
        if wire is not None:
            self._drop(wire)

    def _drop(self, wire: int) -> None:
        self._write((wire,), (0,), (), matrix=np.ones((1, 2)))

    def _end(self, step: int, qubits: Sequence[int]) -> None:
        """Narrow those of the qubits whose last step was this one, which could not do it itself."""
        for qubit in qubits:
            letters = self.kept[qubit]
            if self._last[qubit] == step and len(letters) < len(ALL):
                self._write((qubit,), _widths([letters]), (), matrix=np.eye(4)[list(letters)])

    def _write(
        self,
        wires: tuple[int, ...],
        widths: tuple[int, ...],
        controls: tuple[int, ...],
        *,
        slot: int = -1,
        matrix: Real | None = None,
    ) -> None:
        if matrix is not None:
            self.matrices[len(self.tasks)] = matrix
        if controls:
            self.values[len(self.tasks)] = self._values
        self.tasks.append(Task(wires=wires, widths=widths, controls=controls))
        self.slots.append(slot)


def _widths(letters: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple([width_of(left) for left in letters])


def _rows(matrix: Real, letters: Sequence[tuple[int, ...]]) -> Real:
    """Return the rows of some letters of each operand."""
    rows = [0]
    for place, left in enumerate(letters):
        rows = [row + (letter << (2 * place)) for letter in left for row in rows]
    return matrix[rows]
