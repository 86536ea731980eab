"""What terminal measurements record: which bits, from which qubits, read with which errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.instructions import Listing
from proxima_runtime.arrays.readout import Readout, read
from proxima_runtime.arrays.records import with_readout

Real = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Terminal measurements, the last into each classical bit.

    Attributes:
        readout: the measured qubits as slots, and the bits that record them.
        tables: P(read | true) of each of the readout's bits, shape (2, 2), rows the true value; None where exact.
    """

    readout: Readout
    tables: tuple[Real | None, ...]

    @property
    def has_error(self) -> bool:
        """Some bit is read with an error."""
        return any(table is not None for table in self.tables)

    @property
    def outcomes(self) -> Readout:
        """How outcomes as drawn are packed: a slot for each qubit; for each bit where bits have errors of their own."""
        if not self.has_error:
            return self.readout
        clbits = self.readout.clbits
        qubits = tuple(self.readout.slot_qubits[slot] for slot in self.readout.slots)
        return Readout(
            slot_qubits=qubits, clbits=clbits, slots=tuple(range(len(clbits))), clbit_count=self.readout.clbit_count
        )

    def of_outcomes(self, of_slots: Real) -> Real:
        """Turn probabilities over slots into those over the slots of `outcomes`, errors included."""
        return with_readout(self.readout.probabilities(of_slots), self.tables) if self.has_error else of_slots


def exact_reading(measured: Mapping[int, int], clbit_count: int) -> Reading:
    """Return the reading of `measured`, bits ascending to qubits, without errors."""
    return Reading(readout=read(measured, clbit_count), tables=())


def reading_of(listing: Listing) -> Reading:
    """Return the reading of a listing's terminal measurements."""
    last = {clbit: listing.instructions[position] for clbit, position in listing.measured.items()}
    measured = {clbit: step.qubits[0] for clbit, step in last.items()}
    return Reading(readout=read(measured, listing.clbit_count), tables=tuple(step.readout for step in last.values()))
