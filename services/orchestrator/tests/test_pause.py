"""Pausing and resuming executions: state, checkpoint, restarts, aborts; with the pausable scripted backend."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
import struct
from collections.abc import AsyncIterator, Awaitable, Mapping
from pathlib import Path

import grpc.aio
import pytest
from google.protobuf import duration_pb2
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_orchestrator.artifacts import FolderArtifacts
from proxima_orchestrator.convert.execution import usage_to_bytes, worked_seconds
from proxima_orchestrator.executions.checkpoints import CheckpointIntake, KeptCheckpoint
from proxima_orchestrator.testing import RunningOrchestrator
from proxima_runtime.errors import Internal, NotFound, ProximaError, from_rpc_error, from_status
from proxima_runtime.testing import RunningBackend, start_backend
from proxima_runtime.testing.pausable import pausable_job, uninterrupted

State = executions_pb2.State
WAIT, PASS, STEP = ("scripted_await_pause", 0.0), ("scripted_pass_pause", 0.0), ("scripted_busy", 0.01)


@contextlib.asynccontextmanager
async def cluster(
    folder: Path, *, environment: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[RunningOrchestrator, RunningBackend]]:
    """An orchestrator with one pausable backend."""
    async with (
        start_backend("proxima_runtime.testing.pausable", listen=f"unix:{folder}/b.sock") as backend,
        RunningOrchestrator(folder, backends={"scripted": backend.target}, environment=environment) as orchestrator,
    ):
        yield orchestrator, backend


def spec(*steps: tuple[str, float], timeout_seconds: int = 0) -> executions_pb2.ExecutionSpec:
    """A script of the method that pauses."""
    made = executions_pb2.ExecutionSpec(
        circuit=executions_pb2.CircuitSource(circuit=pausable_job(*steps).circuit),
        results=result_pb2.ResultSpec(probabilities=True),
        backend="backends/scripted",
        method=capabilities_pb2.METHOD_PAULI_VECTOR,
        seed=1,
    )
    if timeout_seconds:
        made.timeout.CopyFrom(duration_pb2.Duration(seconds=timeout_seconds))
    return made


async def pause(orchestrator: RunningOrchestrator, name: str) -> executions_pb2.Execution:
    """Call PauseExecution."""
    answer = await orchestrator.executions.PauseExecution(executions_pb2.PauseExecutionRequest(name=name))
    return answer.execution


async def resume(orchestrator: RunningOrchestrator, name: str) -> executions_pb2.Execution:
    """Call ResumeExecution."""
    answer = await orchestrator.executions.ResumeExecution(executions_pb2.ResumeExecutionRequest(name=name))
    return answer.execution


async def abort(orchestrator: RunningOrchestrator, name: str) -> executions_pb2.Execution:
    """Call AbortExecution."""
    answer = await orchestrator.executions.AbortExecution(executions_pb2.AbortExecutionRequest(name=name))
    return answer.execution


async def paused(orchestrator: RunningOrchestrator, *steps: tuple[str, float]) -> executions_pb2.Execution:
    """Execute a script that waits for a pause, and pause it."""
    name = await orchestrator.begin(spec(*steps), state=State.STATE_RUNNING)
    execution = await pause(orchestrator, name)
    assert execution.state == State.STATE_PAUSED, execution
    return execution


def kept(folder: Path) -> list[Path]:
    """The checkpoints that the orchestrator keeps."""
    return sorted((folder / "data" / "artifacts" / "kept").iterdir())


def expected(*steps: tuple[str, float]) -> bytes:
    """The array of a script that nothing stops, of the one qubit that it touches."""
    return uninterrupted(pausable_job(*steps))[:16]


def answer_of(execution: executions_pb2.Execution) -> bytes:
    """The array of a completed script."""
    assert execution.state == State.STATE_COMPLETED, execution.error
    return execution.results[0].arrays[0].inline_data


async def refused(call: Awaitable[object]) -> ProximaError:
    """The error of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value)


async def test_a_paused_and_resumed_execution_gives_the_same_result(folder: Path) -> None:
    """Twice paused, the execution completes in its first attempt with the bytes of an uninterrupted run."""
    steps = (STEP, ("scripted_state", 3.0), WAIT, STEP, WAIT, STEP)
    async with cluster(folder) as (orchestrator, _):
        first = await paused(orchestrator, *steps)
        again = await resume(orchestrator, first.name)
        assert again.state == State.STATE_RUNNING
        second = await pause(orchestrator, first.name)
        await resume(orchestrator, first.name)
        last = await orchestrator.outcome(first.name)
    assert (second.state, last.attempt) == (State.STATE_PAUSED, 1)
    assert answer_of(last) == expected(*steps)


async def test_a_paused_execution_holds_no_worker_and_no_place(folder: Path) -> None:
    """With one place at one worker, another execution runs while one is paused."""
    async with cluster(folder, environment={"PROXIMA_ORCHESTRATOR_MAX_IN_FLIGHT": "1"}) as (orchestrator, _):
        first = await paused(orchestrator, ("scripted_state", 1.0), WAIT, STEP)
        other = await orchestrator.finish(spec(STEP))
        assert other.state == State.STATE_COMPLETED
        await resume(orchestrator, first.name)
        assert (await orchestrator.outcome(first.name)).state == State.STATE_COMPLETED


async def test_the_checkpoint_is_kept_while_it_is_needed(folder: Path) -> None:
    """It lies in the artifact store under its SHA-256, is replaced by the next, and is gone when the run has ended."""
    async with cluster(folder) as (orchestrator, _):
        first = await paused(orchestrator, ("scripted_state", 2.0), WAIT, STEP, WAIT, STEP)
        (one,) = kept(folder)
        data = one.read_bytes()
        assert one.name.endswith(hashlib.sha256(data).hexdigest())
        assert len(data) > 2 * 2**20
        await resume(orchestrator, first.name)
        await pause(orchestrator, first.name)
        (two,) = kept(folder)
        assert two != one
        await resume(orchestrator, first.name)
        await orchestrator.outcome(first.name)
        assert not kept(folder)
        assert not list((folder / "data" / "artifacts" / "unfinished").iterdir())


async def test_watchers_end_at_the_pause(folder: Path) -> None:
    """A stream that follows the execution ends with the snapshot PAUSED, and so does one that comes later."""
    async with cluster(folder) as (orchestrator, _):
        messages = orchestrator.execute(spec(WAIT, STEP))
        first = (await anext(messages)).execution
        states = [first.state]
        async for message in messages:
            if message.HasField("execution"):
                states.append(message.execution.state)
                if message.execution.state == State.STATE_RUNNING:
                    await pause(orchestrator, first.name)
        assert states[-1] == State.STATE_PAUSED
        assert (await orchestrator.outcome(first.name)).state == State.STATE_PAUSED


async def test_a_paused_execution_survives_a_restart(folder: Path) -> None:
    """Killed and started again while it is paused, the orchestrator shows it as it was and resumes it."""
    steps = (("scripted_state", 2.0), WAIT, STEP)
    async with cluster(folder) as (orchestrator, _):
        before = await paused(orchestrator, *steps)
        await orchestrator.kill()
        (folder / "data" / "artifacts" / "kept" / "nobody-0").write_bytes(b"left by a killed process")
        await orchestrator.start()
        assert await orchestrator.get(before.name) == before
        assert len(kept(folder)) == 1
        await resume(orchestrator, before.name)
        last = await orchestrator.outcome(before.name)
    assert last.attempt == 1
    assert answer_of(last) == expected(*steps)


async def test_backend_and_orchestrator_may_both_restart(folder: Path) -> None:
    """A paused execution needs nothing of the backend process that paused it."""
    steps = (("scripted_state", 2.0), WAIT, STEP)
    target = f"unix:{folder}/b.sock"
    async with contextlib.AsyncExitStack() as stack:
        backend = await stack.enter_async_context(start_backend("proxima_runtime.testing.pausable", listen=target))
        orchestrator = await stack.enter_async_context(RunningOrchestrator(folder, backends={"scripted": target}))
        before = await paused(orchestrator, *steps)
        await orchestrator.stop()
        backend.process.kill()
        await backend.process.wait()
        await stack.enter_async_context(start_backend("proxima_runtime.testing.pausable", listen=target))
        await orchestrator.start()
        await resume(orchestrator, before.name)
        last = await orchestrator.outcome(before.name)
    assert answer_of(last) == expected(*steps)


async def test_a_lost_run_goes_on_from_its_checkpoint(folder: Path) -> None:
    """A resumed run that is lost with both processes is requeued, and goes on from its last checkpoint."""
    steps = (WAIT, STEP, PASS, STEP)
    target = f"unix:{folder}/b.sock"
    async with contextlib.AsyncExitStack() as stack:
        backend = await stack.enter_async_context(start_backend("proxima_runtime.testing.pausable", listen=target))
        orchestrator = await stack.enter_async_context(RunningOrchestrator(folder, backends={"scripted": target}))
        name = (await paused(orchestrator, *steps)).name
        await resume(orchestrator, name)
        await orchestrator.kill()
        backend.process.kill()
        await backend.process.wait()
        await stack.enter_async_context(start_backend("proxima_runtime.testing.pausable", listen=target))
        await orchestrator.start()
        async for message in orchestrator.executions.WatchExecution(executions_pb2.WatchExecutionRequest(name=name)):
            if message.execution.state == State.STATE_RUNNING and message.execution.attempt == 2:
                # It does not wait for its first pause again: this one passes.
                error = await refused(orchestrator.executions.PauseExecution(_pause_request(name)))
                assert error.reason == errors_pb2.ERROR_REASON_INVALID_STATE
        last = await orchestrator.get(name)
    assert last.attempt == 2
    assert answer_of(last) == expected(*steps)


def _pause_request(name: str) -> executions_pb2.PauseExecutionRequest:
    return executions_pb2.PauseExecutionRequest(name=name)


async def test_a_paused_execution_can_be_aborted(folder: Path) -> None:
    """An abort of a paused execution is durable, takes its checkpoint away, and it cannot be resumed."""
    async with cluster(folder) as (orchestrator, _):
        name = (await paused(orchestrator, ("scripted_state", 1.0), WAIT, STEP)).name
        aborted = await abort(orchestrator, name)
        assert aborted.state == State.STATE_ABORTED
        assert aborted.usage.worker_duration.ToNanoseconds() > 0
        assert not kept(folder)
        assert (await abort(orchestrator, name)).state == State.STATE_ABORTED
        await orchestrator.kill()
        await orchestrator.start()
        assert (await orchestrator.get(name)).state == State.STATE_ABORTED
        request = executions_pb2.ResumeExecutionRequest(name=name)
        error = await refused(orchestrator.executions.ResumeExecution(request))
        assert error.reason == errors_pb2.ERROR_REASON_INVALID_STATE


async def test_an_abort_beside_a_pause_ends_the_execution(folder: Path) -> None:
    """Whichever of the two the backend hears first, the execution ends ABORTED and nothing is kept of it."""
    async with cluster(folder) as (orchestrator, _):
        for _ in range(3):
            name = await orchestrator.begin(spec(("scripted_state", 8.0), WAIT, STEP), state=State.STATE_RUNNING)
            pausing = asyncio.ensure_future(orchestrator.executions.PauseExecution(_pause_request(name)))
            following = asyncio.create_task(orchestrator.outcome(name))
            assert (await abort(orchestrator, name)).state == State.STATE_ABORTED
            await asyncio.wait([pausing, following])
            assert (await orchestrator.get(name)).state == State.STATE_ABORTED
            assert not kept(folder)


async def test_pause_and_resume_are_idempotent(folder: Path) -> None:
    """Two callers at once get the same answer, and so does one that repeats itself."""
    async with cluster(folder) as (orchestrator, _):
        name = await orchestrator.begin(spec(WAIT, PASS), state=State.STATE_RUNNING)
        states = [item.state for item in await asyncio.gather(*(pause(orchestrator, name) for _ in range(3)))]
        assert states == [State.STATE_PAUSED] * 3
        assert (await pause(orchestrator, name)).state == State.STATE_PAUSED
        states = [item.state for item in await asyncio.gather(*(resume(orchestrator, name) for _ in range(3)))]
        assert states == [State.STATE_RUNNING] * 3
        await abort(orchestrator, name)


async def test_a_pause_that_comes_too_late_says_so(folder: Path) -> None:
    """A run that ends before it could pause has completed, and the call says that there is nothing to pause."""
    async with cluster(folder) as (orchestrator, _):
        name = await orchestrator.begin(spec(PASS), state=State.STATE_RUNNING)
        error = await refused(orchestrator.executions.PauseExecution(_pause_request(name)))
        assert error.reason == errors_pb2.ERROR_REASON_INVALID_STATE
        assert "COMPLETED" in error.message
        assert (await orchestrator.get(name)).state == State.STATE_COMPLETED


async def test_a_method_that_cannot_pause_is_named(folder: Path) -> None:
    """The call is refused with the backend, engine and method, and the run goes on."""
    plain = spec(("scripted_busy", 1.0))
    plain.method = capabilities_pb2.METHOD_STATEVECTOR
    async with cluster(folder) as (orchestrator, _):
        name = await orchestrator.begin(plain, state=State.STATE_RUNNING)
        error = await refused(orchestrator.executions.PauseExecution(_pause_request(name)))
        assert error.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
        assert "scripted statevector" in error.message
        assert (await orchestrator.outcome(name)).state == State.STATE_COMPLETED


async def test_what_does_not_run_is_not_paused_or_resumed(folder: Path) -> None:
    """Unknown, waiting and running executions are refused with what they are."""
    unknown = f"executions/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    async with cluster(folder, environment={"PROXIMA_ORCHESTRATOR_MAX_IN_FLIGHT": "1"}) as (orchestrator, _):
        resume_request = executions_pb2.ResumeExecutionRequest(name=unknown)
        for call in (
            orchestrator.executions.PauseExecution(_pause_request(unknown)),
            orchestrator.executions.ResumeExecution(resume_request),
        ):
            assert (await refused(call)).reason == errors_pb2.ERROR_REASON_NOT_FOUND
        running = await orchestrator.begin(spec(PASS), state=State.STATE_RUNNING)
        waiting = await orchestrator.begin(spec(STEP), state=State.STATE_READY)
        resume_request.name = running
        for call in (
            orchestrator.executions.PauseExecution(_pause_request(waiting)),
            orchestrator.executions.ResumeExecution(resume_request),
        ):
            assert (await refused(call)).reason == errors_pb2.ERROR_REASON_INVALID_STATE
        await abort(orchestrator, running)
        assert (await orchestrator.outcome(waiting)).state == State.STATE_COMPLETED


async def test_a_resume_that_waits_for_a_place_can_be_paused_and_aborted(folder: Path) -> None:
    """While every place is taken a resumed execution is RUNNING without a worker; it goes back to PAUSED at once."""
    async with cluster(folder, environment={"PROXIMA_ORCHESTRATOR_MAX_IN_FLIGHT": "1"}) as (orchestrator, _):
        name = (await paused(orchestrator, WAIT, STEP)).name
        blocker = await orchestrator.begin(spec(PASS), state=State.STATE_RUNNING)
        assert (await resume(orchestrator, name)).state == State.STATE_RUNNING
        assert (await pause(orchestrator, name)).state == State.STATE_PAUSED
        assert len(kept(folder)) == 1
        await resume(orchestrator, name)
        aborted = await abort(orchestrator, name)
        assert aborted.state == State.STATE_ABORTED
        assert "could not be reached" not in aborted.error.message
        assert not kept(folder)
        await abort(orchestrator, blocker)


async def test_what_cannot_be_resumed_stays_paused(folder: Path) -> None:
    """A damaged or missing checkpoint is an error of the call with the reason; the execution is PAUSED as before."""
    async with cluster(folder) as (orchestrator, _):
        before = await paused(orchestrator, ("scripted_state", 3.0), WAIT, STEP)
        (file,) = kept(folder)
        whole = file.read_bytes()
        file.write_bytes(whole[: 2**20] + b"\0\0\0\0" + whole[2**20 + 4 :])
        request = executions_pb2.ResumeExecutionRequest(name=before.name)
        error = await refused(orchestrator.executions.ResumeExecution(request))
        assert error.reason == errors_pb2.ERROR_REASON_INVALID_REQUEST
        assert "sha256" in error.message
        assert (await orchestrator.outcome(before.name)) == before
        file.unlink()
        error = await refused(orchestrator.executions.ResumeExecution(request))
        assert error.reason == errors_pb2.ERROR_REASON_RESULT_NOT_FOUND
        assert await orchestrator.get(before.name) == before
        file.write_bytes(whole)
        await resume(orchestrator, before.name)
        assert (await orchestrator.outcome(before.name)).state == State.STATE_COMPLETED


async def test_a_checkpoint_of_another_version_stays_paused(folder: Path) -> None:
    """Where the backend was replaced by another version, the call says so and nothing is lost."""
    async with cluster(folder) as (orchestrator, _):
        before = await paused(orchestrator, WAIT, STEP)
        (file,) = kept(folder)
        data = bytearray(file.read_bytes())
        data[48:80] = bytes(32)
        renamed = f"{file.name.rpartition('-')[0]}-{hashlib.sha256(data).hexdigest()}"
        await orchestrator.kill()
        file.with_name(renamed).write_bytes(data)
        _rename_checkpoint(folder, renamed)
        await orchestrator.start()
        request = executions_pb2.ResumeExecutionRequest(name=before.name)
        error = await refused(orchestrator.executions.ResumeExecution(request))
        assert error.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
        assert (await orchestrator.get(before.name)).state == State.STATE_PAUSED


def _rename_checkpoint(folder: Path, name: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "data" / "proxima.sqlite3")) as connection, connection:
        connection.execute("UPDATE executions SET checkpoint = ?", (name,))


async def test_time_adds_up_over_pauses(folder: Path) -> None:
    """Worker time is that of all parts, the start is the first, and progress shows the time before the pause."""
    busy = ("scripted_busy", 0.8)
    async with cluster(folder) as (orchestrator, _):
        name = await orchestrator.begin(
            spec(busy, WAIT, busy, ("scripted_busy", 0.1), timeout_seconds=60), state=State.STATE_RUNNING
        )
        first = await pause(orchestrator, name)
        await resume(orchestrator, name)
        elapsed = []
        async for message in orchestrator.executions.WatchExecution(executions_pb2.WatchExecutionRequest(name=name)):
            if message.HasField("progress"):
                elapsed.append((message.progress.elapsed.ToNanoseconds(), message.progress.fraction))
        last = await orchestrator.get(name)
    before, after = first.usage.worker_duration.ToNanoseconds(), last.usage.worker_duration.ToNanoseconds()
    assert before >= 0.8e9
    assert after >= before + 0.8e9
    assert last.start_time == first.start_time
    assert all(nanoseconds > before for nanoseconds, _ in elapsed)
    assert all(fraction >= 0.5 for _, fraction in elapsed if fraction)
    assert last.usage.peak_memory_bytes >= first.usage.peak_memory_bytes


async def test_the_time_limit_counts_the_time_before_the_pause(folder: Path) -> None:
    """A run with a limit of 2 s that took 1.5 s before its pause has half a second left."""
    steps = (("scripted_busy", 1.5), WAIT, ("scripted_busy", 1.5))
    async with cluster(folder) as (orchestrator, _):
        name = await orchestrator.begin(spec(*steps, timeout_seconds=2), state=State.STATE_RUNNING)
        await pause(orchestrator, name)
        await resume(orchestrator, name)
        last = await orchestrator.outcome(name)
    assert from_status(last.error).reason == errors_pb2.ERROR_REASON_TIMEOUT


async def test_a_pause_under_way_outlives_its_caller(folder: Path) -> None:
    """A caller that goes away while the run comes to its boundary leaves a paused execution behind."""
    async with cluster(folder) as (orchestrator, _):
        steps = (("scripted_busy", 0.5), ("scripted_boundary", 0.0), WAIT, STEP)
        name = await orchestrator.begin(spec(*steps), state=State.STATE_RUNNING)
        call = orchestrator.executions.PauseExecution(_pause_request(name))
        await call.wait_for_connection()
        following = asyncio.create_task(orchestrator.outcome(name))
        other = asyncio.create_task(pause(orchestrator, name))
        call.cancel()
        assert (await following).state == State.STATE_PAUSED
        assert (await other).state == State.STATE_PAUSED


async def test_stopping_the_orchestrator_does_not_wait_for_paused_executions(folder: Path) -> None:
    """SIGTERM ends an orchestrator that has only paused executions at once."""
    async with cluster(folder) as (orchestrator, _):
        await paused(orchestrator, WAIT, STEP)
        assert await orchestrator.stop() == 0


def intake_of(folder: Path) -> tuple[CheckpointIntake, FolderArtifacts]:
    """An intake with a store in a folder."""
    store = FolderArtifacts(str(folder / "artifacts"), durable=False)
    intake = CheckpointIntake(execution_id="x", attempt=1, engine="lret", store=store)
    intake.limit_bytes = 1000
    return intake, store


def piece(offset: int, data: bytes, sha256: str = "") -> bytes:
    """A CheckpointChunk as it comes."""
    return backend_pb2.CheckpointChunk(offset=offset, data=data, sha256=sha256).SerializeToString()


async def test_a_stream_taken_up_again_sends_the_checkpoint_once_more(folder: Path) -> None:
    """Pieces that are here already are passed over, and the whole is kept once under its SHA-256."""
    intake, store = intake_of(folder)
    digest = hashlib.sha256(b"abcdef").hexdigest()
    for offset, data in ((0, b"abc"), (0, b"abc"), (3, b"de")):
        await intake.take(piece(offset, data), 0)
    await intake.take(piece(5, b"f", digest), 0)
    name, size = await intake.finish()
    assert (name, size) == (f"x-{digest}", 6)
    assert store.read_kept(name, 2, 3) == b"cde"
    assert store.kept_names() == [name]
    store.remove_kept(name)
    store.remove_kept(name)
    with pytest.raises(NotFound):
        store.read_kept(name, 0, 1)


@pytest.mark.parametrize(
    "pieces",
    [
        [piece(1, b"a")],
        [piece(0, b"a" * 1001)],
        [piece(0, b"abc", "0" * 64)],
        [piece(0, b"abc")],
        [],
        [b"\xff\xff"],
    ],
    ids=["gap", "too large", "other digest", "not whole", "nothing", "nonsense"],
)
async def test_a_checkpoint_that_breaks_the_contract_is_not_kept(folder: Path, pieces: list[bytes]) -> None:
    """Gaps, an excess over the run's memory, another digest and a missing end are the backend's failure."""
    intake, store = intake_of(folder)
    with pytest.raises(Internal, match="broke the contract"):
        await _take_all(intake, pieces)
    await intake.discard()
    assert not store.kept_names()


async def _take_all(intake: CheckpointIntake, pieces: list[bytes]) -> None:
    for item in pieces:
        await intake.take(item, 0)
    await intake.finish()


async def test_what_is_kept_is_sent_in_pieces(folder: Path) -> None:
    """A checkpoint of more than one piece goes out in order, the SHA-256 on its last."""
    store = FolderArtifacts(str(folder / "artifacts"), durable=False)
    data = struct.pack("<400000Q", *range(400_000))
    writer = store.create("w")
    writer.append([data])
    name, size = writer.keep("x")
    chunks = [
        backend_pb2.ExecuteRequest.FromString(message).input_chunk
        async for message in KeptCheckpoint(store=store, name=name, size=size).messages()
    ]
    assert b"".join(chunk.data for chunk in chunks) == data
    assert [chunk.last for chunk in chunks] == [False, False, False, True]
    assert chunks[-1].sha256 == hashlib.sha256(data).hexdigest()


def test_usage_adds_up() -> None:
    """Durations of two parts add, and the peak is the higher one."""
    one = result_pb2.Usage(peak_memory_bytes=5)
    one.worker_duration.FromMilliseconds(1700)
    two = result_pb2.Usage(peak_memory_bytes=3)
    two.worker_duration.FromMilliseconds(400)
    two.cpu_duration.FromMilliseconds(300)
    total = result_pb2.Usage.FromString(usage_to_bytes(two, before=usage_to_bytes(one, before=b"")))
    assert total.peak_memory_bytes == 5
    assert worked_seconds(total.SerializeToString()) == 2.1
    assert total.cpu_duration.ToMilliseconds() == 300
    assert not total.HasField("queued_duration")
