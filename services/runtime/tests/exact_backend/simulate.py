"""The simulation: Kraus operators on density matrices by record, or on one state vector a shot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2
from proxima_runtime.arrays.instructions import Instruction, Listing, list_instructions
from proxima_runtime.arrays.observables import expectation, expectation_values, mean_with_error
from proxima_runtime.arrays.readout import batch_seeds
from proxima_runtime.arrays.records import count_arrays
from proxima_runtime.backend.engine import ResultArray

from .defect import has
from .defects import spoil

Complex = npt.NDArray[np.complex128]
_Results: TypeAlias = tuple[list[ResultArray], list[result_pb2.ExpectationValue]]
_KIND = circuit_pb2.Operation
_RESET: Complex = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], dtype=np.complex128)
_PROJECTORS: Complex = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], dtype=np.complex128)


def simulate(job: backend_pb2.Job) -> _Results:
    """Return the arrays and expectation values of a job."""
    listing = list_instructions(job.circuit)
    if job.method == capabilities_pb2.METHOD_TRAJECTORIES:
        return _trajectories(job, listing)
    return _mixed(job, listing)


def _mixed(job: backend_pb2.Job, listing: Listing) -> _Results:
    start = np.zeros((1 << listing.qubit_count,) * 2, dtype=np.complex128)
    start[0, 0] = 1
    before = _evolve(
        {0: start}, [row for place, row in enumerate(listing.instructions) if place not in listing.terminal]
    )
    after = _evolve(before, [listing.instructions[place] for place in sorted(listing.terminal)])
    state = np.asarray(sum((after if has("states-with-readout") else before).values()))
    weights = {record: float(np.trace(branch).real) for record, branch in after.items()}
    arrays = []
    if job.results.shots and listing.written_clbits:
        records, drawn = list(weights), Counter[int]()
        chances = np.maximum(np.array([weights[record] for record in records]), 0)
        for shots, seed in batch_seeds(job, 0):
            times = np.random.default_rng(seed).multinomial(shots, chances / chances.sum())
            drawn.update(dict(zip(records, times.tolist(), strict=True)))
        arrays += count_arrays(drawn, listing.clbit_count)
    if job.results.probabilities:
        arrays.append(_probabilities(listing, state, weights))
    if job.results.density_matrix:
        arrays.append(
            ResultArray(
                role=result_pb2.ARRAY_ROLE_DENSITY_MATRIX,
                data_type=result_pb2.DATA_TYPE_COMPLEX128,
                shape=state.shape,
                data=state.tobytes(),
                bit_space=result_pb2.BIT_SPACE_QUBITS,
                axis_bits=listing.active_qubits,
            )
        )
    values = expectation_values(job.results.observables, state)
    return arrays, values[::-1] if has("exact-values-without-order") else values


def _probabilities(listing: Listing, state: Complex, weights: dict[int, float]) -> ResultArray:
    written = listing.written_clbits
    found = np.zeros(1 << len(written)) if written else np.ascontiguousarray(np.diagonal(state).real)
    for record, weight in weights.items() if written else ():
        found[sum(((record >> clbit) & 1) << place for place, clbit in enumerate(written))] += weight
    return ResultArray(
        role=result_pb2.ARRAY_ROLE_PROBABILITIES,
        data_type=result_pb2.DATA_TYPE_FLOAT64,
        shape=found.shape,
        data=found.tobytes(),
        bit_space=result_pb2.BIT_SPACE_CLBITS if written else result_pb2.BIT_SPACE_QUBITS,
        axis_bits=written or listing.active_qubits,
    )


def _evolve(records: dict[int, Complex], rows: Sequence[Instruction]) -> dict[int, Complex]:
    for original in rows:
        row = spoil(original)
        if row is None:
            continue
        after: dict[int, Complex] = {}
        for record, state in records.items():
            for written, branch in _branches(row, record, state):
                after[written] = after[written] + branch if written in after else branch
        records = after
    return records


def _branches(row: Instruction, record: int, state: Complex) -> list[tuple[int, Complex]]:
    operators = _operators(row)
    if operators is None or not row.runs(record):
        return [(record, state)]
    if row.kind != _KIND.KIND_MEASURE:
        return [(record, np.asarray(sum(_both_sides(matrix, row.qubits, state) for matrix in operators)))]
    table = np.eye(2) if row.readout is None else row.readout
    found = []
    for true in (0, 1):
        branch = _both_sides(operators[true], row.qubits, state)
        found += [(_recorded(record, row.clbit, read), table[true, read] * branch) for read in (0, 1)]
    return [(written, branch) for written, branch in found if branch.any()]


def _trajectories(job: backend_pb2.Job, listing: Listing) -> _Results:
    counts: Counter[int] = Counter()
    samples: list[list[float]] = []
    rows = [(row, place in listing.terminal) for place, row in enumerate(map(spoil, listing.instructions)) if row]
    rows = [entry for entry in rows if not entry[1]] + [entry for entry in rows if entry[1]]
    for shots, seed in batch_seeds(job, 0):
        generator = np.random.default_rng(seed)
        for _ in range(shots):
            state, record = np.eye(1 << listing.qubit_count, 1, dtype=np.complex128)[:, 0], 0
            before = state
            for row, is_terminal in rows:
                state, record = _jump(row, record, state, generator)
                before = before if is_terminal else state
            counts[record] += 1
            samples.append([expectation(observable, before) for observable in job.results.observables])
    values = []
    for place, observable in enumerate(job.results.observables):
        mean, error = mean_with_error([sample[place] for sample in samples])
        error *= 0.5 if has("halved-standard-error") else 1.0
        values.append(result_pb2.ExpectationValue(name=observable.name, value=mean, standard_error=error))
    return count_arrays(counts, listing.clbit_count) if listing.written_clbits else [], values


def _jump(row: Instruction, record: int, state: Complex, generator: np.random.Generator) -> tuple[Complex, int]:
    """Run a row on a pure state: one of its operators, drawn by the norm it leaves."""
    operators = _operators(row)
    if operators is None or not row.runs(record):
        return state, record
    branches = [_apply(matrix, row.qubits, state) for matrix in operators]
    norms = np.array([np.vdot(branch, branch).real for branch in branches])
    chosen = int(generator.choice(len(branches), p=norms / norms.sum())) if len(branches) > 1 else 0
    if row.kind == _KIND.KIND_MEASURE:
        read = chosen if row.readout is None else int(generator.random() < row.readout[chosen, 1])
        record = _recorded(record, row.clbit, read)
    return branches[chosen] / np.sqrt(norms[chosen]), record


def _operators(row: Instruction) -> Complex | None:
    """Return the operators of a row, shape (m, 2^k, 2^k); None where it does nothing."""
    if row.kind == _KIND.KIND_MEASURE:
        return _PROJECTORS
    if row.kind == _KIND.KIND_RESET:
        return _RESET
    if row.matrix is None:
        return None
    return row.matrix if row.matrix.ndim == 3 else row.matrix[None]


def _recorded(record: int, clbit: int, read: int) -> int:
    return record & ~(1 << clbit) | (read << clbit)


def _both_sides(matrix: Complex, qubits: Sequence[int], state: Complex) -> Complex:
    half = _apply(matrix, qubits, state)
    return np.ascontiguousarray(_apply(matrix, qubits, half.conj().T).conj().T)


def _apply(matrix: Complex, qubits: Sequence[int], state: Complex) -> Complex:
    """Apply a matrix to the first axis of a state."""
    bits = state.shape[0].bit_length() - 1
    axes = [bits - 1 - qubit for qubit in reversed(qubits)]
    tensor = state.reshape((2,) * bits + state.shape[1:])
    moved = np.moveaxis(tensor, axes, range(len(axes)))
    product = (matrix @ moved.reshape(len(matrix), -1)).reshape(moved.shape)
    return np.ascontiguousarray(np.moveaxis(product, range(len(axes)), axes)).reshape(state.shape)
