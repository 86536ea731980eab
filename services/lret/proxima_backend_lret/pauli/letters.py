"""Which letters of each qubit results depend on. Imports no numpy."""

from __future__ import annotations

from collections.abc import Collection, Iterable

LETTERS = "IXYZ"
"""Digits 0 to 3."""

ALL = (0, 1, 2, 3)
Z = LETTERS.index("Z")


def kept_letters(
    qubit_count: int, *, measured: Collection[int], paulis: Iterable[str], density_matrix: bool
) -> tuple[tuple[int, ...], ...]:
    """Return the digits of each qubit that are to be left: I alone, I and another one, or all.

    Args:
        qubit_count: qubits.
        measured: those whose joint probabilities are wanted.
        paulis: Pauli strings whose expectation values are wanted, highest qubit first.
        density_matrix: whether the state is wanted.
    """
    if density_matrix:
        return (ALL,) * qubit_count
    found: list[set[int]] = [{0} for _ in range(qubit_count)]
    for qubit in measured:
        found[qubit].add(Z)
    for pauli in paulis:
        for qubit, letter in enumerate(reversed(pauli)):
            found[qubit].add(LETTERS.index(letter))
    return tuple(tuple(sorted(letters)) if len(letters) <= 2 else ALL for letters in found)


def width_of(letters: tuple[int, ...]) -> int:
    """Return the binary places of an index over the letters of a qubit that are left."""
    return len(letters).bit_length() - 1
