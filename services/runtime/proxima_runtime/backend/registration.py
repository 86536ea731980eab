"""A backend that tells an orchestrator of itself: at its start, again before the lease ends, and when it stops."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

import structlog
from google.protobuf import duration_pb2
from proxima.orchestrator.v1 import backends_pb2, backends_pb2_grpc

from proxima_runtime.channel import open_channel, unary
from proxima_runtime.errors import ProximaError

_CALL_SECONDS = 20.0
_FAREWELL_SECONDS = 15.0
_RETRY_SECONDS = (0.5, 10.0)
# Renewed so often that two calls may be lost.
_RENEWALS_A_LEASE = 3

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What to tell.

    Attributes:
        orchestrator: gRPC target of the orchestrator.
        name: resource name of the instance, "backends/{name}/instances/{id}".
        target: gRPC target where the orchestrator reaches this instance.
        lease_seconds: how long it stays known without a renewal, 10 to 3600.
    """

    orchestrator: str
    name: str
    target: str
    lease_seconds: int


class Registrar:
    """Keeps one registration alive."""

    def __init__(self, registration: Registration) -> None:
        self._registration = registration
        self._channel = open_channel(registration.orchestrator)
        self._stub = backends_pb2_grpc.BackendCatalogServiceStub(self._channel)
        self._task: asyncio.Task[None] | None = None
        self._is_known = False

    def start(self) -> None:
        """Register, and go on renewing; an orchestrator that is away is tried again until it is there."""
        self._task = asyncio.create_task(self._renew(), name="registration")

    async def leave(self) -> None:
        """Unregister where registered: the orchestrator takes up elsewhere what runs here."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        if self._is_known:
            request = backends_pb2.UnregisterBackendInstanceRequest(name=self._registration.name)
            try:
                await unary(self._stub.UnregisterBackendInstance, request, deadline_seconds=_FAREWELL_SECONDS)
                _log.info("unregistered", instance=self._registration.name)
            except ProximaError as error:
                _log.warning("could not unregister", instance=self._registration.name, message=error.message)

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close(None)

    async def _renew(self) -> None:
        shortest, longest = _RETRY_SECONDS
        delay = shortest
        registration = self._registration
        request = backends_pb2.RegisterBackendInstanceRequest(
            name=registration.name,
            target=registration.target,
            lease=duration_pb2.Duration(seconds=registration.lease_seconds),
        )
        while True:
            try:
                await unary(self._stub.RegisterBackendInstance, request, deadline_seconds=_CALL_SECONDS)
            except ProximaError as error:
                _log.warning("could not register", orchestrator=registration.orchestrator, message=error.message)
                await asyncio.sleep(delay)
                delay = min(2 * delay, longest)
                continue
            if not self._is_known:
                _log.info("registered", instance=registration.name, orchestrator=registration.orchestrator)
            self._is_known = True
            delay = shortest
            await asyncio.sleep(registration.lease_seconds / _RENEWALS_A_LEASE)
