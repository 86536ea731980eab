"""What a running execution reports to whoever follows it, and how it ends."""

from collections.abc import Callable
from dataclasses import dataclass

from proxima_client.result import Result
from proxima_client.values import Execution, Progress

__all__ = ["Event", "Follower", "Outcome", "Reconnecting"]


@dataclass(frozen=True, kw_only=True)
class Reconnecting:
    """The stream was lost (`cause`) and is being taken up again; the execution goes on by itself."""

    cause: str


Event = Execution | Progress | Reconnecting
Follower = Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended: its last snapshot, and its result where it completed."""

    execution: Execution
    result: Result | None
