"""Runs several contenders in turns and keeps the fastest run of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .children import Child
from .messages import Answer, Request

_TURNS = 3
# A contender that takes longer than this has one turn.
_SLOW_SECONDS = 2.0

Array = npt.NDArray[np.number]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A job for a child.

    Attributes:
        child: who runs it.
        job: serialised Job.
        form: as in `Request`.
    """

    child: Child
    job: bytes
    form: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What came of a contender.

    Attributes:
        answer: of its fastest run; `fault` says why there is none.
        array: the bytes of its result.
    """

    answer: Answer
    array: bytes

    @property
    def seconds(self) -> float:
        """Processor time of the fastest run; infinite where there is none."""
        return float("inf") if self.answer.fault else self.answer.cpu_seconds

    def numbers(self, dtype: npt.DTypeLike = np.float64) -> Array:
        """The result as an array of one dimension."""
        return np.frombuffer(self.array, dtype=dtype)


def run_in_turns(contenders: Sequence[Contender], *, repeat: int = 5) -> list[Outcome]:
    """Run each contender in up to three turns, each turn up to `repeat` times in 0.3 s."""
    best: list[Outcome | None] = [None] * len(contenders)
    for turn in range(_TURNS):
        for index, contender in enumerate(contenders):
            known = best[index]
            if turn and known is not None and not known.seconds < _SLOW_SECONDS:
                continue
            request = Request(action="run", repeat=repeat, seconds=0.3, form=contender.form)
            answer, array = contender.child.ask(request, contender.job)
            outcome = Outcome(answer=answer, array=array)
            if known is None or outcome.seconds < known.seconds:
                best[index] = outcome
    return [outcome for outcome in best if outcome is not None]


def fastest_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the fastest of some outcomes."""
    return min(outcomes, key=lambda outcome: outcome.seconds)


def difference(ours: Outcome, theirs: Outcome, dtype: npt.DTypeLike = np.float64) -> float:
    """Return the largest difference of two results, entry by entry; infinite where one is missing."""
    if ours.answer.fault or theirs.answer.fault or len(ours.array) != len(theirs.array):
        return float("inf")
    return float(np.abs(ours.numbers(dtype) - theirs.numbers(dtype)).max())


def shown(seconds: float) -> str:
    """Return seconds in ms or s with three digits, 10 characters wide."""
    if seconds == float("inf"):
        return f"{'-':>10}"
    return f"{seconds * 1e3:>7.3g} ms" if seconds < 1 else f"{seconds:>7.3g} s "


def ratio(theirs: float, ours: float) -> str:
    """Return how many times faster ours is, 9 characters wide."""
    if float("inf") in (theirs, ours):
        return f"{'-':>9}"
    return f"{theirs / ours:>8.3g}x"
