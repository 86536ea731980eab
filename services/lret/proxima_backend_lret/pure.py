"""The method low_rank where nothing mixes the state: one column, which is the state vector."""

from __future__ import annotations

from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import FailedPrecondition

from proxima_backend_lret.compiling.program import Program
from proxima_backend_lret.low_rank.certificate import rounding_bound
from proxima_backend_lret.simulation import Complex, Wanted
from proxima_backend_lret.statevector.simulation import StateVector


class OneColumn(StateVector):
    """A state vector with what its rounding may have cost as certificate."""

    def __init__(
        self, program: Program, wanted: Wanted, *, single_precision: bool, memory_limit_bytes: int | None
    ) -> None:
        """Begin as `StateVector` does."""
        super().__init__(program, wanted, single_precision=single_precision, memory_limit_bytes=memory_limit_bytes)
        constants = float(program.constants.sum())
        self._rounding = rounding_bound(constants, single_precision=single_precision) + program.rounding

    @property
    def certified_error(self) -> float:
        """2 eta: nothing is dropped."""
        return min(1.0, 2 * self._rounding)

    @property
    def rank_history(self) -> result_pb2.RankHistory:
        """One column throughout."""
        return result_pb2.RankHistory(
            points=[result_pb2.RankPoint(operation=self.step_count, rank=1)],
            largest_rank=1,
            operation_count=self.step_count,
        )

    def statevector(self) -> Complex:
        """Refuse, as low_rank does for mixed states.

        Raises:
            FailedPrecondition: always (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        """
        raise FailedPrecondition(
            "low_rank does not return a state vector; use statevector",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
            metadata={"feature": "statevector"},
        )

    def density_matrix(self) -> Complex:
        """Return |state><state|, shape (2^n, 2^n)."""
        state = StateVector.statevector(self)
        return state[:, None] * state.conj()
