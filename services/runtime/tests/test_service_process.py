"""The service as a process: starting, draining, dying, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import sys
import tempfile
import urllib.request
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima_runtime.channel import open_channel, unary
from proxima_runtime.errors import InvalidArgument, ProximaError, ResourceExhausted, Unavailable, from_rpc_error
from proxima_runtime.testing import BackendCaller, scripted_job, start_backend, wait_until_serving

METHOD = "/proxima.backend.v1.BackendService/"


def children_of(pid: int) -> list[int]:
    """Return the process ids of a process's children."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def wait_until_gone(pids: list[int]) -> None:
    """Return when the processes have ended."""
    loop = asyncio.get_running_loop()
    for pid in pids:
        try:
            file = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        gone = loop.create_future()
        loop.add_reader(file, gone.set_result, None)
        await asyncio.wait_for(gone, 20)
        loop.remove_reader(file)
        os.close(file)


async def wait_until_not_serving(target: str) -> None:
    """Return when a service's health says NOT_SERVING."""
    async with open_channel(target) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        async for answer in watch:
            if answer.status == health_pb2.HealthCheckResponse.NOT_SERVING:
                return


class Spoken:
    """A service whose log lines are read as they come; an async context manager."""

    def __init__(self, **environment: str) -> None:
        self._environment = environment

    async def __aenter__(self) -> Spoken:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "proxima_runtime.testing",
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **self._environment},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        await asyncio.wait_for(self.process.communicate(), 20)

    async def said(self, event: str) -> dict[str, object]:
        """Return the next line of this event."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            fields: dict[str, object] = json.loads(line)
            if fields["event"] == event:
                return fields
        raise AssertionError(f"the service ended without {event}")


def test_the_socket_is_for_its_owner_only(runner: asyncio.Runner) -> None:
    """A Unix socket has mode 0600, and is gone after a clean stop."""

    async def scenario() -> str:
        async with start_backend() as backend:
            path = backend.target.removeprefix("unix:")
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            backend.process.terminate()
            assert await backend.process.wait() == 0
            return path

    assert not os.path.lexists(runner.run(scenario()))


def test_port_0_is_logged_with_the_port_in_force(runner: asyncio.Runner) -> None:
    """The "listening" line names the target that callers use, and metrics are served beside it."""

    async def scenario() -> None:
        async with Spoken(PROXIMA_BACKEND_METRICS_LISTEN="127.0.0.1:0") as service:
            metrics = (await service.said("metrics listening"))["target"]
            target = str((await service.said("listening"))["target"])
            await service.said("serving")
            async with BackendCaller(target) as caller:
                assert (await caller.run(scripted_job(shots=1))).is_complete
            text = await asyncio.to_thread(read, f"http://{metrics}/metrics")

            assert not target.endswith(":0")
            assert 'proxima_backend_executions_total{outcome="completed"} 1.0' in text
            assert f'proxima_requests_total{{code="OK",method="{METHOD}Execute"}} 1.0' in text
            assert 'proxima_backend_workers{state="idle"}' in text

    runner.run(scenario())


def read(url: str) -> str:
    """Return the text behind a local URL."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as response:
        return str(response.read(), "utf-8")


def test_sigterm_waits_for_the_run(runner: asyncio.Runner) -> None:
    """A draining service says NOT_SERVING, starts nothing, and finishes what runs before it stops."""

    async def scenario() -> None:
        async with start_backend() as backend, BackendCaller(backend.target) as caller:
            running = await caller.start(scripted_job(("scripted_sleep", 1.5)))
            await running.until("accepted")
            backend.process.terminate()
            await asyncio.wait_for(wait_until_not_serving(backend.target), 20)
            refused = await caller.start(scripted_job(shots=1))
            with pytest.raises(Unavailable) as caught:
                await refused.finish()
            assert caught.value.reason == errors_pb2.ERROR_REASON_DRAINING
            assert (await running.finish()).is_complete
            assert await asyncio.wait_for(backend.process.wait(), 20) == 0

    runner.run(scenario())


def test_a_drain_has_an_end(runner: asyncio.Runner) -> None:
    """After `drain_seconds` what still runs is stopped, and its caller learns why."""

    async def scenario() -> None:
        environment = {"PROXIMA_BACKEND_DRAIN_SECONDS": "0.3"}
        async with start_backend(environment=environment) as backend, BackendCaller(backend.target) as caller:
            running = await caller.start(scripted_job(("scripted_sleep", 60)))
            await running.until("accepted")
            backend.process.terminate()
            assert (await running.finish()).error.reason == errors_pb2.ERROR_REASON_DRAINING
            assert await asyncio.wait_for(backend.process.wait(), 20) == 0

    runner.run(scenario())


def test_a_killed_service_leaves_no_worker(runner: asyncio.Runner) -> None:
    """SIGKILL of the service ends its workers, at work or idle."""

    async def scenario() -> None:
        async with start_backend() as backend, BackendCaller(backend.target) as caller:
            running = await caller.start(scripted_job(("scripted_deafen", 0), ("scripted_sleep", 60)))
            await running.until("progress")
            workers = children_of(backend.process.pid)
            backend.process.kill()
            await wait_until_gone(workers)
            with pytest.raises(Unavailable) as caught:
                await running.finish()

            assert workers
            assert caught.value.reason == errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE

    runner.run(scenario())


def test_the_service_goes_with_its_parent(runner: asyncio.Runner) -> None:
    """With `exit_with_parent` a service does not outlive the process that started it."""
    parent = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'proxima_runtime.testing', '--exit-with-parent',"
        " '--listen', sys.argv[1]])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )

    async def scenario(target: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            parent,
            target,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        service = int(await process.stdout.readline())
        await asyncio.wait_for(wait_until_serving(target), 60)
        workers = children_of(service)
        process.kill()
        await process.wait()
        await wait_until_gone([service, *workers])

    with tempfile.TemporaryDirectory() as folder:
        runner.run(scenario(f"unix:{folder}/s"))


def test_a_stale_socket_is_replaced(runner: asyncio.Runner, tmp_path: Path) -> None:
    """The socket file of a server that died does not keep the next one from starting."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    async def scenario() -> None:
        async with start_backend(listen=f"unix:{path}") as backend, BackendCaller(backend.target) as caller:
            assert await caller.is_serving()

    runner.run(scenario())


def test_a_living_server_keeps_its_socket(runner: asyncio.Runner) -> None:
    """A second service on the same socket ends with status 1 and says why; the first goes on."""

    async def scenario() -> None:
        async with start_backend() as first, BackendCaller(first.target) as caller:
            async with start_backend(listen=first.target, wait=False) as second:
                assert await asyncio.wait_for(second.process.wait(), 30) == 1
                assert "another server does already" in second.log.read_text()
            assert (await caller.run(scripted_job(shots=1))).is_complete

    runner.run(scenario())


@pytest.mark.parametrize("kind", ["file", "no folder"])
def test_a_place_that_cannot_be_listened_on_is_named(runner: asyncio.Runner, tmp_path: Path, kind: str) -> None:
    """The service ends with status 1 and a sentence, and deletes nothing."""
    path = tmp_path / "s" if kind == "file" else tmp_path / "missing" / "s"
    if kind == "file":
        path.write_text("precious")

    async def scenario() -> None:
        async with start_backend(listen=f"unix:{path}", wait=False) as backend:
            assert await asyncio.wait_for(backend.process.wait(), 30) == 1
            assert f"cannot listen on {path}" in backend.log.read_text()

    runner.run(scenario())
    assert kind != "file" or path.read_text() == "precious"


def test_a_simulator_that_does_not_start_ends_the_service(runner: asyncio.Runner) -> None:
    """A backend that can never work says what is missing and exits with status 1, instead of waiting for ever."""

    async def scenario() -> None:
        environment = {"PROXIMA_SCRIPTED_UNFIT": "libfrob.so.6: cannot open shared object file"}
        async with start_backend(environment=environment, wait=False) as backend:
            assert await asyncio.wait_for(backend.process.wait(), 60) == 1
            assert "libfrob.so.6" in backend.log.read_text().splitlines()[-1]

    runner.run(scenario())


def test_what_is_no_message_is_refused(runner: asyncio.Runner) -> None:
    """Bytes that do not parse, and a message over the limit, end the call with a typed error; the service goes on."""

    async def scenario() -> None:
        environment = {"PROXIMA_BACKEND_MAX_MESSAGE_BYTES": str(2**20)}
        async with start_backend(environment=environment) as backend, open_channel(backend.target) as channel:
            whole = backend_pb2.EstimateResourcesRequest(job=scripted_job(shots=1)).SerializeToString()
            estimate = channel.unary_unary(f"{METHOD}EstimateResources", bytes, bytes)
            with pytest.raises(InvalidArgument) as caught:
                await unary(estimate, whole[:-3], deadline_seconds=10)
            assert caught.value.reason == errors_pb2.ERROR_REASON_INVALID_REQUEST
            assert (await execute(channel, whole[:-3])).reason == errors_pb2.ERROR_REASON_INVALID_REQUEST
            too_large = await execute(channel, bytes(2**21))
            assert isinstance(too_large, ResourceExhausted)
            assert too_large.reason == errors_pb2.ERROR_REASON_MESSAGE_LIMIT
            async with BackendCaller(backend.target) as caller:
                assert (await caller.run(scripted_job(shots=1))).is_complete

    runner.run(scenario())


async def execute(channel: grpc.aio.Channel, data: bytes) -> ProximaError:
    """Send raw bytes to Execute and return the error."""
    call = channel.stream_stream(f"{METHOD}Execute")(timeout=10)  # type: ignore[call-arg]
    try:
        await call.write(data)
        async for _ in call:
            pass
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error)
    except asyncio.InvalidStateError:
        # The call had failed before the write.
        pass
    await call.wait_for_connection()
    raise AssertionError("the call did not fail")


def test_a_signal_while_starting_stops_the_service(runner: asyncio.Runner) -> None:
    """SIGINT before the first worker is warm ends it cleanly."""

    async def scenario() -> None:
        async with Spoken() as service:
            await service.said("listening")
            service.process.send_signal(signal.SIGINT)
            await service.said("stopped")
            assert await asyncio.wait_for(service.process.wait(), 20) == 0

    runner.run(scenario())
