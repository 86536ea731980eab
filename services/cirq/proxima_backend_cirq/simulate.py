"""Runs a job on qsim or Cirq.

A circuit of gates and terminal measurements is simulated once, without its measurements; every result comes from that
one final state. Any other is decoded instruction by instruction: unitary ones again to one final state (`pure.py`,
`qsim_circuits.py`), the rest to density matrices (`density.py`) or to sampled trajectories (`branches.py` on Cirq,
`trajectories.py` on qsim). Counts of final states are drawn by numpy: neither engine's own sampler is faster, and both
simulate again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2
from proxima_runtime.arrays.instructions import Listing, is_plain, list_instructions
from proxima_runtime.arrays.observables import expectation_values
from proxima_runtime.arrays.program import Program, decode
from proxima_runtime.arrays.readout import batch_seeds
from proxima_runtime.arrays.records import count_arrays
from proxima_runtime.backend.engine import ItemResult, ProgressReporter
from proxima_runtime.backend.outline import outline
from proxima_runtime.backend.warm_up import unreported

from proxima_backend_cirq import native, qsim
from proxima_backend_cirq.branches import Branches
from proxima_backend_cirq.density import Density
from proxima_backend_cirq.exact import (
    Reading,
    read_records,
    read_state,
    reading_of_listing,
    reading_of_program,
    state_array,
    sum_of,
)
from proxima_backend_cirq.failures import cirq_failures
from proxima_backend_cirq.guard import Guard
from proxima_backend_cirq.probes import Complex, Probe, on_density_matrix, on_qsim, on_state_vector
from proxima_backend_cirq.pure import PureState
from proxima_backend_cirq.qsim_circuits import append_instructions
from proxima_backend_cirq.trajectories import Trajectories
from proxima_backend_cirq.translate import translate

State = npt.NDArray[np.complexfloating]

_DENSITY_MATRIX = capabilities_pb2.METHOD_DENSITY_MATRIX
_TRAJECTORIES = capabilities_pb2.METHOD_TRAJECTORIES
_GLOBAL_PHASE = circuit_pb2.Operation.KIND_GLOBAL_PHASE


@dataclass(frozen=True, kw_only=True)
class Target:
    """What simulates.

    Attributes:
        engine: "qsim" or "cirq".
        method: value of `Method`.
        single_precision: complex64.
        seed: of the job; only handed on, no result depends on it before sampling.
        thread_count: threads of qsim.
    """

    engine: str
    method: capabilities_pb2.Method
    single_precision: bool
    seed: int
    thread_count: int

    @property
    def precision(self) -> result_pb2.Precision:
        """The precision in use."""
        return result_pb2.PRECISION_SINGLE if self.single_precision else result_pb2.PRECISION_DOUBLE

    @property
    def key(self) -> tuple[str, int, bool]:
        """What the guard tells apart."""
        return self.engine, self.method, self.single_precision

    def acted(self, probe: Probe) -> Complex:
        """Return what the engine makes of a probe (`probes.py`)."""
        if self.engine == "qsim":
            return on_qsim(probe)
        if self.method == _DENSITY_MATRIX:
            return on_density_matrix(probe, single_precision=self.single_precision)
        return on_state_vector(probe, single_precision=self.single_precision)

    def evolve(self, program: Program, report: ProgressReporter) -> tuple[State, float]:
        """Return the final state without the global phase, and the seconds in the simulator."""
        if self.engine == "qsim":
            circuit = qsim.new_circuit(program.qubit_count)
            qsim.append_gates(program, circuit)
            return qsim.final_state(circuit, seed=self.seed, thread_count=self.thread_count)
        return native.final_state(
            program,
            density_matrix=self.method == _DENSITY_MATRIX,
            single_precision=self.single_precision,
            report=report,
        )

    def evolve_listing(self, listing: Listing, report: ProgressReporter) -> tuple[State, float]:
        """Return the final state of a unitary circuit without the global phase, and the seconds in the simulator."""
        if self.engine == "qsim":
            circuit = qsim.new_circuit(listing.qubit_count)
            append_instructions(listing, circuit, qsim.GATES_ONLY, measure_terminal=False)
            return qsim.final_state(circuit, seed=self.seed, thread_count=self.thread_count)
        started = time.perf_counter()
        with cirq_failures():
            state = PureState(listing.qubit_count, single_precision=self.single_precision)
            operations = translate(listing, state.qubits)
            for done, operation in enumerate(operations, start=1):
                if operation is not None:
                    state.act(operation)
                report(done_count=done, total_count=len(operations), unit="operations")
            vector = state.vector()
        return vector, time.perf_counter() - started


class Simulation:
    """Runs jobs; one in a worker."""

    def __init__(self) -> None:
        self._guard = Guard()

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> ItemResult:
        """Run a job of one item.

        Raises:
            MemoryError: the engine had too little memory and said so.
            proxima_runtime.errors.Internal: the engine failed, or the translation did.
            proxima_runtime.errors.FailedPrecondition: the circuit uses what is not offered.
        """
        target = _target(job)
        if is_plain(job.circuit) and target.method != _TRAJECTORIES:
            return self._run_gates(job, target, report)
        listing = list_instructions(job.circuit)
        self._guard.check_listing(listing, target.key, target.acted)
        if target.method == _DENSITY_MATRIX:
            return self._run_records(job, listing, target, report)
        if listing.is_unitary and target.method != _TRAJECTORIES:
            return self._run_unitary(job, listing, target, report)
        return self._run_shots(job, listing, target, report)

    def _run_gates(self, job: backend_pb2.Job, target: Target, report: ProgressReporter) -> ItemResult:
        program = decode(job.circuit)
        self._guard.check(
            program,
            target.key,
            lambda started: target.evolve(started, unreported)[0],
        )
        state, seconds = target.evolve(program, report)
        return _of_state(
            job, reading_of_program(program), state, target, global_phase=program.global_phase, seconds=seconds
        )

    def _run_unitary(
        self, job: backend_pb2.Job, listing: Listing, target: Target, report: ProgressReporter
    ) -> ItemResult:
        state, seconds = target.evolve_listing(listing, report)
        phases = (step.parameters[0] for step in listing.instructions if step.kind == _GLOBAL_PHASE)
        phase = listing.global_phase + sum(phases)
        return _of_state(job, reading_of_listing(listing), state, target, global_phase=phase, seconds=seconds)

    def _run_records(
        self, job: backend_pb2.Job, listing: Listing, target: Target, report: ProgressReporter
    ) -> ItemResult:
        spec, reading = job.results, reading_of_listing(listing)
        plan = outline(job.circuit, keeps_records=bool(spec.shots or spec.probabilities))
        started = time.perf_counter()
        matrices = Density(listing, plan, single_precision=target.single_precision, report=report).run()
        seconds = time.perf_counter() - started
        arrays = []
        if spec.shots or spec.probabilities:
            arrays += read_records(job, reading, matrices, single_precision=target.single_precision)
        state = sum_of(matrices) if spec.density_matrix or spec.observables else None
        values = [] if state is None else expectation_values(spec.observables, state)
        if spec.density_matrix and state is not None:
            arrays.append(state_array(reading, state, global_phase=0.0))
        return ItemResult(
            item_index=0,
            arrays=arrays,
            precision=target.precision,
            engine_seconds=seconds,
            expectation_values=values,
            readout_included=listing.has_readout,
            sampler="numpy" if spec.shots else "",
        )

    def _run_shots(
        self, job: backend_pb2.Job, listing: Listing, target: Target, report: ProgressReporter
    ) -> ItemResult:
        spec = job.results
        counts = bool(listing.written_clbits)
        started = time.perf_counter()
        run: Branches | Trajectories
        if target.engine == "qsim":
            run = Trajectories(
                listing,
                counts=counts,
                observables=spec.observables,
                thread_count=target.thread_count,
                report=report,
                total_shots=spec.shots,
            )
        else:
            run = Branches(
                listing,
                counts=counts,
                observables=spec.observables,
                single_precision=target.single_precision,
                report=report,
                total_shots=spec.shots,
            )
        for shots, seed in batch_seeds(job, 0):
            run.run(shots, seed)
        seconds = time.perf_counter() - started
        return ItemResult(
            item_index=0,
            arrays=count_arrays(run.samples.records, listing.clbit_count) if counts else [],
            precision=target.precision,
            engine_seconds=seconds,
            expectation_values=run.samples.expectation_values(spec.observables),
            readout_included=listing.has_readout,
            sampler=(target.engine if target.engine == "qsim" else "numpy") if counts else "",
        )


def _of_state(
    job: backend_pb2.Job, reading: Reading, state: State, target: Target, *, global_phase: float, seconds: float
) -> ItemResult:
    """Return every result of one final state."""
    spec = job.results
    arrays = []
    if spec.shots or spec.probabilities:
        arrays += read_state(job, reading, state, single_precision=target.single_precision)
    values = expectation_values(spec.observables, state) if spec.observables else []
    if spec.statevector or spec.density_matrix:
        arrays.append(state_array(reading, state, global_phase=global_phase))
    return ItemResult(
        item_index=0,
        arrays=arrays,
        precision=target.precision,
        engine_seconds=seconds,
        expectation_values=values,
        readout_included=bool(reading.readouts),
        sampler="numpy" if spec.shots else "",
    )


def _target(job: backend_pb2.Job) -> Target:
    return Target(
        engine=job.engine,
        method=job.method,
        single_precision=job.engine == "qsim" or job.precision == result_pb2.PRECISION_SINGLE,
        seed=job.seed,
        thread_count=job.thread_count or 1,
    )
