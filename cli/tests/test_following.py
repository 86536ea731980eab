"""Runs, lost streams and errors, against the scripted orchestrator over real gRPC."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima_client import AsyncClient, Client, RunOptions, State
from proxima_client.events import Event, Reconnecting
from proxima_client.testing import FakeOrchestrator, Script, scripted_counts, scripted_state, serve_fake
from proxima_runtime.errors import (
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)

T = TypeVar("T")
BELL = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q->c;'
COUNTS = {"00": 498, "11": 526}
STATE = np.arange(8) + 1j * np.arange(8, 0, -1)
SCRIPT = Script(arrays=(*scripted_counts(COUNTS), scripted_state(STATE, axis_bits=(0, 1, 2))), qubit_count=3)


def play(script: Script, scene: Callable[[AsyncClient, FakeOrchestrator], Awaitable[T]]) -> T:
    """Run one scene with a client connected to a fake that plays the script."""

    async def main() -> T:
        async with serve_fake(script) as (fake, target), AsyncClient(target) as client:
            return await scene(client, fake)

    return asyncio.run(main())


@pytest.mark.parametrize("chunked", [False, True], ids=["inline", "chunked"])
def test_a_run_returns_its_result(*, chunked: bool) -> None:
    """Counts and the state arrive whole, inside the header or in chunks of any size."""
    script = replace(SCRIPT, inline=not chunked, chunk_bytes=24, active_qubits=(0, 1, 2))
    result = play(script, lambda client, _: client.run(BELL, shots=1024, seed=7, statevector=True))
    assert result.counts == COUNTS
    assert result.statevector is not None
    assert np.array_equal(result.statevector, STATE)
    assert (result.producer.backend, result.producer.seed, result.shots) == ("scripted", 7, 1024)
    assert result.times.execution_seconds == 1.0
    assert result.times.total_seconds == 3.0
    assert result.plan is not None
    assert result.plan.candidates[1].exclusions[0].reason == "ERROR_REASON_INSUFFICIENT_MEMORY"


@pytest.mark.parametrize("lost_after", range(1, 8))
def test_a_lost_stream_is_taken_up_again(lost_after: int) -> None:
    """Wherever the stream breaks after the name arrived, the run goes on by WatchExecution and the result is whole."""
    script = replace(SCRIPT, inline=False, chunk_bytes=64, lose_after=lost_after, active_qubits=(0, 1, 2))
    events: list[Event] = []

    async def scene(client: AsyncClient, fake: FakeOrchestrator) -> tuple[int, int]:
        result = await client.run(BELL, shots=1024, statevector=True, follow=events.append)
        assert result.counts == COUNTS
        assert result.statevector is not None
        assert np.array_equal(result.statevector, STATE)
        return len(fake.requests), len(fake.watched)

    assert play(script, scene) == (1, 1)
    assert sum(isinstance(event, Reconnecting) for event in events) == 1


def test_a_stream_lost_before_the_name_is_repeated_with_the_same_request_id() -> None:
    """A call that is cut off before its first message is made again, idempotently."""

    async def scene(client: AsyncClient, fake: FakeOrchestrator) -> list[str]:
        await client.run(BELL, shots=1024)
        return [request.request_id for request in fake.requests]

    first, second = play(replace(SCRIPT, lose_after=0), scene)
    assert first == second != ""


def test_a_result_that_no_stream_brought_is_read_from_the_store() -> None:
    """A completed run whose stream carried no result is fetched by ReadResult."""

    async def scene(client: AsyncClient, fake: FakeOrchestrator) -> int:
        result = await client.run(BELL, shots=1024)
        assert result.counts == COUNTS
        return len(fake.read)

    assert play(replace(SCRIPT, withhold_result=True, inline=False, chunk_bytes=3), scene) == 1


def test_a_failed_run_raises_its_own_error() -> None:
    """The error of the execution reaches the caller with its class, reason and metadata."""
    failure = ResourceExhausted(
        "needs 64 GiB", reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY, metadata={"needed_bytes": "68719476736"}
    )
    with pytest.raises(ResourceExhausted, match="needs 64 GiB") as caught:
        play(replace(SCRIPT, failure=failure), lambda client, _: client.run(BELL))
    assert caught.value.reason == errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY
    assert caught.value.metadata == {"needed_bytes": "68719476736"}


def test_a_refused_call_raises_the_servers_error() -> None:
    """A status with ErrorInfo becomes the matching error."""
    refusal = InvalidArgument("line 3", reason=errors_pb2.ERROR_REASON_SYNTAX, metadata={"line": "3", "column": "5"})
    with pytest.raises(InvalidArgument) as caught:
        play(replace(SCRIPT, refusal=refusal), lambda client, _: client.plan(BELL))
    assert (caught.value.reason, caught.value.metadata["column"]) == (errors_pb2.ERROR_REASON_SYNTAX, "5")


def test_a_server_that_is_not_there_is_named() -> None:
    """The error of a refused connection says which server and what to do."""

    async def main() -> None:
        async with AsyncClient("127.0.0.1:1") as client:
            await client.run(BELL)

    with pytest.raises(Unavailable, match=r"no Proxima server answers at 127\.0\.0\.1:1 .*proxima up"):
        asyncio.run(main())


def test_cancelling_a_run_aborts_the_execution() -> None:
    """A cancelled call leaves nothing running on the server."""

    async def scene(client: AsyncClient, fake: FakeOrchestrator) -> State:
        seen = asyncio.Event()
        run = asyncio.create_task(client.run(BELL, follow=lambda _: seen.set()))
        await seen.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        return (await client.history()).executions[0].state

    assert play(replace(SCRIPT, runs_until_aborted=True), scene) is State.ABORTED


def test_watch_follows_an_execution_to_its_end() -> None:
    """Another client sees the snapshot of now and the terminal one."""

    async def scene(client: AsyncClient, _: FakeOrchestrator) -> list[Event]:
        result = await client.run(BELL)
        return [event async for event in client.watch(result.execution.id)]

    last = play(SCRIPT, scene)[-1]
    assert getattr(last, "state", None) is State.COMPLETED


def test_history_is_paged() -> None:
    """Pages are newest first and chained by tokens."""

    async def scene(client: AsyncClient, _: FakeOrchestrator) -> list[str]:
        for name in "abc":
            await client.run(BELL, name=name)
        first = await client.history(page_size=2)
        second = await client.history(page_size=2, page_token=first.next_page_token)
        assert second.next_page_token == ""
        return [execution.display_name for execution in (*first.executions, *second.executions)]

    assert play(SCRIPT, scene) == ["c", "b", "a"]


def test_an_unknown_execution_is_not_found() -> None:
    """A name that does not exist is an error of its own class."""
    with pytest.raises(NotFound):
        play(SCRIPT, lambda client, _: client.get("nothing"))


def test_aborting_a_completed_execution_is_refused() -> None:
    """There is nothing to abort any more."""

    async def scene(client: AsyncClient, _: FakeOrchestrator) -> None:
        result = await client.run(BELL)
        await client.abort(result.execution.name)

    with pytest.raises(FailedPrecondition):
        play(SCRIPT, scene)


@pytest.mark.parametrize(
    ("shots", "seed", "field"),
    [(0, None, "shots"), (-1, None, "shots"), (10**12, None, "shots"), (None, -1, "seed"), (None, 2**32, "seed")],
)
def test_options_out_of_range_name_the_field(shots: int | None, seed: int | None, field: str) -> None:
    """A value out of range never leaves the client; the error names the field and the range."""
    with pytest.raises(InvalidArgument, match=field) as caught:
        RunOptions(shots=shots, seed=seed)
    assert caught.value.metadata["field"] == field


def test_a_result_that_contradicts_its_header_is_refused() -> None:
    """A header whose bytes do not fit its shape is a bug that is reported, never a crash."""
    wrong = replace(SCRIPT.arrays[0], data_type=99)  # type: ignore[arg-type]
    with pytest.raises(Internal, match="data type 99"):
        play(replace(SCRIPT, arrays=(wrong,)), lambda client, _: client.run(BELL))


def test_the_synchronous_client_works_inside_a_running_loop() -> None:
    """A notebook has a running event loop; `Client` does not mind."""

    def use(target: str) -> None:
        with Client(target) as client:
            assert client.server_info().version == "0.0.0-scripted"
            assert client.backend("scripted").is_serving
            assert len(list(client.watch(client.run(BELL).execution.id))) > 1
            client.close()

    async def main() -> int:
        async with serve_fake(SCRIPT) as (fake, target):
            await asyncio.get_running_loop().run_in_executor(None, use, target)
            return len(fake.requests)

    assert asyncio.run(main()) == 1
