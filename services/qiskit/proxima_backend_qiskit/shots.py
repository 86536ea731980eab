"""Runs a circuit once a shot: measurements in mid-circuit, resets, conditions, and channels as trajectories.

The terminal measurements come last and the expectation values before them, once a shot: their mean and its standard
error are what is returned. Shots are independent, each draws its own errors.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2, observable_pb2, result_pb2
from proxima_runtime.arrays.instructions import Listing
from proxima_runtime.arrays.observables import mean_with_error
from proxima_runtime.arrays.readout import batch_seeds
from proxima_runtime.arrays.records import count_arrays
from proxima_runtime.backend.engine import ItemResult, ProgressReporter
from proxima_runtime.errors import Internal

from proxima_backend_qiskit import aer
from proxima_backend_qiskit.lowering import Lowering, check_count

_KIND = circuit_pb2.Operation


def memory_bits(listing: Listing) -> tuple[int, ...]:
    """Return the classical bits that Aer keeps, ascending: those that are written or read."""
    bits: set[int] = set()
    for step in listing.instructions:
        if step.kind == _KIND.KIND_MEASURE:
            bits.add(step.clbit)
        for condition in step.conditions:
            bits.update(range(condition.first_clbit, condition.first_clbit + condition.width))
    return tuple(sorted(bits))


def build(
    listing: Listing, lowering: Lowering, *, slot_count: int, observables: Sequence[observable_pb2.Observable]
) -> aer.NativeCircuit:
    """Return the circuit of one shot."""
    circuit = aer.new_circuit(qubit_count=listing.qubit_count, slot_count=slot_count, global_phase=listing.global_phase)
    for position, instruction in enumerate(listing.instructions):
        if position not in listing.terminal:
            lowering.append(instruction, circuit)
    for index, observable in enumerate(observables):
        aer.save_expectation(circuit, observable, index=index, of_each_shot=True)
    for position in sorted(listing.terminal):
        lowering.append(listing.instructions[position], circuit)
    check_count(lowering, len(listing.instructions))
    return circuit


def run_shots(
    job: backend_pb2.Job,
    listing: Listing,
    lowering: Lowering,
    *,
    slots: Sequence[int],
    controller: aer.Controller,
    options: aer.RunOptions,
    report: ProgressReporter,
) -> ItemResult:
    """Run every batch of the plan.

    Args:
        job: what is asked; shots at least 2 where it has observables.
        listing: its circuit.
        lowering: translates it.
        slots: the bits of Aer's memory.
        controller: runs it.
        options: everything but shots and seed.
        report: told after each of several batches.

    Raises:
        MemoryError: Aer had too little memory.
        Internal: Aer failed, or did not run one shot at a time.
    """
    circuit = build(listing, lowering, slot_count=len(slots), observables=job.results.observables)
    batches = batch_seeds(job, 0)
    records: dict[int, int] = {}
    samples: list[list[aer.Real]] = [[] for _ in job.results.observables]
    started = time.perf_counter()
    for done, (shots, seed) in enumerate(batches, start=1):
        # Aer's shot j of seed s is shot j - 1 of seed s + 1; 63 bits keep the seeds of batches and of users apart.
        of_batch = options.with_sampling(shots=shots, seed=int(seed.generate_state(1, np.uint64)[0] >> np.uint64(1)))
        output = controller.run(circuit, of_batch, lowering.errors)
        for outcome, seen in _records(output.counts, slots).items():
            records[outcome] = records.get(outcome, 0) + seen
        for of_observable, values in zip(samples, output.expectations, strict=True):
            if len(values) != shots:
                raise _not_one_a_shot(len(values), shots)
            of_observable.append(values)
        if len(batches) > 1:
            report(done_count=done, total_count=len(batches), unit="batches")
    engine_seconds = time.perf_counter() - started
    is_measured = any(step.kind == _KIND.KIND_MEASURE for step in listing.instructions)
    if is_measured and sum(records.values()) != job.results.shots:
        raise _not_one_a_shot(sum(records.values()), job.results.shots)
    return ItemResult(
        item_index=0,
        arrays=count_arrays(records, listing.clbit_count) if is_measured else (),
        expectation_values=[
            _expectation_value(observable.name, np.concatenate(values))
            for observable, values in zip(job.results.observables, samples, strict=True)
        ],
        precision=result_pb2.PRECISION_SINGLE if options.single_precision else result_pb2.PRECISION_DOUBLE,
        engine_seconds=engine_seconds,
        readout_included=listing.has_readout,
        sampler="aer",
    )


def _expectation_value(name: str, values: aer.Real) -> result_pb2.ExpectationValue:
    mean, error = mean_with_error(values)
    return result_pb2.ExpectationValue(name=name, value=mean, standard_error=error)


def _records(counts: Mapping[str, int], slots: Sequence[int]) -> Mapping[int, int]:
    """Turn counts over Aer's memory into counts over classical bits."""
    if tuple(slots) == tuple(range(len(slots))):
        return {int(outcome, 16): seen for outcome, seen in counts.items()}
    found: dict[int, int] = {}
    for outcome, seen in counts.items():
        memory = int(outcome, 16)
        found[sum(((memory >> slot) & 1) << clbit for slot, clbit in enumerate(slots))] = seen
    return found


def _not_one_a_shot(found: int, expected: int) -> Internal:
    return Internal(
        f"Aer returned {found} samples of {expected} shots; nothing was returned, report this with the circuit",
        reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
        metadata={"engine": "aer", "message": f"{found} samples of {expected} shots"},
    )
