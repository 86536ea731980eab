"""Which columns a map makes: only those that weigh something, in Kraus operators that suit the state.

A map turns each column x into the columns K_1 x, ..., K_m x. Any unitary mixture of the K_a is the same map. The one
that diagonalises G_ab = Tr(K_a rho_q K_b^dagger), with rho_q the reduced state of the map's qubits, puts as much weight
as possible into as few operators as possible: the heaviest is applied in place, the others make children. A child that
is left out is a positive part that is dropped.

Columns that hold little weight have children of less: those are left out by a bound, without a look at the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.low_rank.products import Planes, reduced_states

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_LIGHT_SHARE = 0.5
_WORTH_LEAVING_OUT = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Children:
    """The columns that a map is to make.

    Attributes:
        leading: the operator that is applied to all columns in place, shape (2^k, 2^k).
        operators: of each child, shape (children, 2^k, 2^k).
        sources: column that each child is made of, ascending.
        weights: of all columns when it is done, those in place first; upper bounds where columns were not looked at.
        dropped: upper bound of the weight that is left out.
    """

    leading: Complex
    operators: Complex
    sources: Integers
    weights: Real
    dropped: float


def choose(operators: Complex, qubits: Sequence[int], planes: Planes, weights: Real, *, droppable: float) -> Children:
    """Choose what a map makes of the columns in use.

    Args:
        operators: Kraus operators, m > 1, shape (m, 2^k, 2^k).
        qubits: operands, the first the least significant bit of an operator's index.
        planes: shape (2, 2^n, capacity).
        weights: of the columns in use, shape (rank,).
        droppable: weight that may be left out in all.
    """
    rank = len(weights)
    count = _looked_at(weights, most=_LIGHT_SHARE * droppable / max(_loss(operators[0]), 1e-300))
    while True:
        states = reduced_states(planes, count=count, qubits=qubits)
        adapted = _adapted(operators, states.sum(axis=0))
        light = _loss(adapted[0]) * float(weights[count:].sum())
        if light <= droppable:
            break
        count = rank
    side = operators.shape[1]
    effects = adapted.conj().transpose(0, 2, 1) @ adapted
    # Tr(K^dagger K rho) of each operator and column.
    found = np.maximum((effects.reshape(-1, side * side) @ states.transpose(2, 1, 0).reshape(side * side, -1)).real, 0)
    in_place = weights.copy()
    in_place[:count] = found[0]
    others = found[1:].T
    order = np.argsort(others, axis=None, kind="stable")
    sums = np.cumsum(others.reshape(-1)[order])
    left_out = int(np.searchsorted(sums, droppable - light, side="right"))
    kept = np.sort(order[left_out:])
    sources, rows = np.divmod(kept, len(adapted) - 1)
    return Children(
        leading=adapted[0],
        operators=adapted[1:][rows],
        sources=sources,
        weights=np.concatenate([in_place, others.reshape(-1)[kept]]),
        dropped=light + (float(sums[left_out - 1]) if left_out else 0.0),
    )


def _looked_at(weights: Real, *, most: float) -> int:
    """Return how many columns have to be looked at, if those behind them may hold the weight `most`."""
    behind = np.cumsum(weights[::-1])
    count = len(weights) - int(np.searchsorted(behind, most, side="right"))
    return max(count, 1) if count <= _WORTH_LEAVING_OUT * len(weights) else len(weights)


def _loss(operator: Complex) -> float:
    """Return the largest part of a column's weight that the other operators of its map can take."""
    return max(1.0 - float(np.linalg.eigvalsh(operator.conj().T @ operator)[0]), 0.0)


def _adapted(operators: Complex, reduced: Complex) -> Complex:
    """Return the same map in the operators that diagonalise G, heaviest first."""
    count = len(operators)
    rows = operators.reshape(count, -1)
    overlaps = (operators @ reduced).reshape(count, -1) @ rows.conj().T
    # Only the lower triangle is read.
    _, mixture = np.linalg.eigh(overlaps)
    adapted: Complex = (mixture[:, ::-1].conj().T @ rows).reshape(operators.shape)
    return adapted
