"""What a comparison goes by, and the verdicts that it comes to."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.IntEnum):
    """Whether two results say the same; the numbers are those of `proxima.orchestrator.v1.Verdict`."""

    UNDECIDED = 0
    AGREE = 1
    DISAGREE = 2
    NOT_ENOUGH_SHOTS = 3


class Basis(enum.IntEnum):
    """What a verdict rests on; the numbers are those of `proxima.orchestrator.v1.PairComparison.Basis`."""

    NONE = 0
    STATES = 1
    DISTRIBUTIONS = 2
    SAMPLES_AGAINST_DISTRIBUTION = 3
    SAMPLES = 4
    EXPECTATION_VALUES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What a comparison goes by.

    Attributes:
        false_alarm_rate: chance that any of the pairs of equal members is called different, in (0, 0.5].
        tvd_threshold: total variation distance that a statistical test shall see, in (0, 1].
        pair_count: pairs in the comparison, from 1.
        power: chance with which it shall see it, in (0, 1).
    """

    false_alarm_rate: float = 1e-3
    tvd_threshold: float = 0.05
    pair_count: int = 1
    power: float = 0.9

    def __post_init__(self) -> None:
        if not 0 < self.false_alarm_rate <= 0.5:
            raise ValueError(f"false_alarm_rate {self.false_alarm_rate} is outside (0, 0.5]")
        if not 0 < self.tvd_threshold <= 1:
            raise ValueError(f"tvd_threshold {self.tvd_threshold} is outside (0, 1]")
        if self.pair_count < 1:
            raise ValueError(f"pair_count {self.pair_count} is under 1")

    @property
    def pair_level(self) -> float:
        """Level at which one pair is tested in the first step of Holm's procedure: the strictest."""
        return self.false_alarm_rate / self.pair_count

    @property
    def test_level(self) -> float:
        """Level of each of a pair's two tests of histograms (Bonferroni)."""
        return self.pair_level / 2
