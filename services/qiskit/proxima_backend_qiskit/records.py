"""Exact results from one density matrix a classical record (`branches.py`): the joint law of records and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.arrays.instructions import Listing
from proxima_runtime.arrays.readout import Readout, Real, batch_seeds, draw
from proxima_runtime.arrays.records import count_arrays, probability_array
from proxima_runtime.backend.engine import ItemResult, ProgressReporter, ResultArray
from proxima_runtime.backend.outline import Outline

from proxima_backend_qiskit import aer
from proxima_backend_qiskit.branches import Branches, Wanted
from proxima_backend_qiskit.lowering import Lowering
from proxima_backend_qiskit.reading import reading_of
from proxima_backend_qiskit.results import check_norm, exact_values, saved, state_array


def run_records(
    job: backend_pb2.Job,
    listing: Listing,
    lowering: Lowering,
    outline: Outline,
    *,
    controller: aer.Controller,
    options: aer.RunOptions,
    report: ProgressReporter,
) -> ItemResult:
    """Run a job with method density_matrix.

    Raises:
        MemoryError: Aer or this process had too little memory.
        Internal: Aer failed.
    """
    spec, reading = job.results, reading_of(listing)
    has_records = bool(listing.written_clbits)
    is_drawn = spec.shots > 0 and has_records
    slots = reading.readout.slot_qubits
    qubits = slots if has_records else tuple(range(listing.qubit_count))
    averages = Branches(listing, lowering, controller=controller, options=options).run(
        outline,
        Wanted(
            probability_qubits=qubits if is_drawn or spec.probabilities else None,
            density_matrix=spec.density_matrix,
            observables=spec.observables,
        ),
        report,
    )
    arrays: list[ResultArray] = []
    if is_drawn or spec.probabilities:
        joint = saved(averages.probabilities)
        check_norm(joint, single_precision=options.single_precision)
        law = _Law(records=averages.records, rows=tuple(reading.of_outcomes(row) for row in joint))
        if is_drawn:
            arrays += _count_arrays(job, listing, reading.outcomes, law)
        if spec.probabilities:
            arrays.append(
                _over_clbits(listing, reading.outcomes, law)
                if has_records
                else probability_array(
                    law.rows[0], bit_space=result_pb2.BIT_SPACE_QUBITS, axis_bits=listing.active_qubits
                )
            )
    if averages.density_matrix is not None:
        arrays.append(
            state_array(
                averages.density_matrix, single_precision=options.single_precision, active_qubits=listing.active_qubits
            )
        )
    return ItemResult(
        item_index=0,
        arrays=arrays,
        expectation_values=exact_values([entry.name for entry in spec.observables], averages.expectations),
        precision=result_pb2.PRECISION_SINGLE if options.single_precision else result_pb2.PRECISION_DOUBLE,
        engine_seconds=averages.engine_seconds,
        readout_included=listing.has_readout,
        sampler="numpy" if is_drawn else "",
    )


@dataclass(frozen=True, kw_only=True)
class _Law:
    """The joint law: for each record the probabilities of the outcomes over the reading's slots, errors included."""

    records: Sequence[int]
    rows: Sequence[Real]


def _count_arrays(job: backend_pb2.Job, listing: Listing, outcomes: Readout, law: _Law) -> list[ResultArray]:
    size = len(law.rows[0])
    # `draw` numbers outcomes in whole bits.
    padding = (1 << (len(law.rows) - 1).bit_length()) - len(law.rows)
    weights = np.maximum(np.concatenate([*law.rows, np.zeros(padding * size)]), 0.0)
    drawn, values = draw(weights, batch_seeds(job, 0))
    counts: dict[int, int] = {}
    for packed, seen in zip(drawn, values.tolist(), strict=True):
        row, outcome = divmod(int.from_bytes(packed.tobytes(), "little"), size)
        record = law.records[row] | _spread(outcome, outcomes)
        counts[record] = counts.get(record, 0) + seen
    return count_arrays(counts, listing.clbit_count)


def _over_clbits(listing: Listing, outcomes: Readout, law: _Law) -> ResultArray:
    """Return the probabilities over all bits that are written anywhere."""
    clbits = listing.written_clbits
    position_of = {clbit: position for position, clbit in enumerate(clbits)}
    indices = np.arange(len(law.rows[0]))
    places = np.zeros_like(indices)
    for clbit, slot in zip(outcomes.clbits, outcomes.slots, strict=True):
        places |= ((indices >> slot) & 1) << position_of[clbit]
    found = np.zeros(1 << len(clbits))
    for record, row in zip(law.records, law.rows, strict=True):
        base = sum(1 << position for clbit, position in position_of.items() if (record >> clbit) & 1)
        # No two outcomes have a place in common.
        found[places | base] += row
    return probability_array(found, bit_space=result_pb2.BIT_SPACE_CLBITS, axis_bits=clbits)


def _spread(outcome: int, outcomes: Readout) -> int:
    """Return the record of an outcome over slots."""
    return sum(1 << clbit for clbit, slot in zip(outcomes.clbits, outcomes.slots, strict=True) if (outcome >> slot) & 1)
