"""What every method of this backend is to the rest of it: a run that goes on step by step and can be written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import circuit_pb2, observable_pb2, result_pb2
from proxima_runtime.arrays.readout import Readout, read

from proxima_backend_lret.compiling.program import Source

Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complexfloating]

Plain = str | int | float | bool | None | Sequence["Plain"] | Mapping[str, "Plain"]
"""What JSON can write; numbers come back to the bit."""

Saved = Mapping[str, npt.NDArray[np.generic] | Plain]
"""What a run needs to go on: arrays and plain values by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is to be read off the final state; a method may leave undone what none of it depends on.

    Attributes:
        weights: joint probabilities of `qubits`, by classical record, are wanted, for counts or probabilities.
        readout: which classical bits record which measured qubits; None where the circuit measures nothing, and
            probabilities are those of all qubits.
        qubits: those whose joint probabilities are wanted, the first the least significant.
        observables: whose expectation values are wanted.
        density_matrix, statevector: the state itself is wanted.
    """

    weights: bool
    readout: Readout | None
    qubits: tuple[int, ...]
    observables: Sequence[observable_pb2.Observable]
    density_matrix: bool
    statevector: bool


def needed_qubits(job: backend_pb2.Job) -> frozenset[int] | None:
    """Return the qubits whose final state may matter, before a job is compiled; None for all of them."""
    spec, circuit = job.results, job.circuit
    if spec.density_matrix or spec.statevector:
        return None
    found: set[int] = set()
    if spec.shots or spec.probabilities:
        if not circuit.clbits:
            return None
        found.update(_measured_qubits(circuit))
    for observable in spec.observables:
        for pauli in observable.paulis:
            found.update(qubit for qubit, letter in enumerate(reversed(pauli)) if letter != "I")
    return None if len(found) == circuit.qubit_count else frozenset(found)


def _measured_qubits(circuit: circuit_pb2.Circuit) -> list[int]:
    table, opcodes = circuit.operations, np.frombuffer(circuit.opcodes, dtype="<u2")
    widths = np.array([operation.qubit_count for operation in table], dtype=np.int64)[opcodes]
    measures = np.array([operation.kind == circuit_pb2.Operation.KIND_MEASURE for operation in table])[opcodes]
    qubits: list[int] = np.frombuffer(circuit.qubits, dtype="<u4")[np.repeat(measures, widths)].tolist()
    return qubits


def find_wanted(job: backend_pb2.Job, source: Source) -> Wanted:
    """Return what a job asks for."""
    spec = job.results
    weights = bool(spec.shots or spec.probabilities)
    readout = None
    qubits = tuple(range(source.qubit_count))
    if source.written_clbits:
        measured = {clbit: reading.qubit for clbit, reading in source.terminal.items()}
        readout = read(measured, source.clbit_count)
        qubits = readout.slot_qubits
    return Wanted(
        weights=weights,
        readout=readout,
        qubits=qubits,
        observables=tuple(spec.observables),
        density_matrix=spec.density_matrix,
        statevector=spec.statevector,
    )


class Simulation(Protocol):
    """One run of a compiled circuit by one method.

    Everything is a function of the program, what is wanted and the job, so a run that was saved and restored ends with
    the bits of one that was not.
    """

    @property
    def step_count(self) -> int:
        """Operations in all."""

    @property
    def position(self) -> int:
        """Operations done."""

    def advance(self) -> None:
        """Do the next operation.

        Raises:
            proxima_runtime.errors.ResourceExhausted: it would take more memory than the run may have.
            proxima_runtime.errors.FailedPrecondition: the method cannot go on.
        """

    def save(self) -> Saved:
        """Return what the rest of the run depends on; arrays may be views."""

    def restore(self, saved: Saved) -> None:
        """Go on from where `save` was called.

        Raises:
            ValueError: it does not describe a state of this run; sizes are checked before anything is allocated.
        """


class StateSimulation(Simulation, Protocol):
    """A run that computes the state, from which results are read off; to be asked after the last operation only."""

    @property
    def certified_error(self) -> float | None:
        """Bound of the trace distance between the exact state and the filled one; None where nothing is dropped."""

    @property
    def missing(self) -> float:
        """Weight that was dropped, which is filled in evenly."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user."""

    @property
    def rank_history(self) -> result_pb2.RankHistory | None:
        """Columns over the course of the run; None for a method without columns."""

    def slot_weights(self, qubits: Sequence[int]) -> list[tuple[int, Real]]:
        """Return the unnormalised probabilities of the values of `qubits`, in each classical record that has any.

        Args:
            qubits: `Wanted.qubits`, qubits[0] the least significant bit of the index.

        Returns:
            Records, ascending, all classical bits as a number, and float64 of shape (2^len(qubits),) for each, without
            what was dropped.
        """

    def expectation_values(self) -> list[result_pb2.ExpectationValue]:
        """Return those of `Wanted.observables` for the filled state."""

    def density_matrix(self) -> Complex:
        """Return the filled state, shape (2^n, 2^n)."""

    def statevector(self) -> Complex:
        """Return the state, shape (2^n,), with its global phase; only where it is pure."""


class SampledSimulation(Simulation, Protocol):
    """A run whose results are means of shots."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user."""

    def outcomes(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]:
        """Return what the shots recorded, readout errors included: packed outcomes, rows ascending, and how often each
        was seen (see ARRAY_ROLE_COUNT_OUTCOMES in the contract)."""

    def expectation_values(self) -> list[result_pb2.ExpectationValue]:
        """Return the means of `Wanted.observables` with their standard errors."""
