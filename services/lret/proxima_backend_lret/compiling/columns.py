"""Views of the columns of a circuit as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import Condition

from proxima_backend_lret.compiling.program import MAX_STEP_QUBITS, Integers, Reading, Real, Source

_KIND = circuit_pb2.Operation
_ACTING = (_KIND.KIND_GATE, _KIND.KIND_UNITARY, _KIND.KIND_CHANNEL, _KIND.KIND_RESET, _KIND.KIND_MEASURE)
_ACTS = np.isin(np.arange(max(_KIND.Kind.values()) + 1), _ACTING)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """An instruction as `proxima_runtime.backend.measurements.Step` wants it."""

    kind: int
    qubits: Sequence[int]
    clbit: int
    reads: Sequence[range]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Columns:
    """Views of the columns of a circuit that the runtime has checked.

    Attributes:
        circuit: the circuit.
        table: its operations.
        opcodes: entry of each row in the table, int64, like all but the parameters.
        kinds: kind of each row.
        widths: operands of each row.
        qubits: operands, concatenated.
        qubit_starts: where those of each row begin.
        parameters: float64, concatenated.
        parameter_starts: where those of each row begin.
        clbits: bits that the measurements write, in order.
    """

    circuit: circuit_pb2.Circuit
    table: Sequence[circuit_pb2.Operation]
    opcodes: Integers
    kinds: Integers
    widths: Integers
    qubits: Integers
    qubit_starts: Integers
    parameters: Real
    parameter_starts: Integers
    clbits: Integers

    @classmethod
    def of(cls, circuit: circuit_pb2.Circuit) -> Columns:
        """Read a circuit."""
        table = list(circuit.operations)
        shapes = np.array(
            [(entry.kind, entry.qubit_count, entry.parameter_count) for entry in table], dtype=np.int64
        ).reshape(-1, 3)
        opcodes = np.frombuffer(circuit.opcodes, dtype="<u2").astype(np.int64)
        kinds, widths, arities = np.ascontiguousarray(shapes[opcodes].T)
        return cls(
            circuit=circuit,
            table=table,
            opcodes=opcodes,
            kinds=kinds,
            widths=widths,
            qubits=np.frombuffer(circuit.qubits, dtype="<u4").astype(np.int64),
            qubit_starts=np.cumsum(widths) - widths,
            parameters=np.frombuffer(circuit.parameters, dtype="<f8"),
            parameter_starts=np.cumsum(arities) - arities,
            clbits=np.frombuffer(circuit.clbits, dtype="<u4").astype(np.int64),
        )

    @property
    def acts(self) -> npt.NDArray[np.bool_]:
        """Rows that do something to a state or a bit."""
        return _ACTS[self.kinds]

    @property
    def measurements(self) -> Integers:
        """Rows that measure; they write the entries of `clbits` in order."""
        return np.flatnonzero(self.kinds == _KIND.KIND_MEASURE)

    def plain_terminal(self) -> Integers | None:
        """Return the terminal measurements of a circuit without conditions, or None where some is in mid-circuit."""
        measurements = self.measurements
        if not len(measurements):
            return measurements
        busy = self.acts.copy()
        busy[measurements] = False
        if busy[measurements[0] :].any():
            last = np.full(self.circuit.qubit_count, -1, dtype=np.int64)
            # For a repeated index numpy keeps the last value assigned, which is the latest row.
            last[self.qubits[np.repeat(busy, self.widths)]] = np.repeat(np.flatnonzero(busy), self.widths[busy])
            if (last[self.qubits[self.qubit_starts[measurements]]] > measurements).any():
                return None
        return measurements

    def operands(self, rows: Integers) -> Integers:
        """Return the operands of rows, -1 past the last, shape (rows, MAX_STEP_QUBITS)."""
        places = np.arange(MAX_STEP_QUBITS)
        index = self.qubit_starts[rows, None] + places
        found = self.qubits.take(index, mode="clip") if len(self.qubits) else np.full(index.shape, -1, dtype=np.int64)
        found[places >= self.widths[rows, None]] = -1
        return found

    def written(self) -> Integers:
        """Return the bit that each row writes, -1 for none."""
        found = np.full(len(self.kinds), -1, dtype=np.int64)
        found[self.measurements] = self.clbits
        return found

    def steps(self, conditions: Mapping[int, tuple[Condition, ...]]) -> Sequence[Step]:
        """Return all rows as objects, for circuits that measure in mid-circuit or have conditions."""
        ends = self.qubit_starts + self.widths
        qubits = self.qubits.tolist()
        return [
            Step(kind, qubits[start:end], clbit, [condition.bits for condition in conditions.get(row, ())])
            for row, (kind, start, end, clbit) in enumerate(
                zip(
                    self.kinds.tolist(), self.qubit_starts.tolist(), ends.tolist(), self.written().tolist(), strict=True
                )
            )
        ]

    def reading(self, row: int, clbit: int) -> Reading:
        """Return what a measurement records."""
        readout = self.table[self.opcodes[row]].readout
        return Reading(
            qubit=int(self.qubits[self.qubit_starts[row]]),
            clbit=clbit,
            readout=np.frombuffer(readout, dtype="<f8").reshape(2, 2) if readout else None,
        )

    def is_impure(self, rows: Integers) -> bool:
        """Some row is a channel, a reset or a measurement."""
        is_mixed = (self.kinds == _KIND.KIND_CHANNEL) | (self.kinds == _KIND.KIND_RESET)
        return bool(is_mixed.any() or (self.kinds[rows] == _KIND.KIND_MEASURE).any())

    def source(self, terminal: Integers, *, is_unitary: bool) -> Source:
        """Return what the circuit says apart from its steps."""
        circuit, written = self.circuit, self.written()
        # A later write to a bit replaces an earlier one.
        last = {int(written[row]): row for row in terminal.tolist()}
        phases = self.kinds == _KIND.KIND_GLOBAL_PHASE
        phase = circuit.global_phase
        if is_unitary and phases.any():
            phase += float(self.parameters[self.parameter_starts[phases]].sum())
        return Source(
            qubit_count=circuit.qubit_count,
            clbit_count=circuit.clbit_count,
            declared_qubit_count=circuit.declared_qubit_count or circuit.qubit_count,
            active_qubits=tuple(circuit.active_qubits) or tuple(range(circuit.qubit_count)),
            global_phase=phase,
            instruction_count=len(self.kinds),
            terminal=MappingProxyType({clbit: self.reading(row, clbit) for clbit, row in sorted(last.items())}),
            written_clbits=tuple(sorted(set(self.clbits.tolist()))),
            has_readout=any(entry.readout for entry in self.table),
            is_unitary=is_unitary,
        )
