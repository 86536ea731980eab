"""Results of final states that are known exactly: probabilities, counts drawn from them, states, expectation values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.arrays.instructions import Listing
from proxima_runtime.arrays.program import Program
from proxima_runtime.arrays.readout import batch_seeds, draw, read
from proxima_runtime.arrays.records import count_arrays, packed_counts, probability_array, with_readout
from proxima_runtime.backend.engine import ResultArray
from proxima_runtime.errors import Internal

from proxima_backend_cirq.records import misread_outcomes, reindex
from proxima_backend_cirq.sampling import WHOLE_QUBITS, draw_slots, marginal, weights

State = npt.NDArray[np.complexfloating]
Real = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

_NORM_TOLERANCE = {False: 1e-6, True: 1e-2}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the terminal measurements of a circuit record.

    Attributes:
        measured: qubit that each classical bit records, by ascending classical bit.
        readouts: P(read | true), shape (2, 2), of the classical bits that are read with errors.
        written: all classical bits that some measurement writes, ascending.
        clbit_count: declared classical bits.
        active_qubits: declared index of each qubit.
    """

    measured: Mapping[int, int]
    readouts: Mapping[int, Real] = field(default_factory=dict)
    written: Sequence[int]
    clbit_count: int
    active_qubits: Sequence[int]


def reading_of_program(program: Program) -> Reading:
    """Return the reading of a plain circuit."""
    return Reading(
        measured=program.measured,
        written=tuple(program.measured),
        clbit_count=program.clbit_count,
        active_qubits=program.active_qubits,
    )


def reading_of_listing(listing: Listing) -> Reading:
    """Return the reading of any circuit."""
    last = {clbit: listing.instructions[position] for clbit, position in listing.measured.items()}
    return Reading(
        measured={clbit: step.qubits[0] for clbit, step in last.items()},
        readouts={clbit: step.readout for clbit, step in last.items() if step.readout is not None},
        written=listing.written_clbits,
        clbit_count=listing.clbit_count,
        active_qubits=listing.active_qubits,
    )


def read_state(job: backend_pb2.Job, reading: Reading, state: State, *, single_precision: bool) -> list[ResultArray]:
    """Return counts and probabilities, as the job asks, of one final state; every written bit is in `measured`."""
    readout = read(reading.measured, reading.clbit_count)
    arrays: list[ResultArray] = []
    in_blocks = state.ndim == 1 and len(reading.active_qubits) > WHOLE_QUBITS
    of_slots: Real | None = None
    if job.results.probabilities or not in_blocks:
        of_states = weights(state)
        check_norm(float(of_states.sum()), engine=job.engine, single_precision=single_precision)
        of_slots = marginal(of_states, readout.slot_qubits) if readout.clbits else of_states
        del of_states
    if job.results.shots:
        # How counts are drawn depends on the qubits alone, so asking for more results does not change them.
        batches = batch_seeds(job, 0)
        drawn = draw_slots(state, readout.slot_qubits, batches) if in_blocks else draw(_present(of_slots), batches)
        outcomes, values = readout.pack(*drawn)
        if reading.readouts:
            generator = np.random.Generator(np.random.PCG64(batches[0][1].spawn(1)[0]))
            records = misread_outcomes(outcomes, values, reading.readouts, generator)
            arrays += count_arrays(records, reading.clbit_count)
        else:
            arrays += packed_counts(outcomes, values)
    if job.results.probabilities:
        measured = bool(readout.clbits)
        found = readout.probabilities(_present(of_slots)) if measured else _present(of_slots)
        if reading.readouts:
            found = with_readout(found, [reading.readouts.get(clbit) for clbit in readout.clbits])
        arrays.append(_probability_array(reading, found, measured=measured))
    return arrays


def read_records(
    job: backend_pb2.Job, reading: Reading, matrices: Mapping[int, State], *, single_precision: bool
) -> list[ResultArray]:
    """Return counts and probabilities, as the job asks, of one unnormalised density matrix for each record."""
    if not reading.written:
        return read_state(job, reading, sum_of(matrices), single_precision=single_precision)
    readout = read(reading.measured, reading.clbit_count)
    readouts = [reading.readouts.get(clbit) for clbit in readout.clbits]
    found = np.zeros(1 << len(reading.written))
    for record, matrix in matrices.items():
        of_states = weights(matrix)
        of_slots = marginal(of_states, readout.slot_qubits) if readout.clbits else of_states.sum(keepdims=True)
        values = with_readout(readout.probabilities(of_slots), readouts)
        found[reindex(readout.clbits, reading.written, start=record)] += values
    check_norm(float(found.sum()), engine=job.engine, single_precision=single_precision)
    arrays: list[ResultArray] = []
    if job.results.shots:
        arrays += packed_counts(
            *read(dict(zip(reading.written, range(len(reading.written)), strict=True)), reading.clbit_count).pack(
                *draw(found, batch_seeds(job, 0))
            )
        )
    if job.results.probabilities:
        arrays.append(_probability_array(reading, found, measured=True))
    return arrays


def sum_of(matrices: Mapping[int, State]) -> State:
    """Return the sum over the records; the one matrix itself where there is one."""
    first, *others = matrices.values()
    if not others:
        return first
    found = first.copy()
    for matrix in others:
        found += matrix
    return found


def state_array(reading: Reading, state: State, *, global_phase: float) -> ResultArray:
    """Return a state vector, times its global phase in radians, or a density matrix. The vector is altered in place."""
    is_vector = state.ndim == 1
    if is_vector and global_phase:
        state *= state.dtype.type(np.exp(1j * global_phase))
    single_precision = state.dtype == np.complex64
    return ResultArray(
        role=result_pb2.ARRAY_ROLE_STATEVECTOR if is_vector else result_pb2.ARRAY_ROLE_DENSITY_MATRIX,
        data_type=result_pb2.DATA_TYPE_COMPLEX64 if single_precision else result_pb2.DATA_TYPE_COMPLEX128,
        shape=state.shape,
        data=state.reshape(-1).view(np.uint8).data,
        bit_space=result_pb2.BIT_SPACE_QUBITS,
        axis_bits=tuple(reading.active_qubits),
    )


def check_norm(total: float, *, engine: str, single_precision: bool) -> None:
    """Raise Internal (ERROR_REASON_ENGINE_FAILED) unless probabilities sum to 1."""
    if not abs(total - 1.0) <= _NORM_TOLERANCE[single_precision]:
        raise Internal(
            f"the probabilities of {engine} sum to {total!r}, not 1; nothing was returned",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": engine, "message": f"probabilities sum to {total!r}"},
        )


def _probability_array(reading: Reading, found: Real, *, measured: bool) -> ResultArray:
    return probability_array(
        found,
        bit_space=result_pb2.BIT_SPACE_CLBITS if measured else result_pb2.BIT_SPACE_QUBITS,
        axis_bits=tuple(reading.written) if measured else tuple(reading.active_qubits),
    )


def _present(of_slots: Real | None) -> Real:
    if of_slots is None:
        raise Internal("probabilities were needed and not computed", reason=errors_pb2.ERROR_REASON_INTERNAL)
    return of_slots
