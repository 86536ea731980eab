"""Runs a job: compile, choose, go through the operations, read off the results; paused between any two operations."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2
from proxima_runtime.arrays.readout import batch_seeds
from proxima_runtime.backend.engine import Checkpoint, ItemResult, ProgressReporter, RunControl
from proxima_runtime.errors import FailedPrecondition, Internal, InvalidArgument, ResourceExhausted

from proxima_backend_lret.adaptive import Adaptive
from proxima_backend_lret.checkpoint import pack, unpack
from proxima_backend_lret.choice import begins_with_vector, break_even_rank
from proxima_backend_lret.compiling.compile import compile_maps, compile_unitary
from proxima_backend_lret.compiling.program import Program, Source
from proxima_backend_lret.exact import OneColumn, WholeVector
from proxima_backend_lret.pauli.simulation import PauliSimulation
from proxima_backend_lret.results import read_samples, read_state
from proxima_backend_lret.simulation import (
    SampledSimulation,
    Simulation,
    StateSimulation,
    Wanted,
    find_wanted,
    needed_qubits,
)
from proxima_backend_lret.statevector.simulation import StateVector
from proxima_backend_lret.trajectories.simulation import Trajectories

_NO_LIMIT_BYTES = 1 << 62
_METHOD = capabilities_pb2
_MIXING = (circuit_pb2.Operation.KIND_CHANNEL, circuit_pb2.Operation.KIND_RESET)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A job about to run."""

    source: Source
    wanted: Wanted
    simulation: Simulation
    single: bool


def simulate(
    job: backend_pb2.Job, report: ProgressReporter, control: RunControl | None, checkpoint: memoryview | None
) -> Iterator[ItemResult | Checkpoint]:
    """Run a job of one item, from its beginning or from a checkpoint; see `PausableEngine.run_pausable`.

    Raises:
        proxima_runtime.errors.ResourceExhausted: it would take more memory than it may.
        proxima_runtime.errors.FailedPrecondition: the circuit, the budget or its records are beyond the method.
        proxima_runtime.errors.InvalidArgument: the checkpoint does not describe a state of this job.
    """
    started = time.perf_counter()
    run = _prepare(job)
    simulation = run.simulation
    if checkpoint is not None:
        try:
            simulation.restore(unpack(checkpoint))
        except ValueError as error:
            raise InvalidArgument(
                f"the checkpoint does not fit the job: {error}; start the run again",
                reason=errors_pb2.ERROR_REASON_INVALID_REQUEST,
                metadata={"field": "checkpoint"},
            ) from error
        del checkpoint
    while simulation.position < simulation.step_count:
        simulation.advance()
        report(done_count=simulation.position, total_count=simulation.step_count, unit="operations")
        if control is not None and control.pause_requested():
            yield Checkpoint(parts=pack(simulation.save()), engine_seconds=time.perf_counter() - started)
    yield _read(job, run, started)


def _read(job: backend_pb2.Job, run: _Run, started: float) -> ItemResult:
    seconds = time.perf_counter() - started
    if job.method == _METHOD.METHOD_TRAJECTORIES:
        sampled = cast("SampledSimulation", run.simulation)
        return read_samples(job, run.source, run.wanted, sampled, seconds=seconds)
    state = cast("StateSimulation", run.simulation)
    bound = state.certified_error
    if job.max_error and bound is not None and bound > job.max_error:
        raise Internal(
            f"the certified error {bound!r} is over the max_error of {job.max_error!r}; nothing was returned, report "
            "this with the circuit",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": job.engine, "message": f"certified error {bound!r}"},
        )
    return read_state(job, run.source, run.wanted, state, single=run.single, seconds=seconds)


def _prepare(job: backend_pb2.Job) -> _Run:
    single = job.precision == result_pb2.PRECISION_SINGLE
    limit = job.memory_limit_bytes or _NO_LIMIT_BYTES
    if job.method in (_METHOD.METHOD_STATEVECTOR, _METHOD.METHOD_LOW_RANK):
        program = _compile_pure(job)
        if program is not None:
            wanted = find_wanted(job, program.source)
            begin = StateVector if job.method == _METHOD.METHOD_STATEVECTOR else OneColumn
            vector = begin(program, wanted, single_precision=single, memory_limit_bytes=limit)
            return _Run(source=program.source, wanted=wanted, simulation=vector, single=single)
    program = compile_maps(
        job.circuit,
        keeps_records=bool(job.results.shots or job.results.probabilities),
        absorbs=True,
        needed=needed_qubits(job),
    )
    wanted = find_wanted(job, program.source)
    simulation: Simulation
    if job.method == _METHOD.METHOD_TRAJECTORIES:
        simulation = Trajectories(
            program, wanted, batches=batch_seeds(job, 0), single_precision=single, memory_limit_bytes=limit
        )
    elif job.method == _METHOD.METHOD_PAULI_VECTOR:
        simulation = PauliSimulation(program, wanted, single_precision=single, memory_limit_bytes=limit)
    else:
        simulation = _prepare_low_rank(job, program, wanted, single=single, limit=limit)
        single = single and isinstance(simulation, Adaptive)
    return _Run(source=program.source, wanted=wanted, simulation=simulation, single=single)


def _prepare_low_rank(
    job: backend_pb2.Job, program: Program, wanted: Wanted, *, single: bool, limit: int
) -> StateSimulation:
    if begins_with_vector(job):
        try:
            vector = WholeVector(program, wanted, memory_limit_bytes=limit)
            # Its rounding counts for more; columns keep a budget as small as that, or refuse it.
            if not job.max_error or (vector.certified_error or 0.0) <= job.max_error:
                return vector
        except (ResourceExhausted, FailedPrecondition):
            # It takes more memory, or keeps fewer records apart, than columns may.
            pass
    return Adaptive(
        program,
        wanted,
        max_error=job.max_error,
        single_precision=single,
        memory_limit_bytes=limit,
        break_even=break_even_rank(program.qubit_count),
    )


def _compile_pure(job: backend_pb2.Job) -> Program | None:
    """Return the circuit as unitaries; None where it mixes the state and the method allows that.

    Raises:
        FailedPrecondition: the method keeps pure states alone (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
    """
    mixing = any(operation.kind in _MIXING for operation in job.circuit.operations)
    if not mixing and not job.circuit.HasField("conditions"):
        try:
            return compile_unitary(job.circuit, absorbs=True)
        except ValueError:
            pass
    if job.method == _METHOD.METHOD_STATEVECTOR:
        raise FailedPrecondition(
            "lret does not give a state vector of noise, resets, conditions or mid-circuit measurements; use low_rank",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
            metadata={"feature": "a state vector of what mixes the state"},
        )
    return None
