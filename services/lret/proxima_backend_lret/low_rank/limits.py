"""What a run spends and keeps, as the estimate promises it. Imports no numpy."""

from __future__ import annotations

MAX_RECORDS = 1024
"""Classical records that may be alive at once."""

SCREENING_SHARE = 0.6
"""Part of what may be dropped that the screening of a map may take; the rest is for compression, which drops better."""

BUDGET_POWER = 1.5
"""The part of the budget that may be gone after a part x of the noise steps is x to this power."""

SMALL_RANK = 4
"""Columns that are never compressed."""

GROWTH = 1.8
"""A state is compressed at the earliest when it has so many times the columns that its last compression left."""

MOST_GROWTH = 4.0
"""A state is compressed at the latest when it has so many times the columns that its last compression left."""

COMPRESSION_COST = 0.07
"""What compressing r of 2^n columns costs, in units of r^2 (1 + 2 r / 2^n) times one column in one map. In between a
state is compressed when its columns more than the last compression left have cost as much in the maps since."""

WORKING_BYTES = 1 << 20
"""Blocks and small matrices beside L: what every run may take."""

GRAM_BYTES = 96
"""Working memory of a compression of r columns, in units of r^2: six matrices in double precision."""

SQUARE_BYTES = 96
"""Working memory beside L where a channel makes more than 2^n columns, in units of 4^n: six matrices again."""
