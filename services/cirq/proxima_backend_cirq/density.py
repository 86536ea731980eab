"""Circuits with any instructions as density matrices of Cirq: exact, one matrix for each classical record that matters.

A measurement whose bit matters later (`Outline.tracked`) splits the matrix of a record into the unnormalised matrices
of the two readings; any other only dephases. Records that no longer differ in a bit that matters are added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cirq
import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import Instruction, Listing
from proxima_runtime.backend.engine import ProgressReporter
from proxima_runtime.backend.outline import Outline

from proxima_backend_cirq.failures import cirq_failures
from proxima_backend_cirq.translate import PROJECTORS, RESET, kraus_operation, translate

State = npt.NDArray[np.complexfloating]
Complex = npt.NDArray[np.complex128]

_KIND = circuit_pb2.Operation
# A record is dropped where its amplitudes are rounding errors: its weight is below (16 u)^2, u the unit roundoff.
_NEGLIGIBLE = {True: (16 * 2.0**-24) ** 2, False: (16 * 2.0**-53) ** 2}

_Matrices = dict[int, cirq.DensityMatrixSimulationState]


class Density:
    """Runs one circuit."""

    def __init__(self, listing: Listing, plan: Outline, *, single_precision: bool, report: ProgressReporter) -> None:
        self._listing = listing
        self._plan = plan
        self._negligible = _NEGLIGIBLE[single_precision]
        self._dtype = np.complex64 if single_precision else np.complex128
        self._report = report
        self._qubits: Sequence[cirq.Qid] = cirq.LineQubit.range(listing.qubit_count)

    def run(self) -> Mapping[int, State]:
        """Return the unnormalised density matrix before the terminal measurements of each record that matters.

        Their traces sum to 1 and their sum is the state. Shape (2^n, 2^n) each, qubit 0 least significant.
        """
        with cirq_failures():
            matrices = self._matrices()
        side = 1 << self._listing.qubit_count
        return {
            record: np.ascontiguousarray(matrix.target_tensor).reshape(side, side)
            for record, matrix in matrices.items()
        }

    def _matrices(self) -> _Matrices:
        operations = translate(self._listing, self._qubits)
        # Cirq's first qubit is its most significant.
        start = cirq.DensityMatrixSimulationState(
            qubits=self._qubits[::-1], initial_state=0, dtype=self._dtype, prng=np.random.RandomState(0)
        )
        matrices: _Matrices = {0: start}
        del start
        total = len(self._listing.instructions)
        for position, (step, operation) in enumerate(zip(self._listing.instructions, operations, strict=True)):
            if position not in self._listing.terminal:
                matrices = self._advance(step, operation, matrices)
            self._report(done_count=position + 1, total_count=total, unit="operations")
        return matrices

    def _advance(self, step: Instruction, operation: cirq.Operation | None, matrices: _Matrices) -> _Matrices:
        if step.kind == _KIND.KIND_MEASURE and step.row in self._plan.tracked:
            matrices = self._measure(step, matrices)
        else:
            if step.kind == _KIND.KIND_MEASURE:
                operation = kraus_operation(PROJECTORS, step.qubits, self._qubits)
            elif step.kind == _KIND.KIND_RESET:
                operation = kraus_operation(RESET, step.qubits, self._qubits)
            if operation is not None:
                for record, matrix in matrices.items():
                    if step.runs(record):
                        cirq.act_on(operation, matrix)
        dead = self._plan.deaths.get(step.row, ())
        return self._merge(dead, matrices) if dead else matrices

    def _measure(self, step: Instruction, matrices: _Matrices) -> _Matrices:
        """Split each record by what is read; `matrices` is used up."""
        readout = np.eye(2) if step.readout is None else step.readout
        found: _Matrices = {}
        while matrices:
            record, matrix = matrices.popitem()
            if not step.runs(record):
                _add(found, record, matrix)
                continue
            cleared = record & ~(1 << step.clbit)
            for read in (0, 1):
                operators = np.sqrt(readout[:, read])[:, None, None] * PROJECTORS
                # The buffers are shared: a state swaps its matrix with them in the list that its copies have too.
                part = matrix.copy(deep_copy_buffers=False) if read == 0 else matrix
                cirq.act_on(kraus_operation(operators, step.qubits, self._qubits), part)
                if _weight(part) > self._negligible:
                    _add(found, cleared | (read << step.clbit), part)
        return found

    def _merge(self, dead: Sequence[int], matrices: _Matrices) -> _Matrices:
        mask = ~sum(1 << clbit for clbit in dead)
        found: _Matrices = {}
        while matrices:
            record, matrix = matrices.popitem()
            _add(found, record & mask, matrix)
        return found


def _add(found: _Matrices, record: int, matrix: cirq.DensityMatrixSimulationState) -> None:
    if record in found:
        tensor = found[record].target_tensor
        tensor += matrix.target_tensor
    else:
        found[record] = matrix


def _weight(matrix: cirq.DensityMatrixSimulationState) -> float:
    side = 1 << len(matrix.qubits)
    return float(np.trace(matrix.target_tensor.reshape(side, side)).real)
