"""Runs a job: plan the rounding, evolve, certify, read off the results."""

from __future__ import annotations

import time

import numpy as np
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2
from proxima_runtime.arrays.instructions import Instruction, Listing, list_instructions
from proxima_runtime.arrays.records import probability_array
from proxima_runtime.backend.engine import ItemResult, ProgressReporter, ResultArray
from proxima_runtime.errors import FailedPrecondition, Internal

from proxima_backend_lret import readings, sampling
from proxima_backend_lret.columns import Columns, column_weights
from proxima_backend_lret.evolution import Branch, Evolution
from proxima_backend_lret.low_rank.certificate import Ledger, fault_of_budget, map_constant, rounding_bound

_KIND = circuit_pb2.Operation
_NO_LIMIT_BYTES = 1 << 62


def simulate(job: backend_pb2.Job, report: ProgressReporter) -> ItemResult:
    """Run a job of one item.

    Raises:
        proxima_runtime.errors.ResourceExhausted: the rank has outgrown the memory.
        proxima_runtime.errors.FailedPrecondition: the circuit, the budget or its records are beyond the method.
    """
    spec, listing = job.results, list_instructions(job.circuit)
    is_vector = job.method == capabilities_pb2.METHOD_STATEVECTOR
    single_precision = job.precision == result_pb2.PRECISION_SINGLE
    if is_vector and not listing.is_unitary:
        raise _refused("a state vector of noise, resets, conditions or mid-circuit measurements", "use low_rank")
    rounding = planned_rounding(listing, single_precision=single_precision)
    fault = (
        ""
        if is_vector
        else fault_of_budget(max_error=job.max_error, rounding=rounding, single_precision=single_precision)
    )
    if fault:
        raise _refused(f"this precision: {fault}", "change max_error or the precision")
    ledger = Ledger(
        max_error=job.max_error,
        rounding=rounding,
        step_count=noise_step_count(listing),
        single_precision=single_precision,
    )
    started = time.perf_counter()
    evolution = Evolution(
        listing,
        ledger=ledger,
        keeps_records=bool(spec.shots or spec.probabilities),
        single_precision=single_precision,
        memory_limit_bytes=job.memory_limit_bytes or _NO_LIMIT_BYTES,
    )
    branches = evolution.run(report)
    seconds = time.perf_counter() - started
    trace = float(sum(column_weights(branch.columns).sum() for branch in branches))
    error_bound = ledger.error_bound(trace)
    if job.max_error and error_bound > job.max_error:
        raise Internal(
            f"the certified error {error_bound!r} is over the max_error of {job.max_error!r}; nothing was returned, "
            "report this with the circuit",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": job.engine, "message": f"certified error {error_bound!r}"},
        )
    missing = ledger.missing(trace)
    return ItemResult(
        item_index=0,
        arrays=_arrays(job, listing, branches, missing=missing, is_vector=is_vector),
        expectation_values=readings.expectation_values(spec.observables, branches, missing=missing),
        precision=result_pb2.PRECISION_SINGLE if single_precision else result_pb2.PRECISION_DOUBLE,
        engine_seconds=seconds,
        certified_error=error_bound,
        readout_included=listing.has_readout,
        sampler="numpy" if spec.shots else "",
    )


def planned_rounding(listing: Listing, *, single_precision: bool) -> float:
    """Return eta of all maps of a circuit, with what its explicit operators lack of preserving the trace."""
    constants, defects = 0.0, 0.0
    for position, step in enumerate(listing.instructions):
        if position in listing.terminal:
            continue
        match step.kind:
            case _KIND.KIND_GATE | _KIND.KIND_UNITARY:
                constants += map_constant(len(step.qubits))
            case _KIND.KIND_CHANNEL if step.matrix is not None:
                constants += map_constant(len(step.qubits), len(step.matrix))
            case _KIND.KIND_RESET | _KIND.KIND_MEASURE:
                constants += map_constant(1, 2)
        defects += _defect(step)
    return rounding_bound(constants, single_precision=single_precision) + defects


def _defect(step: Instruction) -> float:
    """Return the spectral norm of sum K^dagger K - 1 of explicit operators."""
    explicit = step.kind == _KIND.KIND_UNITARY or (step.kind == _KIND.KIND_CHANNEL and not step.parameters)
    if not explicit or step.matrix is None:
        return 0.0
    stacked = step.matrix.reshape(-1, step.matrix.shape[-1])
    return float(np.abs(np.linalg.eigvalsh(stacked.conj().T @ stacked - np.eye(stacked.shape[1]))).max())


def noise_step_count(listing: Listing) -> int:
    """Return how many instructions may add columns."""
    noisy = (_KIND.KIND_CHANNEL, _KIND.KIND_RESET, _KIND.KIND_MEASURE)
    return sum(
        step.kind in noisy and position not in listing.terminal for position, step in enumerate(listing.instructions)
    )


def _arrays(
    job: backend_pb2.Job, listing: Listing, branches: list[Branch], *, missing: float, is_vector: bool
) -> list[ResultArray]:
    spec, arrays = job.results, []
    if spec.shots or spec.probabilities:
        if listing.written_clbits:
            found = readings.outcomes(listing, branches, missing=missing)
            readouts = readings.bit_readouts(listing)
            if spec.shots:
                arrays += sampling.count_arrays(job, found, readouts)
            if spec.probabilities:
                bits = readings.bit_probabilities(found, readouts)
                arrays.append(
                    probability_array(bits, bit_space=result_pb2.BIT_SPACE_CLBITS, axis_bits=listing.written_clbits)
                )
        else:
            bits = readings.qubit_probabilities(branches, missing=missing)
            arrays.append(
                probability_array(bits, bit_space=result_pb2.BIT_SPACE_QUBITS, axis_bits=listing.active_qubits)
            )
    if spec.statevector and is_vector:
        vector = branches[0].columns[:, 0]
        vector *= vector.dtype.type(np.exp(1j * listing.global_phase))
        arrays.append(_state(vector, result_pb2.ARRAY_ROLE_STATEVECTOR, listing))
    if spec.density_matrix:
        matrix = readings.filled_state(
            branches, qubit_count=listing.qubit_count, missing=missing, dtype=branches[0].columns.dtype
        )
        arrays.append(_state(matrix, result_pb2.ARRAY_ROLE_DENSITY_MATRIX, listing))
    return arrays


def _state(state: Columns, role: result_pb2.ArrayRole, listing: Listing) -> ResultArray:
    single = state.dtype == np.complex64
    return ResultArray(
        role=role,
        data_type=result_pb2.DATA_TYPE_COMPLEX64 if single else result_pb2.DATA_TYPE_COMPLEX128,
        shape=state.shape,
        data=np.ascontiguousarray(state).reshape(-1).view(np.uint8).data,
        bit_space=result_pb2.BIT_SPACE_QUBITS,
        axis_bits=listing.active_qubits,
    )


def _refused(feature: str, remedy: str) -> FailedPrecondition:
    return FailedPrecondition(
        f"lret does not give {feature}; {remedy}",
        reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
        metadata={"feature": feature},
    )
