"""What the command says while it follows a run."""

from __future__ import annotations

import pytest
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import result_pb2
from proxima_cli.progress import ProgressDisplay
from proxima_client import Progress
from proxima_client.convert import to_execution
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


@pytest.mark.parametrize(("seconds", "lines"), [(59, 0), (7200, 1)])
def test_a_long_run_is_announced_once(capsys: pytest.CaptureFixture[str], seconds: int, lines: int) -> None:
    """What is predicted to take over a minute is said as soon as it is planned, off a terminal too; the rest is not."""
    candidate = executions_pb2.Candidate(backend="backends/qiskit", engine="aer", predicted_seconds=seconds)
    message = executions_pb2.Execution(
        name="executions/1",
        state=executions_pb2.STATE_RUNNING,
        plan=executions_pb2.Plan(chosen=candidate),
        result_spec=result_pb2.ResultSpec(shots=5000),
    )
    display = ProgressDisplay(enabled=False)
    for _ in range(2):
        display.show(to_execution(message))
    said = capsys.readouterr().err
    assert said.count("predicted to take") == lines
    assert ("2 h for 5000 shots" in said) == bool(lines)
