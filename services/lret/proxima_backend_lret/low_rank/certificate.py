"""The error bound of a low-rank run, and what the run may drop for it (docs/lret.md has the proof).

With t the trace of L L^dagger and eta a bound of what rounding adds up to,

    delta = min(1, max(0, 1 - t) + 2 eta),    eta = 2.01 u (sum of c over operations) + sum of defects

bounds the trace distance to the exact state. u is the unit roundoff. c is 8 * 2^k for a map on k qubits, plus m where
it has m > 1 Kraus operators (they are rotated among themselves), and 4 r for a compression of r columns. Where the
budget has no room for that in single precision, a compression of single columns computes in double: 4 r is in units of
its u then, plus 4 of the columns' own for the rounding of the outcome. A defect is how far explicit operators are from
preserving the trace. Imports no numpy.
"""

from __future__ import annotations

from proxima_backend_lret.low_rank.limits import BUDGET_POWER

UNIT_ROUNDOFF_SINGLE = 2.0**-24
UNIT_ROUNDOFF_DOUBLE = 2.0**-53

SINGLE_SHARE = 0.1
"""Single precision is for budgets of which rounding takes at most this part."""

_ROUNDING = 2.01
_STORING = 4.0
# Of the budget, 2 eta are in the bound and a third is what rounding may take off the trace itself.
_RESERVE = 3


def unit_roundoff(*, single_precision: bool) -> float:
    """Return u, half the distance from 1 to the next number."""
    return UNIT_ROUNDOFF_SINGLE if single_precision else UNIT_ROUNDOFF_DOUBLE


def map_constant(qubit_count: int, operator_count: int = 1) -> float:
    """Return c of a map with `operator_count` Kraus operators on `qubit_count` qubits."""
    rotated = operator_count if operator_count > 1 else 0
    return 8.0 * 2.0**qubit_count + rotated


def rounding_bound(constants: float, *, single_precision: bool) -> float:
    """Return eta of operations whose constants sum to `constants`."""
    return _ROUNDING * unit_roundoff(single_precision=single_precision) * constants


def fault_of_budget(*, max_error: float, rounding: float, single_precision: bool) -> str:
    """Return why a budget cannot be met whatever is kept, in a sentence with the remedy; empty where it can be.

    Args:
        max_error: the budget, in [0, 1); 0 asks for everything to be kept.
        rounding: eta of the circuit's operations.
        single_precision: complex64.
    """
    if max_error == 0:
        return ""
    least = 2 * rounding / SINGLE_SHARE
    if single_precision and max_error < least:
        return (
            f"single precision may cost up to {2 * rounding:.2g} of certified error over this circuit, more than a "
            f"tenth of the max_error of {max_error:g}; use double precision, or a max_error of at least {least:.2g}"
        )
    least = _RESERVE * rounding
    if max_error <= least:
        return (
            f"rounding alone may cost up to {least:.2g} over this circuit, so a max_error of {max_error:g} cannot be "
            "certified; use 0, which keeps everything, or a larger one"
        )
    return ""


class Ledger:
    """What one run may drop, and what its error bound is.

    The part of the budget that may be gone after `step` of `step_count` noise steps is (step/step_count)^BUDGET_POWER:
    what is dropped early would have shared columns with what comes later.

    Attributes:
        rounding: eta so far: of all maps of the circuit from the beginning, and of the compressions done.
    """

    def __init__(self, *, max_error: float, rounding: float, step_count: int, single_precision: bool) -> None:
        self._max_error = max_error
        self._step_count = max(step_count, 1)
        self._single_precision = single_precision
        self.rounding = rounding

    @property
    def is_exact(self) -> bool:
        """Nothing may be dropped but what is zero within rounding."""
        return self._max_error == 0

    @property
    def negligible(self) -> float:
        """Weight that one operation may lose within what eta grants its rounding."""
        return unit_roundoff(single_precision=self._single_precision)

    def spendable(self, *, step: int, trace: float) -> float:
        """Return the weight that may be dropped now, when `trace` is kept and `step` noise steps have begun."""
        if self.is_exact:
            return 0.0
        budget = max(self._max_error - _RESERVE * self.rounding, 0.0)
        fraction = min(step / self._step_count, 1.0)
        return max(budget * float(fraction**BUDGET_POWER) - max(1.0 - trace, 0.0), 0.0)

    def compression_rounding(self, *, column_count: int, weight: float, single_precision: bool = False) -> float:
        """Return the eta of compressing `column_count` columns that hold `weight` of the trace.

        Args:
            column_count: columns before it.
            weight: of the state's trace, 0 to 1.
            single_precision: its products are computed in single precision; else in double, whatever the columns are.
        """
        computing = rounding_bound(4.0 * column_count * weight, single_precision=single_precision)
        if self._single_precision and not single_precision:
            return computing + rounding_bound(_STORING * weight, single_precision=True)
        return computing

    def affords(self, rounding: float, *, trace: float) -> bool:
        """Whether a further eta of `rounding` keeps the promise on the error."""
        if self.is_exact:
            return True
        total = self.rounding + rounding
        if self._single_precision and 2 * total > SINGLE_SHARE * self._max_error:
            return False
        return max(1.0 - trace, 0.0) + _RESERVE * total <= self._max_error

    def add_rounding(self, rounding: float) -> None:
        """Count the eta of a compression."""
        self.rounding += rounding

    def error_bound(self, trace: float) -> float:
        """Return delta of a state that has kept `trace`."""
        return min(1.0, max(0.0, 1.0 - trace) + 2 * self.rounding)

    def missing(self, trace: float) -> float:
        """Return the weight to fill in: what was dropped, 0 where rounding alone explains it."""
        lost = 1.0 - trace
        return lost if lost > 2 * self.rounding else 0.0
