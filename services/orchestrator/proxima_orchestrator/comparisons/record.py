"""What the store keeps of a comparison."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class ComparisonState(enum.IntEnum):
    """Where a comparison stands; the numbers are those of `proxima.orchestrator.v1.Comparison.State`."""

    RUNNING = 1
    ANALYZING = 2
    COMPLETED = 3
    ABORTED = 4
    ERROR = 5


LIVE_STATES = (ComparisonState.RUNNING, ComparisonState.ANALYZING)
"""States that are not terminal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparisonRecord:
    """One row of the table of comparisons.

    Attributes:
        id: UUID of the comparison, without "comparisons/".
        owner: who owns it.
        request_id: the caller's idempotency key; None where there is none.
        payload_sha256: digest of the specification, to tell a repeated request from a reused key.
        state: where it stands.
        create_time: microseconds since the Unix epoch.
        snapshot: the contract's Comparison message, serialised.
    """

    id: str
    owner: str
    request_id: str | None
    payload_sha256: bytes
    state: ComparisonState
    create_time: int
    snapshot: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Resource name, "comparisons/{uuid}"."""
        return f"comparisons/{self.id}"
