"""The supervisor of the local cluster: `python -m proxima_cli.cluster.supervisor --ready-fd FD --idle-seconds SECONDS`.

It leads a process session of its own, holds the lock, listens on the control socket, runs the services, and leaves
when it is told to, when nothing has run for the idle limit, or when its socket folder has gone. Its services die with
it.
"""

import argparse
import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from io import BufferedWriter

from proxima.orchestrator.v1 import backends_pb2, backends_pb2_grpc
from proxima_runtime.channel import open_channel, unary
from proxima_runtime.errors import ProximaError

from proxima_cli.cluster.environment import service_environment
from proxima_cli.cluster.environments import environment_python
from proxima_cli.cluster.paths import ClusterPaths, make_private, resolve_paths
from proxima_cli.cluster.process import Command, ServiceProcess
from proxima_cli.cluster.protocol import MAX_LINE_BYTES, REQUESTS, ClusterStatus, encode
from proxima_cli.cluster.stack import ORCHESTRATOR, Stack, find_stack

__all__ = ["Supervisor", "main"]

BUSY = b"busy\n"
LISTENING = b"listening\n"

_START_SECONDS = 120.0
_DRAIN_SECONDS = 25.0
_BACKEND_STOP_SECONDS = 10.0
_MAX_IDLE_CHECK_SECONDS = 30.0


class Supervisor:
    """Runs the services of a stack until it is told to stop."""

    def __init__(self, stack: Stack, paths: ClusterPaths, *, idle_seconds: float) -> None:
        self._identity = stack.identity
        self._paths = paths
        self._idle_seconds = idle_seconds
        self._started = time.monotonic()
        self._phase = "starting"
        self._reason = ""
        self._changes = asyncio.Condition()
        self._notifications: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._services = [
            ServiceProcess(
                Command(
                    name=service.name,
                    python=environment_python(stack, paths, service),
                    module=service.module,
                    environment=service_environment(stack, paths, service),
                    socket=paths.socket(service.name),
                    log=paths.logs / f"{service.name}.log",
                    directory=paths.home,
                ),
                changed=self._notify,
            )
            for service in stack.services
        ]

    @property
    def _orchestrator(self) -> ServiceProcess:
        return next(service for service in self._services if service.command.name == ORCHESTRATOR)

    async def run(self, *, ready_fd: int) -> None:
        """Serve until stopped; `ready_fd` gets a line when the control socket listens, and is closed."""
        self._paths.control.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._answer, path=self._paths.control, limit=MAX_LINE_BYTES)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.stop, f"signal {number.name}")
        os.write(ready_fd, LISTENING)
        os.close(ready_fd)
        _say(f"supervising {self._identity}")
        tasks = [asyncio.create_task(service.run()) for service in self._services]
        watchers = [asyncio.create_task(self._watch_start()), asyncio.create_task(self._watch_idle())]
        await self._stop.wait()
        _say(f"stopping: {self._reason}")
        for watcher in watchers:
            watcher.cancel()
        # The orchestrator first: it lets running executions end, and writes down what it leaves.
        await self._orchestrator.stop(grace_seconds=_DRAIN_SECONDS)
        await asyncio.gather(*(service.stop(grace_seconds=_BACKEND_STOP_SECONDS) for service in self._services))
        await asyncio.gather(*tasks, *watchers, return_exceptions=True)
        self._paths.control.unlink(missing_ok=True)
        server.close()
        for service in self._services:
            service.command.socket.unlink(missing_ok=True)
        _say("stopped")

    def stop(self, reason: str) -> None:
        """Begin to stop. Once is enough."""
        if not self._stop.is_set():
            self._phase = "stopping"
            self._reason = reason
            self._stop.set()
            self._notify()

    def status(self) -> ClusterStatus:
        """Return what a command shows."""
        return ClusterStatus(
            identity=self._identity,
            phase=self._phase,
            reason=self._reason,
            pid=os.getpid(),
            memory_bytes=_own_memory(),
            uptime_seconds=time.monotonic() - self._started,
            server=self._orchestrator.command.target,
            home=str(self._paths.home),
            logs=str(self._paths.logs),
            idle_limit_seconds=self._idle_seconds,
            services=tuple(service.status() for service in self._services),
        )

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one command's connection."""
        with contextlib.suppress(ConnectionError, asyncio.LimitOverrunError, ValueError):
            request = (await reader.readline()).decode(errors="replace").strip()
            if request in REQUESTS:
                if request == "down":
                    self.stop("`proxima down`")
                await self._report(writer, until_gone=request == "down", follow=request != "status")
        writer.close()

    async def _report(self, writer: asyncio.StreamWriter, *, until_gone: bool, follow: bool) -> None:
        async with self._changes:
            while True:
                writer.write(encode(self.status()))
                await writer.drain()
                if not follow or (not until_gone and self._phase != "starting"):
                    return
                await self._changes.wait()

    def _notify(self) -> None:
        """Wake everybody who follows the status."""
        task = asyncio.get_running_loop().create_task(self._wake())
        self._notifications.add(task)
        task.add_done_callback(self._notifications.discard)

    async def _wake(self) -> None:
        async with self._changes:
            self._changes.notify_all()

    async def _watch_start(self) -> None:
        """Become ready when every service serves or has failed; a slow backend does not hold the others for ever."""
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        async with self._changes:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._changes.wait_for(self._has_settled)
        self._phase = "ready"
        self._notify()
        states = ", ".join(f"{service.command.name} {service.state}" for service in self._services)
        _say(f"ready after {time.monotonic() - self._started:.1f} s: {states}")

    def _has_settled(self) -> bool:
        return all(service.state in ("serving", "failed") for service in self._services)

    async def _watch_idle(self) -> None:
        """Stop when nothing has run for the limit, or when nobody can reach us any more."""
        pause = min(_MAX_IDLE_CHECK_SECONDS, self._idle_seconds / 4) if self._idle_seconds else _MAX_IDLE_CHECK_SECONDS
        async with open_channel(self._orchestrator.command.target) as channel:
            catalog = backends_pb2_grpc.BackendCatalogServiceStub(channel)
            while True:
                await asyncio.sleep(pause)
                if not self._paths.control.is_socket():
                    return self.stop(f"{self._paths.control} has gone")
                if not self._idle_seconds or self._phase != "ready":
                    continue
                with contextlib.suppress(ProximaError):
                    info = await unary(catalog.GetServerInfo, backends_pb2.GetServerInfoRequest(), deadline_seconds=5.0)
                    idle = time.time() - info.last_activity_time.ToNanoseconds() / 1e9
                    if info.active_execution_count == 0 and idle > self._idle_seconds:
                        return self.stop(f"nothing has run for {idle:.0f} s")


def main() -> None:
    """Become the supervisor, or say "busy" where there is one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ready-fd", type=int, required=True)
    parser.add_argument("--idle-seconds", type=float, required=True)
    arguments = parser.parse_args()
    os.umask(0o077)
    stack = find_stack()
    paths = resolve_paths(stack)
    lock = _lock(paths)
    if lock is None:
        os.write(arguments.ready_fd, BUSY)
        return
    with lock:
        asyncio.run(_serve(stack, paths, idle_seconds=arguments.idle_seconds, ready_fd=arguments.ready_fd))
        # Removed while it is held: whoever has opened it meanwhile finds that it is no longer the file at that place.
        paths.lock.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            paths.runtime.rmdir()


def _lock(paths: ClusterPaths) -> BufferedWriter | None:
    """Take the lock; None where another supervisor has it."""
    while True:
        make_private(paths)
        try:
            lock = paths.lock.open("ab")
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock.fileno()).st_ino == paths.lock.stat().st_ino:
                return lock
        except BlockingIOError:
            lock.close()
            return None
        except FileNotFoundError:
            pass
        lock.close()


async def _serve(stack: Stack, paths: ClusterPaths, *, idle_seconds: float, ready_fd: int) -> None:
    await Supervisor(stack, paths, idle_seconds=idle_seconds).run(ready_fd=ready_fd)


def _own_memory() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _say(text: str) -> None:
    """Write a line to the supervisor's log, which is its standard error."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(f"{stamp} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
