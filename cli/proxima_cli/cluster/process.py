"""One service of the cluster: started, watched until it serves, started again when it ends by itself."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from proxima_runtime.channel import open_channel

from proxima_cli.cluster import tether
from proxima_cli.cluster.accounting import resident_memory
from proxima_cli.cluster.logs import BoundedLog
from proxima_cli.cluster.protocol import ServiceStatus

__all__ = ["Command", "ServiceProcess"]

_MAX_RESTARTS = 5
_STEADY_SECONDS = 60.0
# What a service ends with that cannot read its settings: it would do so again.
_BAD_SETTINGS = 2
_FIRST_DELAY_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a service runs: interpreter, module, environment variables, its socket and its log."""

    name: str
    python: Path
    module: str
    environment: Mapping[str, str]
    socket: Path
    log: Path
    directory: Path

    @property
    def target(self) -> str:
        """Its gRPC target."""
        return f"unix:{self.socket}"


class ServiceProcess:
    """Keeps one service running until `stop`. `changed` is called at every change of state.

    A service that ends by itself is started again after a pause that doubles; after five times within a minute of each
    other, and where its settings are wrong, it is left alone in state "failed".
    """

    def __init__(self, command: Command, *, changed: Callable[[], None]) -> None:
        self.command = command
        self.state = "starting"
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._started = 0.0
        self._restarts = 0
        self._last_exit = ""
        self._stopping = asyncio.Event()
        self._log = BoundedLog(command.log)

    async def run(self) -> None:
        """Run the service until `stop` is called, or until it has failed for good."""
        failures = 0
        while not self._stopping.is_set():
            await self._run_once()
            if self._stopping.is_set():
                break
            if self._process is not None and self._process.returncode == _BAD_SETTINGS:
                self._set("failed")
                return
            failures = 1 if time.monotonic() - self._started > _STEADY_SECONDS else failures + 1
            if failures > _MAX_RESTARTS:
                self._set("failed")
                return
            self._set("restarting")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _FIRST_DELAY_SECONDS * 2 ** (failures - 1))
            self._restarts += 1
        self._set("stopped")

    async def stop(self, *, grace_seconds: float) -> None:
        """Ask the service to drain, kill what is left after `grace_seconds`."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), grace_seconds)
        except TimeoutError:
            self._log.write(b"proxima supervisor: killed after the time to drain\n")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def status(self) -> ServiceStatus:
        """Return what a command shows."""
        running = self._process is not None and self._process.returncode is None
        pid = self._process.pid if self._process is not None and running else None
        memory, count = resident_memory(pid) if pid is not None else (0, 0)
        return ServiceStatus(
            name=self.command.name,
            state=self.state,
            pid=pid,
            memory_bytes=memory,
            process_count=count,
            uptime_seconds=time.monotonic() - self._started if running else 0.0,
            restart_count=self._restarts,
            last_exit=self._last_exit,
            target=self.command.target,
            log=str(self.command.log),
        )

    async def _run_once(self) -> None:
        """Start the process and return when it has ended."""
        command = self.command
        command.socket.unlink(missing_ok=True)
        self._set("starting")
        self._started = time.monotonic()
        tethered = (sys.executable, "-I", "-S", tether.__file__, str(os.getpid()))
        try:
            process = await asyncio.create_subprocess_exec(
                *tethered,
                str(command.python),
                "-m",
                command.module,
                env=dict(command.environment),
                cwd=command.directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            self._last_exit = f"could not start: {error.strerror}"
            return
        self._process = process
        health = asyncio.create_task(self._watch_health())
        try:
            await self._copy_output(process)
            await process.wait()
        finally:
            health.cancel()
            await asyncio.gather(health, return_exceptions=True)
        code = process.returncode or 0
        self._last_exit = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        # Ends when the process and its workers have closed it; a worker that outlives its service must not hold us.
        reader = process.stdout
        ended = asyncio.create_task(process.wait())
        try:
            while True:
                read = asyncio.create_task(reader.read(2**16))
                await asyncio.wait((read, ended), return_when=asyncio.FIRST_COMPLETED)
                if not read.done():
                    read.cancel()
                    return
                data = read.result()
                if not data:
                    return
                self._log.write(data)
        finally:
            ended.cancel()

    async def _watch_health(self) -> None:
        """Follow grpc.health.v1 from the first answer on; a lost stream is opened again."""
        async with open_channel(self.command.target) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            while True:
                try:
                    async for answer in stub.Watch(health_pb2.HealthCheckRequest(), wait_for_ready=True):
                        serving = answer.status == health_pb2.HealthCheckResponse.SERVING
                        if serving:
                            self._set("serving")
                        elif self.state == "serving":
                            self._set("not serving")
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.1)

    def _set(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self._changed()
