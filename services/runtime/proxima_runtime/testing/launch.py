"""Starting a backend service as a real process, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from proxima_runtime.channel import open_channel

_START_SECONDS = 120.0
_STOP_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class RunningBackend:
    """A backend service that runs.

    Attributes:
        target: its gRPC target.
        process: its process; stopped by the context manager unless it has ended.
        log: the file that has its standard error.
    """

    target: str
    process: asyncio.subprocess.Process
    log: Path


@contextlib.asynccontextmanager
async def start_backend(
    module: str = "proxima_runtime.testing",
    *,
    listen: str | None = None,
    environment: Mapping[str, str] | None = None,
    wait: bool = True,
) -> AsyncIterator[RunningBackend]:
    """Run `python -m <module>` with this interpreter and yield it when it serves.

    Args:
        module: the backend's package, for example "proxima_backend_qiskit".
        listen: where it listens; a Unix socket in a temporary folder by default.
        environment: variables over this process's own, for example PROXIMA_BACKEND_GRACE_SECONDS.
        wait: wait for health SERVING; else yield as soon as it is started.

    Raises:
        RuntimeError: it ended before it served; the message has its log.
    """
    with tempfile.TemporaryDirectory(prefix="proxima-") as folder:
        target = listen or f"unix:{folder}/backend.sock"
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                "--listen",
                target,
                "--exit-with-parent",
                stdin=asyncio.subprocess.DEVNULL,
                stderr=file,
                env={**os.environ, **(environment or {})},
            )
        try:
            if wait:
                await _wait(target, process, log)
            yield RunningBackend(target=target, process=process, log=log)
        finally:
            await _stop(process)


async def _wait(target: str, process: asyncio.subprocess.Process, log: Path) -> None:
    serving = asyncio.create_task(wait_until_serving(target))
    ended = asyncio.create_task(process.wait())
    await asyncio.wait((serving, ended), timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
        ended.cancel()
        return
    serving.cancel()
    ended.cancel()
    how = f"ended with status {process.returncode}" if process.returncode is not None else "did not serve in time"
    text = await asyncio.to_thread(log.read_text, errors="replace")
    raise RuntimeError(f"the backend on {target} {how}:\n{text}")


async def wait_until_serving(target: str) -> None:
    """Return when a service's health says SERVING."""
    async with open_channel(target) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        while True:
            # The socket may not be there yet, and a watch may break off while the service starts.
            with contextlib.suppress(grpc.aio.AioRpcError):
                async for answer in stub.Watch(health_pb2.HealthCheckRequest(), wait_for_ready=True):
                    if answer.status == health_pb2.HealthCheckResponse.SERVING:
                        return


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
