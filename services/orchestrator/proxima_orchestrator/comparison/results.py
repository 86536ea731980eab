"""A member's result as the comparison sees it: states, distributions, counts and expectation values as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex64] | NDArray[np.complex128]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class State:
    """A state over some qubits; every other qubit is in |0>.

    Attributes:
        data: shape (2^n,) for a state vector, (2^n, 2^n) for a density matrix.
        bits: declared qubit of each bit of an index, least significant first.
    """

    data: Complex
    bits: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Distribution:
    """Exact probabilities.

    Attributes:
        data: shape (2^b,).
        bits: declared bit of each bit of an index, least significant first; the others are 0.
        over_clbits: the bits are classical bits, else qubits.
        readout_included: readout error is in them.
    """

    data: NDArray[np.float64]
    bits: tuple[int, ...]
    over_clbits: bool
    readout_included: bool


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Counts:
    """Sampled outcomes over all classical bits.

    Attributes:
        outcomes: uint8, shape (seen, bytes): bit b in bit b % 8 of byte b // 8; no two rows are equal.
        values: int64, shape (seen,), how often each was seen.
    """

    outcomes: NDArray[np.uint8]
    values: NDArray[np.int64]

    @property
    def shots(self) -> int:
        """Shots in all."""
        return int(self.values.sum())


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """An expectation value; `weight` is the sum of the coefficients' sizes, the largest that it can be."""

    name: str
    value: float
    standard_error: float | None
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MemberResult:
    """What a member of a comparison computed.

    Attributes:
        producer: who computed it, for sentences.
        is_single: in single precision.
        certified_error: bound of its truncation error (trace distance); 0 for methods that do not truncate.
        shots: shots behind counts and sampled expectation values; 0 where there are none.
        clbit_count: classical bits of an outcome.
        stream: the random numbers behind the counts, their source and seed; counts of one stream are not independent.
        left_out: what is in the result and too large to be compared, a sentence each.
    """

    producer: str
    is_single: bool
    certified_error: float
    shots: int
    clbit_count: int
    stream: str = ""
    state: State | None = None
    distribution: Distribution | None = None
    counts: Counts | None = None
    expectations: tuple[Expectation, ...] = ()
    left_out: tuple[str, ...] = ()
