"""The certificate on the families of circuits that the benchmarks run, at every strength of noise and every budget."""

from __future__ import annotations

import numpy as np
import pytest
from proxima_runtime.conformance import exact

from .families import FAMILIES, noisy
from .test_certificate import evolve, trace_norm

STRENGTHS = (1e-4, 1e-3, 1e-2)
BUDGETS = (0.0, 1e-3, 0.01, 0.1)


def _check(family: str, width: int, probability: float) -> None:
    """The weight that is missing is the trace norm of what is missing, in either precision where it is allowed."""
    circuit = noisy(family, width, probability)
    truth = exact.final_density_matrix(width, circuit.rows)
    for max_error in BUDGETS:
        for single_precision in (False, True):
            if single_precision and 0 < max_error < 0.1:
                continue
            found = evolve(circuit, max_error, single_precision=single_precision)
            eta = found.ledger.rounding
            missing = trace_norm(truth - found.state)
            assert abs((1 - found.trace) - missing) <= 2 * eta + 1e-12
            delta = found.ledger.error_bound(found.trace)
            assert not max_error or delta <= max_error
            filled = found.state + found.ledger.missing(found.trace) * np.eye(1 << width) / (1 << width)
            assert trace_norm(truth - filled) / 2 <= delta * (1 - 0.5**width) + 1e-12


@pytest.mark.parametrize("probability", STRENGTHS)
@pytest.mark.parametrize("family", FAMILIES)
def test_certificate_of_small_circuits(family: str, probability: float) -> None:
    """The certificate holds, equals the dropped weight, and keeps to the budget on four qubits."""
    _check(family, 4, probability)


@pytest.mark.slow
@pytest.mark.parametrize("width", [6, 8])
@pytest.mark.parametrize("probability", STRENGTHS)
@pytest.mark.parametrize("family", FAMILIES)
def test_certificate_of_larger_circuits(family: str, probability: float, width: int) -> None:
    """The same on six and eight qubits."""
    _check(family, width, probability)
