"""The random steps of a circuit, ready to be drawn from: Kraus operators, and how likely the first one is at least.

For a state of norm 1 the operator K_m acts with probability Tr(K_m rho K_m^dagger). That of the first is at least the
least eigenvalue of K_0^dagger K_0, whatever the state: a random number below that decides without a look at the state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.compiling.program import Complex, Real

_SLACK = 1e-12
_PROJECTORS: Complex = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], dtype=np.complex128)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Instrument:
    """The operators of one step.

    Attributes:
        operators: shape (m, 2^k, 2^k); sum K^dagger K = 1.
        effects: K^dagger K of each, shape (m, 2^k, 2^k).
        floor: the first operator acts where a number drawn from [0, 1) is below this, whatever the state.
        first: the first operator, scaled to norm 1.
    """

    operators: Complex
    effects: Complex
    floor: float
    first: Complex

    @property
    def is_random(self) -> bool:
        """There is something to draw."""
        return len(self.operators) > 1


def instrument(operators: Complex) -> Instrument:
    """Return the instrument of Kraus operators, shape (m, 2^k, 2^k)."""
    effects = operators.conj().transpose(0, 2, 1) @ operators
    if len(operators) == 1:
        return Instrument(operators=operators, effects=effects, floor=1.0, first=operators[0])
    values = np.linalg.eigvalsh(effects[0])
    return Instrument(
        operators=operators,
        effects=effects,
        floor=max(float(values[0]) - _SLACK, 0.0),
        first=operators[0] / np.sqrt(values[-1]),
    )


def measurement() -> Instrument:
    """Return the instrument of a measurement: operator m leaves the outcome m."""
    return instrument(_PROJECTORS)


def weights(found: Instrument, states: npt.NDArray[np.complex128]) -> Real:
    """Return Tr(K_m rho K_m^dagger) of each reduced state, shape (states, 2^k, 2^k): float64, shape (m, states)."""
    traces: Complex = np.einsum("mij,sji->ms", found.effects, states)
    return np.maximum(traces.real, 0)


def pick(of_operators: Real, points: Real) -> npt.NDArray[np.int64]:
    """Choose an operator for each state by weights, shape (m, states), and numbers from [0, 1), shape (states,)."""
    edges = np.cumsum(of_operators, axis=0)
    passed = np.sum(edges <= points * edges[-1], axis=0)
    # An operator of weight zero has no width; rounding must not lead past the last that has one.
    last = len(of_operators) - 1 - np.argmax(of_operators[::-1] > 0, axis=0)
    return np.asarray(np.minimum(passed, last), dtype=np.int64)
