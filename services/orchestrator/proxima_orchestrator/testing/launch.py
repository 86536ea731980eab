"""Starting, killing and restarting the orchestrator on one data directory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from proxima.orchestrator.v1 import backends_pb2_grpc, executions_pb2, executions_pb2_grpc
from proxima_runtime.channel import open_channel

_START_SECONDS = 60.0
_STOP_SECONDS = 40.0


class RunningOrchestrator:
    """An orchestrator process on a folder of its own; an async context manager.

    Attributes:
        target: gRPC target, a Unix socket in the folder.
        channel: a channel to it, which survives a restart.
        executions, backends: stubs on that channel.
        process: the process of now.
        log: the file that has its standard error.
    """

    def __init__(
        self, folder: Path, *, backends: Mapping[str, str], environment: Mapping[str, str] | None = None
    ) -> None:
        """Describe an orchestrator.

        Args:
            folder: a short path that holds the socket, the data and the log.
            backends: targets by name of backend.
            environment: variables over this process's own, for example PROXIMA_ORCHESTRATOR_GRACE_SECONDS.
        """
        self._folder = folder
        self._environment = {
            "PROXIMA_ORCHESTRATOR_BACKENDS": ",".join(f"{name}={target}" for name, target in backends.items()),
            "PROXIMA_ORCHESTRATOR_DATA_DIR": str(folder / "data"),
            **(environment or {}),
        }
        self.target = f"unix:{folder}/orchestrator.sock"
        self.log = folder / "orchestrator.log"
        self.channel: grpc.aio.Channel
        self.executions: executions_pb2_grpc.ExecutionServiceAsyncStub
        self.backends: backends_pb2_grpc.BackendCatalogServiceAsyncStub
        self.process: asyncio.subprocess.Process

    async def __aenter__(self) -> Self:
        """Start it and wait until it serves."""
        self.channel = open_channel(self.target)
        self.executions = executions_pb2_grpc.ExecutionServiceStub(self.channel)
        self.backends = backends_pb2_grpc.BackendCatalogServiceStub(self.channel)
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        await self.channel.close(None)
        await self.kill()

    async def start(self) -> None:
        """Start the process, again after `kill` or `stop`, and wait until it serves.

        Raises:
            RuntimeError: it ended before it served; the message has its log.
        """
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "proxima_orchestrator", "--listen", self.target, "--exit-with-parent"),
                stdin=asyncio.subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, **self._environment},
            )
        serving = asyncio.create_task(self._serving())
        ended = asyncio.create_task(self.process.wait())
        await asyncio.wait((serving, ended), timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not serving.done():
            serving.cancel()
            text = await asyncio.to_thread(self.log.read_text, errors="replace")
            raise RuntimeError(f"the orchestrator did not serve, status {self.process.returncode}:\n{text}")

    async def kill(self) -> None:
        """Kill the process as `kill -9` does."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Stop the process as an operator does, with SIGTERM, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), _STOP_SECONDS)

    async def execute(
        self, spec: executions_pb2.ExecutionSpec, *, request_id: str = "", deliver_results: bool = False
    ) -> AsyncGenerator[executions_pb2.ExecuteResponse]:
        """Yield the messages of an execution."""
        request = executions_pb2.ExecuteRequest(spec=spec, request_id=request_id, deliver_results=deliver_results)
        async for message in self.executions.Execute(request):
            yield message

    async def begin(self, spec: executions_pb2.ExecutionSpec, *, state: executions_pb2.State) -> str:
        """Execute, go away when the execution has reached a state, and return its name."""
        async with contextlib.aclosing(self.execute(spec)) as messages:
            async for message in messages:
                if message.execution.state == state:
                    return message.execution.name
        raise RuntimeError(f"it ended before it reached {state}: {message}")

    async def finish(self, spec: executions_pb2.ExecutionSpec) -> executions_pb2.Execution:
        """Execute and return the last snapshot."""
        last = executions_pb2.Execution()
        async for message in self.execute(spec):
            if message.HasField("execution"):
                last = message.execution
        return last

    async def outcome(self, name: str) -> executions_pb2.Execution:
        """Follow an execution to its end and return the last snapshot."""
        last = executions_pb2.Execution()
        async for message in self.executions.WatchExecution(executions_pb2.WatchExecutionRequest(name=name)):
            if message.HasField("execution"):
                last = message.execution
        return last

    async def get(self, name: str) -> executions_pb2.Execution:
        """Return the snapshot of now."""
        answer = await self.executions.GetExecution(executions_pb2.GetExecutionRequest(name=name))
        return answer.execution

    async def _serving(self) -> None:
        stub = health_pb2_grpc.HealthStub(self.channel)
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                async for answer in stub.Watch(health_pb2.HealthCheckRequest(), wait_for_ready=True):
                    if answer.status == health_pb2.HealthCheckResponse.SERVING:
                        return
