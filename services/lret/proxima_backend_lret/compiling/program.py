"""A compiled circuit: fused steps in arrays, and what its source says about results.

A step is a linear map on one or two qubits, fused from several instructions; an explicit map on more qubits, never
fused; or a measurement in mid-circuit whose outcome matters. The first operand of a step is the least significant bit
(or base-4 digit) of the index of its matrix. Arrays are read-only by agreement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.instructions import Condition

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MAP, MEASURE = 0, 1
"""Kinds of steps."""

MAX_STEP_QUBITS = 5
"""Columns of `Steps.qubits`."""

NO_CONDITIONS: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reading:
    """A measurement: what a classical bit records.

    Attributes:
        qubit: the qubit measured.
        clbit: the bit that it writes.
        readout: float64, shape (2, 2), P(read | true), rows are the true value; None where reading is exact.
    """

    qubit: int
    clbit: int
    readout: Real | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Source:
    """What the circuit says apart from its steps.

    Attributes:
        qubit_count: qubits, 1 or more.
        clbit_count: declared classical bits.
        declared_qubit_count: qubits that the source declared.
        active_qubits: declared index of each qubit.
        global_phase: radians; unconditional global phases among the instructions are in it.
        instruction_count: rows of the circuit, barriers counted.
        terminal: the last terminal measurement into each bit that one writes, by ascending bit; none of them is a step.
        written_clbits: bits that some measurement writes, ascending.
        has_readout: some measurement has a readout error.
        is_unitary: there is no channel, reset, condition or measurement that is not terminal.
    """

    qubit_count: int
    clbit_count: int
    declared_qubit_count: int
    active_qubits: tuple[int, ...]
    global_phase: float
    instruction_count: int
    terminal: Mapping[int, Reading]
    written_clbits: tuple[int, ...]
    has_readout: bool
    is_unitary: bool


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Program:
    """The steps of a circuit, in an order in which they may run.

    With `is_maps`, `one` and `two` are transfer matrices R[a, b] = Tr(P_a Phi(P_b)) / 2^k, float64, d = 4; else they
    are unitaries, complex128, d = 2. Steps that are the same source instruction share a matrix.

    Attributes:
        source: what the circuit says apart from its steps.
        is_maps: whether the matrices are transfer matrices.
        kinds: MAP or MEASURE of each step, int64, shape (steps,).
        widths: qubits of each step, int64, shape (steps,).
        qubits: operands, -1 past the width, int64, shape (steps, 5).
        rows: first and last source instruction of each step, int64, shape (steps, 2).
        slots: index of the matrix of each step in `one`, `two` or `wide`, by its width; -1 for a measurement.
        one: matrices on one qubit, shape (any, d, d).
        two: matrices on two qubits, shape (any, d^2, d^2).
        wide: Kraus operators of each map on more qubits, complex128, shape (m, 2^k, 2^k), m = 1 for a unitary.
        source_counts: how many instructions each step was fused from, parts of gates on three and more qubits counted
            one by one, int64, shape (steps,).
        is_unitary: the step is fused from unitaries only, bool, shape (steps,).
        conditions: conditions that must hold for a step to run, by its index; steps that always run are left out.
        readings: the measurement of each step of kind MEASURE, by its index.
        forgets: bits that no longer matter after a step, by its index. Records that differ in them alone are one.
        constants: c of applying each step once (`certificate.map_constant`), float64, shape (steps,). A map that is not
            unitary is counted with 4^k operators, the most that it can have.
        rounding: eta of compiling, `kraus_of` included, in any precision of the state: what the products of matrices
            round, and how far explicit operators are from preserving the trace.
    """

    source: Source
    is_maps: bool
    kinds: Integers
    widths: Integers
    qubits: Integers
    rows: Integers
    slots: Integers
    one: Real | Complex
    two: Real | Complex
    wide: tuple[Complex, ...]
    source_counts: Integers
    is_unitary: npt.NDArray[np.bool_]
    conditions: Mapping[int, tuple[Condition, ...]]
    readings: Mapping[int, Reading]
    forgets: Mapping[int, tuple[int, ...]]
    constants: Real
    rounding: float

    @property
    def qubit_count(self) -> int:
        """Qubits, 1 or more."""
        return self.source.qubit_count

    @property
    def step_count(self) -> int:
        """Steps."""
        return len(self.kinds)

    def qubits_of(self, step: int) -> tuple[int, ...]:
        """Return the operands of a step."""
        return tuple(self.qubits[step, : self.widths[step]].tolist())

    def matrix_of(self, step: int) -> Real | Complex:
        """Return the matrix of a fused step: a transfer matrix or a unitary as `is_maps` says.

        Raises:
            IndexError: the step is a measurement or acts on more than two qubits.
        """
        width, slot = int(self.widths[step]), int(self.slots[step])
        if slot < 0 or width > 2:
            raise IndexError(f"step {step} has no fused matrix")
        found: Real | Complex = (self.one if width == 1 else self.two)[slot]
        return found

    def conditions_of(self, step: int) -> tuple[Condition, ...]:
        """Return the conditions of a step, empty where it always runs."""
        return self.conditions.get(step, NO_CONDITIONS)

    def runs(self, step: int, record: int) -> bool:
        """The conditions of a step hold for `record`, all classical bits as a number."""
        return all(condition.holds(record) for condition in self.conditions_of(step))
