"""The one way to run a gRPC server: health, reflection, errors, metrics, draining."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import grpc
import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from proxima_runtime.address import Address
from proxima_runtime.interceptor import CallInterceptor
from proxima_runtime.lifetime import die_with_parent
from proxima_runtime.metrics import Metrics, MetricsServer
from proxima_runtime.settings import ServiceSettings

_log = structlog.get_logger(__name__)

# After the drain: what gRPC gets to send its last bytes.
_LAST_WORDS_SECONDS = 1.0


class Health(Protocol):
    """Tells health checks whether the service takes work."""

    async def set_serving(self, *, serving: bool) -> None:
        """SERVING or NOT_SERVING from now on."""


class Service(Protocol):
    """A part of a server."""

    def register(self, server: grpc.aio.Server) -> str:
        """Add the handlers and return the full name of the gRPC service."""

    async def start(self, health: Health) -> None:
        """Get ready; the server listens already and says NOT_SERVING until every service has returned from here.
        Later changes go to `health`.
        """

    async def drain(self) -> None:
        """Take no new work and return when the work at hand is done; cancelled when the time for that is up."""

    async def close(self) -> None:
        """Stop what still runs, tell its callers, and release everything."""


async def serve(services: Sequence[Service], settings: ServiceSettings, *, metrics: Metrics) -> None:
    """Serve until SIGTERM or SIGINT, then drain: NOT_SERVING, no new work, wait at most `drain_seconds`, stop.

    A second signal ends the waiting. Logs "listening" with the target in force.

    Raises:
        OSError: the address cannot be had; the message says why.
        ProximaError: a service could not start.
    """
    if settings.exit_with_parent:
        die_with_parent(signal.SIGTERM)
    stopping = asyncio.Event()
    hurry = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, stopping, hurry)
    server = grpc.aio.server(interceptors=(CallInterceptor(metrics),), options=_options(settings))
    names = [service.register(server) for service in services]
    health_servicer = _HealthServicer(names)
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer.servicer, server)
    reflection.enable_server_reflection((*names, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    await health_servicer.set_serving(serving=False)
    metrics_server = None
    if settings.metrics_listen is not None:
        metrics_server = MetricsServer(metrics, settings.metrics_listen)
        _log.info("metrics listening", target=metrics_server.target)
    target = _bind(server, settings)
    try:
        await server.start()
        _log.info("listening", target=target, pid=os.getpid())
        await _run(services, health_servicer, stopping)
        _log.info("draining", drain_seconds=settings.drain_seconds)
        await health_servicer.set_serving(serving=False)
        await _drain(services, settings.drain_seconds, hurry)
    finally:
        for service in services:
            await service.close()
        await server.stop(_LAST_WORDS_SECONDS)
        if metrics_server is not None:
            metrics_server.close()
        _remove_socket(settings.listen_address)
        _log.info("stopped", target=target)


def _on_signal(stopping: asyncio.Event, hurry: asyncio.Event) -> None:
    if stopping.is_set():
        hurry.set()
    stopping.set()


async def _run(services: Sequence[Service], health_servicer: _HealthServicer, stopping: asyncio.Event) -> None:
    """Start the services and return when the server is told to stop; a service that cannot start raises."""
    stop = asyncio.create_task(stopping.wait())
    start = asyncio.create_task(_start(services, health_servicer))
    await asyncio.wait((stop, start), return_when=asyncio.FIRST_COMPLETED)
    if start.done():
        start.result()
        await stop
    else:
        start.cancel()
        await asyncio.wait((start,))


async def _start(services: Sequence[Service], health_servicer: _HealthServicer) -> None:
    for service in services:
        await service.start(health_servicer)
    await health_servicer.set_serving(serving=True)
    # What is there now stays: the garbage collector need not look at it again, nor so often at what comes.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    _log.info("serving")


async def _drain(services: Sequence[Service], seconds: float, hurry: asyncio.Event) -> None:
    tasks = [asyncio.create_task(service.drain()) for service in services]
    hurried = asyncio.create_task(hurry.wait())
    every = asyncio.gather(*tasks)
    await asyncio.wait((every, hurried), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if every.done():
        every.result()
        return
    _log.warning("drain cut short", drain_seconds=seconds)
    every.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await every


class _HealthServicer:
    """gRPC's health service for the server as a whole and each of its services."""

    def __init__(self, names: Sequence[str]) -> None:
        self.servicer = health.aio.HealthServicer()  # type: ignore[attr-defined] # missing in the stubs
        self._names = ("", *names)

    async def set_serving(self, *, serving: bool) -> None:
        """See `Health`."""
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in self._names:
            await self.servicer.set(name, status)


def _options(settings: ServiceSettings) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        # Two servers on one port would share the callers.
        ("grpc.so_reuseport", 0),
        # Callers may ask every 10 s whether we live, also between calls; we ask too.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.http2.max_frame_size", 2**20),
        ("grpc.http2.lookahead_bytes", 4 * 2**20),
    ]


def _bind(server: grpc.aio.Server, settings: ServiceSettings) -> str:
    """Bind the server and return the target in force."""
    address = settings.listen_address
    credentials = _credentials(settings)
    if address.path is not None:
        _clear_socket(address.path)
    # Between bind and chmod a socket would be open to everybody.
    mask = os.umask(0o177)
    try:
        if credentials is None:
            port = server.add_insecure_port(address.target)
        else:
            port = server.add_secure_port(address.target, credentials)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address.target}: {error}") from error
    finally:
        os.umask(mask)
    if address.path is not None:
        return address.target
    return Address(host=address.host, port=port).target


def _credentials(settings: ServiceSettings) -> grpc.ServerCredentials | None:
    if settings.tls_certificate_file is None or settings.tls_key_file is None:
        return None
    pair = (settings.tls_key_file.read_bytes(), settings.tls_certificate_file.read_bytes())
    ca = settings.tls_client_ca_file.read_bytes() if settings.tls_client_ca_file is not None else None
    return grpc.ssl_server_credentials([pair], root_certificates=ca, require_client_auth=ca is not None)


def _clear_socket(path: Path) -> None:
    """Remove the socket of a server that died.

    Raises:
        OSError: a server lives there, or it is no socket.
    """
    if not path.parent.is_dir():
        raise OSError(f"cannot listen on {path}: there is no folder {path.parent}")
    if not path.exists():
        return
    if not path.is_socket():
        raise OSError(f"cannot listen on {path}: a file is there that is no socket; remove it or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except TimeoutError:
            pass
    raise OSError(f"cannot listen on {path}: another server does already")


def _remove_socket(address: Address) -> None:
    if address.path is not None:
        address.path.unlink(missing_ok=True)
