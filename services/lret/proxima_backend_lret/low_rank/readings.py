"""What is read off the final states: weights of outcomes, expectation values, the filled density matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import observable_pb2, result_pb2
from proxima_runtime.arrays.observables import pauli_masks

from proxima_backend_lret.low_rank.compression import density
from proxima_backend_lret.low_rank.products import row_weights
from proxima_backend_lret.low_rank.promotion import flipped_sums, sign_of
from proxima_backend_lret.low_rank.state import State

Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complexfloating]


def slot_weights(states: Sequence[State], qubits: Sequence[int]) -> list[tuple[int, Real]]:
    """Return each record with the unnormalised probabilities of `qubits`, qubits[0] the least significant."""
    return [(state.record, _marginal(row_weights(state.planes, rank=state.rank), qubits)) for state in states]


def expectation_values(
    observables: Sequence[observable_pb2.Observable], states: Sequence[State], *, missing: float
) -> list[result_pb2.ExpectationValue]:
    """Return Tr(H sigma) of each observable for the filled state sigma; strings of one X mask share a pass over L."""
    masks = {pauli: pauli_masks(pauli) for observable in observables for pauli in observable.paulis}
    flips: dict[int, list[tuple[str, int, int]]] = {}
    for pauli, (x_mask, z_mask, y_count) in masks.items():
        flips.setdefault(x_mask, []).append((pauli, z_mask, y_count))
    values = dict.fromkeys(masks, 0.0)
    for x_mask, members in flips.items():
        for state in states:
            sums = flipped_sums(state.planes, rank=state.rank, flip=x_mask)
            for pauli, z_mask, y_count in members:
                values[pauli] += sign_of(y_count) * float(sums[z_mask])
    for pauli, (x_mask, z_mask, _) in masks.items():
        if not x_mask and not z_mask:
            # The others have no trace with the identity that is filled in.
            values[pauli] += missing
    return [
        result_pb2.ExpectationValue(
            name=observable.name,
            value=sum(
                coefficient * values[pauli]
                for pauli, coefficient in zip(observable.paulis, observable.coefficients, strict=True)
            ),
        )
        for observable in observables
    ]


def filled_state(states: Sequence[State], *, missing: float) -> Complex:
    """Return L L^dagger, summed over the states, plus `missing` I/2^n; shape (2^n, 2^n), of the states' precision."""
    first, *others = states
    found: Complex = density(first.planes, rank=first.rank)
    for state in others:
        found += density(state.planes, rank=state.rank)
    size = first.height
    found.reshape(-1)[:: size + 1] += missing / size
    return found.astype(np.complex64) if first.is_single else found


def _marginal(of_states: Real, qubits: Sequence[int]) -> Real:
    """Sum over all other qubits: shape (2^len(qubits),), qubits[0] least significant."""
    width = len(of_states).bit_length() - 1
    if tuple(qubits) == tuple(range(width)):
        return of_states
    axes = [width - 1 - qubit for qubit in reversed(qubits)]
    others = tuple(sorted(set(range(width)) - set(axes)))
    summed = of_states.reshape((2,) * width).sum(axis=others)
    ranks = {axis: rank for rank, axis in enumerate(sorted(axes))}
    return np.ascontiguousarray(summed.transpose([ranks[axis] for axis in axes])).reshape(-1)
