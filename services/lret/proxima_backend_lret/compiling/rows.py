"""The instructions of a circuit that act, in arrays, with the matrices that they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.instructions import Condition

from proxima_backend_lret.compiling.program import Complex, Integers, Reading, Real, Source


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rows:
    """What acts in a circuit, in program order: no barriers, delays, terminal measurements or global phases.

    Gates that have a recipe (`recipes`) are several entries of one instruction.

    Attributes:
        source: what the circuit says apart from this.
        instructions: index of each entry's instruction in the circuit, ascending, int64, shape (entries,).
        kinds: MAP or MEASURE.
        widths: operands.
        qubits: operands, -1 past the last, shape (entries, 5).
        slots: index in `one`, `two` or `wide`, by the width; -1 for a measurement.
        conditions: equal numbers for equal conditions, 0 for none.
        is_unitary: bool, shape (entries,).
        one: matrices on one qubit: transfer matrices, float64, d = 4, or unitaries, complex128, d = 2.
        two: those on two, shape (any, d^2, d^2).
        wide: Kraus operators of maps on more qubits.
        condition_table: conditions by their number, without 0.
        readings: what each measurement records, by its entry.
        deaths: bits that no longer matter after an entry, by the entry.
        defect: sum over explicit maps of the Frobenius norm of sum K^dagger K - 1.
    """

    source: Source
    instructions: Integers
    kinds: Integers
    widths: Integers
    qubits: Integers
    slots: Integers
    conditions: Integers
    is_unitary: npt.NDArray[np.bool_]
    one: Real | Complex
    two: Real | Complex
    wide: tuple[Complex, ...]
    condition_table: Mapping[int, tuple[Condition, ...]]
    readings: Mapping[int, Reading]
    deaths: Mapping[int, tuple[int, ...]]
    defect: float
