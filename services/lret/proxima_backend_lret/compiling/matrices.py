"""The matrices that a circuit uses, built in batches: one batch for each entry of its table, or each part of a gate."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.channels import kraus, pauli_probabilities
from proxima_runtime.arrays.unitaries import unitaries
from proxima_runtime.backend.malformed import malformed
from proxima_runtime.backend.operators import TOLERANCE

from proxima_backend_lret.compiling.program import Complex, Integers, Real
from proxima_backend_lret.compiling.transfer import transfer_of, transfer_of_paulis

_KIND = circuit_pb2.Operation
_RESET: Complex = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], dtype=np.complex128)
_PROJECTORS: Complex = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], dtype=np.complex128)


@dataclass(kw_only=True, slots=True, eq=False)
class Batches:
    """Collects matrices, and gives each entry the place of its own.

    Attributes:
        as_maps: transfer matrices are wanted in the end, not unitaries.
        slots: place of each entry's matrix among those of its width; written here.
        is_unitary: entries that are unitaries; written here.
        wide: Kraus operators of maps on more than two qubits.
        defect: sum over explicit maps of the Frobenius norm of sum K^dagger K - 1.
    """

    as_maps: bool
    slots: Integers
    is_unitary: npt.NDArray[np.bool_]
    wide: list[Complex] = field(default_factory=list)
    defect: float = 0.0
    _unitaries: tuple[list[Complex], list[Complex]] = field(default_factory=lambda: ([], []))
    _transfers: tuple[list[tuple[Integers, Real]], list[tuple[Integers, Real]]] = field(
        default_factory=lambda: ([], [])
    )
    _counts: list[int] = field(default_factory=lambda: [0, 0])

    def add_unitary(self, matrix: Complex, entries: Integers) -> None:
        """Add one unitary, shape (2^k, 2^k), that all of the entries use."""
        self._add_unitaries(matrix[None], np.zeros(len(entries), dtype=np.int64), entries)

    def add_gate(self, name: str, parameters: Real, entries: Integers, instructions: Integers) -> None:
        """Add a gate of the vocabulary; `parameters` has a row for each entry."""
        if self.as_maps and not parameters.shape[1]:
            self.is_unitary[entries] = True
            self._add_transfers(_fixed_transfer(name), np.zeros(len(entries), dtype=np.int64), entries)
            return
        # Rows of several angles are hardly ever equal.
        several = parameters.shape[1] > 1
        distinct, places = (parameters, np.arange(len(entries))) if several else _distinct(parameters)
        # Angles near the largest number overflow in sums.
        with np.errstate(all="ignore"):
            matrices = unitaries(name, distinct)
        if not np.isfinite(matrices).all():
            bad = np.flatnonzero(~np.isfinite(matrices[places]))[0] // matrices[0].size
            raise malformed("parameters", f"of instruction {instructions[bad]} ({name}) are too large for a matrix")
        self._add_unitaries(matrices, places, entries)

    def add_channel(self, name: str, parameters: Real, width: int, entries: Integers) -> None:
        """Add a named channel; `parameters` has a row for each entry."""
        distinct, places = _distinct(parameters)
        if width > 2:
            self._add_wide([kraus(name, row, width) for row in distinct.tolist()], places, entries)
            return
        found = [_named_transfer(name, tuple(row), width) for row in distinct.tolist()]
        self._add_transfers(np.stack(found) if len(found) > 1 else found[0][None], places, entries)

    def add_reset(self, entries: Integers) -> None:
        """Add a reset."""
        self._add_transfers(transfer_of(_RESET[None]), np.zeros(len(entries), dtype=np.int64), entries)

    def add_dephasing(self, entries: Integers) -> None:
        """Add a measurement whose outcome does not matter."""
        self._add_transfers(transfer_of(_PROJECTORS[None]), np.zeros(len(entries), dtype=np.int64), entries)

    def add_explicit(self, operators: Complex, places: Integers, entries: Integers, instructions: Integers) -> None:
        """Add explicit maps, shape (maps, m, 2^k, 2^k), m = 1 for unitaries; `places` says which each entry is.

        Raises:
            InvalidArgument: one has a number that is not finite or does not preserve the trace.
        """
        side = operators.shape[-1]
        stacked = operators.reshape(len(operators), -1, side)
        with np.errstate(all="ignore"):
            excess = stacked.conj().transpose(0, 2, 1) @ stacked - np.eye(side)
        legal = np.abs(excess).max(axis=(1, 2)) <= TOLERANCE
        if not legal.all():
            row = instructions[np.flatnonzero(~legal[places])[0]]
            raise malformed("operations", f"of instruction {row}: its matrix is no map that preserves the trace")
        self.defect += float(np.sqrt((np.abs(excess) ** 2).sum(axis=(1, 2)))[places].sum())
        if side > 4:
            self._add_wide(list(operators), places, entries)
            self.is_unitary[entries] = operators.shape[1] == 1
        elif operators.shape[1] == 1:
            self._add_unitaries(operators[:, 0], places, entries)
        else:
            self._add_transfers(transfer_of(operators), places, entries)

    def tables(self) -> tuple[Real | Complex, Real | Complex]:
        """Return the matrices on one qubit and on two, shapes (any, d, d) and (any, d^2, d^2)."""
        one, two = (self._table(width) for width in (1, 2))
        return one, two

    def _table(self, width: int) -> Real | Complex:
        side, found = 1 << width, self._unitaries[width - 1]
        gates: Complex = np.concatenate(found) if found else np.zeros((0, side, side), dtype=np.complex128)
        if not self.as_maps:
            return gates
        rows = [transfer_of(gates[:, None])] if found else [np.zeros((0, side * side, side * side))]
        count = len(gates)
        for entries, transfers in self._transfers[width - 1]:
            self.slots[entries] += count
            rows.append(transfers)
            count += len(transfers)
        return np.asarray(np.concatenate(rows), dtype=np.float64)

    def _add_unitaries(self, matrices: Complex, places: Integers, entries: Integers) -> None:
        self.is_unitary[entries] = True
        if matrices.shape[1] > 4:
            self._add_wide([matrix[None] for matrix in matrices], places, entries)
            return
        index = matrices.shape[1] // 4
        self.slots[entries] = self._counts[index] + places
        self._counts[index] += len(matrices)
        self._unitaries[index].append(matrices)

    def _add_transfers(self, matrices: Real, places: Integers, entries: Integers) -> None:
        self.slots[entries] = places
        self._transfers[matrices.shape[1] // 16].append((entries, matrices))

    def _add_wide(self, maps: Sequence[Complex], places: Integers, entries: Integers) -> None:
        self.slots[entries] = len(self.wide) + places
        self.wide += maps


@functools.cache
def _fixed_transfer(name: str) -> Real:
    """Return the transfer matrix of a gate without parameters on one or two qubits, shape (1, 4^k, 4^k)."""
    return transfer_of(unitaries(name, np.zeros((1, 0)))[:, None])


@functools.lru_cache(maxsize=256)
def _named_transfer(name: str, parameters: tuple[float, ...], width: int) -> Real:
    """Return the transfer matrix of a channel; a circuit has few strengths, and the next circuit often the same."""
    probabilities = pauli_probabilities(name, parameters, width)
    if probabilities is not None:
        return transfer_of_paulis(probabilities)
    found: Real = transfer_of(kraus(name, parameters, width)[None])[0]
    return found


def _distinct(parameters: Real) -> tuple[Real, Integers]:
    """Return the distinct rows, and which of them each row is."""
    count, arity = parameters.shape
    if not arity or (parameters == parameters[0]).all():
        return parameters[:1], np.zeros(count, dtype=np.int64)
    if arity == 1:
        values, found = np.unique(parameters[:, 0], return_inverse=True)
        return values[:, None], found.astype(np.int64, copy=False)
    numbers: dict[bytes, int] = {}
    places = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in parameters], dtype=np.int64)
    return np.frombuffer(b"".join(numbers), dtype=np.float64).reshape(-1, arity), places
