"""The circuit, operation by operation, on one L for each classical record that is alive.

Every weight that is dropped is a positive part of the state, and shows as missing trace; nothing is renormalised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import Instruction, Listing
from proxima_runtime.backend.engine import ProgressReporter
from proxima_runtime.backend.liveness import Liveness, find_liveness
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted
from proxima_runtime.quantities import readable_bytes

from proxima_backend_lret.columns import Columns, Complex, apply, zero_state
from proxima_backend_lret.compression import compress, factor
from proxima_backend_lret.low_rank.certificate import Ledger
from proxima_backend_lret.low_rank.limits import (
    GRAM_BYTES,
    GROWTH,
    MAX_RECORDS,
    SCREENING_SHARE,
    SQUARE_BYTES,
    WORKING_BYTES,
)
from proxima_backend_lret.screening import choose, make, make_state

_KIND = circuit_pb2.Operation
_RESET: Complex = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], dtype=np.complex128)
_PROJECTORS: Complex = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], dtype=np.complex128)
_SMALL_RANK = 4
_REDUCED_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """The unnormalised state of one classical record.

    Attributes:
        record: all classical bits as a number, bit b for classical bit b; bits that matter no more are 0.
        columns: L, shape (2^n, r).
        weight: trace of L L^dagger, the probability of the record as far as it was kept.
        settled: columns that its last compression left.
    """

    record: int
    columns: Columns
    weight: float
    settled: int = 1


class Evolution:
    """One run of a circuit."""

    def __init__(
        self,
        listing: Listing,
        *,
        ledger: Ledger,
        keeps_records: bool,
        single_precision: bool,
        memory_limit_bytes: int,
    ) -> None:
        self._listing = listing
        self._ledger = ledger
        self._liveness: Liveness = find_liveness(listing.instructions, listing.terminal, keeps_records=keeps_records)
        self._memory_limit_bytes = memory_limit_bytes
        self._noise_steps = 0
        columns = zero_state(listing.qubit_count, single_precision=single_precision)
        self._branches: list[Branch] = [Branch(record=0, columns=columns, weight=1.0)]

    def run(self, report: ProgressReporter) -> list[Branch]:
        """Return the final branches, by ascending record.

        Raises:
            ResourceExhausted: the rank has outgrown the memory (ERROR_REASON_INSUFFICIENT_MEMORY).
            FailedPrecondition: too many records are alive (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        """
        total = len(self._listing.instructions)
        for position, step in enumerate(self._listing.instructions):
            if position not in self._listing.terminal:
                self._advance(position, step)
            report(done_count=position + 1, total_count=total, unit="operations")
        return sorted(self._branches, key=lambda branch: branch.record)

    def _advance(self, position: int, step: Instruction) -> None:
        match step.kind:
            case _KIND.KIND_GATE | _KIND.KIND_UNITARY:
                for branch in self._branches:
                    if step.matrix is not None and step.runs(branch.record):
                        apply(step.matrix, step.qubits, branch.columns)
            case _KIND.KIND_CHANNEL if step.matrix is not None:
                self._spread(step, step.matrix)
            case _KIND.KIND_RESET:
                self._spread(step, _RESET)
            case _KIND.KIND_MEASURE if position in self._liveness.tracked:
                self._measure(step)
            case _KIND.KIND_MEASURE:
                self._spread(step, _PROJECTORS)
        forgotten = self._liveness.deaths.get(position)
        if forgotten:
            self._forget(forgotten, row=step.row)

    @property
    def _trace(self) -> float:
        return sum(branch.weight for branch in self._branches)

    @property
    def _held_bytes(self) -> int:
        return sum(branch.columns.nbytes for branch in self._branches)

    def _spread(self, step: Instruction, operators: Complex) -> None:
        """Apply a channel to the branches whose conditions hold."""
        self._noise_steps += 1
        trace = self._trace
        spendable = self._ledger.spendable(step=self._noise_steps, trace=trace)
        held = self._held_bytes
        for index, branch in enumerate(self._branches):
            if step.runs(branch.record):
                child = self._child(branch, step, operators, spendable=spendable, trace=trace, held=held)
                held += child.columns.nbytes - branch.columns.nbytes
                self._branches[index] = child
        self._compress_grown(row=step.row)

    def _child(
        self,
        branch: Branch,
        step: Instruction,
        operators: Complex,
        *,
        spendable: float,
        trace: float,
        held: int,
    ) -> Branch:
        """Return what a channel makes of a branch.

        Args:
            branch: the branch.
            step: the instruction, for its operands.
            operators: Kraus operators, shape (m, 2^k, 2^k).
            spendable: weight that may be dropped of all branches together.
            trace: weight of all branches together.
            held: bytes that all branches hold now.
        """
        share, least = branch.weight / trace, self._ledger.negligible * branch.weight
        droppable = max(SCREENING_SHARE * spendable * share, least)
        children = choose(operators, step.qubits, branch.columns, droppable=droppable)
        (height, rank), count = branch.columns.shape, children.column_count
        # With each column's reduced state, which matters for operators on many qubits.
        held += rank * operators[0].size * _REDUCED_BYTES
        if count <= height:
            self._require(held + count * height * branch.columns.itemsize, rank=rank, row=step.row)
            columns = make(children, step.qubits, branch.columns)
            return replace(branch, columns=columns, weight=children.weight)
        self._require(held + SQUARE_BYTES * height * height, rank=rank, row=step.row)
        rounding = self._ledger.compression_rounding(column_count=count, weight=branch.weight)
        if not self._ledger.affords(rounding, trace=trace):
            raise FailedPrecondition(
                f"at instruction {step.row} the state has reached rank {rank}, and what its compression costs in this "
                "precision is over what max_error leaves for rounding; use double precision",
                reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
                metadata={"feature": "single precision at this rank"},
            )
        self._ledger.add_rounding(rounding)
        droppable = max((1 - SCREENING_SHARE) * spendable * share, least * height)
        state = make_state(children, step.qubits, branch.columns)
        columns, dropped = factor(state, droppable=droppable, dtype=branch.columns.dtype)
        return replace(branch, columns=columns, weight=children.weight - dropped, settled=columns.shape[1])

    def _measure(self, step: Instruction) -> None:
        """Split the branches by what is read into the bit; the readout error mixes what is true."""
        self._noise_steps += 1
        trace = self._trace
        bit = 1 << step.clbit
        found: list[Branch] = []
        held = self._held_bytes
        for branch in self._branches:
            if not step.runs(branch.record):
                found.append(branch)
                continue
            for read in (0, 1):
                odds = np.eye(2)[:, read] if step.readout is None else step.readout[:, read]
                present = np.flatnonzero(odds)
                if not len(present):
                    continue
                operators = np.sqrt(odds[present])[:, None, None] * _PROJECTORS[present]
                child = self._child(branch, step, operators, spendable=0.0, trace=trace, held=held)
                held += child.columns.nbytes
                if child.columns.shape[1]:
                    found.append(replace(child, record=branch.record & ~bit | (bit if read else 0)))
        self._branches = []
        self._merge(found, row=step.row)
        if len(self._branches) > MAX_RECORDS:
            raise FailedPrecondition(
                f"after instruction {step.row} {len(self._branches)} records of classical bits are possible, and lret "
                f"keeps at most {MAX_RECORDS} at once; ask for fewer bits that are measured in mid-circuit, or use "
                "trajectories",
                reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
                metadata={"feature": f"more than {MAX_RECORDS} records of mid-circuit measurements"},
            )

    def _forget(self, bits: Sequence[int], *, row: int) -> None:
        mask = ~sum(1 << bit for bit in set(bits))
        self._merge([replace(branch, record=branch.record & mask) for branch in self._branches], row=row)

    def _merge(self, branches: Sequence[Branch], *, row: int) -> None:
        """Put the columns of branches of one record side by side."""
        groups: dict[int, list[Branch]] = {}
        for branch in branches:
            groups.setdefault(branch.record, []).append(branch)
        if len(groups) < len(branches):
            held = sum(branch.columns.nbytes for branch in branches)
            joined = max(sum(branch.columns.nbytes for branch in group) for group in groups.values())
            self._require(held + joined, rank=max(branch.columns.shape[1] for branch in branches), row=row)
        self._branches = [_joined(group) for group in groups.values()]
        self._compress_grown(row=row)

    def _compress_grown(self, *, row: int) -> None:
        trace = self._trace
        spendable = self._ledger.spendable(step=self._noise_steps, trace=trace)
        for index, branch in enumerate(self._branches):
            height, rank = branch.columns.shape
            if rank <= max(GROWTH * branch.settled, _SMALL_RANK):
                continue
            rounding = self._ledger.compression_rounding(column_count=rank, weight=branch.weight)
            if not self._ledger.affords(rounding, trace=trace):
                continue
            self._ledger.add_rounding(rounding)
            made = branch.columns.nbytes + GRAM_BYTES * rank * rank if rank <= height else SQUARE_BYTES * height**2
            self._require(self._held_bytes + made, rank=rank, row=row)
            # Eigenvalues that are zero but for rounding go in any case; eta has room for them.
            droppable = max(spendable, self._ledger.negligible * rank * trace) * branch.weight / trace
            columns, dropped = compress(branch.columns, droppable=droppable)
            self._branches[index] = replace(
                branch, columns=columns, weight=branch.weight - dropped, settled=columns.shape[1]
            )

    def _require(self, needed: int, *, rank: int, row: int) -> None:
        """Stop before memory is taken that the run may not have."""
        needed += WORKING_BYTES
        if needed <= self._memory_limit_bytes:
            return
        raise ResourceExhausted(
            f"at instruction {row} the state has reached rank {rank} and needs {readable_bytes(needed)}, "
            f"{readable_bytes(self._memory_limit_bytes)} are available; allow a larger max_error or more memory, or "
            "use trajectories",
            reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY,
            metadata={
                "needed_bytes": str(needed),
                "available_bytes": str(self._memory_limit_bytes),
                "largest_qubit_count": "0",
                "rank": str(rank),
            },
        )


def _joined(group: Sequence[Branch]) -> Branch:
    if len(group) == 1:
        return group[0]
    return Branch(
        record=group[0].record,
        columns=np.concatenate([branch.columns for branch in group], axis=1),
        weight=sum(branch.weight for branch in group),
        settled=max(branch.settled for branch in group),
    )
