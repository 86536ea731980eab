"""What the kernels of compilation do, in plain Python: tests hold one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proxima_backend_lret.compiling.program import MEASURE, Complex, Real
from proxima_backend_lret.compiling.rows import Rows


@dataclass(kw_only=True, slots=True, eq=False)
class PlainStep:
    """A step that grows.

    Attributes:
        qubits: operands.
        condition: number of its conditions, 0 for none.
        entries: the entries that it was fused from, in order of their first.
        matrix: what a map on one or two qubits does, else None.
    """

    qubits: tuple[int, ...]
    condition: int
    entries: list[int]
    matrix: Real | Complex | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Acting:
    """An instruction as far as light cones go.

    Attributes:
        qubits: operands.
        clbit: the bit that a measurement writes, else -1.
        resets: it is an unconditional reset.
        reads: bits that its conditions read.
    """

    qubits: tuple[int, ...]
    clbit: int
    resets: bool
    reads: frozenset[int]


def cone(instructions: Sequence[Acting], needed: frozenset[int], needed_bits: frozenset[int]) -> list[int]:
    """Return which instructions matter to the needed qubits and bits, ascending."""
    qubits, bits, found = set(needed), set(needed_bits), []
    for row in range(len(instructions) - 1, -1, -1):
        instruction = instructions[row]
        if not qubits.intersection(instruction.qubits) and instruction.clbit not in bits:
            continue
        found.append(row)
        qubits.update(instruction.qubits)
        if instruction.resets:
            qubits.difference_update(instruction.qubits)
        if not instruction.reads:
            bits.discard(instruction.clbit)
        bits.update(instruction.reads)
    return found[::-1]


def fuse(rows: Rows, *, absorbs: bool) -> list[PlainStep]:
    """Return the fused steps in the order of the instructions that began them."""
    steps: list[PlainStep] = []
    loose: dict[int, PlainStep] = {}  # the step on one qubit that was the last on it
    pair: dict[int, PlainStep] = {}  # the step on two qubits before that, if it can still grow
    for entry in range(len(rows.kinds)):
        qubits = tuple(rows.qubits[entry, : rows.widths[entry]].tolist())
        step = PlainStep(
            qubits=qubits, condition=int(rows.conditions[entry]), entries=[entry], matrix=_matrix(rows, entry)
        )
        if step.matrix is None:
            _close(qubits, loose, pair, writes=bool(rows.kinds[entry] == MEASURE))
        elif len(qubits) == 1:
            (qubit,) = qubits
            if qubit in loose and loose[qubit].condition == step.condition:
                _append(loose[qubit], step)
                continue
            if qubit in loose:
                pair.pop(qubit, None)
            elif absorbs and qubit in pair and pair[qubit].condition == step.condition:
                _append(pair[qubit], step)
                continue
            loose[qubit] = step
        else:
            below = [loose.pop(qubit) for qubit in qubits if qubit in loose]
            held = pair.get(qubits[0])
            equal = all(each.condition == step.condition for each in below)
            if held and held is pair.get(qubits[1]) and held.condition == step.condition and equal:
                for each in (*below, step):
                    _append(held, each)
                steps = [each for each in steps if each not in below]
                continue
            if absorbs:
                taken = [each for each in below if each.condition == step.condition]
                for each in taken:
                    _prepend(step, each)
                steps = [each for each in steps if each not in taken]
            pair.update(dict.fromkeys(qubits, step))
        steps.append(step)
    return steps


def _matrix(rows: Rows, entry: int) -> Real | Complex | None:
    if rows.kinds[entry] == MEASURE or rows.widths[entry] > 2:
        return None
    found: Real | Complex = (rows.one if rows.widths[entry] == 1 else rows.two)[rows.slots[entry]]
    return found


def _close(qubits: tuple[int, ...], loose: dict[int, PlainStep], pair: dict[int, PlainStep], *, writes: bool) -> None:
    """Let nothing on the qubits grow any more, and nothing conditional where a bit is about to be written."""
    for qubit in [qubit for qubit, step in loose.items() if qubit in qubits or (writes and step.condition)]:
        del loose[qubit]
        pair.pop(qubit, None)
    for qubit in [qubit for qubit, step in pair.items() if qubit in qubits or (writes and step.condition)]:
        del pair[qubit]


def _append(step: PlainStep, later: PlainStep) -> None:
    step.matrix = _lifted(later, step.qubits) @ _lifted(step, step.qubits)
    step.entries += later.entries


def _prepend(step: PlainStep, earlier: PlainStep) -> None:
    step.matrix = _lifted(step, step.qubits) @ _lifted(earlier, step.qubits)
    step.entries = earlier.entries + step.entries


def _lifted(step: PlainStep, qubits: tuple[int, ...]) -> Real | Complex:
    """Return the matrix of a step on the qubits of another, in their order."""
    matrix = np.asarray(step.matrix)
    if step.qubits == qubits:
        return matrix
    if len(step.qubits) == 1:
        rest = np.eye(len(matrix))
        return np.kron(rest, matrix) if step.qubits[0] == qubits[0] else np.kron(matrix, rest)
    size = len(matrix)
    side = 2 if size == 4 else 4
    swapped: Real | Complex = matrix.reshape((side,) * 4).transpose(1, 0, 3, 2).reshape(size, size)
    return swapped
