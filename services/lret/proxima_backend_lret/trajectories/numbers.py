"""Random numbers of trajectories: a function of the seed of a batch, the shot in it and what is drawn.

They do not depend on how many shots run at once, nor on where a run was paused: there is no state of a generator. The
counter of Philox (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011) is the shot and the draw.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]

_PER_COUNT = 4


class Numbers:
    """The random numbers of one batch of the plan."""

    def __init__(self, seed: np.random.SeedSequence) -> None:
        """Key the numbers by a seed."""
        self._key = seed.generate_state(2, np.uint64)

    def draw(self, draw: int, *, first_shot: int, shots: int) -> Real:
        """Return numbers from [0, 1), one for each of `shots` shots from `first_shot` on, shape (shots,).

        Args:
            draw: which of the numbers of a shot, from 0.
            first_shot: in the batch, from 0.
            shots: how many.
        """
        counter = np.array([first_shot // _PER_COUNT, draw, 0, 0], dtype=np.uint64)
        generator = np.random.Generator(np.random.Philox(key=self._key, counter=counter))
        skipped = first_shot % _PER_COUNT
        return generator.random(skipped + shots)[skipped:]
