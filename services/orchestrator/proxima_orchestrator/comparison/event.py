"""Tests that allow a distance: an event is chosen on half of the shots and tested on the rest.

For results whose truncation error is certified: TVD <= delta_A + delta_B is no disagreement.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.comparison.permutation import thinned
from proxima_orchestrator.comparison.tails import relative_entropy

_GRID = 2000


def event_p_value(
    first: NDArray[np.int64], second: NDArray[np.int64], allowance: float, rng: np.random.Generator
) -> float:
    """Return a p-value of the total variation distance being at most `allowance`.

    With a and b the shares of the event in the two held-out halves of n and m shots, the p-value is
    max over t of q (1 - ln q) with q = exp(-n KL(a || t)) exp(-m KL(b || t - allowance)): Chernoff's bounds of the two,
    multiplied, and Fisher's law of the product of two p-values.

    Args:
        first, second: how often each outcome was seen, shape (outcomes,).
        allowance: in [0, 1).
        rng: chooses the halves.
    """
    chosen, held = _halves(first, rng)
    other_chosen, other_held = _halves(second, rng)
    if min(chosen.sum(), held.sum(), other_chosen.sum(), other_held.sum()) == 0:
        return 1.0
    event = chosen / chosen.sum() > other_chosen / other_chosen.sum()
    shots, others = int(held.sum()), int(other_held.sum())
    share, other_share = float(held[event].sum() / shots), float(other_held[event].sum() / others)
    if share - other_share <= allowance:
        return 1.0
    least = math.inf
    # Outside of this range one of the two is further off than it need be.
    for place in np.linspace(other_share + allowance, share, _GRID):
        exponent = shots * _excess(share, float(place)) + others * _excess(
            1 - other_share, 1 - float(place) + allowance
        )
        least = min(least, exponent)
    # The grid misses the worst place by a little: the exponent is convex in it, and flat there.
    return min(1.0, math.exp(-least) * (1 + least))


def event_p_value_exact(
    counts: NDArray[np.int64], probabilities: NDArray[np.float64], allowance: float, rng: np.random.Generator
) -> float:
    """Return a p-value of a sample being of a distribution within `allowance` of `probabilities`, shape (outcomes,)."""
    chosen, held = _halves(counts, rng)
    if min(chosen.sum(), held.sum()) == 0:
        return 1.0
    event = chosen / chosen.sum() > probabilities
    shots = int(held.sum())
    share = float(held[event].sum() / shots)
    bound = float(probabilities[event].sum()) + allowance
    return math.exp(-shots * _excess(share, bound))


def _excess(observed: float, bound: float) -> float:
    """Return the relative entropy of an observed share over an upper bound of its probability; 0 where it is under."""
    if observed <= bound or bound >= 1:
        return 0.0
    return relative_entropy(observed, max(bound, 0.0))


def _halves(counts: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    counts = thinned(counts, rng)
    half = rng.multivariate_hypergeometric(counts, int(counts.sum()) // 2, method="marginals")
    return half, counts - half
