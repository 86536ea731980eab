"""The orchestrator as a process with a scripted backend: what a caller sees."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import grpc
import pytest
from google.rpc import code_pb2
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import backends_pb2, executions_pb2, sessions_pb2, sessions_pb2_grpc
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_orchestrator.testing import RunningOrchestrator
from proxima_runtime.errors import from_rpc_error, from_status
from proxima_runtime.testing import RunningBackend, start_backend


@contextlib.asynccontextmanager
async def cluster(
    folder: Path, *, environment: dict[str, str] | None = None, backend_environment: dict[str, str] | None = None
) -> AsyncIterator[tuple[RunningOrchestrator, RunningBackend]]:
    """One orchestrator with one scripted backend."""
    async with (
        start_backend(listen=f"unix:{folder}/scripted.sock", environment=backend_environment) as backend,
        RunningOrchestrator(folder, backends={"scripted": backend.target}, environment=environment) as orchestrator,
    ):
        yield orchestrator, backend


def reason_of(execution: executions_pb2.Execution) -> str:
    """Name of the reason why an execution failed, without its prefix."""
    return from_status(execution.error).reason_name.removeprefix("ERROR_REASON_")


async def test_runs_a_circuit_end_to_end(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """A Bell circuit is planned, run and stored, and the stream ends with its result."""
    async with cluster(folder) as (orchestrator, _):
        messages = [message async for message in orchestrator.execute(bell, deliver_results=True)]
        first, last = messages[0].execution, messages[-1].execution
        assert first.state == executions_pb2.STATE_PLANNING
        assert last.state == executions_pb2.STATE_COMPLETED
        assert last.name == first.name
        assert last.result_spec.shots == 1024
        assert last.plan.chosen.backend == "backends/scripted"
        assert last.plan.reason
        assert last.characteristics.depth == 3
        assert last.results[0].producer.seed == last.seed
        assert [m.WhichOneof("message") for m in messages].count("result_header") == 1
        assert await orchestrator.get(last.name) == last


BAD_FIELDS = (
    ({"results": result_pb2.ResultSpec(shots=-1)}, "spec.results.shots"),
    ({"results": result_pb2.ResultSpec(shots=10**12)}, "spec.results.shots"),
    ({"seed": -1}, "spec.seed"),
    ({"seed": 2**32}, "spec.seed"),
    ({"max_error": 1.0}, "spec.max_error"),
    ({"max_error": float("nan")}, "spec.max_error"),
    ({"method": 99}, "spec.method"),
    ({"thread_count": -1}, "spec.thread_count"),
    ({"circuit": executions_pb2.CircuitSource()}, "spec.circuit"),
    ({"circuit": executions_pb2.CircuitSource(openqasm=b"x" * (16 * 2**20 + 1))}, "spec.circuit.openqasm"),
)


async def test_refuses_fields_out_of_range(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """A field out of range is INVALID_ARGUMENT, names the field, and starts nothing."""
    async with cluster(folder) as (orchestrator, _):
        for change, field in BAD_FIELDS:
            spec = executions_pb2.ExecutionSpec()
            spec.CopyFrom(bell)
            for name in change:
                spec.ClearField(name)
            spec.MergeFrom(executions_pb2.ExecutionSpec(**change))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await orchestrator.finish(spec)
            error = from_rpc_error(caught.value)
            assert (error.reason, error.metadata["field"]) == (errors_pb2.ERROR_REASON_INVALID_REQUEST, field)
        assert not (await orchestrator.executions.ListExecutions(executions_pb2.ListExecutionsRequest())).executions


CIRCUIT_FAULTS = (
    (b"OPENQASM 2.0;\nqreg q[1];\nh q[0]\n", "SYNTAX"),
    (b'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1];\nh q[7];\n', "INVALID_CIRCUIT"),
    (b'OPENQASM 2.0;\ninclude "/etc/passwd";\n', "INVALID_CIRCUIT"),
    (b"", "SYNTAX"),
    (b"\xff\x00", "SYNTAX"),
)


async def test_circuit_faults_are_errors_of_the_execution(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """A fault of the circuit ends the execution in ERROR with reason, line and column, and stays visible."""
    async with cluster(folder) as (orchestrator, _):
        for source, reason in CIRCUIT_FAULTS:
            bell.circuit.openqasm = source
            last = await orchestrator.finish(bell)
            assert (last.state, reason_of(last)) == (executions_pb2.STATE_ERROR, reason)
            assert (await orchestrator.get(last.name)).error == last.error
        assert from_status(last.error).message


async def test_shots_need_a_measurement(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """Shots of a circuit without a measurement end in NO_MEASUREMENT, which names `measure`."""
    async with cluster(folder) as (orchestrator, _):
        bell.circuit.openqasm = b'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1];\nh q[0];\n'
        bell.results.shots = 10
        last = await orchestrator.finish(bell)
        assert reason_of(last) == "NO_MEASUREMENT"
        assert "measure" in last.error.message
        bell.ClearField("results")
        last = await orchestrator.finish(bell)
        assert last.result_spec == result_pb2.ResultSpec(probabilities=True)


async def test_refuses_what_cannot_fit(folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]) -> None:
    """Over the cap is INSUFFICIENT_MEMORY, over the safe line ABOVE_SAFE_LINE, both with needed and available bytes."""
    cap = {"PROXIMA_BACKEND_MEMORY_CAP_BYTES": str(100 * 2**20)}
    async with cluster(folder, backend_environment=cap) as (orchestrator, _):
        for claimed, reason in ((200, "INSUFFICIENT_MEMORY"), (90, "ABOVE_SAFE_LINE")):
            last = await orchestrator.finish(script(("scripted_claim", claimed)))
            metadata = from_status(last.error).metadata
            assert reason_of(last) == reason
            assert metadata["needed_bytes"] == str(claimed * 2**20)
            assert metadata["available_bytes"] == str(100 * 2**20)
            assert int(metadata["largest_qubit_count"]) > 0
            assert last.plan.error == last.error
        last = await orchestrator.finish(script(("scripted_claim", 70)))
        assert last.state == executions_pb2.STATE_COMPLETED


async def test_unknown_and_unavailable_backends(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """A backend that does not exist is NOT_FOUND with the known ones; one that is down is BACKEND_UNAVAILABLE."""
    async with RunningOrchestrator(folder, backends={"down": f"unix:{folder}/none.sock"}) as orchestrator:
        bell.backend = "backends/nobody"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await orchestrator.finish(bell)
        error = from_rpc_error(caught.value)
        assert (error.reason, error.metadata["known"]) == (errors_pb2.ERROR_REASON_UNKNOWN_BACKEND, "down")
        for backend in ("backends/down", ""):
            bell.backend = backend
            last = await orchestrator.finish(bell)
            assert (reason_of(last), last.state) == ("BACKEND_UNAVAILABLE", executions_pb2.STATE_ERROR)
        listed = await orchestrator.backends.ListBackends(backends_pb2.ListBackendsRequest())
        instance = listed.backends[0].instances[0]
        assert instance.condition == backends_pb2.BackendInstance.CONDITION_UNREACHABLE
        assert instance.error.code == code_pb2.UNAVAILABLE


async def test_unavailable_engines_are_listed_and_explained(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """An engine that a backend cannot offer is in the catalog with reason and remedy, and an execution that asks for it
    fails with both.
    """
    async with cluster(folder) as (orchestrator, _):
        request = backends_pb2.GetBackendRequest(name="backends/scripted")
        instance = (await orchestrator.backends.GetBackend(request)).backend.instances[0]
        (absent,) = instance.capabilities.unavailable_engines
        assert absent.engine == "unwritten"
        bell.backend, bell.engine = "backends/scripted", absent.engine
        last = await orchestrator.finish(bell)
        assert reason_of(last) == "UNSUPPORTED_BY_BACKEND"
        assert absent.reason in last.error.message
        assert absent.remedy in last.error.message


async def test_request_id_is_idempotent(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """The same request id with the same payload follows the same execution; with another it is ALREADY_EXISTS."""
    async with cluster(folder) as (orchestrator, _):
        names = set()
        for _ in range(3):
            async for message in orchestrator.execute(bell, request_id="one", deliver_results=True):
                if message.HasField("execution"):
                    names.add(message.execution.name)
                    last = message.execution
        assert len(names) == 1
        assert last.state == executions_pb2.STATE_COMPLETED
        bell.seed = 5
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in orchestrator.execute(bell, request_id="one"):
                pass
        error = from_rpc_error(caught.value)
        assert (error.reason, error.metadata["execution"]) == (
            errors_pb2.ERROR_REASON_REQUEST_ID_REUSED,
            names.pop(),
        )


async def test_aborts_a_running_execution(folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]) -> None:
    """Abort stops a running execution, frees its worker for the next, and can be repeated."""
    async with cluster(folder) as (orchestrator, _):
        name = await orchestrator.begin(script(("scripted_sleep", 300)), state=executions_pb2.STATE_RUNNING)
        request = executions_pb2.AbortExecutionRequest(name=name, reason="enough")
        answer = await orchestrator.executions.AbortExecution(request)
        assert answer.execution.state == executions_pb2.STATE_ABORTED
        assert "enough" in answer.execution.error.message
        assert await orchestrator.executions.AbortExecution(request) == answer
        last = await orchestrator.finish(script())
        assert last.state == executions_pb2.STATE_COMPLETED
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await orchestrator.executions.AbortExecution(executions_pb2.AbortExecutionRequest(name=last.name))
        assert from_rpc_error(caught.value).reason == errors_pb2.ERROR_REASON_INVALID_STATE


async def test_aborts_a_queued_and_a_planning_execution(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec], bell: executions_pb2.ExecutionSpec
) -> None:
    """Abort ends executions that wait for a place or are still being planned."""
    async with cluster(folder, environment={"PROXIMA_ORCHESTRATOR_MAX_IN_FLIGHT": "1"}) as (orchestrator, backend):
        running = await orchestrator.begin(script(("scripted_sleep", 300)), state=executions_pb2.STATE_RUNNING)
        queued = await orchestrator.begin(script(), state=executions_pb2.STATE_READY)
        os.kill(backend.process.pid, signal.SIGSTOP)
        try:
            planning = await orchestrator.begin(bell, state=executions_pb2.STATE_PLANNING)
            for name in (queued, planning):
                answer = await orchestrator.executions.AbortExecution(executions_pb2.AbortExecutionRequest(name=name))
                assert answer.execution.state == executions_pb2.STATE_ABORTED
        finally:
            os.kill(backend.process.pid, signal.SIGCONT)
        answer = await orchestrator.executions.AbortExecution(executions_pb2.AbortExecutionRequest(name=running))
        assert answer.execution.state == executions_pb2.STATE_ABORTED


async def test_timeout_ends_a_run(folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]) -> None:
    """A run over its time limit ends in ERROR with reason TIMEOUT."""
    async with cluster(folder) as (orchestrator, _):
        last = await orchestrator.finish(script(("scripted_sleep", 60), timeout_seconds=0.3))
        assert (last.state, reason_of(last)) == (executions_pb2.STATE_ERROR, "TIMEOUT")


async def test_reports_progress(folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]) -> None:
    """Watchers see counted progress of a run that reports it."""
    async with cluster(folder) as (orchestrator, _):
        messages = [m async for m in orchestrator.execute(script(("scripted_progress", 2.0)))]
        progress = [m.progress for m in messages if m.HasField("progress")]
        assert progress
        assert all(0 <= item.fraction <= 1 for item in progress)


async def test_large_result_is_the_same_live_watched_and_read(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """A large array delivered live, watched afterwards and read with an offset has the same bytes."""
    async with cluster(folder) as (orchestrator, _):
        spec = script(("scripted_large", 48), statevector=True, shots=0)
        live = [m async for m in orchestrator.execute(spec, deliver_results=True)]
        execution = live[-1].execution
        assert execution.state == executions_pb2.STATE_COMPLETED, execution.error
        expected = join(live)
        assert len(expected) == 48 * 2**20
        watch = executions_pb2.WatchExecutionRequest(name=execution.name, deliver_results=True)
        watched = [m async for m in orchestrator.executions.WatchExecution(watch)]
        assert join(watched) == expected
        assert watched[-1].execution == execution
        read = executions_pb2.ReadResultRequest(name=execution.name, offset=5_000_000)
        parts = [m async for m in orchestrator.executions.ReadResult(read)]
        assert parts[0].HasField("result_header")
        assert b"".join(m.result_chunk.data for m in parts[1:]) == expected[5_000_000:]
        sha = hashlib.sha256(expected).hexdigest()
        assert (folder / "data" / "artifacts" / "sha256" / sha[:2] / sha).stat().st_size == len(expected)
        assert not list((folder / "data" / "artifacts" / "unfinished").iterdir())


def join(messages: Iterable[executions_pb2.ExecuteResponse | executions_pb2.WatchExecutionResponse]) -> bytes:
    """The data of the chunks, checked to be without gaps."""
    data = bytearray()
    for message in messages:
        if message.HasField("result_chunk"):
            assert message.result_chunk.offset == len(data)
            data += message.result_chunk.data
    return bytes(data)


async def test_slow_watcher_holds_nothing_up(folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]) -> None:
    """A watcher that does not read neither stops the run nor loses a byte of a result larger than memory keeps."""
    async with cluster(folder) as (orchestrator, _):
        spec = script(("scripted_large", 160), statevector=True, shots=0)
        messages = orchestrator.execute(spec, deliver_results=True)
        name = (await anext(messages)).execution.name
        last = await orchestrator.outcome(name)
        assert last.state == executions_pb2.STATE_COMPLETED, last.error
        rest = [message async for message in messages]
        data = join(rest)
        request = executions_pb2.ReadResultRequest(name=name)
        artifact = await anext(aiter(orchestrator.executions.ReadResult(request)))
        assert artifact.result_header.arrays[0].size_bytes == len(data) == 160 * 2**20


async def test_lists_page_by_page(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """Listing is newest first and complete across pages; a foreign or broken token is refused."""
    async with cluster(folder) as (orchestrator, _):
        names = [(await orchestrator.finish(bell)).name for _ in range(5)]
        request = executions_pb2.ListExecutionsRequest(page_size=2)
        seen = []
        while True:
            answer = await orchestrator.executions.ListExecutions(request)
            seen += [item.name for item in answer.executions]
            assert not any(a.inline_data for item in answer.executions for h in item.results for a in h.arrays)
            if not answer.next_page_token:
                break
            token = request.page_token = answer.next_page_token
        assert seen == names[::-1]
        for bad, states in (("nonsense!", []), (token, [executions_pb2.STATE_ERROR])):
            request = executions_pb2.ListExecutionsRequest(page_token=bad, states=states)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await orchestrator.executions.ListExecutions(request)
            assert from_rpc_error(caught.value).reason == errors_pb2.ERROR_REASON_INVALID_PAGE_TOKEN


async def test_unserved_parts_say_so(folder: Path) -> None:
    """Every part of the contract that is not served answers UNIMPLEMENTED with NOT_IMPLEMENTED."""
    async with cluster(folder) as (orchestrator, _):
        sessions = sessions_pb2_grpc.SessionServiceStub(orchestrator.channel)
        name = f"executions/{'0' * 8}-0000-0000-0000-{'0' * 12}"
        calls: list[Awaitable[object]] = [
            sessions.GetSession(sessions_pb2.GetSessionRequest()),
            orchestrator.executions.ResetExecution(executions_pb2.ResetExecutionRequest(name=name)),
        ]
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
            assert from_rpc_error(caught.value).reason == errors_pb2.ERROR_REASON_NOT_IMPLEMENTED


async def test_plans_without_storing(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """PlanExecution gives the plan with its candidates and stores nothing."""
    async with cluster(folder) as (orchestrator, _):
        answer = await orchestrator.executions.PlanExecution(executions_pb2.PlanExecutionRequest(spec=bell))
        assert answer.plan.chosen.method == capabilities_pb2.METHOD_STATEVECTOR
        assert answer.circuit_digest
        assert not (await orchestrator.executions.ListExecutions(executions_pb2.ListExecutionsRequest())).executions


async def test_worker_death_is_an_error_of_the_execution(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """A worker that dies of a signal ends the execution in ERROR, and the next execution runs."""
    async with cluster(folder) as (orchestrator, _):
        last = await orchestrator.finish(script(("scripted_signal", float(signal.SIGSEGV))))
        assert (last.state, reason_of(last)) == (executions_pb2.STATE_ERROR, "WORKER_CRASHED")
        assert (await orchestrator.finish(script())).state == executions_pb2.STATE_COMPLETED


async def test_backend_killed_during_a_run(folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]) -> None:
    """When the backend's process dies, its run ends in ERROR with BACKEND_UNAVAILABLE and nothing hangs."""
    async with cluster(folder) as (orchestrator, backend):
        name = await orchestrator.begin(script(("scripted_sleep", 300)), state=executions_pb2.STATE_RUNNING)
        backend.process.kill()
        last = await orchestrator.outcome(name)
        assert (last.state, reason_of(last)) == (executions_pb2.STATE_ERROR, "BACKEND_UNAVAILABLE")


async def test_client_that_goes_away_stops_nothing(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """An execution whose caller went away runs to its end, and can be followed again."""
    async with cluster(folder) as (orchestrator, _):
        name = await orchestrator.begin(script(("scripted_sleep", 1.0)), state=executions_pb2.STATE_RUNNING)
        assert (await orchestrator.outcome(name)).state == executions_pb2.STATE_COMPLETED


async def test_many_at_once(folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]) -> None:
    """Forty executions at once all complete through one worker, and the server then says it is idle."""
    async with cluster(folder) as (orchestrator, _):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(orchestrator.finish(script())) for _ in range(40)]
        assert {task.result().state for task in tasks} == {executions_pb2.STATE_COMPLETED}
        info = await orchestrator.backends.GetServerInfo(backends_pb2.GetServerInfoRequest())
        assert info.active_execution_count == 0
        assert info.version


async def test_a_full_disk_is_said_and_survived(
    folder: Path, bell: executions_pb2.ExecutionSpec, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """With no room nothing starts and nothing is lost; with room for small files a large result fails alone."""
    async with cluster(folder) as (orchestrator, _):
        first = await orchestrator.finish(bell)
        process = orchestrator.process.pid
        limit = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (4096, limit[1]))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await orchestrator.finish(bell)
        assert from_rpc_error(caught.value).reason == errors_pb2.ERROR_REASON_STORAGE_FULL
        assert await orchestrator.get(first.name) == first
        resource.prlimit(process, resource.RLIMIT_FSIZE, (16 * 2**20, limit[1]))
        last = await orchestrator.finish(script(("scripted_large", 40), statevector=True, shots=0))
        assert (last.state, reason_of(last)) == (executions_pb2.STATE_ERROR, "STORAGE_FULL")
        assert not list((folder / "data" / "artifacts" / "unfinished").iterdir())
        assert (await orchestrator.finish(bell)).state == executions_pb2.STATE_COMPLETED


async def test_a_result_that_cannot_be_written_down_is_not_called_completed(
    folder: Path, script: Callable[..., executions_pb2.ExecutionSpec]
) -> None:
    """When the disk fills during a run, its end is ERROR with STORAGE_FULL as soon as there is room to say so."""
    async with cluster(folder) as (orchestrator, _):
        name = await orchestrator.begin(script(("scripted_sleep", 1.0)), state=executions_pb2.STATE_RUNNING)
        process = orchestrator.process.pid
        limit = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (4096, limit[1]))
        async for message in orchestrator.executions.WatchExecution(executions_pb2.WatchExecutionRequest(name=name)):
            if message.execution.state == executions_pb2.STATE_ERROR:
                resource.prlimit(process, resource.RLIMIT_FSIZE, limit)
        assert (message.execution.state, reason_of(message.execution)) == (
            executions_pb2.STATE_ERROR,
            "STORAGE_FULL",
        )
        assert await orchestrator.get(name) == message.execution
