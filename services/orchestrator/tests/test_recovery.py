"""The orchestrator killed in every state and started again: what it shows is the truth."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from proxima.orchestrator.v1 import executions_pb2
from proxima_orchestrator.testing import RunningOrchestrator
from proxima_runtime.errors import from_status
from proxima_runtime.testing import start_backend


async def test_attaches_to_work_that_still_runs(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """A run goes on while the orchestrator is dead, and the restarted one finishes the same attempt."""
    async with (
        start_backend(listen=f"unix:{folder}/b.sock") as backend,
        RunningOrchestrator(folder, backends={"scripted": backend.target}) as orchestrator,
    ):
        name = await orchestrator.begin(script(("scripted_sleep", 3.0)), state=executions_pb2.STATE_RUNNING)
        before = await orchestrator.get(name)
        await orchestrator.kill()
        await orchestrator.start()
        shown = await orchestrator.get(name)
        assert shown.state in (executions_pb2.STATE_RUNNING, executions_pb2.STATE_COMPLETED)
        last = await orchestrator.outcome(name)
        assert (last.state, last.attempt) == (executions_pb2.STATE_COMPLETED, 1), last.error
        assert last.start_time == before.start_time


async def test_takes_up_what_was_queued_and_planned(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec], bell: executions_pb2.ExecutionSpec
) -> None:
    """Executions killed while READY and while PLANNING run to their end after a restart."""
    environment = {"PROXIMA_ORCHESTRATOR_MAX_IN_FLIGHT": "1"}
    async with (
        start_backend(listen=f"unix:{folder}/b.sock") as backend,
        RunningOrchestrator(folder, backends={"scripted": backend.target}, environment=environment) as orchestrator,
    ):
        running = await orchestrator.begin(script(("scripted_sleep", 2.0)), state=executions_pb2.STATE_RUNNING)
        ready = await orchestrator.begin(script(), state=executions_pb2.STATE_READY)
        os.kill(backend.process.pid, signal.SIGSTOP)
        planning = await orchestrator.begin(bell, state=executions_pb2.STATE_PLANNING)
        await orchestrator.kill()
        os.kill(backend.process.pid, signal.SIGCONT)
        await orchestrator.start()
        for name in (running, ready, planning):
            last = await orchestrator.outcome(name)
            assert (last.state, last.attempt) == (executions_pb2.STATE_COMPLETED, 1), last.error


async def test_requeues_what_its_backend_lost(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """A run that died with both processes starts again as attempt 2, and the record of attempt 1 stays."""
    target = f"unix:{folder}/b.sock"
    async with contextlib.AsyncExitStack() as stack:
        backend = await stack.enter_async_context(start_backend(listen=target))
        orchestrator = await stack.enter_async_context(RunningOrchestrator(folder, backends={"scripted": target}))
        name = await orchestrator.begin(script(("scripted_sleep", 2.0)), state=executions_pb2.STATE_RUNNING)
        await orchestrator.kill()
        backend.process.kill()
        await backend.process.wait()
        await stack.enter_async_context(start_backend(listen=target))
        await orchestrator.start()
        last = await orchestrator.outcome(name)
        assert (last.state, last.attempt) == (executions_pb2.STATE_COMPLETED, 2), last.error
        reasons = [from_status(attempt.error).reason_name for attempt in last.closed_attempts]
        assert reasons == ["ERROR_REASON_ORPHANED"]
        assert (await orchestrator.get(name)).closed_attempts == last.closed_attempts


async def test_gives_up_after_the_last_attempt(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """A run that is lost at its last attempt ends in ERROR, and says that it was orphaned."""
    target = f"unix:{folder}/b.sock"
    environment = {"PROXIMA_ORCHESTRATOR_MAX_ATTEMPTS": "1"}
    async with contextlib.AsyncExitStack() as stack:
        backend = await stack.enter_async_context(start_backend(listen=target))
        orchestrator = await stack.enter_async_context(
            RunningOrchestrator(folder, backends={"scripted": target}, environment=environment)
        )
        name = await orchestrator.begin(script(("scripted_sleep", 60)), state=executions_pb2.STATE_RUNNING)
        await orchestrator.kill()
        backend.process.kill()
        await backend.process.wait()
        await stack.enter_async_context(start_backend(listen=target))
        await orchestrator.start()
        last = await orchestrator.outcome(name)
        assert last.state == executions_pb2.STATE_ERROR
        assert from_status(last.error).reason_name == "ERROR_REASON_ORPHANED"


async def test_says_that_a_backend_never_came_back(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """After a restart a run whose backend stays away ends in ERROR once the grace period is over."""
    environment = {"PROXIMA_ORCHESTRATOR_GRACE_SECONDS": "1", "PROXIMA_ORCHESTRATOR_PATIENCE_SECONDS": "1"}
    async with (
        start_backend(listen=f"unix:{folder}/b.sock") as backend,
        RunningOrchestrator(folder, backends={"scripted": backend.target}, environment=environment) as orchestrator,
    ):
        name = await orchestrator.begin(script(("scripted_sleep", 60)), state=executions_pb2.STATE_RUNNING)
        await orchestrator.kill()
        backend.process.kill()
        await backend.process.wait()
        await orchestrator.start()
        last = await orchestrator.outcome(name)
        assert from_status(last.error).reason_name == "ERROR_REASON_BACKEND_UNAVAILABLE"


async def test_takes_a_large_result_up_again(folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]) -> None:
    """A large result whose delivery a kill cut short arrives whole after the restart."""
    async with (
        start_backend(listen=f"unix:{folder}/b.sock") as backend,
        RunningOrchestrator(folder, backends={"scripted": backend.target}) as orchestrator,
    ):
        spec = script(("scripted_large", 96), statevector=True, shots=0)
        with contextlib.suppress(grpc.aio.AioRpcError):
            async for message in orchestrator.execute(spec, deliver_results=True):
                if message.HasField("execution"):
                    name = message.execution.name
                    assert message.execution.state != executions_pb2.STATE_COMPLETED
                if message.HasField("result_chunk"):
                    await orchestrator.kill()
        await orchestrator.start()
        request = executions_pb2.WatchExecutionRequest(name=name, deliver_results=True)
        size = 0
        async for part in orchestrator.executions.WatchExecution(request):
            if part.HasField("result_chunk"):
                assert part.result_chunk.offset == size
                size += len(part.result_chunk.data)
        assert part.execution.state == executions_pb2.STATE_COMPLETED, part.execution.error
        assert size == 96 * 2**20
        assert not list((folder / "data" / "artifacts" / "unfinished").iterdir())


async def test_a_stop_leaves_running_work_to_the_next_start(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """SIGTERM past its drain time ends streams with DRAINING, and the next start attaches to what still runs."""
    environment = {"PROXIMA_ORCHESTRATOR_DRAIN_SECONDS": "0.2"}
    async with (
        start_backend(listen=f"unix:{folder}/b.sock") as backend,
        RunningOrchestrator(folder, backends={"scripted": backend.target}, environment=environment) as orchestrator,
    ):
        name = await orchestrator.begin(script(("scripted_sleep", 4.0)), state=executions_pb2.STATE_RUNNING)
        watching = asyncio.create_task(orchestrator.outcome(name))
        assert (await orchestrator.get(name)).state == executions_pb2.STATE_RUNNING
        assert await orchestrator.stop() == 0
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watching
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        await orchestrator.start()
        last = await orchestrator.outcome(name)
        assert (last.state, last.attempt) == (executions_pb2.STATE_COMPLETED, 1), last.error


async def test_no_named_execution_is_ever_lost(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """Whatever name a caller was told is known after each of several kills under load, and ends as completed."""
    async with (
        start_backend(listen=f"unix:{folder}/b.sock") as backend,
        RunningOrchestrator(folder, backends={"scripted": backend.target}) as orchestrator,
    ):
        names: list[str] = []

        async def one() -> None:
            with contextlib.suppress(grpc.aio.AioRpcError):
                async for message in orchestrator.execute(script()):
                    if message.execution.state == executions_pb2.STATE_PLANNING:
                        names.append(message.execution.name)

        for round_number in range(3):
            tasks = [asyncio.create_task(one()) for _ in range(24)]
            while len(names) < 24 * round_number + 8:
                await asyncio.wait(tasks, timeout=0.005)
            await orchestrator.kill()
            await asyncio.gather(*tasks)
            await orchestrator.start()
        states = [(await orchestrator.outcome(name)).state for name in names]
        assert states == [executions_pb2.STATE_COMPLETED] * len(names)


async def test_two_orchestrators_never_share_a_data_directory(folder: Path) -> None:
    """A second orchestrator on the same data directory refuses to start, in one line that names the first."""
    async with RunningOrchestrator(folder, backends={}) as orchestrator:
        second = await asyncio.to_thread(
            subprocess.run,
            [
                *(sys.executable, "-m", "proxima_orchestrator"),
                *("--listen", f"unix:{folder}/second.sock", "--data-dir", str(folder / "data")),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert str(orchestrator.process.pid) in second.stderr
        assert len(second.stderr.strip().splitlines()) == 1
