"""A compiled circuit, step by step, on one L for each classical record that is alive.

Every weight that is dropped is a positive part of the state, and shows as missing trace; nothing is renormalised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted
from proxima_runtime.quantities import readable_bytes

from proxima_backend_lret.columns.kernels import apply
from proxima_backend_lret.compiling.kraus import kraus_of
from proxima_backend_lret.compiling.program import Program
from proxima_backend_lret.low_rank.certificate import Ledger, rounding_bound
from proxima_backend_lret.low_rank.compression import compress, dense, factor, mapped
from proxima_backend_lret.low_rank.history import History
from proxima_backend_lret.low_rank.limits import (
    COMPRESSION_COST,
    GRAM_BYTES,
    GROWTH,
    MAX_RECORDS,
    MOST_GROWTH,
    SCREENING_SHARE,
    SMALL_RANK,
    SQUARE_BYTES,
    WORKING_BYTES,
)
from proxima_backend_lret.low_rank.screening import Children, choose
from proxima_backend_lret.low_rank.spreading import spread
from proxima_backend_lret.low_rank.state import State, state_bytes, zero_state

Complex = npt.NDArray[np.complex128]

_PROJECTORS: Complex = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], dtype=np.complex128)
_REDUCED_BYTES = 48
NO_LIMIT = 1 << 62


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """What a map will do to one state: its children, or where there are none, by way of the matrix."""

    state: State
    rank: int
    more_bytes: int
    children: Children | None = None
    droppable: float = 0.0
    rounding: float = 0.0


class Evolution:
    """One run of a circuit.

    Attributes:
        position: steps done.
        states: one for each record that is alive, by ascending record.
        history: ranks over the course of the run.
        ledger: what was dropped, and what may be.
        most_columns: more columns of all records are not compressed: another method would take less.
    """

    def __init__(self, program: Program, *, max_error: float, single_precision: bool, memory_limit_bytes: int) -> None:
        """Begin a run.

        Args:
            program: of `compile_maps`.
            max_error: the budget, in [0, 1); 0 keeps everything.
            single_precision: keep the columns in float32; see `certificate.fault_of_budget`.
            memory_limit_bytes: what the run may hold.
        """
        self._program = program
        self._operators = kraus_of(program)
        self._memory_limit_bytes = memory_limit_bytes
        self._noise_steps = 0
        self.most_columns = NO_LIMIT
        self.position = 0
        self.history = History()
        self.ledger = Ledger(
            max_error=max_error,
            rounding=planned_rounding(program, single_precision=single_precision),
            step_count=sum(operators is None or len(operators) > 1 for operators in self._operators),
            single_precision=single_precision,
        )
        needed = state_bytes(1 << program.qubit_count, 1, itemsize=4 if single_precision else 8)
        self.require(needed, rank=1, row=0)
        self.states = [zero_state(program.qubit_count, single_precision=single_precision)]

    @property
    def rank(self) -> int:
        """Columns of all records together."""
        return sum(state.rank for state in self.states)

    @property
    def trace(self) -> float:
        """Lower bound of what is kept, within rounding."""
        return sum(state.weight for state in self.states)

    @property
    def held_bytes(self) -> int:
        """Bytes of all states."""
        return sum(state.held_bytes for state in self.states)

    def advance(self) -> None:
        """Do the next step.

        Raises:
            ResourceExhausted: the rank has outgrown the memory (ERROR_REASON_INSUFFICIENT_MEMORY). The states are those
                at `position`, so that the run can go on from there by another method.
            FailedPrecondition: too many records are alive, or the precision does not reach
                (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        """
        step = self.position
        operators = self._operators[step]
        if operators is not None:
            self._map(step, operators)
        else:
            self._measure(step)
        self.position += 1
        forgotten = self._program.forgets.get(step)
        if forgotten:
            mask = ~sum(1 << bit for bit in set(forgotten))
            for state in self.states:
                state.record &= mask
            self._merge(self.states, row=self._row(step))
        self.history.add(self.position, self.rank)
        self._compress_grown()

    def resume(self, states: Sequence[State], *, position: int, noise_steps: int) -> None:
        """Go on from states that were saved."""
        self.states, self.position, self._noise_steps = list(states), position, noise_steps

    @property
    def noise_steps(self) -> int:
        """Steps done that may have added columns."""
        return self._noise_steps

    def _row(self, step: int) -> int:
        return int(self._program.rows[step, 1])

    def _map(self, step: int, operators: Complex) -> None:
        qubits = self._program.qubits_of(step)
        states = [state for state in self.states if self._program.runs(step, state.record)]
        if len(operators) == 1:
            for state in states:
                apply(state.planes, rank=state.rank, qubits=qubits, matrix=operators[0])
            return
        self._noise_steps += 1
        trace = self.trace
        spendable = self.ledger.spendable(step=self._noise_steps, trace=trace)
        plans = [
            self._planned(state, operators, qubits, spendable=spendable, trace=trace, row=self._row(step))
            for state in states
        ]
        needed = self.held_bytes + sum(plan.more_bytes for plan in plans)
        self.require(needed, rank=max((plan.rank for plan in plans), default=1), row=self._row(step))
        for plan in plans:
            self._carry_out(plan, operators, qubits)

    def _planned(
        self,
        state: State,
        operators: Complex,
        qubits: Sequence[int],
        *,
        spendable: float,
        trace: float,
        row: int,
    ) -> _Plan:
        """Choose what a map makes of one state; nothing is changed yet.

        Args:
            state: the state.
            operators: Kraus operators, shape (m, 2^k, 2^k).
            qubits: k operands.
            spendable: weight that may be dropped of all states together.
            trace: weight of all states together.
            row: source instruction, for errors.
        """
        share, least = state.weight / trace, self.ledger.negligible * state.weight
        self.require(self.held_bytes + state.rank * operators[0].size * _REDUCED_BYTES, rank=state.rank, row=row)
        droppable = max(SCREENING_SHARE * spendable * share, least)
        children = choose(operators, qubits, state.planes, state.weights, droppable=droppable)
        rank = len(children.weights)
        if rank <= state.height:
            more_bytes = state.bytes_for(rank) - state.held_bytes
            return _Plan(state=state, rank=rank, children=children, more_bytes=more_bytes)
        rounding = self.ledger.compression_rounding(column_count=state.height, weight=state.weight)
        if not self.ledger.affords(rounding, trace=trace):
            raise FailedPrecondition(
                f"at instruction {row} the state has reached rank {state.rank}, and what its compression costs in this "
                "precision is over what max_error leaves for rounding; use double precision",
                reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
                metadata={"feature": "single precision at this rank"},
            )
        droppable = max((1 - SCREENING_SHARE) * spendable * share, least * state.height)
        more_bytes = SQUARE_BYTES * state.height**2
        return _Plan(state=state, rank=state.height, droppable=droppable, rounding=rounding, more_bytes=more_bytes)

    def _carry_out(self, plan: _Plan, operators: Complex, qubits: Sequence[int]) -> None:
        state, children = plan.state, plan.children
        if children is None:
            # More columns than rows: by way of the matrix.
            self.ledger.add_rounding(plan.rounding)
            factor(state, mapped(dense(state), operators, qubits), droppable=plan.droppable)
            return
        state.reserve(plan.rank)
        spread(
            state.planes,
            rank=state.rank,
            qubits=qubits,
            leading=children.leading,
            sources=children.sources,
            operators=children.operators,
        )
        state.rank, state.weights = plan.rank, children.weights
        state.weight -= children.dropped

    def _measure(self, step: int) -> None:
        """Split the states by what is read into the bit; the readout error mixes what is true."""
        self._noise_steps += 1
        reading, row = self._program.readings[step], self._row(step)
        trace, bit = self.trace, 1 << reading.clbit
        found: list[State] = []
        for state in self.states:
            if not self._program.runs(step, state.record):
                found.append(state)
                continue
            weight = state.weight
            for read in (0, 1):
                odds = np.eye(2)[:, read] if reading.readout is None else reading.readout[:, read]
                present = np.flatnonzero(odds)
                if not len(present):
                    continue
                operators = np.sqrt(odds[present])[:, None, None] * _PROJECTORS[present]
                held = self.held_bytes + sum(child.held_bytes for child in found)
                self.require(held + state.bytes_for(2 * state.rank), rank=state.rank, row=row)
                child = state.copied(record=state.record & ~bit | (bit if read else 0))
                if len(operators) == 1:
                    apply(child.planes, rank=child.rank, qubits=(reading.qubit,), matrix=operators[0])
                else:
                    plan = self._planned(child, operators, (reading.qubit,), spendable=0.0, trace=trace, row=row)
                    self._carry_out(plan, operators, (reading.qubit,))
                child.weigh()
                if child.weight > self.ledger.negligible * weight:
                    found.append(child)
        self._merge(found, row=row)
        if len(self.states) > MAX_RECORDS:
            raise FailedPrecondition(
                f"after instruction {row} {len(self.states)} records of classical bits are possible, and lret "
                f"keeps at most {MAX_RECORDS} at once; ask for fewer bits that are measured in mid-circuit, or use "
                "trajectories",
                reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
                metadata={"feature": f"more than {MAX_RECORDS} records of mid-circuit measurements"},
            )

    def _merge(self, states: Sequence[State], *, row: int) -> None:
        """Go on with these states, the columns of those of one record side by side."""
        groups: dict[int, list[State]] = {}
        for state in states:
            groups.setdefault(state.record, []).append(state)
        ranks = [sum(state.rank for state in group) for group in groups.values()]
        grown = [
            group[0].bytes_for(rank) - group[0].held_bytes for group, rank in zip(groups.values(), ranks, strict=True)
        ]
        held = sum(state.held_bytes for state in states)
        self.require(held + sum(grown), rank=max(ranks, default=0), row=row)
        for (first, *others), rank in zip(groups.values(), ranks, strict=True):
            first.reserve(rank)
            for state in others:
                self._append(first, state)
        self.states = [group[0] for _, group in sorted(groups.items())]

    @staticmethod
    def _append(first: State, state: State) -> None:
        stop = first.rank + state.rank
        first.planes[:, :, first.rank : stop] = state.planes[:, :, : state.rank]
        first.weights = np.concatenate([first.weights, state.weights])
        first.weight += state.weight
        first.settled = max(first.settled, state.settled)
        first.excess += state.excess
        first.rank = stop

    def _compress_grown(self) -> None:
        # At the end it would serve nothing any more.
        if self.position == self._program.step_count or self.rank > self.most_columns:
            return
        for state in self.states:
            state.excess += max(state.rank - state.settled, 0)
            rank, settled = state.rank, state.settled
            if rank <= max(GROWTH * settled, SMALL_RANK):
                continue
            cost = COMPRESSION_COST * rank**2 * (1 + 2 * rank / state.height)
            if state.excess >= cost or rank > MOST_GROWTH * settled or 2 * rank > state.height:
                self._compress(state)
                state.excess = 0

    def _compress(self, state: State) -> None:
        ledger, trace, rank = self.ledger, self.trace, state.rank
        single = False
        rounding = ledger.compression_rounding(column_count=min(rank, state.height), weight=state.weight)
        if state.is_single:
            wanted = ledger.compression_rounding(column_count=rank, weight=state.weight, single_precision=True)
            if rank <= state.height and not ledger.is_exact and ledger.affords(wanted, trace=trace):
                single, rounding = True, wanted
        working = GRAM_BYTES * rank**2 if rank <= state.height else SQUARE_BYTES * state.height**2
        # Without the means for it the state stays as it is.
        if not ledger.affords(rounding, trace=trace) or not self._has_room_for(self.held_bytes + working):
            state.settled = rank
            return
        state.weigh()
        trace = self.trace
        spendable = ledger.spendable(step=self._noise_steps, trace=trace)
        # Eigenvalues that are zero but for rounding go in any case; eta has room for them.
        droppable = max(spendable, ledger.negligible * rank * trace) * state.weight / trace
        if rank > state.height:
            ledger.add_rounding(rounding)
            factor(state, dense(state), droppable=droppable)
        elif compress(state, droppable=droppable, single_precision=single):
            ledger.add_rounding(rounding)

    def _has_room_for(self, needed: int) -> bool:
        return needed + WORKING_BYTES <= self._memory_limit_bytes

    def require(self, needed: int, *, rank: int, row: int) -> None:
        """Stop before memory is taken that the run may not have."""
        if self._has_room_for(needed):
            return
        needed += WORKING_BYTES
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


def planned_rounding(program: Program, *, single_precision: bool) -> float:
    """Return eta of all maps of a program, compiling included, without compressions."""
    constants = float(program.constants.sum())
    return rounding_bound(constants, single_precision=single_precision) + program.rounding
