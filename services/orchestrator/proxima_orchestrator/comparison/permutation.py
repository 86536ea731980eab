"""Random halves of pooled shots: the null of two samples from one distribution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Splitter = Callable[[int], NDArray[np.int64]]

# numpy's hypergeometric takes no more of either kind.
_MOST_SHOTS = 4 * 10**8
# A model of the work, in seconds: of one hypergeometric number, of a random word, of an outcome, and of a row.
_HYPERGEOMETRIC_SECONDS = 2.5e-7
_WORD_SECONDS = 6e-9
_OUTCOME_SECONDS = 2.5e-8
_ROW_SECONDS = 4e-5


def thinned(counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the counts, shape (outcomes,), of a random part of the shots where there are too many for the sampler.

    Each shot is kept with the same chance, so what is left is a sample of the same distribution.
    """
    shots = int(counts.sum())
    if shots <= _MOST_SHOTS:
        return counts
    return rng.binomial(counts, _MOST_SHOTS / shots)


def split_seconds(pooled: NDArray[np.int64], drawn: int) -> float:
    """Return what one row of a splitter takes, by a model that depends on nothing but the counts."""
    return min(len(pooled) * _HYPERGEOMETRIC_SECONDS, _words_seconds(pooled, drawn))


def splitter(pooled: NDArray[np.int64], drawn: int, rng: np.random.Generator) -> Splitter:
    """Return a function that makes rows of counts, shape (rows, outcomes): `drawn` of the pooled shots, at random.

    Every subset of that size is equally likely, so a row is multivariate hypergeometric. Two ways lead there: numpy's
    sampler, a number at a time; and for equal halves one random bit a shot, counted a word at a time, with the few
    shots that are then too many or too few put back or taken at random.
    """
    if _words_seconds(pooled, drawn) < len(pooled) * _HYPERGEOMETRIC_SECONDS:
        return _WordSplitter(pooled, drawn, rng).rows
    return lambda size: rng.multivariate_hypergeometric(pooled, drawn, size=size, method="marginals")


def _words_seconds(pooled: NDArray[np.int64], drawn: int) -> float:
    if 2 * drawn != int(pooled.sum()):
        return float("inf")
    words = int(((pooled + 63) // 64).sum())
    return _ROW_SECONDS + words * _WORD_SECONDS + len(pooled) * _OUTCOME_SECONDS


class _WordSplitter:
    def __init__(self, pooled: NDArray[np.int64], drawn: int, rng: np.random.Generator) -> None:
        self._pooled = pooled
        self._drawn = drawn
        self._rng = rng
        words = np.maximum(1, (pooled + 63) // 64)
        self._starts = np.concatenate(([0], np.cumsum(words)[:-1]))
        # All bits of a word are shots, but for the last word of an outcome.
        self._mask = np.full(int(words.sum()), 0xFFFFFFFFFFFFFFFF, dtype=np.uint64)
        rest = pooled - 64 * (words - 1)
        last = self._starts + words - 1
        full = np.uint64(0xFFFFFFFFFFFFFFFF)
        self._mask[last] = np.where(rest == 64, full, (np.uint64(1) << (rest % 64).astype(np.uint64)) - np.uint64(1))
        self._one_word = bool(words.max(initial=1) == 1)

    def rows(self, size: int) -> NDArray[np.int64]:
        """Return rows of counts."""
        width = len(self._mask)
        bits = np.frombuffer(self._rng.bytes(8 * width * size), dtype=np.uint64).reshape(size, width) & self._mask
        counted = np.bitwise_count(bits).astype(np.int64)
        rows = counted if self._one_word else np.add.reduceat(counted, self._starts, axis=1)
        for row in rows:
            self._correct(row)
        return rows

    def _correct(self, row: NDArray[np.int64]) -> None:
        excess = int(row.sum()) - self._drawn
        if excess == 0:
            return
        source = row if excess > 0 else self._pooled - row
        ends = np.cumsum(source)
        picked = self._rng.choice(int(ends[-1]), size=abs(excess), replace=False, shuffle=False)
        places = np.searchsorted(ends, picked, side="right")
        np.subtract.at(row, places, 1 if excess > 0 else -1)
