"""Which columns a channel makes: only those that weigh something, in Kraus operators that suit the state.

A channel turns each column x into the columns K_1 x, ..., K_m x. Any unitary mixture of the K_a is the same channel.
The one that diagonalises G_ab = Tr(K_a rho_q K_b^dagger), with rho_q the reduced state of the channel's qubits, puts as
much weight as possible into as few operators as possible. A column left out is a positive part that is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proxima_backend_lret.columns import Columns, Complex, Indices, apply, reduced_states, take
from proxima_backend_lret.compression import add_state


@dataclass(frozen=True, kw_only=True, slots=True)
class Children:
    """The columns that a channel is to make of a state.

    Attributes:
        operators: adapted Kraus operators, heaviest first, shape (m, 2^k, 2^k).
        chosen: of each operator, the columns that it is applied to.
        weight: trace of what is made.
    """

    operators: Complex
    chosen: tuple[Indices, ...]
    weight: float

    @property
    def column_count(self) -> int:
        """How many columns are made."""
        return sum(map(len, self.chosen))


def choose(operators: Complex, qubits: Sequence[int], columns: Columns, *, droppable: float) -> Children:
    """Choose what a channel makes of the columns.

    Args:
        operators: Kraus operators, shape (m, 2^k, 2^k).
        qubits: operands, the first the least significant bit of an operator's index.
        columns: shape (2^n, r).
        droppable: weight, part of the trace, that may be left out in all.
    """
    states = reduced_states(qubits, columns)
    adapted = _adapted(operators, states.sum(axis=0))
    effects = np.matmul(adapted.conj().transpose(0, 2, 1), adapted)
    # Tr(K^dagger K rho) of each operator and column.
    weights = np.maximum(np.einsum("jab,cba->jc", effects, states).real, 0.0)
    order = np.argsort(weights, axis=None, kind="stable")
    count = int(np.searchsorted(np.cumsum(weights.reshape(-1)[order]), droppable, side="right"))
    kept = np.ones(weights.size, dtype=bool)
    kept[order[:count]] = False
    kept = kept.reshape(weights.shape)
    rows = [row for row in range(len(adapted)) if kept[row].any()]
    return Children(
        operators=adapted[rows],
        chosen=tuple(np.flatnonzero(kept[row]) for row in rows),
        weight=float(weights[kept].sum()),
    )


def make(children: Children, qubits: Sequence[int], columns: Columns) -> Columns:
    """Return the chosen columns side by side, shape (2^n, r')."""
    out = np.empty((len(columns), children.column_count), dtype=columns.dtype)
    start = 0
    for operator, chosen in zip(children.operators, children.chosen, strict=True):
        part = slice(start, start + len(chosen))
        take(columns, chosen, out[:, part])
        apply(operator, qubits, out, part)
        start = part.stop
    return out


def make_state(children: Children, qubits: Sequence[int], columns: Columns) -> Complex:
    """Return what the chosen columns add up to, shape (2^n, 2^n): for more than 2^n of them, with less memory."""
    state = np.zeros((len(columns),) * 2, dtype=np.complex128)
    for operator, chosen in zip(children.operators, children.chosen, strict=True):
        out = np.empty((len(columns), len(chosen)), dtype=columns.dtype)
        take(columns, chosen, out)
        apply(operator, qubits, out)
        add_state(out, state)
    return state


def _adapted(operators: Complex, reduced: Complex) -> Complex:
    """Return the same channel in the operators that diagonalise G, heaviest first."""
    if len(operators) == 1:
        return operators
    count = len(operators)
    images = (operators @ reduced).reshape(count, -1)
    overlaps = images @ operators.reshape(count, -1).conj().T
    _, mixture = np.linalg.eigh((overlaps + overlaps.conj().T) / 2)
    found = mixture[:, ::-1].conj().T @ operators.reshape(count, -1)
    return np.ascontiguousarray(found.reshape(operators.shape))
