"""Runs a job on qsim or Cirq.

Measurements are terminal, so the gates alone are simulated, once; every result comes from that one final state. Counts
are drawn by numpy: neither engine's own sampler is faster, and both simulate again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.arrays.program import Program, decode
from proxima_runtime.arrays.readout import Readout, batch_seeds, draw, read
from proxima_runtime.backend.engine import ItemResult, ProgressReporter, ResultArray
from proxima_runtime.errors import Internal

from proxima_backend_cirq import native, qsim
from proxima_backend_cirq.guard import Guard
from proxima_backend_cirq.sampling import WHOLE_QUBITS, draw_slots, marginal, weights

State = npt.NDArray[np.complexfloating]
Real = npt.NDArray[np.float64]

_NORM_TOLERANCE = {False: 1e-6, True: 1e-2}
_DENSITY_MATRIX = capabilities_pb2.METHOD_DENSITY_MATRIX


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
        spec, program = job.results, decode(job.circuit)
        readout = read(program.measured, program.clbit_count)
        target = _target(job)
        self._guard.check(
            program,
            (target.engine, target.method, target.single_precision),
            lambda started: target.evolve(started, _silent)[0],
        )
        state, engine_seconds = target.evolve(program, report)
        arrays: list[ResultArray] = []
        if spec.shots or spec.probabilities:
            arrays += _readout_arrays(job, program, readout, state, single_precision=target.single_precision)
        if spec.statevector or spec.density_matrix:
            arrays.append(_state_array(program, state, single_precision=target.single_precision))
        return ItemResult(
            item_index=0,
            arrays=arrays,
            precision=result_pb2.PRECISION_SINGLE if target.single_precision else result_pb2.PRECISION_DOUBLE,
            engine_seconds=engine_seconds,
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


def _silent(*, done_count: int, total_count: int, unit: str) -> None:
    """The guard's runs are no progress."""


def _readout_arrays(
    job: backend_pb2.Job, program: Program, readout: Readout, state: State, *, single_precision: bool
) -> list[ResultArray]:
    arrays: list[ResultArray] = []
    batches = batch_seeds(job, 0)
    in_blocks = state.ndim == 1 and program.qubit_count > WHOLE_QUBITS
    of_slots: Real | None = None
    if job.results.probabilities or not in_blocks:
        of_states = weights(state)
        _check_norm(float(of_states.sum()), engine=job.engine, single_precision=single_precision)
        of_slots = marginal(of_states, readout.slot_qubits) if readout.clbits else of_states
        del of_states
    if job.results.shots:
        # How counts are drawn depends on the qubits alone, so asking for more results does not change them.
        drawn = draw_slots(state, readout.slot_qubits, batches) if in_blocks else draw(_present(of_slots), batches)
        outcomes, values = readout.pack(*drawn)
        arrays.append(
            ResultArray(
                role=result_pb2.ARRAY_ROLE_COUNT_OUTCOMES,
                data_type=result_pb2.DATA_TYPE_UINT8,
                shape=outcomes.shape,
                data=outcomes.reshape(-1).data,
            )
        )
        arrays.append(
            ResultArray(
                role=result_pb2.ARRAY_ROLE_COUNT_VALUES,
                data_type=result_pb2.DATA_TYPE_UINT64,
                shape=values.shape,
                data=values.view(np.uint8).data,
            )
        )
    if job.results.probabilities:
        measured = bool(readout.clbits)
        found = np.ascontiguousarray(readout.probabilities(_present(of_slots)) if measured else _present(of_slots))
        arrays.append(
            ResultArray(
                role=result_pb2.ARRAY_ROLE_PROBABILITIES,
                data_type=result_pb2.DATA_TYPE_FLOAT64,
                shape=found.shape,
                data=found.view(np.uint8).data,
                bit_space=result_pb2.BIT_SPACE_CLBITS if measured else result_pb2.BIT_SPACE_QUBITS,
                axis_bits=readout.clbits if measured else program.active_qubits,
            )
        )
    return arrays


def _state_array(program: Program, state: State, *, single_precision: bool) -> ResultArray:
    is_vector = state.ndim == 1
    if is_vector and program.global_phase:
        state *= state.dtype.type(np.exp(1j * program.global_phase))
    return ResultArray(
        role=result_pb2.ARRAY_ROLE_STATEVECTOR if is_vector else result_pb2.ARRAY_ROLE_DENSITY_MATRIX,
        data_type=result_pb2.DATA_TYPE_COMPLEX64 if single_precision else result_pb2.DATA_TYPE_COMPLEX128,
        shape=state.shape,
        data=state.reshape(-1).view(np.uint8).data,
        bit_space=result_pb2.BIT_SPACE_QUBITS,
        axis_bits=program.active_qubits,
    )


def _present(of_slots: Real | None) -> Real:
    if of_slots is None:
        raise Internal("probabilities were needed and not computed", reason=errors_pb2.ERROR_REASON_INTERNAL)
    return of_slots


def _check_norm(total: float, *, engine: str, single_precision: bool) -> None:
    if not abs(total - 1.0) <= _NORM_TOLERANCE[single_precision]:
        raise Internal(
            f"the probabilities of {engine} sum to {total!r}, not 1; nothing was returned",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": engine, "message": f"probabilities sum to {total!r}"},
        )
