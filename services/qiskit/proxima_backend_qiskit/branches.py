"""Exact density matrices of circuits with measurements in mid-circuit and conditions: one matrix a classical record.

A measurement whose outcome matters later (`Outline.tracked`) turns each matrix into two, the parts that are read as 0
and as 1; matrices whose records agree in every bit that still matters are added. A measurement whose outcome does not
matter dephases. Between such points Aer applies what the record lets run. Matrices are not normalised: the trace of
each is the probability of its record.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from proxima.simulation.v1 import circuit_pb2, observable_pb2
from proxima_runtime.arrays.instructions import Instruction, Listing
from proxima_runtime.backend.engine import ProgressReporter
from proxima_runtime.backend.outline import Outline

from proxima_backend_qiskit import aer
from proxima_backend_qiskit.lowering import Lowering

_KIND = circuit_pb2.Operation

# Records less probable than this are rounding of impossible ones; thousands of them stay below double precision.
_IMPOSSIBLE = 1e-20
_DEPHASED = np.diag([1.0, 0.0, 0.0, 1.0]).astype(np.complex128)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is saved at the end.

    Attributes:
        probability_qubits: qubits whose probabilities are saved jointly with the record, first least significant;
            empty where the record alone counts, None where no probabilities are wanted.
        density_matrix: the density matrix, summed over records.
        observables: their expectation values, summed over records.
    """

    probability_qubits: tuple[int, ...] | None
    density_matrix: bool
    observables: Sequence[observable_pb2.Observable]


@dataclass(frozen=True, kw_only=True)
class Averages:
    """What was found.

    Attributes:
        records: the records in ascending order, bits that terminal measurements write being 0.
        probabilities: joint probability of record and outcome of the k qubits, float64, shape (records, 2^k); None
            where not wanted.
        density_matrix: complex128, shape (2^n, 2^n); None where not wanted.
        expectations: one number an observable.
        engine_seconds: in Aer.
    """

    records: tuple[int, ...]
    probabilities: aer.Real | None
    density_matrix: aer.Complex | None
    expectations: tuple[float, ...]
    engine_seconds: float


class Branches:
    """The matrices of one run, by record; None stands for the initial state."""

    def __init__(
        self, listing: Listing, lowering: Lowering, *, controller: aer.Controller, options: aer.RunOptions
    ) -> None:
        self._listing = listing
        self._lowering = lowering
        self._controller = controller
        self._options = options
        self._states: dict[int, aer.Complex | None] = {0: None}
        # Instructions that are not applied yet.
        self._pending: list[Instruction] = []
        self._engine_seconds = 0.0

    def run(self, outline: Outline, wanted: Wanted, report: ProgressReporter) -> Averages:
        """Run the circuit to its terminal measurements.

        Raises:
            MemoryError: Aer or this process had too little memory.
            Internal: Aer failed.
        """
        instructions = self._listing.instructions
        for position, step in enumerate(instructions):
            if position in self._listing.terminal:
                continue
            if step.row in outline.tracked:
                self._apply()
                self._split(step)
                report(done_count=position + 1, total_count=len(instructions), unit="operations")
            else:
                self._pending.append(step)
            dead = outline.deaths.get(step.row, ())
            if any((record >> bit) & 1 for record in self._states for bit in dead):
                self._apply()
                self._forget(dead)
        return self._finish(wanted)

    def _circuit(self, record: int, state: aer.Complex | None) -> aer.NativeCircuit:
        """Return a circuit that starts from `state` and runs what is pending and `record` lets run."""
        circuit = aer.new_circuit(qubit_count=self._listing.qubit_count, slot_count=0, global_phase=0.0)
        if state is not None:
            aer.start_from(circuit, state)
        for step in self._pending:
            if not step.runs(record):
                continue
            if step.kind == _KIND.KIND_MEASURE:
                aer.append_superoperator(circuit, step.qubits, _DEPHASED)
            else:
                self._lowering.append_always(step, circuit)
        return circuit

    def _run(self, circuit: aer.NativeCircuit) -> aer.Output:
        started = time.perf_counter()
        output = self._controller.run(circuit, self._options)
        self._engine_seconds += time.perf_counter() - started
        return output

    def _apply(self) -> None:
        """Apply what is pending to every matrix."""
        if not self._pending and all(state is not None for state in self._states.values()):
            return
        for record, state in self._states.items():
            # Aer has its own copy while it runs.
            self._states[record] = None
            circuit = self._circuit(record, state)
            del state
            aer.save_density_matrix(circuit)
            self._states[record] = self._run(circuit).matrix
        self._pending.clear()

    def _split(self, step: Instruction) -> None:
        found: dict[int, aer.Complex | None] = {}
        table = np.eye(2) if step.readout is None else step.readout
        bit = 1 << step.clbit
        while self._states:
            record, state = self._states.popitem()
            if state is None or not step.runs(record):
                _add(found, record, state)
                continue
            for value in (1, 0):
                part = _part(state, step.qubits[0], table[:, value])
                _add(found, record | bit if value else record & ~bit, part)
            del state
        self._states = dict(sorted(found.items()))

    def _forget(self, dead: Sequence[int]) -> None:
        mask = sum(1 << bit for bit in dead)
        found: dict[int, aer.Complex | None] = {}
        while self._states:
            record, state = self._states.popitem()
            _add(found, record & ~mask, state)
        self._states = dict(sorted(found.items()))

    def _finish(self, wanted: Wanted) -> Averages:
        records: list[int] = []
        probabilities: list[aer.Real] = []
        qubits = wanted.probability_qubits
        expectations = np.zeros(len(wanted.observables))
        total: aer.Complex | None = None
        for record in sorted(self._states):
            circuit = self._circuit(record, self._states.pop(record))
            if qubits is not None:
                # Aer saves those of at least one qubit.
                aer.save_probabilities(circuit, qubits or (0,))
            for index, observable in enumerate(wanted.observables):
                aer.save_expectation(circuit, observable, index=index, of_each_shot=False)
            if wanted.density_matrix:
                aer.save_density_matrix(circuit)
            output = self._run(circuit)
            records.append(record)
            if output.probabilities is not None:
                joint = output.probabilities
                probabilities.append(joint if qubits else joint.sum(keepdims=True))
            expectations += np.array([values[0] for values in output.expectations])
            if wanted.density_matrix:
                total = output.matrix if total is None else np.add(total, output.matrix, out=total)
        return Averages(
            records=tuple(records),
            probabilities=np.stack(probabilities) if probabilities else None,
            density_matrix=total,
            expectations=tuple(expectations.tolist()),
            engine_seconds=self._engine_seconds,
        )


def _part(state: aer.Complex, qubit: int, weights: aer.Real) -> aer.Complex:
    """Return sum over v of weights[v] |v><v| state |v><v| on a qubit, a new matrix."""
    side = state.shape[0]
    shape = (side >> (qubit + 1), 2, 1 << qubit) * 2
    part = np.zeros_like(state)
    for value in (0, 1):
        if weights[value]:
            where = (slice(None), value, slice(None), slice(None), value, slice(None))
            np.multiply(state.reshape(shape)[where], weights[value], out=part.reshape(shape)[where])
    return part


def _add(states: dict[int, aer.Complex | None], record: int, state: aer.Complex | None) -> None:
    """Add a matrix to those of its record."""
    if state is not None and float(np.trace(state).real) < _IMPOSSIBLE:
        return
    present = states.get(record)
    if present is None or state is None:
        states[record] = state
    else:
        present += state
