"""Moments of a flat circuit, and how many of them pass on each qubit between two of its instructions.

An instruction stands in the moment after the last one in which another instruction used one of its qubits or classical
bits (Cirq's earliest strategy). Barriers take no moment and align their qubits; channels and global phases take none
either. Moments in which nothing but measurements and resets happen get no noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.circuit import Circuit, Kind

__all__ = ["Gaps", "gaps", "moments"]

_TAKES_NONE = {Kind.BARRIER, Kind.CHANNEL, Kind.GLOBAL_PHASE}
_NOISY = {Kind.GATE, Kind.UNITARY, Kind.DELAY}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Gaps:
    """Where noise by moments goes: `counts[j]` channels on column qubit `qubits[j]` after row `rows[j]`.

    A row of -1 is the start of the program.

    Arrays int64, shape (gaps,), every count positive, ascending by row, then by qubit.
    """

    rows: NDArray[np.int64]
    qubits: NDArray[np.int64]
    counts: NDArray[np.int64]


def moments(circuit: Circuit) -> NDArray[np.int64]:
    """Return the moment of each instruction, from 1, int64, shape (instruction_count,).

    What takes no moment has the moment that its qubits stand at, 0 before the first.
    """
    shape = [
        (operation.qubit_count, operation.clbit_count, int(operation.kind not in _TAKES_NONE))
        for operation in circuit.operations
    ]
    level = [0] * (circuit.qubit_count + circuit.clbit_count)
    qubits = circuit.qubits.tolist()
    clbits = (circuit.clbits.astype(np.int64) + circuit.qubit_count).tolist()
    reads = _reads(circuit)
    found = []
    position = clbit_position = 0
    for row, opcode in enumerate(circuit.opcodes.tolist()):
        operands, written, takes = shape[opcode]
        wires = qubits[position : position + operands]
        position += operands
        if written:
            wires += clbits[clbit_position : clbit_position + written]
            clbit_position += written
        if row in reads:
            wires += reads[row]
        top = max((level[wire] for wire in wires), default=0) + takes
        for wire in wires:
            level[wire] = top
        found.append(top)
    return np.array(found, dtype=np.int64)


def gaps(circuit: Circuit) -> Gaps:
    """Return how many noisy moments pass on each qubit before its first instruction and after each of them.

    A qubit that is only measured from some place on gets no noise after that measurement: nothing could see it.
    """
    level = moments(circuit)
    kinds = np.array([operation.kind for operation in circuit.operations], dtype=np.int64)[circuit.opcodes]
    last = int(level.max(initial=0))
    is_noisy = np.zeros(last + 2, dtype=np.int64)
    is_noisy[level[np.isin(kinds, [int(kind) for kind in _NOISY])]] = 1
    # passed[m] is the number of noisy moments before m.
    passed = np.concatenate(([0], np.cumsum(is_noisy[: last + 1])))
    of_entry = np.repeat(np.arange(circuit.instruction_count), circuit.qubit_counts())
    kept = kinds[of_entry] != Kind.BARRIER
    rows, qubits = of_entry[kept], circuit.qubits[kept].astype(np.int64)
    quiet_from = _quiet_from(circuit.qubit_count, rows, qubits, kinds[rows])
    # One entry before the first of each qubit, at the start of the program.
    every = np.arange(circuit.qubit_count)
    rows = np.concatenate((np.full(circuit.qubit_count, -1), rows))
    starts = np.concatenate((np.ones(circuit.qubit_count, dtype=np.int64), level[rows[circuit.qubit_count :]]))
    qubits = np.concatenate((every, qubits))
    order = np.argsort(qubits, kind="stable")
    rows, starts, qubits = rows[order], starts[order], qubits[order]
    ends = np.full(rows.size, last + 1)
    same = qubits[1:] == qubits[:-1]
    ends[:-1][same] = starts[1:][same]
    counts = passed[np.maximum(ends, starts)] - passed[starts]
    counts[rows >= quiet_from[qubits]] = 0
    found = np.flatnonzero(counts)
    order = found[np.lexsort((qubits[found], rows[found]))]
    return Gaps(rows=rows[order], qubits=qubits[order], counts=counts[order])


def _quiet_from(
    qubit_count: int, rows: NDArray[np.int64], qubits: NDArray[np.int64], kinds: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return for each qubit the row of the measurement after which only measurements and delays follow on it."""
    measures = kinds == Kind.MEASURE
    acting = ~(measures | (kinds == Kind.DELAY))
    last_action = np.full(qubit_count, -1, dtype=np.int64)
    np.maximum.at(last_action, qubits[acting], rows[acting])
    final = measures & (rows > last_action[qubits])
    quiet = np.full(qubit_count, np.iinfo(np.int64).max)
    np.minimum.at(quiet, qubits[final], rows[final])
    return quiet


def _reads(circuit: Circuit) -> dict[int, list[int]]:
    """Return the wires of the classical bits that each conditional instruction reads."""
    conditions = circuit.conditions
    found: dict[int, list[int]] = {}
    if conditions is None:
        return found
    starts = conditions.first_clbits.astype(np.int64) + circuit.qubit_count
    for row, start, width in zip(
        conditions.instructions.tolist(), starts.tolist(), conditions.widths.tolist(), strict=True
    ):
        found.setdefault(row, []).extend(range(start, start + width))
    return found
