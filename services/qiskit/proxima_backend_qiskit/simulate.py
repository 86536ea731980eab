"""Runs a job on Aer.

Measurements are terminal, so all gates come first, then what is to be saved, then the measurements: that is what
"before the terminal measurements" means. Counts of up to `DRAWN_SLOTS` measured qubits are drawn by numpy from Aer's
exact probabilities, which is 1 us a shot faster than Aer's sampler (8 qubits, 1000 shots: 0.25 ms instead of 1.3);
counts of more are drawn by Aer from its state. Which of the two does not depend on the other results that are asked
for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.arrays.program import Program, decode
from proxima_runtime.arrays.readout import Bytes, Counts, Readout, Real, batch_seeds, draw, read
from proxima_runtime.backend.engine import ItemResult, ResultArray
from proxima_runtime.errors import Internal

from proxima_backend_qiskit import aer
from proxima_backend_qiskit.estimate import DRAWN_SLOTS
from proxima_backend_qiskit.gates import NATIVE
from proxima_backend_qiskit.guard import Guard
from proxima_backend_qiskit.translate import append_gates

# How far a sum of probabilities may be from 1; both are far above rounding and far below anything that matters.
_NORM_TOLERANCE = {False: 1e-6, True: 1e-2}

_METHOD = capabilities_pb2.Method


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a job asks of Aer.

    Attributes:
        program: the decoded circuit.
        readout: what its measurements record.
        method: value of `Method`.
        single_precision: complex64 inside Aer.
        drawn: counts come from exact probabilities.
        sampled: counts come from Aer's sampler.
        probability_qubits: qubits whose probabilities are saved, first least significant; empty for none.
    """

    program: Program
    readout: Readout
    method: capabilities_pb2.Method
    single_precision: bool
    drawn: bool
    sampled: bool
    probability_qubits: tuple[int, ...]


def plan(job: backend_pb2.Job) -> Plan:
    """Decode a job and decide what Aer saves and samples."""
    program = decode(job.circuit)
    readout = read(program.measured, program.clbit_count)
    slot_count = len(readout.slot_qubits)
    drawn = job.results.shots > 0 and slot_count <= DRAWN_SLOTS
    qubits = readout.slot_qubits or tuple(range(program.qubit_count))
    return Plan(
        program=program,
        readout=readout,
        method=job.method,
        single_precision=job.precision == result_pb2.PRECISION_SINGLE,
        drawn=drawn,
        sampled=job.results.shots > 0 and not drawn,
        probability_qubits=qubits if drawn or job.results.probabilities else (),
    )


class Simulation:
    """Runs jobs on one controller; one in a worker."""

    def __init__(self) -> None:
        self._controller = aer.Controller()
        self._guard = Guard(self._controller)

    def run(self, job: backend_pb2.Job) -> ItemResult:
        """Run a job of one item.

        Raises:
            MemoryError: Aer had too little memory.
            proxima_runtime.errors.Internal: Aer failed, or the translation did.
            proxima_runtime.errors.FailedPrecondition: the circuit uses what Aer is not offered for.
        """
        spec, todo = job.results, plan(job)
        program, readout = todo.program, todo.readout
        self._guard.check(program, todo.method)
        circuit = aer.new_circuit(
            qubit_count=program.qubit_count,
            slot_count=len(readout.slot_qubits) if todo.sampled else 0,
            global_phase=program.global_phase,
        )
        append_gates(program, NATIVE[todo.method], circuit)
        if todo.probability_qubits:
            aer.save_probabilities(circuit, todo.probability_qubits)
        if spec.statevector:
            aer.save_statevector(circuit)
        if spec.density_matrix:
            aer.save_density_matrix(circuit)
        if todo.sampled:
            circuit.measure(readout.slot_qubits, range(len(readout.slot_qubits)), ())
        batches = batch_seeds(job, 0)
        started = time.perf_counter()
        runs = []
        for shots, seed in batches if todo.sampled else batches[:1]:
            options = aer.RunOptions(
                method=_METHOD.Name(todo.method).removeprefix("METHOD_").lower(),
                single_precision=todo.single_precision,
                shots=shots if todo.sampled else 1,
                seed=job.seed if len(batches) == 1 else int(seed.generate_state(1)[0]),
                thread_count=job.thread_count or 1,
                memory_limit_bytes=job.memory_limit_bytes,
            )
            runs.append(self._controller.run(circuit, options))
        engine_seconds = time.perf_counter() - started
        output = runs[0]
        arrays: list[ResultArray] = []
        if output.probabilities is not None:
            _check_norm(output.probabilities, single_precision=todo.single_precision)
        if todo.drawn:
            weights = np.maximum(_saved(output.probabilities), 0.0)
            arrays += count_arrays(readout, *draw(weights, batches))
        elif todo.sampled:
            arrays += count_arrays(readout, *_merged(runs, len(readout.slot_qubits)))
        if spec.probabilities:
            arrays.append(_probability_array(program, readout, _saved(output.probabilities)))
        if output.state is not None:
            arrays.append(_state_array(program, output, single_precision=todo.single_precision))
        return ItemResult(
            item_index=0,
            arrays=arrays,
            precision=result_pb2.PRECISION_SINGLE if todo.single_precision else result_pb2.PRECISION_DOUBLE,
            engine_seconds=engine_seconds,
            sampler="numpy" if todo.drawn else "aer" if todo.sampled else "",
        )


def count_arrays(readout: Readout, of_slots: Bytes, values: Counts) -> list[ResultArray]:
    """Return the two arrays of counts over all declared classical bits."""
    outcomes, sorted_values = readout.pack(of_slots, values)
    return [
        ResultArray(
            role=result_pb2.ARRAY_ROLE_COUNT_OUTCOMES,
            data_type=result_pb2.DATA_TYPE_UINT8,
            shape=outcomes.shape,
            data=outcomes.reshape(-1).data,
        ),
        ResultArray(
            role=result_pb2.ARRAY_ROLE_COUNT_VALUES,
            data_type=result_pb2.DATA_TYPE_UINT64,
            shape=sorted_values.shape,
            data=sorted_values.view(np.uint8).data,
        ),
    ]


def _probability_array(program: Program, readout: Readout, of_slots: Real) -> ResultArray:
    measured = bool(readout.clbits)
    probabilities = np.ascontiguousarray(readout.probabilities(of_slots) if measured else of_slots)
    return ResultArray(
        role=result_pb2.ARRAY_ROLE_PROBABILITIES,
        data_type=result_pb2.DATA_TYPE_FLOAT64,
        shape=probabilities.shape,
        data=probabilities.view(np.uint8).data,
        bit_space=result_pb2.BIT_SPACE_CLBITS if measured else result_pb2.BIT_SPACE_QUBITS,
        axis_bits=readout.clbits if measured else program.active_qubits,
    )


def _state_array(program: Program, output: aer.Output, *, single_precision: bool) -> ResultArray:
    state = output.state
    if state is None:
        raise _missing("state")
    if single_precision and state.dtype != np.complex64:
        state = state.astype(np.complex64)
    flat = np.ascontiguousarray(state).reshape(-1)
    is_vector = state.ndim == 1
    return ResultArray(
        role=result_pb2.ARRAY_ROLE_STATEVECTOR if is_vector else result_pb2.ARRAY_ROLE_DENSITY_MATRIX,
        data_type=result_pb2.DATA_TYPE_COMPLEX64 if single_precision else result_pb2.DATA_TYPE_COMPLEX128,
        shape=state.shape,
        data=flat.view(np.uint8).data,
        bit_space=result_pb2.BIT_SPACE_QUBITS,
        axis_bits=program.active_qubits,
    )


def _merged(runs: list[aer.Output], slot_count: int) -> tuple[Bytes, Counts]:
    """Add up the counts of Aer's batches; rows are packed slots."""
    totals: dict[str, int] = {}
    for run in runs:
        for outcome, seen in run.counts.items():
            totals[outcome] = totals.get(outcome, 0) + seen
    size = -(-slot_count // 8)
    packed = b"".join(int(outcome, 16).to_bytes(size, "little") for outcome in totals)
    rows = np.frombuffer(packed, dtype=np.uint8).reshape(-1, size)
    return rows, np.fromiter(totals.values(), dtype=np.uint64, count=len(totals))


def _saved(values: Real | None) -> Real:
    if values is None:
        raise _missing("probabilities")
    return values


def _missing(what: str) -> Internal:
    return Internal(
        f"Aer returned no {what} although it was told to save them",
        reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
        metadata={"engine": "aer", "message": f"no {what} in the result"},
    )


def _check_norm(probabilities: Real, *, single_precision: bool) -> None:
    total = float(probabilities.sum())
    if not abs(total - 1.0) <= _NORM_TOLERANCE[single_precision]:
        raise Internal(
            f"Aer's probabilities sum to {total!r}, not 1; nothing was returned",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": "aer", "message": f"probabilities sum to {total!r}"},
        )
