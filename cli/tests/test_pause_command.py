"""`proxima pause` and `proxima resume`, and what a run that is paused says, against a served fake orchestrator."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from proxima.errors.v1 import errors_pb2
from proxima_client import AsyncClient, Client, State
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted

from .conftest import Proxima, Serve, Served
from .test_run_command import BELL, SCRIPT

LONG = replace(SCRIPT, runs_until_aborted=True)


def begin(proxima: Proxima, served: Served, *options: str) -> tuple[subprocess.Popen[str], str]:
    """Run a circuit in the background; returns the command and the uuid of its execution."""
    (proxima.directory / "bell.qasm").write_bytes(BELL)
    running = proxima.start("run", "bell.qasm", "--server", served.target, *options)
    asyncio.run_coroutine_threadsafe(served.fake.running.wait(), served.loop).result(timeout=60)
    listed = json.loads(proxima("history", "-o", "json", "--server", served.target).stdout)
    return running, listed["executions"][0]["execution_id"]


@pytest.mark.parametrize("prefix", ["", "executions/"])
def test_pauses_what_somebody_else_runs(proxima: Proxima, serve: Serve, prefix: str) -> None:
    """Both commands say that it is paused and how to go on; the one that followed it has a code of its own."""
    served = serve(LONG)
    running, identity = begin(proxima, served)
    done = proxima("pause", prefix + identity, "--server", served.target)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{prefix}{identity}: paused; go on with `proxima resume {identity}`\n"
    stdout, stderr = running.communicate(timeout=60)
    assert (running.returncode, stdout) == (10, "")
    assert f"proxima resume {identity}" in stderr
    assert "holds no worker" in stderr


def test_a_paused_run_is_json_too(proxima: Proxima, serve: Serve) -> None:
    """With `-o json` both print their object with the state paused."""
    served = serve(LONG)
    running, identity = begin(proxima, served, "-o", "json")
    done = proxima("pause", identity, "-o", "json", "--server", served.target)
    row = json.loads(done.stdout)
    assert (row["execution_id"], row["state"]) == (identity, "paused")
    stdout, _ = running.communicate(timeout=60)
    document = json.loads(stdout)
    assert (document["execution_id"], document["state"]) == (identity, "paused")
    assert (document["error"], document["counts"]) == (None, None)


def test_resume_follows_the_run_to_its_result(proxima: Proxima, serve: Serve) -> None:
    """A resumed run prints what `run` would have printed, and saves it where asked."""
    served = serve(LONG)
    running, identity = begin(proxima, served)
    proxima("pause", identity, "--server", served.target)
    running.communicate(timeout=60)
    done = proxima("resume", identity, "-o", "json", "--save", "kept", "--server", served.target)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["execution_id"], document["state"]) == (identity, "completed")
    assert document["counts"]
    assert json.loads((proxima.directory / "kept" / "result.json").read_text()) == document


@pytest.mark.parametrize(
    ("options", "expected"), [((), lambda name: f"{name}: running\n"), (("-o", "json"), None)], ids=["text", "json"]
)
def test_resume_need_not_wait(
    proxima: Proxima, serve: Serve, options: tuple[str, ...], expected: Callable[[str], str] | None
) -> None:
    """With `--no-follow` the command returns as soon as the execution runs."""
    served = serve(LONG)
    running, identity = begin(proxima, served)
    proxima("pause", identity, "--server", served.target)
    running.communicate(timeout=60)
    done = proxima("resume", identity, "--no-follow", *options, "--server", served.target)
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected(identity) if expected else json.loads(done.stdout)["state"] == "running"


def test_nothing_is_saved_of_what_is_not_waited_for(proxima: Proxima, serve: Serve) -> None:
    """`--no-follow --save` contradict each other and resume nothing."""
    done = proxima("resume", "x", "--no-follow", "--save", "kept", "--server", serve(LONG).target)
    assert done.returncode == 2
    assert "--no-follow" in done.stderr


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_what_is_not_there_is_neither_paused_nor_resumed(proxima: Proxima, serve: Serve, command: str) -> None:
    """An unknown name ends with the code of usage and says so."""
    done = proxima(command, "0" * 8 + "-0000-0000-0000-" + "0" * 12, "--server", serve(SCRIPT).target)
    assert done.returncode == 2
    assert "no execution" in done.stderr


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_a_run_that_has_ended_is_refused(proxima: Proxima, serve: Serve, command: str) -> None:
    """A completed execution is neither paused nor resumed: the code of a refusal, with its state."""
    served = serve(SCRIPT)
    (proxima.directory / "bell.qasm").write_bytes(BELL)
    done = proxima("run", "bell.qasm", "-o", "json", "--server", served.target)
    identity = json.loads(done.stdout)["execution_id"]
    done = proxima(command, identity, "--server", served.target)
    assert done.returncode == 4
    assert "COMPLETED" in done.stderr


@pytest.mark.parametrize(
    "refusal",
    [
        FailedPrecondition(
            "cirq's qsim statevector writes no checkpoints", reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
        ),
        ResourceExhausted("it does not fit and goes on", reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY),
    ],
    ids=["unsupported", "memory"],
)
def test_a_run_that_cannot_be_paused_goes_on(
    proxima: Proxima, serve: Serve, refusal: FailedPrecondition | ResourceExhausted
) -> None:
    """The refusal is shown in its own words with its code, and the run is untouched."""
    served = serve(replace(LONG, pause_refusal=refusal))
    running, identity = begin(proxima, served)
    done = proxima("pause", identity, "--server", served.target)
    assert (done.returncode, done.stdout) == (4, "")
    assert refusal.message in done.stderr
    assert running.poll() is None
    proxima("abort", identity, "--server", served.target)
    running.communicate(timeout=60)


def test_the_python_client_says_that_a_run_was_paused(serve: Serve) -> None:
    """`run` raises with the way to go on; `resume` and `result` then give the result."""
    served = serve(LONG)

    async def scenario() -> None:
        async with AsyncClient(served.target) as client, AsyncClient(served.target) as other:
            run = asyncio.ensure_future(client.run(BELL, shots=8))
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(served.fake.running.wait(), served.loop))
            (execution,) = (await other.history()).executions
            assert (await other.pause(execution.id)).state is State.PAUSED
            with pytest.raises(FailedPrecondition, match=r"Client\.resume") as caught:
                await run
            assert caught.value.reason == errors_pb2.ERROR_REASON_INVALID_STATE
            assert (await other.resume(execution.name)).state is State.RUNNING
            assert (await other.result(execution.id)).counts

    asyncio.run(scenario())


def test_the_plain_client_pauses_and_resumes(serve: Serve) -> None:
    """`Client` has the same calls, and refuses what is not paused with the state that it is in."""
    served = serve(SCRIPT)
    with Client(served.target) as client:
        identity = client.run(BELL, shots=8).execution.id
        for call in (client.pause, client.resume):
            with pytest.raises(FailedPrecondition, match="COMPLETED"):
                call(identity)
