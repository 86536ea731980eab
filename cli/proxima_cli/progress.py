"""Live progress of a run on standard error: after a second, and only on a terminal."""

import asyncio
import sys
from types import TracebackType
from typing import Self

from proxima_client import Event, Execution, Progress
from proxima_client.comparing import ComparisonEvent
from proxima_client.comparison import Comparison, MemberProgress
from proxima_client.events import Reconnecting
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from proxima_cli.output.printing import warn
from proxima_cli.quantities import format_bytes, format_seconds

__all__ = ["ProgressDisplay"]

_DELAY_SECONDS = 1.0
_LONG_SECONDS = 60.0


class ProgressDisplay:
    """Shows the events of a run. Use as a context manager in the event loop, and call `show` with every event."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled and sys.stderr.isatty()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._text = "starting"
        self._fraction: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._members: dict[int, float] = {}
        self._is_lost = False
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        if self._enabled:
            self._timer = asyncio.get_running_loop().call_later(_DELAY_SECONDS, self._open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def show(self, event: Event) -> None:
        """Take an event; a lost connection is said even where nothing else is shown, once until it is back."""
        was_lost, self._is_lost = self._is_lost, isinstance(event, Reconnecting)
        if isinstance(event, Execution):
            where = f" on {event.plan.chosen.backend}" if event.plan is not None and event.plan.chosen else ""
            self._text = f"{event.state}{where}"
            self.announce(event)
        elif isinstance(event, Progress):
            self._fraction = event.fraction
            basis = f"{event.done_count}/{event.total_count} {event.unit}" if event.is_counted else "by the prediction"
            elapsed = format_seconds(event.elapsed_seconds)
            self._text = f"running for {elapsed}, {basis}, {format_bytes(event.memory_bytes)}"
        else:
            self._text = "connection lost, following again"
            if not self._enabled and not was_lost:
                warn(f"proxima: connection lost ({event.cause}); following the run again")
        self._refresh()

    def show_comparison(self, event: ComparisonEvent) -> None:
        """Take an event of a comparison: how many members are done, and how far the others are on average."""
        if not isinstance(event, Reconnecting):
            self._is_lost = False
        if isinstance(event, Comparison):
            done = sum(member.state is not None and member.state.is_terminal for member in event.members)
            self._text = f"{event.state}, {done} of {len(event.members)} members done"
            for place, member in enumerate(event.members):
                if member.state is not None and member.state.is_terminal:
                    self._members[place] = 1.0
            self._fraction = sum(self._members.values()) / len(event.members)
        elif isinstance(event, MemberProgress):
            self._members[event.member] = event.progress.fraction
        else:
            self.show(event)
            return
        self._refresh()

    def announce(self, execution: Execution) -> None:
        """Say once, on any standard error, that a run is predicted to take over a minute."""
        chosen = execution.plan.chosen if execution.plan is not None else None
        seconds = chosen.predicted_seconds if chosen is not None else None
        if chosen is None or seconds is None or seconds < _LONG_SECONDS or execution.id in self._said:
            return
        self._said.add(execution.id)
        where = f"{chosen.backend}/{chosen.engine} {chosen.method}"
        shots = f" for {execution.shots} shots" if execution.shots else ""
        warn(
            f"proxima: {where} is predicted to take {format_seconds(seconds)}{shots}; "
            "fewer --shots, another --method or a --timeout may help, Ctrl-C aborts"
        )

    def _open(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=30))
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(self._text, total=None)
        self._bar.start()
        self._refresh()

    def _refresh(self) -> None:
        if self._bar is None or self._task is None:
            return
        total = None if self._fraction is None else 1.0
        self._bar.update(self._task, description=self._text, total=total, completed=self._fraction or 0.0)
