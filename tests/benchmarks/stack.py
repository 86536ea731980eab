"""A stack of its own for each benchmark: backends and orchestrator on Unix sockets in a temporary folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 120


def environment_python(backend: str) -> Path:
    """Return the interpreter of a backend's environment.

    Raises:
        SystemExit: it is not installed.
    """
    python = ROOT / ".proxima" / "test" / backend / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"the environment of {backend} is missing; run `just environments`")
    return python


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A running stack.

    Attributes:
        target: the orchestrator's gRPC target.
        backend_targets: gRPC target of each backend.
        process_ids: process id of each service.
    """

    target: str
    backend_targets: dict[str, str]
    process_ids: dict[str, int]


@contextlib.asynccontextmanager
async def start_stack(*backends: str) -> AsyncIterator[Stack]:
    """Start the named backends and an orchestrator over them; yield when all of them serve; stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="proxima-bench-") as folder:
        targets = {name: f"unix:{folder}/{name}.sock" for name in backends}
        target = f"unix:{folder}/orchestrator.sock"
        processes: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name in backends:
                processes[name] = _start(
                    folder,
                    name,
                    environment_python(name),
                    f"proxima_backend_{name}",
                    PROXIMA_BACKEND_LISTEN=targets[name],
                )
            processes["orchestrator"] = _start(
                folder,
                "orchestrator",
                Path(sys.executable),
                "proxima_orchestrator",
                PROXIMA_ORCHESTRATOR_LISTEN=target,
                PROXIMA_ORCHESTRATOR_DATA_DIR=f"{folder}/data",
                PROXIMA_ORCHESTRATOR_BACKENDS=",".join(f"{name}={address}" for name, address in targets.items()),
            )
            for name, address in (*targets.items(), ("orchestrator", target)):
                await _wait_until_serving(name, address, processes[name], Path(folder))
            yield Stack(
                target=target, backend_targets=targets, process_ids={name: p.pid for name, p in processes.items()}
            )
        finally:
            for process in reversed(processes.values()):
                process.terminate()
            for process in processes.values():
                process.wait(timeout=30)


def _start(folder: str, name: str, python: Path, module: str, **settings: str) -> subprocess.Popen[bytes]:
    with Path(folder, f"{name}.log").open("wb") as log:
        return subprocess.Popen([python, "-m", module], env={**os.environ, **settings}, stdout=log, stderr=log)


async def _wait_until_serving(name: str, target: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    async with grpc.aio.insecure_channel(target) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if process.poll() is not None:
                break
            try:
                answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=5)
            except grpc.aio.AioRpcError:
                answer = health_pb2.HealthCheckResponse()
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
            await asyncio.sleep(0.1)
    raise SystemExit(f"{name} did not start:\n{(folder / f'{name}.log').read_text()[-4000:]}")
