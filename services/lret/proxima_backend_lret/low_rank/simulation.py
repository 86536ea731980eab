"""The method low_rank as a run of a compiled circuit (`proxima_backend_lret.simulation`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import FailedPrecondition

from proxima_backend_lret.compiling.program import Program
from proxima_backend_lret.low_rank import readings, saving
from proxima_backend_lret.low_rank.certificate import fault_of_budget
from proxima_backend_lret.low_rank.evolution import NO_LIMIT, Evolution, planned_rounding
from proxima_backend_lret.low_rank.products import column_weights
from proxima_backend_lret.low_rank.promotion import promote
from proxima_backend_lret.simulation import Saved, Wanted

Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complexfloating]


class LowRank:
    """A run that keeps L, with a certified error."""

    def __init__(
        self,
        program: Program,
        wanted: Wanted,
        *,
        max_error: float,
        single_precision: bool,
        memory_limit_bytes: int,
    ) -> None:
        """Begin a run.

        Args:
            program: of `compile_maps`.
            wanted: what will be asked for.
            max_error: the budget, in [0, 1); 0 keeps everything.
            single_precision: keep the columns in float32.
            memory_limit_bytes: what the run may hold.

        Raises:
            FailedPrecondition: the budget cannot be certified (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
            ResourceExhausted: not even one column fits (ERROR_REASON_INSUFFICIENT_MEMORY).
        """
        rounding = planned_rounding(program, single_precision=single_precision)
        fault = fault_of_budget(max_error=max_error, rounding=rounding, single_precision=single_precision)
        if fault:
            raise FailedPrecondition(
                f"lret does not simulate this circuit with low_rank: {fault}",
                reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
                metadata={"feature": "max_error"},
            )
        self._program = program
        self._wanted = wanted
        self._single_precision = single_precision
        self.evolution = Evolution(
            program,
            max_error=max_error,
            single_precision=single_precision,
            memory_limit_bytes=memory_limit_bytes,
        )
        self._measured = -1, 0.0

    @property
    def step_count(self) -> int:
        """Steps of the program."""
        return self._program.step_count

    @property
    def position(self) -> int:
        """Steps done."""
        return self.evolution.position

    @property
    def rank(self) -> int:
        """Columns of all records together."""
        return self.evolution.rank

    @property
    def record_count(self) -> int:
        """Records that are alive."""
        return len(self.evolution.states)

    def compress_at_most(self, columns: int | None) -> None:
        """Leave more columns than these as they are, for the run to go on by another method; None for no limit."""
        self.evolution.most_columns = NO_LIMIT if columns is None else columns

    def advance(self) -> None:
        """Do the next step."""
        self.evolution.advance()

    @property
    def trace(self) -> float:
        """What is kept, measured on the columns."""
        if self._measured[0] != self.position:
            states = self.evolution.states
            trace = sum(float(column_weights(state.planes, rank=state.rank).sum()) for state in states)
            self._measured = self.position, trace
        return self._measured[1]

    @property
    def certified_error(self) -> float:
        """Bound of the trace distance between the exact state and the filled one."""
        return self.evolution.ledger.error_bound(self.trace)

    @property
    def missing(self) -> float:
        """Weight that was dropped, which is filled in evenly; 0 where rounding explains it."""
        return self.evolution.ledger.missing(self.trace)

    @property
    def rounding(self) -> float:
        """eta of the certificate: of the whole program, and of the compressions done."""
        return self.evolution.ledger.rounding

    @property
    def warnings(self) -> tuple[str, ...]:
        """None: what is missing is certified."""
        return ()

    @property
    def rank_history(self) -> result_pb2.RankHistory:
        """Columns over the course of the run."""
        return self.evolution.history.message(operation=self.position, rank=self.rank, operation_count=self.step_count)

    def slot_weights(self, qubits: Sequence[int]) -> list[tuple[int, Real]]:
        """Return the unnormalised probabilities of `qubits` in each record, without what was dropped."""
        return readings.slot_weights(self.evolution.states, qubits)

    def expectation_values(self) -> list[result_pb2.ExpectationValue]:
        """Return those of the observables wanted, for the filled state."""
        return readings.expectation_values(self._wanted.observables, self.evolution.states, missing=self.missing)

    def density_matrix(self) -> Complex:
        """Return the filled state, shape (2^n, 2^n)."""
        return readings.filled_state(self.evolution.states, missing=self.missing)

    def statevector(self) -> Complex:
        """Refuse: a state vector is what the method statevector returns.

        Raises:
            FailedPrecondition: always (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        """
        raise FailedPrecondition(
            "low_rank does not return a state vector; use statevector",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
            metadata={"feature": "statevector"},
        )

    def promote(self) -> list[tuple[int, Real]]:
        """Return the Pauli vector of each record so far, float64, shape (4^n,), with the record.

        `missing`, `rounding` and `certified_error` stay those of the state that it stands for.
        """
        return promote(self.evolution.states)

    def save(self) -> Saved:
        """Return what the rest of the run depends on."""
        return saving.save(self.evolution)

    def restore(self, saved: Saved) -> None:
        """Go on from where `save` was called.

        Raises:
            ValueError: it does not describe a state of this run.
            ResourceExhausted: the state is larger than what the run may hold.
        """
        saving.restore(self.evolution, saved, step_count=self.step_count)
