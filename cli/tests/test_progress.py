"""What the command says while it follows a run."""

from __future__ import annotations

import pytest
from proxima_cli.progress import ProgressDisplay
from proxima_client import Progress
from proxima_client.events import Reconnecting

LOST = Reconnecting(cause="the server went away")


def test_a_lost_connection_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """However often following is tried again there is one line, and another one after the connection was back."""
    back = Progress(
        fraction=0.5,
        is_counted=False,
        unit="seconds",
        done_count=1,
        total_count=2,
        memory_bytes=0,
        elapsed_seconds=1.0,
    )
    display = ProgressDisplay(enabled=False)
    for event in (LOST, LOST, LOST, back, LOST):
        display.show(event)
    assert capsys.readouterr().err.count("connection lost") == 2
