"""Kernels of compilation: light cones, the plan of fusion, and the products of its matrices.

The plan is made of integers alone. Its products then run over arrays of matrices in place: those of the circuit come
first in each array and are shared by all steps that are nothing else, room for those of fused steps comes after them.
`reference` says the same in plain Python.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.jit import kernel

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Matrices = npt.NDArray[np.float64] | npt.NDArray[np.complex128]

COPY_ONE, TIMES_ONE, COPY_TWO, TIMES_TWO, TIMES_SWAPPED = 0, 1, 2, 3, 4
AFTER_LOW, AFTER_HIGH, BEFORE_LOW, BEFORE_HIGH = 5, 6, 7, 8
"""Products: (code, target, factor). The factor acts after what the target holds, but in the last two before it."""

_MATRICES = "({0}[:,:,::1], {0}[:,:,::1], int64[:,::1])"


@kernel("int64[::1](int64[::1], int64[:,::1], int64[::1], int64[:,::1], int64[:,::1], boolean[::1], boolean[::1])")
def cone(
    effects: Integers,
    qubits: Integers,
    clbits: Integers,
    spans: Integers,
    bits_read: Integers,
    needed: Flags,
    needed_bits: Flags,
) -> Integers:
    """Return which instructions matter to the needed qubits and bits, ascending, int64.

    Args:
        effects: 0 a map, 1 an unconditional reset, 2 a measurement, shape (instructions,).
        qubits: operands, -1 past the last, shape (instructions, 5).
        clbits: the bit that a measurement writes, else -1.
        spans: first row and end of each instruction's conditions in `bits_read`.
        bits_read: first bit and end of each condition.
        needed: qubits whose final state matters; overwritten.
        needed_bits: bits whose final value matters; overwritten.
    """
    found = np.empty(len(effects), dtype=np.int64)
    place = len(effects)
    for row in range(len(effects) - 1, -1, -1):
        matters = False
        for operand in qubits[row]:
            if operand >= 0 and needed[operand]:
                matters = True
        conditional = spans[row, 0] < spans[row, 1]
        if effects[row] == 2 and needed_bits[clbits[row]]:
            matters = True
            if not conditional:
                needed_bits[clbits[row]] = False
        if not matters:
            continue
        place -= 1
        found[place] = row
        for operand in qubits[row]:
            if operand >= 0:
                needed[operand] = effects[row] != 1
        for entry in range(spans[row, 0], spans[row, 1]):
            for bit in range(bits_read[entry, 0], bits_read[entry, 1]):
                needed_bits[bit] = True
    return found[place:].copy()


@kernel(
    "Tuple((int64, int64, int64, int64))("
    "int64[::1], int64[::1], int64[:,::1], int64[::1], int64[::1], int64, int64, int64, int64, "
    "int64[::1], int64[:,::1], int64[::1], int64[::1], int64[::1], int64[::1], int64[:,::1])"
)
def plan(
    kinds: Integers,
    widths: Integers,
    qubits: Integers,
    slots: Integers,
    conditions: Integers,
    qubit_count: int,
    one_count: int,
    two_count: int,
    absorbs: int,
    homes: Integers,
    step_rows: Integers,
    step_conditions: Integers,
    step_slots: Integers,
    merged: Integers,
    makers: Integers,
    products: Integers,
) -> tuple[int, int, int, int]:
    """Plan the steps; return how many, how many products, and how many matrices on one and on two qubits.

    Steps are numbered in the order of their first instructions. A step is dead where another one took it in.

    Args:
        kinds: 0 a map, 1 a measurement whose outcome matters, shape (instructions,).
        widths: operands.
        qubits: operands, -1 past the last, shape (instructions, 5).
        slots: matrix of each map on one or two qubits.
        conditions: equal numbers for equal conditions, 0 for none.
        qubit_count: qubits.
        one_count: matrices on one qubit of the circuit.
        two_count: those on two.
        absorbs: 1 to take steps on one qubit into a neighbour on two.
        homes: out, the step of each instruction.
        step_rows: out, first and last instruction of each step, shape (instructions, 2).
        step_conditions: out.
        step_slots: out, matrix of each step.
        merged: out, the step that took this one in, or -1.
        makers: out, the instruction whose operands are those of the step.
        products: out, shape (4 * instructions, 3).
    """
    loose = np.full(qubit_count, -1, dtype=np.int64)  # the step on one qubit that was the last on it
    pair = np.full(qubit_count, -1, dtype=np.int64)  # the step on two qubits before that, if it can still grow
    steps, count = 0, 0
    ones, twos = one_count, two_count
    for row in range(len(kinds)):
        condition, slot = conditions[row], slots[row]
        first, second = qubits[row, 0], qubits[row, 1]
        target = -1
        if kinds[row] == 0 and widths[row] == 1:
            step = loose[first]
            if step >= 0 and step_conditions[step] == condition:
                target = step
                if step_slots[step] < one_count:
                    products[count, 0], products[count, 1], products[count, 2] = COPY_ONE, ones, step_slots[step]
                    step_slots[step] = ones
                    ones += 1
                    count += 1
                products[count, 0], products[count, 1], products[count, 2] = TIMES_ONE, step_slots[step], slot
                count += 1
            elif step >= 0:
                pair[first] = -1
            elif absorbs == 1 and pair[first] >= 0 and step_conditions[pair[first]] == condition:
                target = pair[first]
                if step_slots[target] < two_count:
                    products[count, 0], products[count, 1], products[count, 2] = COPY_TWO, twos, step_slots[target]
                    step_slots[target] = twos
                    twos += 1
                    count += 1
                products[count, 0] = AFTER_LOW if qubits[makers[target], 0] == first else AFTER_HIGH
                products[count, 1], products[count, 2] = step_slots[target], slot
                count += 1
        elif kinds[row] == 0 and widths[row] == 2:
            step = pair[first]
            grows = step >= 0 and step == pair[second] and step_conditions[step] == condition
            for qubit in (first, second):
                if loose[qubit] >= 0 and step_conditions[loose[qubit]] != condition:
                    grows = False
            if grows:
                target = step
                if step_slots[target] < two_count:
                    products[count, 0], products[count, 1], products[count, 2] = COPY_TWO, twos, step_slots[target]
                    step_slots[target] = twos
                    twos += 1
                    count += 1
                for qubit in (first, second):
                    if loose[qubit] >= 0:
                        products[count, 0] = AFTER_LOW if qubits[makers[target], 0] == qubit else AFTER_HIGH
                        products[count, 1], products[count, 2] = step_slots[target], step_slots[loose[qubit]]
                        count += 1
                        merged[loose[qubit]] = target
                        loose[qubit] = -1
                products[count, 0] = TIMES_TWO if qubits[makers[target], 0] == first else TIMES_SWAPPED
                products[count, 1], products[count, 2] = step_slots[target], slot
                count += 1
        if target < 0:
            target = steps
            steps += 1
            step_rows[target, 0] = row
            step_conditions[target] = condition
            step_slots[target] = slot
            merged[target] = -1
            makers[target] = row
            if kinds[row] == 1:
                # What is conditional must not meet a later value of a bit.
                for qubit in range(qubit_count):
                    if loose[qubit] >= 0 and step_conditions[loose[qubit]] != 0:
                        loose[qubit] = -1
                        pair[qubit] = -1
                    if pair[qubit] >= 0 and step_conditions[pair[qubit]] != 0:
                        pair[qubit] = -1
            if kinds[row] == 0 and widths[row] == 1:
                loose[first] = target
            elif kinds[row] == 0 and widths[row] == 2:
                for place in range(2):
                    qubit = qubits[row, place]
                    step = loose[qubit]
                    if absorbs == 1 and step >= 0 and step_conditions[step] == condition:
                        if step_slots[target] < two_count:
                            products[count, 0], products[count, 1], products[count, 2] = COPY_TWO, twos, slot
                            step_slots[target] = twos
                            twos += 1
                            count += 1
                        products[count, 0] = BEFORE_LOW if place == 0 else BEFORE_HIGH
                        products[count, 1], products[count, 2] = step_slots[target], step_slots[step]
                        count += 1
                        merged[step] = target
                        step_rows[target, 0] = min(step_rows[target, 0], step_rows[step, 0])
                    loose[qubit] = -1
                    pair[qubit] = target
            else:
                for operand in qubits[row]:
                    if operand >= 0:
                        loose[operand] = -1
                        pair[operand] = -1
        homes[row] = target
        step_rows[target, 1] = row
    return steps, count, ones, twos


@kernel(*("void" + _MATRICES.format(dtype) for dtype in ("float64", "complex128")))
def multiply(one: Matrices, two: Matrices, products: Integers) -> None:
    """Run products, in order, in place.

    Args:
        one: matrices on one qubit, shape (any, d, d).
        two: matrices on two qubits, shape (any, d^2, d^2).
        products: rows (code, target, factor) as `plan` writes them.
    """
    side = one.shape[1]
    small = np.empty((side, side), dtype=one.dtype)
    large = np.empty((side * side, side * side), dtype=one.dtype)
    for entry in range(len(products)):
        code, target, factor = products[entry, 0], products[entry, 1], products[entry, 2]
        if code == COPY_ONE:
            one[target] = one[factor]
        elif code == COPY_TWO:
            two[target] = two[factor]
        elif code == TIMES_ONE:
            small[:] = 0
            for row in range(side):
                for inner in range(side):
                    for column in range(side):
                        small[row, column] += one[factor, row, inner] * one[target, inner, column]
            one[target] = small
        elif code in (TIMES_TWO, TIMES_SWAPPED):
            large[:] = 0
            for row in range(side * side):
                for inner in range(side * side):
                    value = two[factor, row, inner]
                    if value != 0:
                        to, of = row, inner
                        if code == TIMES_SWAPPED:
                            to, of = (row % side) * side + row // side, (inner % side) * side + inner // side
                        for column in range(side * side):
                            large[to, column] += value * two[target, of, column]
            two[target] = large
        elif code in (AFTER_LOW, AFTER_HIGH):
            near, far = (1, side) if code == AFTER_LOW else (side, 1)
            large[:] = 0
            for other in range(side):
                for row in range(side):
                    for inner in range(side):
                        value = one[factor, row, inner]
                        if value != 0:
                            to, of = other * far + row * near, other * far + inner * near
                            for column in range(side * side):
                                large[to, column] += value * two[target, of, column]
            two[target] = large
        else:
            near, far = (1, side) if code == BEFORE_LOW else (side, 1)
            large[:] = 0
            for row in range(side * side):
                for other in range(side):
                    for inner in range(side):
                        value = two[target, row, other * far + inner * near]
                        if value != 0:
                            for column in range(side):
                                large[row, other * far + column * near] += value * one[factor, inner, column]
            two[target] = large
