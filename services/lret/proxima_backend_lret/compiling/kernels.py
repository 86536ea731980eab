"""Kernels of compilation: light cones, the plan of fusion, and the products of its matrices.

The plan is made of integers alone. Its products then run over arrays of matrices in place: those of the circuit come
first in each array and are shared by all steps that are nothing else, room for those of fused steps comes after them.
`reference` says the same in plain Python.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.jit import inlined, kernel

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Matrices = npt.NDArray[np.float64] | npt.NDArray[np.complex128]

COPY_ONE, TIMES_ONE, COPY_TWO, IDENTITY_TWO, TIMES_TWO, TIMES_SWAPPED, AFTER_LOW, AFTER_HIGH = range(8)
"""Products: (code, target, factor). The factor acts after what the target holds: on its qubit, on its two in their
order or the other one, or on one of its two.
"""

STEPS, PRODUCTS, ONES, TWOS = 0, 1, 2, 3
"""What `plan` has made so far: steps, products, matrices on one qubit and on two."""


@kernel("int64[::1](int64[::1], int64[:,::1], int64[::1], int64[:,::1], int64[:,::1], boolean[::1], boolean[::1])")
def cone(  # noqa: PLR0917 - kernels have no keyword-only arguments
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


@inlined
def _multiply_by(products: Integers, made: Integers, code: int, target: int, factor: int) -> None:
    row = made[PRODUCTS]
    products[row, 0], products[row, 1], products[row, 2] = code, target, factor
    made[PRODUCTS] = row + 1


@inlined
def _own(  # noqa: PLR0917 - as above
    products: Integers, made: Integers, step_slots: Integers, step: int, shared: int, kind: int
) -> None:
    """Give a step a matrix of its own where it still shares one of the circuit."""
    if step_slots[step] < shared:
        _multiply_by(products, made, COPY_ONE if kind == ONES else COPY_TWO, made[kind], step_slots[step])
        step_slots[step] = made[kind]
        made[kind] += 1


@kernel(
    "void(int64[::1], int64[::1], int64[:,::1], int64[::1], int64[::1], int64, int64, "
    "int64[::1], int64[::1], int64[:,::1], int64[::1], int64[::1], int64[::1], int64[::1], int64[:,::1])"
)
def plan(  # noqa: PLR0912, PLR0915, PLR0917 - one pass over the instructions; kernels have no keyword-only arguments
    kinds: Integers,
    widths: Integers,
    qubits: Integers,
    slots: Integers,
    conditions: Integers,
    qubit_count: int,
    absorbs: int,
    made: Integers,
    homes: Integers,
    step_rows: Integers,
    step_conditions: Integers,
    step_slots: Integers,
    merged: Integers,
    makers: Integers,
    products: Integers,
) -> None:
    """Plan the steps, numbered in the order of the instructions that begin them.

    A one-qubit map multiplies the loose step on its qubit, or else (with `absorbs`) the last step on two qubits there,
    or begins a loose step. A two-qubit map multiplies the last step on its pair, which takes in what is loose on it, or
    else begins one. Nothing passes a map with other conditions, and nothing conditional passes a measurement.

    Args:
        kinds: 0 a map, 1 a measurement whose outcome matters, shape (instructions,).
        widths: operands.
        qubits: operands, -1 past the last, shape (instructions, 5).
        slots: matrix of each map on one or two qubits.
        conditions: equal numbers for equal conditions, 0 for none.
        qubit_count: qubits.
        absorbs: 1 to take steps on one qubit into a neighbour on two.
        made: in and out, (0, 0, matrices on one qubit of the circuit, those on two), with those of steps after.
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
    shared_one, shared_two = made[ONES], made[TWOS]
    for row in range(len(kinds)):
        condition, slot = conditions[row], slots[row]
        first, second = qubits[row, 0], qubits[row, 1]
        is_one, is_two = kinds[row] == 0 and widths[row] == 1, kinds[row] == 0 and widths[row] == 2
        target = -1
        if is_one:
            step = loose[first]
            if step >= 0 and step_conditions[step] == condition:
                target = step
                _own(products, made, step_slots, target, shared_one, ONES)
                _multiply_by(products, made, TIMES_ONE, step_slots[target], slot)
            elif step >= 0:
                pair[first] = -1
            elif absorbs == 1 and pair[first] >= 0 and step_conditions[pair[first]] == condition:
                target = pair[first]
                _own(products, made, step_slots, target, shared_two, TWOS)
                code = AFTER_LOW if qubits[makers[target], 0] == first else AFTER_HIGH
                _multiply_by(products, made, code, step_slots[target], slot)
        elif is_two and pair[first] >= 0 and pair[first] == pair[second]:
            target = pair[first]
            if step_conditions[target] != condition:
                target = -1
            for place in range(2):
                step = loose[qubits[row, place]]
                if step >= 0 and step_conditions[step] != condition:
                    target = -1
            if target >= 0:
                _own(products, made, step_slots, target, shared_two, TWOS)
                for place in range(2):
                    qubit = qubits[row, place]
                    step = loose[qubit]
                    if step >= 0:
                        code = AFTER_LOW if qubits[makers[target], 0] == qubit else AFTER_HIGH
                        _multiply_by(products, made, code, step_slots[target], step_slots[step])
                        merged[step] = target
                        loose[qubit] = -1
                code = TIMES_TWO if qubits[makers[target], 0] == first else TIMES_SWAPPED
                _multiply_by(products, made, code, step_slots[target], slot)
        if target < 0:
            target = made[STEPS]
            made[STEPS] += 1
            step_rows[target, 0] = row
            step_conditions[target] = condition
            step_slots[target] = slot
            merged[target] = -1
            makers[target] = row
            if is_one:
                loose[first] = target
            elif is_two:
                for place in range(2):
                    qubit = qubits[row, place]
                    step = loose[qubit]
                    if absorbs == 1 and step >= 0 and step_conditions[step] == condition:
                        if step_slots[target] < shared_two:
                            step_slots[target] = made[TWOS]
                            made[TWOS] += 1
                            _multiply_by(products, made, IDENTITY_TWO, step_slots[target], step_slots[target])
                        code = AFTER_LOW if place == 0 else AFTER_HIGH
                        _multiply_by(products, made, code, step_slots[target], step_slots[step])
                        merged[step] = target
                        step_rows[target, 0] = min(step_rows[target, 0], step_rows[step, 0])
                    loose[qubit] = -1
                    pair[qubit] = target
                if step_slots[target] >= shared_two:
                    _multiply_by(products, made, TIMES_TWO, step_slots[target], slot)
            else:
                for qubit in range(qubit_count):
                    # What is conditional must not meet a later value of a bit.
                    if kinds[row] == 1 and loose[qubit] >= 0 and step_conditions[loose[qubit]] != 0:
                        loose[qubit] = -1
                        pair[qubit] = -1
                    if kinds[row] == 1 and pair[qubit] >= 0 and step_conditions[pair[qubit]] != 0:
                        pair[qubit] = -1
                for operand in qubits[row]:
                    if operand >= 0:
                        loose[operand] = -1
                        pair[operand] = -1
        homes[row] = target
        step_rows[target, 1] = row


@kernel(
    "void(float64[:,:,::1], float64[:,:,::1], int64[:,::1], float64[:,::1])",
    "void(complex128[:,:,::1], complex128[:,:,::1], int64[:,::1], complex128[:,::1])",
)
def multiply(  # noqa: PLR0912 - one loop for all products: each loop of its own costs a second of compilation
    one: Matrices, two: Matrices, products: Integers, scratch: Matrices
) -> None:
    """Run products, in order, in place.

    Args:
        one: matrices on one qubit, shape (any, d, d).
        two: matrices on two qubits, shape (any, d^2, d^2).
        products: rows (code, target, factor) as `plan` writes them.
        scratch: shape (d^2, d^2).
    """
    side = one.shape[1]
    for entry in range(len(products)):
        code, target, factor = products[entry, 0], products[entry, 1], products[entry, 2]
        held = one[target] if code <= TIMES_ONE else two[target]
        acts = one[factor] if code <= TIMES_ONE or code >= AFTER_LOW else two[factor]
        size, span = len(held), len(acts)
        near, far = (side, 1) if code == AFTER_HIGH else (1, side)
        if code in (COPY_ONE, COPY_TWO):
            for row in range(size):
                for column in range(size):
                    held[row, column] = acts[row, column]
            continue
        for row in range(size):
            for column in range(size):
                scratch[row, column] = row == column if code == IDENTITY_TWO else 0
        if code != IDENTITY_TWO:
            for other in range(size // span):
                for row in range(span):
                    for inner in range(span):
                        value = acts[row, inner]
                        if value != 0:
                            to, of = other * far + row * near, other * far + inner * near
                            if code == TIMES_SWAPPED:
                                to, of = (row % side) * side + row // side, (inner % side) * side + inner // side
                            for column in range(size):
                                scratch[to, column] += value * held[of, column]
        for row in range(size):
            for column in range(size):
                held[row, column] = scratch[row, column]
