"""The method low_rank as a user gets it: columns as long as they pay, the Pauli vector from there on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted
from proxima_runtime.quantities import readable_bytes

from proxima_backend_lret.compiling.program import Program
from proxima_backend_lret.exact import vector_rounding
from proxima_backend_lret.low_rank.promotion import promotion_bytes
from proxima_backend_lret.low_rank.simulation import LowRank
from proxima_backend_lret.pauli.simulation import PauliSimulation
from proxima_backend_lret.simulation import Complex, Real, Saved, Wanted

_CONTINUED = "pauli_vector"


class Adaptive:
    """A run that keeps L while its columns are at most `break_even`, and goes on exactly once they are more.

    What was dropped until then stays dropped, and certified: maps never make a trace norm larger. The Pauli vector is
    float64 whatever the precision of the columns, so that its rounding does not show in the certificate.
    """

    def __init__(
        self,
        program: Program,
        wanted: Wanted,
        *,
        max_error: float,
        single_precision: bool,
        memory_limit_bytes: int,
        break_even: int,
    ) -> None:
        """Begin a run.

        Args:
            program: of `compile_maps`.
            wanted: what will be asked for.
            max_error: the budget, in [0, 1).
            single_precision: keep the columns in float32.
            memory_limit_bytes: what the run may hold.
            break_even: columns of all records above which the Pauli vector takes less time.

        Raises:
            FailedPrecondition, ResourceExhausted: as `LowRank`.
        """
        self._program, self._wanted = program, wanted
        self._memory_limit_bytes = memory_limit_bytes
        self._break_even = break_even
        self._max_error = max_error
        self._columns: LowRank | None = LowRank(
            program,
            wanted,
            max_error=max_error,
            single_precision=single_precision,
            memory_limit_bytes=memory_limit_bytes,
        )
        self._columns.compress_at_most(break_even)
        self._vector: PauliSimulation | None = None
        # It was tried, and the vector did not fit.
        self._stays = False
        self._records: tuple[int, ...] = ()
        self._continued_after = 0
        self._trace = 1.0
        self._rounding = 0.0
        self._history = result_pb2.RankHistory()

    @property
    def step_count(self) -> int:
        """Operations in all, as far as is known."""
        return self._stage.step_count + self._continued_after

    @property
    def position(self) -> int:
        """Operations done."""
        return self._stage.position + self._continued_after

    def advance(self) -> None:
        """Do the next operation, and change over where that pays or where memory leaves no other way."""
        columns = self._columns
        if columns is None:
            self._stage.advance()
            return
        try:
            columns.advance()
        except ResourceExhausted as error:
            if not self._changes_over(columns):
                raise _neither_fits(error, columns, self._program.qubit_count) from error
            return
        is_over = columns.rank > self._break_even and columns.position < columns.step_count
        if is_over and not self._stays and not self._changes_over(columns):
            self._stays = True
            columns.compress_at_most(None)

    @property
    def certified_error(self) -> float:
        """Bound of the trace distance between the exact state and the filled one."""
        if self._columns is not None:
            return self._columns.certified_error
        return min(1.0, max(0.0, 1.0 - self._trace) + 2 * self._rounding)

    @property
    def missing(self) -> float:
        """Weight that was dropped, which is filled in evenly; 0 where rounding explains it."""
        if self._columns is not None:
            return self._columns.missing
        lost = 1.0 - self._trace
        return lost if lost > 2 * self._rounding else 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user."""
        return self._stage.warnings

    @property
    def rank_history(self) -> result_pb2.RankHistory:
        """Columns over the course of the run."""
        return self._history if self._columns is None else self._columns.rank_history

    def slot_weights(self, qubits: Sequence[int]) -> list[tuple[int, Real]]:
        """Return the unnormalised probabilities of `qubits` in each record, without what was dropped."""
        return self._stage.slot_weights(qubits)

    def expectation_values(self) -> list[result_pb2.ExpectationValue]:
        """Return those of the observables wanted, for the filled state."""
        values = self._stage.expectation_values()
        if self._columns is None and self.missing:
            for value, observable in zip(values, self._wanted.observables, strict=True):
                pairs = zip(observable.paulis, observable.coefficients, strict=True)
                # The other strings have no trace with the identity that is filled in.
                value.value += self.missing * sum(factor for pauli, factor in pairs if set(pauli) <= {"I"})
        return values

    def density_matrix(self) -> Complex:
        """Return the filled state, shape (2^n, 2^n)."""
        matrix = self._stage.density_matrix()
        if self._columns is None and self.missing:
            matrix.reshape(-1)[:: len(matrix) + 1] += self.missing / len(matrix)
        return matrix

    def statevector(self) -> Complex:
        """Refuse, as both methods do."""
        return self._stage.statevector()

    def save(self) -> Saved:
        """Return what the rest of the run depends on."""
        saved = dict(self._stage.save())
        if self._columns is not None:
            saved["stays"] = self._stays
            return saved
        history = self._history
        saved["continued"] = {
            "after": self._continued_after,
            "records": list(self._records),
            "trace": self._trace,
            "rounding": self._rounding,
            "largest": history.largest_rank,
            "points": [[point.operation, point.rank] for point in history.points],
        }
        return saved

    def restore(self, saved: Saved) -> None:
        """Go on from where `save` was called.

        Raises:
            ValueError: it does not describe a state of this run.
        """
        if "continued" not in saved:
            self._stage.restore({name: value for name, value in saved.items() if name != "stays"})
            self._stays = bool(saved.get("stays"))
            if self._stays and self._columns is not None:
                self._columns.compress_at_most(None)
            return
        try:
            found = cast("Mapping[str, object]", saved["continued"])
            after, records = (
                int(cast("int", found["after"])),
                [int(record) for record in cast("list[int]", found["records"])],
            )
            trace, rounding = float(cast("float", found["trace"])), float(cast("float", found["rounding"]))
            points = [(int(operation), int(rank)) for operation, rank in cast("list[tuple[int, int]]", found["points"])]
            largest = int(cast("int", found["largest"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"what it continued from cannot be read: {error}") from error
        if not 0 < after < self._program.step_count or not records or not 0 <= rounding < 1 or not 0 <= trace < 2:
            raise ValueError("what it continued from is out of range")
        self._history = result_pb2.RankHistory(
            points=[result_pb2.RankPoint(operation=operation, rank=rank) for operation, rank in points],
            largest_rank=largest,
        )
        # Nothing is allocated for zeros that are repeated.
        zeros = np.broadcast_to(np.zeros(1), (4**self._program.qubit_count,))
        self._trace, self._rounding, self._continued_after = trace, rounding, after
        self._go_on(dict.fromkeys(records, zeros), memory_limit_bytes=self._memory_limit_bytes)
        self._stage.restore({name: value for name, value in saved.items() if name != "continued"})

    @property
    def _stage(self) -> LowRank | PauliSimulation:
        found = self._columns or self._vector
        assert found is not None  # noqa: S101 - one of them there always is
        return found

    def _changes_over(self, columns: LowRank) -> bool:
        """Go on by the Pauli vector; return False where it does not fit, or its rounding does not fit the budget."""
        width, held = self._program.qubit_count, columns.evolution.held_bytes
        taken = held + promotion_bytes(qubit_count=width, rank=columns.rank, record_count=columns.record_count)
        left = self._memory_limit_bytes - taken
        if left < 8 * columns.record_count * 4**width:
            return False
        rounding = columns.rounding + vector_rounding(self._program, first_step=columns.position)
        if self._max_error and max(0.0, 1.0 - columns.trace) + 2 * rounding > self._max_error:
            return False
        self._trace, self._rounding, self._continued_after = columns.trace, rounding, columns.position
        history = columns.rank_history
        try:
            self._go_on(dict(columns.promote()), memory_limit_bytes=left)
        except (ResourceExhausted, FailedPrecondition):
            # It keeps fewer records apart, or takes more memory than what is left: columns go on.
            self._continued_after = 0
            return False
        history.continued_as, history.continued_after = _CONTINUED, self._continued_after
        self._history = history
        return True

    def _go_on(self, vectors: Mapping[int, Real], *, memory_limit_bytes: int) -> None:
        self._vector = PauliSimulation(
            self._program,
            self._wanted,
            single_precision=False,
            memory_limit_bytes=memory_limit_bytes,
            first_step=self._continued_after,
            vectors=vectors,
        )
        self._records = tuple(vectors)
        self._columns = None
        self._history.continued_as, self._history.continued_after = _CONTINUED, self._continued_after
        self._history.operation_count = self._program.step_count


def _neither_fits(error: ResourceExhausted, columns: LowRank, width: int) -> ResourceExhausted:
    """Return the error with what the other way would take."""
    needed = readable_bytes(2 * 8 * columns.record_count * 4**width)
    return ResourceExhausted(
        f"{error.message}; to go on exactly, as a Pauli vector, would take {needed} beside the columns",
        reason=error.reason,
        metadata=dict(error.metadata),
    )
