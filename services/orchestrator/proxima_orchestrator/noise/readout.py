"""Readout errors on the measurements of a circuit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.circuit import Circuit, Kind
from proxima_orchestrator.noise.model import ReadoutError
from proxima_orchestrator.qasm.errors import LimitError

__all__ = ["MAX_OPERATIONS", "ReadoutPlacement", "with_readout"]

MAX_OPERATIONS = 65_536
"""Entries that an operation table may have: opcodes are unsigned 16-bit numbers."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReadoutPlacement:
    """A circuit whose measurements have readout errors.

    Attributes:
        circuit: the circuit.
        measurement_count, noisy_count: measurements, and how many of them have an error now.
        kept_count: measurements that a readout error of the model names and that keep the one they came with.
        unmatched: indices of the readout errors of which no measurement has the numbers.
    """

    circuit: Circuit
    measurement_count: int
    noisy_count: int
    kept_count: int
    unmatched: tuple[int, ...]


def with_readout(circuit: Circuit, errors: Sequence[ReadoutError]) -> ReadoutPlacement:
    """Return the circuit with the readout errors on its measurements; the last error that names a qubit wins.

    A measurement that came with an error of its own keeps it. An error of 0 and 0 is none: it exempts its qubits.

    Raises:
        LimitError: there are more different errors than an operation table can hold.
    """
    kinds = np.array([operation.kind for operation in circuit.operations], dtype=np.int64)[circuit.opcodes]
    rows = np.flatnonzero(kinds == Kind.MEASURE)
    of_entry = np.repeat(kinds == Kind.MEASURE, circuit.qubit_counts())
    qubits = circuit.active_qubits[circuit.qubits[of_entry]].astype(np.int64)
    owned = np.array([operation.readout is not None for operation in circuit.operations], dtype=np.bool_)
    has_own = owned[circuit.opcodes[rows]]
    winner = _winners(circuit.declared_qubit_count, errors)[qubits]
    named = winner >= 0
    is_error = np.array([error.one_given_zero > 0 or error.zero_given_one > 0 for error in errors] + [False])
    changed = is_error[winner] & ~has_own
    used = set(np.unique(winner[named]).tolist())
    placed = circuit
    if changed.any():
        placed = _replace(circuit, rows[changed], winner[changed], errors)
    return ReadoutPlacement(
        circuit=placed,
        measurement_count=int(rows.size),
        noisy_count=int((changed | has_own).sum()),
        kept_count=int((is_error[winner] & has_own).sum()),
        unmatched=tuple(index for index in range(len(errors)) if index not in used),
    )


def _winners(declared: int, errors: Sequence[ReadoutError]) -> NDArray[np.int64]:
    """Return the index of the readout error of each declared qubit, -1 where it has none, int64."""
    found = np.full(declared, -1, dtype=np.int64)
    for index, error in enumerate(errors):
        if error.qubits:
            found[[qubit for qubit in error.qubits if qubit < declared]] = index
        else:
            found[:] = index
    return found


def _replace(
    circuit: Circuit, rows: NDArray[np.int64], winner: NDArray[np.int64], errors: Sequence[ReadoutError]
) -> Circuit:
    pairs = circuit.opcodes[rows].astype(np.int64) * len(errors) + winner
    distinct, inverse = np.unique(pairs, return_inverse=True)
    table = list(circuit.operations)
    for pair in distinct.tolist():
        error = errors[pair % len(errors)]
        matrix = np.array(
            [[1 - error.one_given_zero, error.one_given_zero], [error.zero_given_one, 1 - error.zero_given_one]]
        )
        table.append(replace(table[pair // len(errors)], readout=matrix))
    if len(table) > MAX_OPERATIONS:
        raise LimitError(
            f"readout errors make {len(table)} kinds of operations, the limit is {MAX_OPERATIONS}; give groups of "
            "qubits the same error",
            details={"limit": "operations", "maximum": str(MAX_OPERATIONS)},
        )
    opcodes = circuit.opcodes.copy()
    opcodes[rows] = len(circuit.operations) + inverse
    return replace(circuit, operations=tuple(table), opcodes=opcodes)
