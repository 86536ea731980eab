"""`proxima abort` against a served fake orchestrator."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from .conftest import Proxima, Serve
from .test_run_command import BELL, SCRIPT


@pytest.mark.parametrize("prefix", ["", "executions/"])
def test_aborts_what_somebody_else_runs(proxima: Proxima, serve: Serve, prefix: str) -> None:
    """The run ends as aborted, for the command that aborts it and for the one that follows it."""
    served = serve(replace(SCRIPT, runs_until_aborted=True))
    (proxima.directory / "bell.qasm").write_bytes(BELL)
    running = proxima.start("run", "bell.qasm", "-o", "json", "--server", served.target)
    asyncio.run_coroutine_threadsafe(served.fake.running.wait(), served.loop).result(timeout=60)
    listed = json.loads(proxima("history", "-o", "json", "--server", served.target).stdout)
    name = prefix + listed["executions"][0]["execution_id"]
    done = proxima("abort", name, "--server", served.target)
    assert (done.returncode, done.stdout) == (0, f"{name}: aborted\n")
    stdout, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert json.loads(stdout)["error"]["message"] == "aborted: proxima abort"


def test_what_is_not_there_cannot_be_aborted(proxima: Proxima, serve: Serve) -> None:
    """An unknown name ends with the code of usage and says so."""
    done = proxima("abort", "0" * 8 + "-0000-0000-0000-" + "0" * 12, "--server", serve(SCRIPT).target)
    assert done.returncode == 2
    assert "no execution" in done.stderr
