"""Pausing and resuming over real gRPC with the pausable scripted engine."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Iterator

import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import (
    Aborted,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    ProximaError,
    ResourceExhausted,
    Unimplemented,
)
from proxima_runtime.testing import Answer, BackendCaller, RunningBackend, scripted_job, start_backend
from proxima_runtime.testing.pausable import pausable_job, uninterrupted

MIB = 2**20
MODULE = "proxima_runtime.testing.pausable"
ENVIRONMENT = {"PROXIMA_BACKEND_MEMORY_CAP_BYTES": str(2**29), "PROXIMA_BACKEND_GRACE_SECONDS": "30"}
WAIT, PASS, STEP = ("scripted_await_pause", 0.0), ("scripted_pass_pause", 0.0), ("scripted_busy", 0.01)


@pytest.fixture(scope="module")
def backend(runner: asyncio.Runner) -> Iterator[RunningBackend]:
    """A pausable scripted backend with one worker, shared by the module."""
    stack = contextlib.AsyncExitStack()

    async def enter() -> RunningBackend:
        return await stack.enter_async_context(start_backend(MODULE, environment=ENVIRONMENT))

    yield runner.run(enter())
    runner.run(stack.aclose())


async def paused(caller: BackendCaller, job: backend_pb2.Job, *, name: str | None = None) -> Answer:
    """Start a job that waits for a pause, pause it, and return what came."""
    execution = await caller.start(job, name=name)
    await execution.pause()
    answer = await execution.finish()
    assert answer.is_paused, answer.done
    return answer


@pytest.mark.parametrize("mebibytes", [0.0, 40.0])
def test_a_resumed_run_answers_what_an_uninterrupted_one_does(
    runner: asyncio.Runner, caller: BackendCaller, mebibytes: float
) -> None:
    """Paused in the middle and resumed, a run gives the same bytes, with a small state and one of many pieces."""
    job = pausable_job(STEP, ("scripted_state", mebibytes), WAIT, STEP)

    async def scenario() -> tuple[Answer, Answer]:
        first = await paused(caller, job)
        return first, await (await caller.resume(job, first.checkpoint)).finish()

    first, second = runner.run(scenario())

    assert first.names[0] == "accepted"
    assert first.names[-2:] == ["checkpoint_chunk", "done"]
    assert len(first.checkpoint) > mebibytes * MIB
    assert not first.headers
    assert second.is_complete
    assert bytes(second.arrays[0, 0]) == uninterrupted(job)


def test_a_run_is_paused_any_number_of_times_under_one_attempt(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """Each resume of the same execution and attempt goes on from the last pause, while the backend still knows it."""
    job = pausable_job(WAIT, ("scripted_state", 1.0), WAIT, STEP, WAIT, STEP)
    name = "executions/three-pauses"

    async def scenario() -> Answer:
        answer = await paused(caller, job, name=name)
        for _ in range(2):
            execution = await caller.resume(job, answer.checkpoint, name=name)
            await execution.pause()
            answer = await execution.finish()
            assert answer.is_paused
        return await (await caller.resume(job, answer.checkpoint, name=name)).finish()

    answer = runner.run(scenario())

    assert answer.is_complete
    assert bytes(answer.arrays[0, 0]) == uninterrupted(job)


def test_a_run_is_resumed_on_another_instance(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A checkpoint of one service process is taken by another one of the same versions."""
    job = pausable_job(("scripted_state", 2.0), WAIT, STEP)

    async def scenario() -> Answer:
        first = await paused(caller, job)
        async with start_backend(MODULE, environment=ENVIRONMENT) as other, BackendCaller(other.target) as elsewhere:
            return await (await elsewhere.resume(job, first.checkpoint)).finish()

    answer = runner.run(scenario())

    assert bytes(answer.arrays[0, 0]) == uninterrupted(job)


def test_a_job_that_waits_for_a_worker_pauses_at_its_beginning(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """The pause of a queued job needs no worker; its checkpoint resumes from the beginning, and can pause again."""
    job = pausable_job(STEP, ("scripted_state", 1.0))

    async def scenario() -> tuple[Answer, Answer, Answer]:
        blocker = await caller.start(pausable_job(PASS))
        await blocker.until("accepted")
        queued = await paused(caller, job)
        again = await caller.resume(job, queued.checkpoint)
        await again.until("accepted")
        assert again.answer.accepted.queue_position == 1
        await again.pause()
        second = await again.finish()
        await blocker.pause()
        assert (await blocker.finish()).is_complete
        return queued, second, await (await caller.resume(job, second.checkpoint)).finish()

    queued, second, last = runner.run(scenario())

    assert queued.accepted.queue_position == 1
    assert second.is_paused
    assert second.checkpoint == queued.checkpoint
    assert bytes(last.arrays[0, 0]) == uninterrupted(job)


def test_a_pause_after_the_last_operation_lets_the_run_end(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A run that has done all of its operations completes, whatever was asked."""

    async def scenario() -> Answer:
        execution = await caller.start(pausable_job(STEP, PASS))
        await execution.pause()
        await execution.pause()
        return await execution.finish()

    assert runner.run(scenario()).is_complete


def test_a_late_pause_does_not_touch_the_next_run(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A pause that was asked of a run which has ended is not taken for one of the worker's next run."""

    async def scenario() -> Answer:
        ending = await caller.start(pausable_job(STEP, PASS))
        for _ in range(3):
            await ending.pause()
        await ending.finish()
        return await caller.run(pausable_job(STEP, STEP, STEP))

    assert runner.run(scenario()).is_complete


def test_the_checkpoint_is_sent_again_after_an_attach(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """For the grace period a paused job gives its checkpoint to whoever attaches."""
    job = pausable_job(("scripted_state", 3.0), WAIT, STEP)

    async def scenario() -> tuple[Answer, Answer]:
        first = await paused(caller, job, name="executions/attached-again")
        return first, await (await caller.attach("executions/attached-again")).finish()

    first, second = runner.run(scenario())

    assert second.is_paused
    assert second.accepted.attached
    assert second.checkpoint == first.checkpoint


def test_a_repeated_resume_attaches_to_the_run(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A resume that is sent again while the run goes on follows it, and its checkpoint is passed over."""
    job = pausable_job(("scripted_state", 3.0), WAIT, PASS)
    name = "executions/resumed-twice"

    async def scenario() -> Answer:
        first = await paused(caller, job, name=name)
        running = await caller.resume(job, first.checkpoint, name=name)
        await running.until("accepted")
        again = await caller.resume(job, first.checkpoint, name=name)
        await again.until("accepted")
        assert again.answer.accepted.attached
        await again.pause()
        return await again.finish()

    answer = runner.run(scenario())

    assert answer.is_complete
    assert bytes(answer.arrays[0, 0]) == uninterrupted(job)


def test_progress_goes_on_from_where_the_run_was_paused(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """After a resume nothing is shown that is less than what was done before the pause."""
    job = pausable_job(*[STEP] * 6, WAIT, ("scripted_busy", 0.9), ("scripted_busy", 0.3))

    async def scenario() -> Answer:
        first = await paused(caller, job)
        resumed = backend_pb2.Job()
        resumed.CopyFrom(job)
        resumed.predicted_duration.FromSeconds(100)
        return await (await caller.resume(resumed, first.checkpoint)).finish()

    progress = runner.run(scenario()).progress

    assert progress
    assert min(message.fraction for message in progress) >= 7 / 9


def test_a_pause_without_the_memory_is_refused_and_the_run_goes_on(
    runner: asyncio.Runner, caller: BackendCaller
) -> None:
    """Where the checkpoint does not fit beside the run, the caller is told so and the run completes."""
    job = pausable_job(("scripted_state", 64.0), WAIT, STEP)
    job.memory_limit_bytes = 100 * MIB

    async def scenario() -> Answer:
        execution = await caller.start(job)
        await execution.pause()
        return await execution.finish()

    answer = runner.run(scenario())

    assert answer.is_complete
    assert bytes(answer.arrays[0, 0]) == uninterrupted(job)
    assert [error.reason for error in answer.refusals] == [errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY]
    assert "goes on" in answer.refusals[0].message


def test_a_pause_that_was_refused_can_be_asked_for_again(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """After a refusal the next pause is looked at on its own."""
    job = pausable_job(("scripted_state", 64.0), WAIT, WAIT, STEP)
    job.memory_limit_bytes = 100 * MIB

    async def scenario() -> Answer:
        execution = await caller.start(job)
        for _ in range(2):
            await execution.pause()
            await execution.until("pause_refused")
        return await execution.finish()

    answer = runner.run(scenario())

    assert answer.is_complete
    assert len(answer.refusals) == 2


def test_checkpoint_and_run_count_in_the_peak(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """The peak of a run that paused has its state and the copy of it; so has that of the run that was resumed."""
    job = pausable_job(("scripted_state", 64.0), WAIT, STEP)

    async def scenario() -> tuple[Answer, Answer]:
        first = await paused(caller, job)
        return first, await (await caller.resume(job, first.checkpoint)).finish()

    for answer in runner.run(scenario()):
        assert answer.done is not None
        assert 126 * MIB <= answer.done.usage.peak_memory_bytes < 240 * MIB


def test_a_resume_that_does_not_fit_its_memory_says_so(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A checkpoint counts against the memory limit of the run that it resumes."""
    job = pausable_job(("scripted_state", 64.0), WAIT, STEP)

    async def scenario() -> Answer:
        first = await paused(caller, job)
        job.memory_limit_bytes = 90 * MIB
        return await (await caller.resume(job, first.checkpoint)).finish()

    assert runner.run(scenario()).error.reason == errors_pb2.ERROR_REASON_OUT_OF_MEMORY


def test_a_paused_run_can_be_aborted_while_it_resumes(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """An abort in the middle of the checkpoint ends the stream, and nothing was started."""
    job = pausable_job(STEP, WAIT, STEP)
    name = "executions/aborted-resume"

    async def scenario() -> None:
        await paused(caller, job)
        start = backend_pb2.StartExecution(execution=name, attempt=1, job=job, resume=True)
        execution = await caller.open(backend_pb2.ExecuteRequest(start=start))
        await execution.abort("no longer wanted")
        with pytest.raises(Aborted):
            await execution.finish()
        with pytest.raises(ProximaError) as caught:
            await (await caller.attach(name)).finish()
        assert caught.value.reason == errors_pb2.ERROR_REASON_NOT_FOUND

    runner.run(scenario())


def test_an_abort_wins_over_a_pause_that_is_under_way(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A run that was asked to pause and then to stop ends as aborted or paused, and holds its worker no longer."""

    async def scenario() -> tuple[Answer, Answer]:
        execution = await caller.start(pausable_job(("scripted_busy", 0.3), STEP))
        await execution.until("accepted")
        await execution.abort("stop")
        await execution.pause()
        return await execution.finish(), await caller.run(pausable_job(STEP))

    stopped, following = runner.run(scenario())

    assert stopped.error.reason == errors_pb2.ERROR_REASON_ABORTED
    assert following.is_complete


@pytest.mark.parametrize("request_name", ["pause", "input_chunk"])
def test_a_method_without_a_state_is_refused_by_name(
    runner: asyncio.Runner, caller: BackendCaller, request_name: str
) -> None:
    """A backend with a method that pauses refuses to pause its other one; that run goes on."""
    request = {
        "pause": backend_pb2.ExecuteRequest(pause=backend_pb2.PauseExecution()),
        "input_chunk": backend_pb2.ExecuteRequest(input_chunk=backend_pb2.InputChunk()),
    }[request_name]

    async def scenario() -> None:
        execution = await caller.start(scripted_job(("scripted_busy", 0.5)))
        await execution.send(request)
        with pytest.raises(Unimplemented) as caught:
            await execution.finish()
        assert caught.value.reason == errors_pb2.ERROR_REASON_NOT_IMPLEMENTED
        assert (await (await caller.attach(execution.name)).finish()).is_complete

    runner.run(scenario())


def test_a_method_without_a_state_is_not_resumed(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """`start.resume` of a method that cannot pause names it and takes no worker."""

    async def scenario() -> None:
        execution = await caller.resume(scripted_job(), b"anything")
        with pytest.raises(Unimplemented, match="scripted's statevector"):
            await execution.finish()

    runner.run(scenario())


def test_an_engine_that_pauses_unasked_has_failed(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A checkpoint that nobody asked for is the engine's failure."""
    answer = runner.run(caller.run(pausable_job(("scripted_checkpoint", 0.0))))

    assert isinstance(answer.error, Internal)
    assert answer.error.reason == errors_pb2.ERROR_REASON_ENGINE_FAILED


def _cut(checkpoint: bytearray) -> bytearray:
    return checkpoint[:-100]


def _short(checkpoint: bytearray) -> bytearray:
    return checkpoint[:64]


def _other_magic(checkpoint: bytearray) -> bytearray:
    return bytearray(b"PK") + checkpoint[2:]


def _longer(checkpoint: bytearray) -> bytearray:
    return checkpoint + b"more"


def _nonsense(checkpoint: bytearray) -> bytearray:
    return bytearray(b"\xff" * len(checkpoint))


@pytest.mark.parametrize("damage", [_cut, _short, _other_magic, _longer, _nonsense])
def test_a_damaged_checkpoint_is_refused_before_a_worker_is_taken(
    runner: asyncio.Runner, caller: BackendCaller, damage: Callable[[bytearray], bytearray]
) -> None:
    """What is no whole checkpoint is INVALID_ARGUMENT, even with the SHA-256 of what was sent, and nothing starts."""
    job = pausable_job(("scripted_state", 1.0), WAIT, STEP)

    async def scenario() -> None:
        first = await paused(caller, job)
        execution = await caller.resume(job, damage(first.checkpoint))
        with pytest.raises(InvalidArgument) as caught:
            await execution.finish()
        assert caught.value.reason == errors_pb2.ERROR_REASON_INVALID_REQUEST
        assert execution.answer.names == []
        # The one that was received is as good as before.
        assert (await (await caller.resume(job, first.checkpoint)).finish()).is_complete

    runner.run(scenario())


@pytest.mark.parametrize("change", ["seed", "circuit", "qubits"])
def test_a_checkpoint_of_another_job_is_refused(runner: asyncio.Runner, caller: BackendCaller, change: str) -> None:
    """A run is never resumed from the state of another one."""
    job = pausable_job(STEP, WAIT, STEP)
    other = pausable_job(STEP, WAIT, STEP, seed=2 if change == "seed" else 1)
    if change == "circuit":
        other = pausable_job(STEP, WAIT, ("scripted_busy", 0.02))
    if change == "qubits":
        other.circuit.qubit_count = other.circuit.declared_qubit_count = 3

    async def scenario() -> None:
        first = await paused(caller, job)
        execution = await caller.resume(other, first.checkpoint)
        with pytest.raises(InvalidArgument, match="another job"):
            await execution.finish()

    runner.run(scenario())


def test_a_checkpoint_of_other_versions_is_refused(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """What another version of the backend wrote is FAILED_PRECONDITION and says where to resume."""
    job = pausable_job(STEP, WAIT, STEP)

    async def scenario() -> None:
        first = await paused(caller, job)
        # The producer's digest follows the magic number and the job's digest.
        first.checkpoint[48:80] = hashlib.sha256(b"another version").digest()
        execution = await caller.resume(job, first.checkpoint)
        with pytest.raises(FailedPrecondition, match="another version") as caught:
            await execution.finish()
        assert caught.value.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND

    runner.run(scenario())


def test_a_state_that_the_engine_does_not_know_is_its_error(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """Bytes that only the engine can judge fail the run with the engine's own words."""
    job = pausable_job(STEP, WAIT, STEP)

    async def scenario() -> Answer:
        first = await paused(caller, job)
        first.checkpoint[128:136] = (2**40).to_bytes(8, "little")
        return await (await caller.resume(job, first.checkpoint)).finish()

    assert "gate" in runner.run(scenario()).error.message


def test_a_checkpoint_over_the_memory_limit_is_refused(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """No more is received than the run may hold."""
    job = pausable_job(STEP, WAIT, STEP)
    job.memory_limit_bytes = 4 * MIB

    async def scenario() -> None:
        execution = await caller.resume(job, bytes(5 * MIB))
        with pytest.raises(ResourceExhausted) as caught:
            await execution.finish()
        assert caught.value.reason == errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY

    runner.run(scenario())


@pytest.mark.parametrize(
    "chunk",
    [
        backend_pb2.InputChunk(offset=1, data=b"x"),
        backend_pb2.InputChunk(offset=-1, data=b"x"),
        backend_pb2.InputChunk(),
        backend_pb2.InputChunk(data=b"x" * (2 * MIB + 1)),
        backend_pb2.InputChunk(data=b"x", last=True),
        backend_pb2.InputChunk(data=b"x", last=True, sha256="0" * 64),
    ],
    ids=["gap", "negative", "empty", "too-large", "no-digest", "wrong-digest"],
)
def test_a_piece_that_is_not_due_is_refused(
    runner: asyncio.Runner, caller: BackendCaller, chunk: backend_pb2.InputChunk
) -> None:
    """Gaps, empty and oversized pieces, and wholes with another SHA-256 end the stream by name of the field."""

    async def scenario() -> None:
        start = backend_pb2.StartExecution(execution="executions/x", attempt=1, job=pausable_job(STEP), resume=True)
        execution = await caller.open(backend_pb2.ExecuteRequest(start=start))
        await execution.send(backend_pb2.ExecuteRequest(input_chunk=chunk))
        with pytest.raises(InvalidArgument, match="input_chunk"):
            await execution.finish()

    runner.run(scenario())


def test_a_checkpoint_that_breaks_off_is_refused(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A caller that ends its half of the stream before the last piece is told that it is not whole."""

    async def scenario() -> None:
        start = backend_pb2.StartExecution(execution="executions/x", attempt=1, job=pausable_job(STEP), resume=True)
        execution = await caller.open(backend_pb2.ExecuteRequest(start=start))
        await execution.send(backend_pb2.ExecuteRequest(input_chunk=backend_pb2.InputChunk(data=b"part")))
        await execution.end_requests()
        with pytest.raises(InvalidArgument, match="before the last piece"):
            await execution.finish()

    runner.run(scenario())
