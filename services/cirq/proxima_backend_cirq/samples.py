"""What the shots of a sampled circuit gave: counts of records and expectation values with their standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from proxima.simulation.v1 import observable_pb2, result_pb2
from proxima_runtime.arrays.observables import mean_with_error


@dataclass(kw_only=True)
class Samples:
    """Grows with the shots of a run.

    Attributes:
        records: how often each record was seen; empty where no counts were wanted.
        values: for each observable, its expectation value in each final state.
        shots: how many shots ended in each of these states, each by a trajectory of its own.
    """

    records: dict[int, int] = field(default_factory=dict)
    values: list[list[float]] = field(default_factory=list)
    shots: list[int] = field(default_factory=list)

    def expectation_values(self, observables: Sequence[observable_pb2.Observable]) -> list[result_pb2.ExpectationValue]:
        """Return the mean of each observable over the shots, at least 2, with its standard error."""
        found = []
        for observable, values in zip(observables, self.values, strict=True):
            mean, error = mean_with_error(np.repeat(values, self.shots))
            found.append(result_pb2.ExpectationValue(name=observable.name, value=mean, standard_error=error))
        return found
