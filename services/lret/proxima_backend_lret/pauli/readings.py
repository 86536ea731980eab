"""What is read off components: probabilities, expectation values, the density matrix.

The state is the product of its components; a component is summed over the bits that it has, or kept apart by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.pauli.density import fill_density
from proxima_backend_lret.pauli.letters import LETTERS, Z

Float = npt.NDArray[np.floating]
Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complexfloating]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Factor:
    """A component of the final state.

    Attributes:
        entries: shape (2^places,).
        wires: its wires, least significant first; a number below the number of qubits is a qubit, others are bits.
        letters: for each wire what its digits are: letters of a qubit, (0, 1) for a bit.
    """

    entries: Float
    wires: tuple[int, ...]
    letters: tuple[tuple[int, ...], ...]

    @property
    def tensor(self) -> Float:
        """The entries with an axis for each wire, the last wire first."""
        return self.entries.reshape([len(letters) for letters in reversed(self.letters)])


def weights_by_record(
    factors: Sequence[Factor], qubits: Sequence[int], bits: Mapping[int, int], qubit_count: int
) -> tuple[list[tuple[int, Real]], float]:
    """Return the probabilities of the values of some qubits in each record that has any, and the most negative one.

    Args:
        factors: all components.
        qubits: of which I and Z are left, qubits[0] the least significant bit of an index.
        bits: wire of each classical bit that matters.
        qubit_count: how many wires are qubits.

    Returns:
        Records, ascending, with float64 of shape (2^len(qubits),), none of them negative; and the least of the numbers
        before negative ones were set to 0.
    """
    total, axes = np.ones(()), list[int]()
    for factor in factors:
        part, wires = _probabilities(factor, frozenset(qubits), qubit_count)
        total = np.multiply.outer(total, part)
        axes += wires
    places = {wire: axis for axis, wire in enumerate(axes)}
    ordered = sorted(bits, reverse=True)
    moved = total.transpose([places[wire] for wire in (*(bits[bit] for bit in ordered), *reversed(qubits))])
    table = np.ascontiguousarray(moved).reshape(1 << len(ordered), 1 << len(qubits))
    least = min(float(table.min()), 0.0)
    np.maximum(table, 0, out=table)
    found = []
    for value in np.flatnonzero(table.any(axis=1)).tolist():
        record = sum(1 << bit for place, bit in enumerate(reversed(ordered)) if (value >> place) & 1)
        found.append((record, table[value]))
    return found, least


def expectations(factors: Sequence[Factor], paulis: Sequence[str], qubit_count: int) -> Mapping[str, float]:
    """Return Tr(P rho) of Pauli strings, written highest qubit first."""
    summed = [_without_bits(factor, qubit_count) for factor in factors]
    strides: list[tuple[Float, list[tuple[int, dict[str, int]]]]] = []
    for factor in summed:
        stride, digits = 1, []
        for wire, letters in zip(factor.wires, factor.letters, strict=True):
            digits.append((wire, {LETTERS[letter]: place * stride for place, letter in enumerate(letters)}))
            stride *= len(letters)
        strides.append((factor.entries, digits))
    found = {}
    for pauli in paulis:
        value = 1.0
        for entries, digits in strides:
            value *= float(entries[sum(offsets[pauli[-1 - qubit]] for qubit, offsets in digits)])
        found[pauli] = value
    return found


def density_of(factors: Sequence[Factor], qubit_count: int) -> Complex:
    """Return the density matrix, shape (2^n, 2^n), of components that keep every letter."""
    summed = [_without_bits(factor, qubit_count) for factor in factors]
    entries, wires = summed[0].entries, list(summed[0].wires)
    for factor in summed[1:]:
        entries = np.multiply.outer(factor.entries, entries).reshape(-1)
        wires += factor.wires
    size = 1 << qubit_count
    index, low = np.arange(size), np.zeros(size, dtype=np.int64)
    for place, qubit in enumerate(wires):
        low |= ((index >> qubit) & 1) << (2 * place)
    matrix = np.empty((size, size), dtype=np.complex64 if entries.dtype == np.float32 else np.complex128)
    fill_density(np.ascontiguousarray(entries), low, matrix.view(entries.dtype).reshape(size, 2 * size))
    return matrix


def density_bytes(qubit_count: int, component_count: int, itemsize: int) -> int:
    """Return what `density_of` takes beside the components, one of which may have to be made of several."""
    entries = (3 if component_count > 1 else 2) << (2 * qubit_count)
    return itemsize * entries + (40 << qubit_count)


def _probabilities(factor: Factor, qubits: frozenset[int], qubit_count: int) -> tuple[Real, list[int]]:
    """Return weights with an axis for each wire that is wanted or is a bit, and these wires in that order."""
    index: list[int | slice] = []
    kept: list[int] = []
    for wire, letters in zip(reversed(factor.wires), reversed(factor.letters), strict=True):
        if wire >= qubit_count:
            index.append(slice(None))
        elif wire in qubits:
            place = letters.index(Z)
            index.append(slice(0, place + 1, place))
        else:
            index.append(0)
            continue
        kept.append(wire)
    found = np.asarray(factor.tensor[tuple(index)], dtype=np.float64)
    for axis, wire in enumerate(kept):
        if wire < qubit_count:
            pair = found.reshape(1 << axis, 2, -1)
            found = np.stack((pair[:, 0] + pair[:, 1], pair[:, 0] - pair[:, 1]), axis=1)
    scale = math.ldexp(1.0, -sum(wire < qubit_count for wire in kept))
    return found.reshape((2,) * len(kept)) * scale, kept


def _without_bits(factor: Factor, qubit_count: int) -> Factor:
    """Return the sum over the bits of a component."""
    if all(wire < qubit_count for wire in factor.wires):
        return factor
    count = len(factor.wires)
    axes = tuple(count - 1 - place for place, wire in enumerate(factor.wires) if wire >= qubit_count)
    kept = [place for place, wire in enumerate(factor.wires) if wire < qubit_count]
    return Factor(
        entries=factor.tensor.sum(axis=axes).reshape(-1),
        wires=tuple(factor.wires[place] for place in kept),
        letters=tuple(factor.letters[place] for place in kept),
    )
