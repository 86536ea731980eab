"""Row "certificate": the certified error against the true one, for every family, strength and budget."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2

from .children import Child
from .families import FAMILIES
from .jobs import DENSITY_MATRIX, columns, depolarizing_each, job
from .messages import Request
from .options import Options

_MOST_QUBITS = 8
_BUDGETS = (0.1, 0.01, 0.0)
# Rounding of both simulations; the bound of ours is in the certified error.
_ROUNDING = 1e-12

Matrix = npt.NDArray[np.complex128]


def run(options: Options, columns_only: Child, aer: Child) -> None:
    """Print for each family how many certificates hold, and how far they are from the weight that is missing."""
    print(
        f"certificates of low_rank on columns alone, n = 4 to {_MOST_QUBITS}, "
        f"budgets {', '.join(f'{budget:g}' for budget in _BUDGETS)}"
    )
    print(f"{'family':<10}{'runs':>6}{'hold':>6}{'in budget':>11}{'|certified - missing|':>23}{'true/certified':>16}")
    for family in options.families:
        found = [
            _check(columns(FAMILIES[family](qubits), depolarizing_each(strength)), budget, columns_only, aer)
            for qubits in range(4, min(_MOST_QUBITS, options.max_qubits) + 1)
            for strength in options.strengths
            for budget in _BUDGETS
        ]
        gaps = [gap for _, _, gap, _ in found]
        shares = [share for _, _, _, share in found if share == share]  # noqa: PLR0124 - leaves out NaN
        print(
            f"{family:<10}{len(found):>6}{sum(holds for holds, _, _, _ in found):>6}"
            f"{sum(fits for _, fits, _, _ in found):>11}{max(gaps):>23.1e}{np.median(shares) if shares else 0:>16.2f}"
        )


def true_error(circuit: circuit_pb2.Circuit, columns_only: Child, aer: Child, *, max_error: float) -> float:
    """Return the trace distance of what low_rank returns to the exact state; NaN where either is missing."""
    found = _states(circuit, columns_only, aer, max_error=max_error)
    return float("nan") if found is None else _half_norm(found[0] - found[1])


def _check(
    circuit: circuit_pb2.Circuit, budget: float, columns_only: Child, aer: Child
) -> tuple[bool, bool, float, float]:
    """Return whether the certificate holds, whether the budget does, |certified - missing|, true / certified."""
    found = _states(circuit, columns_only, aer, max_error=budget)
    if found is None:
        return False, False, float("nan"), float("nan")
    exact, returned, certified = found
    size = len(exact)
    true = _half_norm(exact - returned)
    # What was filled in is the missing weight, the certified error but for its term of rounding.
    missing = 2 * _half_norm(exact - returned + certified / size * np.eye(size))
    holds = true <= certified * (1 - 1 / size) + _ROUNDING
    is_empty = certified <= _ROUNDING * 1e3
    return holds, not budget or certified <= budget, abs(missing - certified), np.nan if is_empty else true / certified


def _states(
    circuit: circuit_pb2.Circuit, columns_only: Child, aer: Child, *, max_error: float
) -> tuple[Matrix, Matrix, float] | None:
    """Return the exact state, the returned one, and the certified error."""
    request = Request(action="run", form="fused")
    theirs, exact = aer.ask(request, job(circuit, "density_matrix", results=DENSITY_MATRIX, engine="aer"))
    ours, returned = columns_only.ask(request, job(circuit, "low_rank", results=DENSITY_MATRIX, max_error=max_error))
    if theirs.fault or ours.fault:
        print(f"  no result: {theirs.fault or ours.fault}")
        return None
    shape = (1 << circuit.qubit_count,) * 2
    return (
        np.frombuffer(exact, dtype=np.complex128).reshape(shape),
        np.frombuffer(returned, dtype=np.complex128).reshape(shape),
        ours.certified_error,
    )


def _half_norm(difference: Matrix) -> float:
    """Return half of the trace norm of a Hermitian matrix."""
    return float(np.abs(np.linalg.eigvalsh((difference + difference.conj().T) / 2)).sum() / 2)
