"""Correlators of one and two measured bits: mean of (-1)^bit and of (-1)^(bit + bit') over the shots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MOST_BITS = 128
_MOST_SIGNS = 2**18
_CHUNK = 2**16


@dataclass(frozen=True, kw_only=True, slots=True)
class Signs:
    """The bits of a list of outcomes as signs.

    Attributes:
        bits: +1 for 0 and -1 for 1, shape (outcomes, bits); only bits that differ among the outcomes, the lowest 128.
    """

    bits: NDArray[np.float32]

    @property
    def correlator_count(self) -> int:
        """Correlators of weight 1 and 2."""
        count: int = self.bits.shape[1]
        return count * (count + 1) // 2

    @property
    def is_small(self) -> bool:
        """Every correlator of every outcome fits into a matrix that many draws can be multiplied with."""
        return self.bits.size > 0 and len(self.bits) * self.correlator_count <= _MOST_SIGNS

    def matrix(self) -> NDArray[np.float64]:
        """Return the sign of each correlator for each outcome, shape (outcomes, correlators)."""
        first, second = np.triu_indices(self.bits.shape[1], k=1)
        pairs = self.bits[:, first] * self.bits[:, second]
        return np.concatenate((self.bits, pairs), axis=1).astype(np.float64)

    def sums(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted sum of each correlator's signs, shape (correlators,); weights have shape (outcomes,)."""
        count = self.bits.shape[1]
        single = np.zeros(count)
        double = np.zeros((count, count))
        for start in range(0, len(weights), _CHUNK):
            block = self.bits[start : start + _CHUNK].astype(np.float64)
            weighted = block * weights[start : start + _CHUNK, None]
            single += weighted.sum(axis=0)
            double += block.T @ weighted
        return np.concatenate((single, double[np.triu_indices(count, k=1)]))


def signs_of(outcomes: NDArray[np.uint8]) -> Signs:
    """Return the signs of packed outcomes, shape (outcomes, bytes), bit b in bit b % 8 of byte b // 8."""
    differing = np.bitwise_or.reduce(outcomes, axis=0) ^ np.bitwise_and.reduce(outcomes, axis=0)
    varying = np.flatnonzero(np.unpackbits(differing, bitorder="little"))[:_MOST_BITS]
    bits = outcomes[:, varying // 8] >> (varying % 8).astype(np.uint8) & 1
    return Signs(bits=1 - 2 * bits.astype(np.float32))
