"""What a finished run returns, read off its simulation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.arrays.records import packed_counts, probability_array
from proxima_runtime.backend.engine import ItemResult, ResultArray

from proxima_backend_lret import sampling
from proxima_backend_lret.compiling.program import Source
from proxima_backend_lret.outcomes import bit_probabilities, bit_readouts, find_outcomes
from proxima_backend_lret.simulation import Complex, SampledSimulation, StateSimulation, Wanted


def read_state(
    job: backend_pb2.Job, source: Source, wanted: Wanted, simulation: StateSimulation, *, single: bool, seconds: float
) -> ItemResult:
    """Return the results of a run that computed the state in `seconds`, partly or all in single precision."""
    return ItemResult(
        item_index=0,
        arrays=[*_outcome_arrays(job, source, wanted, simulation), *_state_arrays(source, wanted, simulation)],
        expectation_values=simulation.expectation_values() if wanted.observables else (),
        precision=result_pb2.PRECISION_SINGLE if single else result_pb2.PRECISION_DOUBLE,
        engine_seconds=seconds,
        certified_error=simulation.certified_error,
        readout_included=source.has_readout,
        sampler="numpy" if job.results.shots else "",
        warnings=simulation.warnings,
        rank_history=simulation.rank_history,
    )


def read_samples(
    job: backend_pb2.Job, source: Source, wanted: Wanted, simulation: SampledSimulation, *, seconds: float
) -> ItemResult:
    """Return the results of a run of shots, `seconds` of the engine's time before."""
    single = job.precision == result_pb2.PRECISION_SINGLE
    return ItemResult(
        item_index=0,
        arrays=packed_counts(*simulation.outcomes()) if source.written_clbits else (),
        expectation_values=simulation.expectation_values() if wanted.observables else (),
        precision=result_pb2.PRECISION_SINGLE if single else result_pb2.PRECISION_DOUBLE,
        engine_seconds=seconds,
        readout_included=source.has_readout,
        sampler="lret" if source.written_clbits else "",
        warnings=simulation.warnings,
    )


def _outcome_arrays(
    job: backend_pb2.Job, source: Source, wanted: Wanted, simulation: StateSimulation
) -> list[ResultArray]:
    if not wanted.weights:
        return []
    weights, missing = simulation.slot_weights(wanted.qubits), simulation.missing
    if wanted.readout is None:
        ((_, probabilities),) = weights
        if missing:
            probabilities = probabilities + missing / len(probabilities)
        return [probability_array(probabilities, bit_space=result_pb2.BIT_SPACE_QUBITS, axis_bits=source.active_qubits)]
    found, readouts = find_outcomes(source, wanted.readout, weights, missing=missing), bit_readouts(source)
    arrays: list[ResultArray] = []
    if job.results.shots:
        arrays += sampling.count_arrays(job, found, readouts)
    if job.results.probabilities:
        bits = bit_probabilities(found, readouts)
        arrays.append(probability_array(bits, bit_space=result_pb2.BIT_SPACE_CLBITS, axis_bits=source.written_clbits))
    return arrays


def _state_arrays(source: Source, wanted: Wanted, simulation: StateSimulation) -> list[ResultArray]:
    arrays: list[ResultArray] = []
    if wanted.statevector:
        arrays.append(_state(simulation.statevector(), result_pb2.ARRAY_ROLE_STATEVECTOR, source))
    if wanted.density_matrix:
        arrays.append(_state(simulation.density_matrix(), result_pb2.ARRAY_ROLE_DENSITY_MATRIX, source))
    return arrays


def _state(state: Complex, role: result_pb2.ArrayRole, source: Source) -> ResultArray:
    is_single = state.dtype == np.complex64
    data: npt.NDArray[np.uint8] = np.ascontiguousarray(state).reshape(-1).view(np.uint8)
    return ResultArray(
        role=role,
        data_type=result_pb2.DATA_TYPE_COMPLEX64 if is_single else result_pb2.DATA_TYPE_COMPLEX128,
        shape=state.shape,
        data=data.data,
        bit_space=result_pb2.BIT_SPACE_QUBITS,
        axis_bits=source.active_qubits,
    )
