"""Backends that register themselves with a running orchestrator, against real processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc.aio
import pytest
from google.protobuf import duration_pb2
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import backends_pb2, executions_pb2
from proxima_orchestrator.testing import RunningOrchestrator
from proxima_runtime.errors import ProximaError, from_rpc_error
from proxima_runtime.testing import start_backend

NAME = "backends/scripted/instances/node-1"
DEAD = "127.0.0.1:1"
OPEN = {"PROXIMA_ORCHESTRATOR_REGISTRATION": "true"}

Script = Callable[..., executions_pb2.ExecutionSpec]


def request(target: str, *, name: str = NAME, seconds: int = 60) -> backends_pb2.RegisterBackendInstanceRequest:
    """Return a registration."""
    return backends_pb2.RegisterBackendInstanceRequest(
        name=name, target=target, lease=duration_pb2.Duration(seconds=seconds)
    )


async def refused(call: Awaitable[object]) -> ProximaError:
    """Return the error that a call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value)


async def until_known(orchestrator: RunningOrchestrator, names: list[str]) -> None:
    """Return when these are the instances that the orchestrator lists; it has no event for that to await."""
    async with asyncio.timeout(40):
        while await known(orchestrator) != names:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def known(orchestrator: RunningOrchestrator) -> list[str]:
    """Return the names of all instances that the orchestrator lists."""
    answer = await orchestrator.backends.ListBackends(backends_pb2.ListBackendsRequest())
    return [instance.name for backend in answer.backends for instance in backend.instances]


async def test_a_registered_backend_runs_what_the_configured_ones_would(folder: Path, script: Script) -> None:
    """After the call the backend is listed, takes executions, and their record names the instance."""
    async with start_backend() as backend, RunningOrchestrator(folder, backends={}, environment=OPEN) as orchestrator:
        assert await known(orchestrator) == []
        answer = await orchestrator.backends.RegisterBackendInstance(request(backend.target))
        assert answer.instance.condition == backends_pb2.BackendInstance.CONDITION_SERVING
        assert await known(orchestrator) == [NAME]
        last = await orchestrator.finish(script())
        assert (last.state, last.backend_instance) == (executions_pb2.STATE_COMPLETED, NAME), last.error


async def test_unregistering_requeues_what_runs_there(folder: Path, script: Script) -> None:
    """A run at an instance that leaves is stopped there and becomes attempt 2 at another instance."""
    async with (
        start_backend() as first,
        start_backend() as second,
        RunningOrchestrator(folder, backends={}, environment=OPEN) as orchestrator,
    ):
        await orchestrator.backends.RegisterBackendInstance(request(first.target))
        name = await orchestrator.begin(script(("scripted_sleep", 2.0)), state=executions_pb2.STATE_RUNNING)
        other = "backends/scripted/instances/node-2"
        await orchestrator.backends.RegisterBackendInstance(request(second.target, name=other))
        await orchestrator.backends.UnregisterBackendInstance(backends_pb2.UnregisterBackendInstanceRequest(name=NAME))
        assert await known(orchestrator) == [other]
        last = await orchestrator.outcome(name)
        assert (last.state, last.attempt) == (executions_pb2.STATE_COMPLETED, 2), last.error
        assert last.backend_instance == other
        assert [attempt.backend_instance for attempt in last.closed_attempts] == [NAME]


async def test_a_lease_ends(folder: Path) -> None:
    """An instance that is not renewed disappears when its lease ends."""
    async with start_backend() as backend, RunningOrchestrator(folder, backends={}, environment=OPEN) as orchestrator:
        await orchestrator.backends.RegisterBackendInstance(request(backend.target, seconds=10))
        assert await known(orchestrator) == [NAME]
        await until_known(orchestrator, [])


async def test_a_service_registers_itself_and_leaves(folder: Path, script: Script) -> None:
    """A service told to register does so, again after a restart of the orchestrator, and unregisters on SIGTERM."""
    async with RunningOrchestrator(folder, backends={}, environment=OPEN) as orchestrator:
        settings = {
            "PROXIMA_BACKEND_REGISTER_WITH": orchestrator.target,
            "PROXIMA_BACKEND_INSTANCE_ID": "node-1",
            "PROXIMA_BACKEND_LEASE_SECONDS": "10",
        }
        async with start_backend(environment=settings) as backend:
            await until_known(orchestrator, [NAME])
            name = await orchestrator.begin(script(("scripted_sleep", 6.0)), state=executions_pb2.STATE_RUNNING)
            await orchestrator.kill()
            await orchestrator.start()
            last = await orchestrator.outcome(name)
            assert (last.state, last.attempt) == (executions_pb2.STATE_COMPLETED, 1), last.error
            assert await known(orchestrator) == [NAME]
            backend.process.terminate()
            await backend.process.wait()
            assert await known(orchestrator) == []


async def test_an_instance_that_moves_replaces_itself(folder: Path) -> None:
    """A known name at another target is one instance at the new target."""
    async with (
        start_backend() as first,
        start_backend() as second,
        RunningOrchestrator(folder, backends={}, environment=OPEN) as orchestrator,
    ):
        await orchestrator.backends.RegisterBackendInstance(request(first.target))
        answer = await orchestrator.backends.RegisterBackendInstance(request(second.target))
        assert answer.instance.target == second.target
        assert await known(orchestrator) == [NAME]


async def test_registration_has_to_be_allowed(folder: Path) -> None:
    """By default both calls are PERMISSION_DENIED and name the setting."""
    async with RunningOrchestrator(folder, backends={}) as orchestrator:
        stub = orchestrator.backends
        for call in (
            stub.RegisterBackendInstance(request(DEAD)),
            stub.UnregisterBackendInstance(backends_pb2.UnregisterBackendInstanceRequest(name=NAME)),
        ):
            error = await refused(call)
            assert error.reason == errors_pb2.ERROR_REASON_PERMISSION_DENIED
            assert "PROXIMA_ORCHESTRATOR_REGISTRATION" in error.message


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (request(DEAD, name="backends/scripted/instances/7"), "name"),
        (request(DEAD, name="backends/Scripted/instances/a"), "name"),
        (request(DEAD, name="executions/1"), "name"),
        (request(DEAD, name="backends/x/instances/" + "a" * 64), "name"),
        (request("nowhere"), "target"),
        (request("unix:relative"), "target"),
        (request(DEAD, seconds=9), "lease"),
        (request(DEAD, seconds=3601), "lease"),
    ],
)
async def test_malformed_registrations_are_refused(
    folder: Path, message: backends_pb2.RegisterBackendInstanceRequest, field: str
) -> None:
    """A bad name, target or lease is INVALID_REQUEST with the field's name."""
    async with RunningOrchestrator(folder, backends={}, environment=OPEN) as orchestrator:
        error = await refused(orchestrator.backends.RegisterBackendInstance(message))
        assert (error.reason, error.metadata["field"]) == (errors_pb2.ERROR_REASON_INVALID_REQUEST, field)


async def test_what_does_not_answer_as_that_backend_is_not_registered(folder: Path) -> None:
    """A dead target and one of another backend are BACKEND_UNAVAILABLE and leave nothing behind."""
    async with start_backend() as backend, RunningOrchestrator(folder, backends={}, environment=OPEN) as orchestrator:
        other = "backends/other/instances/node-1"
        for target, name in ((f"unix:{folder}/nobody.sock", NAME), (backend.target, other)):
            error = await refused(orchestrator.backends.RegisterBackendInstance(request(target, name=name)))
            assert error.reason == errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE
        assert await known(orchestrator) == []


async def test_unknown_instances_cannot_be_removed(folder: Path) -> None:
    """Unregistering a name that nobody registered is NOT_FOUND, one of the configuration too."""
    async with contextlib.AsyncExitStack() as stack:
        backend = await stack.enter_async_context(start_backend())
        orchestrator = await stack.enter_async_context(
            RunningOrchestrator(folder, backends={"scripted": backend.target}, environment=OPEN)
        )
        for name in (NAME, "backends/scripted/instances/0", ""):
            message = backends_pb2.UnregisterBackendInstanceRequest(name=name)
            error = await refused(orchestrator.backends.UnregisterBackendInstance(message))
            assert error.reason == errors_pb2.ERROR_REASON_NOT_FOUND
