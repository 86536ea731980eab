"""What is read off the final branches: the filled state, probabilities, counts and expectation values.

The weight that was dropped is filled in evenly: I/2^n for the state, and all values of the measured qubits and recorded
bits for outcomes. Readout errors of terminal measurements act after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import observable_pb2, result_pb2
from proxima_runtime.arrays.instructions import Listing
from proxima_runtime.arrays.observables import pauli_masks
from proxima_runtime.arrays.readout import Readout, read
from proxima_runtime.arrays.records import with_readout

from proxima_backend_lret.columns import BLOCK_ENTRIES, Columns, Real, row_blocks, row_weights
from proxima_backend_lret.evolution import Branch

_PHASES = (1, 1j, -1, -1j)


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """The distribution of what the circuit records.

    Attributes:
        readout: which classical bits record which terminally measured qubits (the slots).
        recorded: bits that are written in mid-circuit only, ascending.
        records: record of each branch, as a number.
        weights: probabilities of the slots in each branch, not normalised, float64, shape (2^slots,).
        missing: weight that is filled in evenly over slots and recorded bits.
    """

    readout: Readout
    recorded: tuple[int, ...]
    records: tuple[int, ...]
    weights: tuple[Real, ...]
    missing: float


def outcomes(listing: Listing, branches: Sequence[Branch], *, missing: float) -> Outcomes:
    """Return the distribution over terminally measured qubits and recorded bits, before their readout errors."""
    measured = {clbit: listing.instructions[position].qubits[0] for clbit, position in listing.measured.items()}
    readout = read(measured, listing.clbit_count)
    return Outcomes(
        readout=readout,
        recorded=tuple(bit for bit in listing.written_clbits if bit not in measured),
        records=tuple(branch.record for branch in branches),
        weights=tuple(_marginal(row_weights(branch.columns), readout.slot_qubits) for branch in branches),
        missing=missing,
    )


def bit_readouts(listing: Listing) -> Mapping[int, Real | None]:
    """Return the readout error of each bit that a terminal measurement writes last."""
    return {clbit: listing.instructions[position].readout for clbit, position in listing.measured.items()}


def bit_probabilities(found: Outcomes, readouts: Mapping[int, Real | None]) -> Real:
    """Return the probabilities of all written bits, ascending, float64, shape (2^b,); readout errors included."""
    clbits = sorted((*found.readout.clbits, *found.recorded))
    if not found.recorded and clbits == list(found.readout.clbits) and not found.readout.has_fan_out:
        # Without bits of mid-circuit measurements there is one branch, in the order of the bits already.
        (weights,) = found.weights
        if found.missing:
            weights = weights + found.missing / len(weights)
        return with_readout(weights, [readouts.get(clbit) for clbit in clbits])
    place = {clbit: position for position, clbit in enumerate(clbits)}
    spread = _spread(
        [place[clbit] for clbit in found.readout.clbits], found.readout.slots, len(found.readout.slot_qubits)
    )
    total = np.zeros(1 << len(clbits))
    for record, weights in zip(found.records, found.weights, strict=True):
        base = sum(1 << place[bit] for bit in found.recorded if (record >> bit) & 1)
        total[spread | base] += weights
    if found.missing:
        places = [place[bit] for bit in found.recorded]
        records = _spread(places, range(len(places)), len(places))
        each = found.missing / (len(spread) * len(records))
        for base in records:
            total[spread | base] += each
    return with_readout(total, [readouts.get(clbit) for clbit in clbits])


def qubit_probabilities(branches: Sequence[Branch], *, missing: float) -> Real:
    """Return the probabilities of all qubits, float64, shape (2^n,)."""
    total = np.zeros(len(branches[0].columns)) if branches else np.zeros(0)
    for branch in branches:
        total += row_weights(branch.columns)
    return total + missing / len(total)


def filled_state(branches: Sequence[Branch], *, qubit_count: int, missing: float, dtype: npt.DTypeLike) -> Columns:
    """Return L L^dagger, summed over the branches, plus `missing` I/2^n; shape (2^n, 2^n)."""
    size = 1 << qubit_count
    found = np.zeros((size, size), dtype=dtype)
    for branch in branches:
        adjoint = branch.columns.conj().T
        for rows in row_blocks(found):
            found[rows] += branch.columns[rows] @ adjoint
    found.reshape(-1)[:: size + 1] += found.dtype.type(missing / size)
    return found


def expectation_values(
    observables: Sequence[observable_pb2.Observable], branches: Sequence[Branch], *, missing: float
) -> list[result_pb2.ExpectationValue]:
    """Return Tr(H sigma) of each observable for the filled state sigma; Pauli strings share passes over L by X mask."""
    masks = {pauli: pauli_masks(pauli) for observable in observables for pauli in observable.paulis}
    flips: dict[int, list[tuple[str, int, int]]] = {}
    for pauli, (x_mask, z_mask, y_count) in masks.items():
        flips.setdefault(x_mask, []).append((pauli, z_mask, y_count))
    values = dict.fromkeys(masks, 0.0)
    for x_mask, members in flips.items():
        for branch in branches:
            _add_paulis(branch.columns, x_mask, members, values)
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


def _add_paulis(
    columns: Columns, x_mask: int, members: Sequence[tuple[str, int, int]], values: dict[str, float]
) -> None:
    """Add Tr(P L L^dagger) = sum over j of i^y (-1)^|j & z| <j xor x| conj(L) L |j> for Pauli strings of one X mask."""
    size = len(columns)
    height = min(size, 1 << max((BLOCK_ENTRIES // (4 * columns.shape[1])).bit_length() - 1, 0))
    low_mask = height - 1
    order = np.arange(height) ^ (x_mask & low_mask)
    for start in range(0, size, height):
        partner = start ^ (x_mask & ~low_mask)
        ket = columns[start : start + height].astype(np.complex128, copy=False)
        bra = columns[partner : partner + height][order].astype(np.complex128, copy=False)
        overlaps = np.einsum("ij,ij->i", ket, bra.conj())
        basis = np.arange(start, start + height, dtype=np.uint64)
        for pauli, z_mask, y_count in members:
            odd = np.bitwise_count(basis & np.uint64(z_mask)) & 1
            total = complex(overlaps.sum() - 2 * overlaps[odd.astype(bool)].sum())
            values[pauli] += (_PHASES[y_count & 3] * total).real


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


def _spread(places: Sequence[int], slots: Sequence[int], slot_count: int) -> npt.NDArray[np.int64]:
    """Return, for every value of the slots, the number with bit `places[j]` set where slot `slots[j]` is 1."""
    source = np.arange(1 << slot_count, dtype=np.int64)
    target = np.zeros_like(source)
    for place, slot in zip(places, slots, strict=True):
        target |= ((source >> slot) & 1) << place
    return target
