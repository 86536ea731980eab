"""The method low_rank where nothing is dropped: one column, which is the state vector, or the whole Pauli vector.

Both come with what their rounding may have cost as certificate.
"""

from __future__ import annotations

from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import FailedPrecondition

from proxima_backend_lret.compiling.program import Program
from proxima_backend_lret.low_rank.certificate import rounding_bound
from proxima_backend_lret.pauli.simulation import PauliSimulation
from proxima_backend_lret.simulation import Complex, Wanted
from proxima_backend_lret.statevector.simulation import StateVector


class OneColumn(StateVector):
    """The state vector of a circuit that keeps a pure state pure."""

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


class WholeVector(PauliSimulation):
    """The Pauli vector from the beginning, because columns would take more."""

    def __init__(self, program: Program, wanted: Wanted, *, memory_limit_bytes: int) -> None:
        """Begin as `PauliSimulation` does, in double precision."""
        super().__init__(program, wanted, single_precision=False, memory_limit_bytes=memory_limit_bytes)
        rounding = vector_rounding(program, first_step=0) + program.rounding
        self.certified_error = min(1.0, 2 * rounding)
        # None of the operations is done on columns.
        self.rank_history = result_pb2.RankHistory(
            largest_rank=1, continued_as="pauli_vector", operation_count=self.step_count
        )


def vector_rounding(program: Program, *, first_step: int) -> float:
    """Return eta of applying the steps from `first_step` on to a Pauli vector in double precision.

    The error of a step is relative to the Frobenius norm, and a trace norm is up to 2^(n/2) times that.
    """
    constants = float(program.constants[first_step:].sum())
    return float(2.0 ** (program.qubit_count / 2) * rounding_bound(constants, single_precision=False))
