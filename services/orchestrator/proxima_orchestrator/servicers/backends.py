"""BackendCatalogService: the backends as they are now, and the orchestrator itself."""

from __future__ import annotations

import asyncio
import re
from typing import TypeAlias

import grpc
import grpc.aio
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import backends_pb2, backends_pb2_grpc
from proxima_runtime.address import parse_address
from proxima_runtime.errors import InvalidArgument, NotFound, PermissionDenied, to_status
from proxima_runtime.server import Health

from proxima_orchestrator.backends import BackendInstance, Condition
from proxima_orchestrator.catalog import BackendCatalog
from proxima_orchestrator.convert.errors import invalid
from proxima_orchestrator.convert.execution import timestamp
from proxima_orchestrator.convert.plan import duration
from proxima_orchestrator.executions.live import now
from proxima_orchestrator.executions.service import Executions
from proxima_orchestrator.version import VERSION

SERVICE = backends_pb2.DESCRIPTOR.services_by_name["BackendCatalogService"].full_name
_MAX_PAGE_SIZE = 1000
_LEASE_SECONDS = (10, 3600)
# An id that begins with a digit is an instance of the configuration.
_INSTANCE_NAME = re.compile(r"backends/([a-z][a-z0-9_-]{0,62})/instances/[a-z][a-z0-9._-]{0,62}")

_CONDITIONS = {
    Condition.UNKNOWN: backends_pb2.BackendInstance.CONDITION_UNREACHABLE,
    Condition.SERVING: backends_pb2.BackendInstance.CONDITION_SERVING,
    Condition.NOT_SERVING: backends_pb2.BackendInstance.CONDITION_NOT_SERVING,
    Condition.UNREACHABLE: backends_pb2.BackendInstance.CONDITION_UNREACHABLE,
}

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


class BackendCatalogService(backends_pb2_grpc.BackendCatalogServiceServicer):
    """Serves the catalog of backends."""

    def __init__(self, catalog: BackendCatalog, executions: Executions, *, registration: bool) -> None:
        """Serve `catalog`; instances may register themselves where `registration` is True."""
        self._catalog = catalog
        self._registration = registration
        self._executions = executions
        self._start_time = now()

    def register(self, server: grpc.aio.Server) -> str:
        """Add the handlers and return the full name of the service."""
        backends_pb2_grpc.add_BackendCatalogServiceServicer_to_server(self, server)
        return SERVICE

    async def start(self, health: Health) -> None:
        """Begin to follow the backends; none of them need be up."""
        self._catalog.start()

    async def drain(self) -> None:
        """Nothing at hand."""

    async def close(self) -> None:
        """Close the channels."""
        await self._catalog.close()

    async def ListBackends(
        self, request: backends_pb2.ListBackendsRequest, context: Context
    ) -> backends_pb2.ListBackendsResponse:
        """See the contract."""
        self._executions.touch()
        if not 0 <= request.page_size <= _MAX_PAGE_SIZE:
            raise invalid("page_size", f"must be 0 (the default of 50) to {_MAX_PAGE_SIZE}")
        names = self._catalog.names
        start = 0
        if request.page_token:
            if request.page_token not in names:
                raise InvalidArgument(
                    "page_token: is not of this list; start from the first page",
                    reason=errors_pb2.ERROR_REASON_INVALID_PAGE_TOKEN,
                )
            start = names.index(request.page_token)
        end = start + (request.page_size or 50)
        return backends_pb2.ListBackendsResponse(
            backends=await asyncio.gather(*(self._backend(name) for name in names[start:end])),
            next_page_token=names[end] if end < len(names) else "",
        )

    async def GetBackend(
        self, request: backends_pb2.GetBackendRequest, context: Context
    ) -> backends_pb2.GetBackendResponse:
        """See the contract."""
        self._executions.touch()
        name = request.name.removeprefix("backends/")
        if name not in self._catalog.names:
            known = ", ".join(self._catalog.names) or "none"
            raise NotFound(
                f"name: there is no backend {name[:100]!r}; known are: {known}",
                reason=errors_pb2.ERROR_REASON_UNKNOWN_BACKEND,
                metadata={"backend": name[:100], "known": known},
            )
        return backends_pb2.GetBackendResponse(backend=await self._backend(name))

    async def RegisterBackendInstance(
        self, request: backends_pb2.RegisterBackendInstanceRequest, context: Context
    ) -> backends_pb2.RegisterBackendInstanceResponse:
        """See the contract."""
        self._check_registration()
        backend = _registered_backend(request.name)
        try:
            parse_address(request.target.removeprefix("dns:///"))
        except ValueError as error:
            raise invalid("target", str(error)) from error
        seconds = request.lease.seconds + request.lease.nanos / 1e9
        shortest, longest = _LEASE_SECONDS
        if not shortest <= seconds <= longest:
            raise invalid("lease", f"must be {shortest} s to {longest} s, not {seconds:g} s")
        instance = await self._catalog.register(backend, request.name, request.target, lease_seconds=seconds)
        return backends_pb2.RegisterBackendInstanceResponse(
            instance=_instance(instance), expire_time=timestamp(now() + int(seconds * 1e6))
        )

    async def UnregisterBackendInstance(
        self, request: backends_pb2.UnregisterBackendInstanceRequest, context: Context
    ) -> backends_pb2.UnregisterBackendInstanceResponse:
        """See the contract."""
        self._check_registration()
        # It goes on when the caller goes away.
        await asyncio.shield(asyncio.ensure_future(self._catalog.unregister(request.name)))
        return backends_pb2.UnregisterBackendInstanceResponse()

    def _check_registration(self) -> None:
        if not self._registration:
            raise PermissionDenied(
                "this orchestrator takes backends from its configuration only; start it with "
                "PROXIMA_ORCHESTRATOR_REGISTRATION=true where everybody who can reach it may send circuits elsewhere",
                reason=errors_pb2.ERROR_REASON_PERMISSION_DENIED,
                metadata={"resource": "registration"},
            )

    async def GetServerInfo(
        self, request: backends_pb2.GetServerInfoRequest, context: Context
    ) -> backends_pb2.GetServerInfoResponse:
        """See the contract; being asked is no activity."""
        return backends_pb2.GetServerInfoResponse(
            version=VERSION,
            start_time=timestamp(self._start_time),
            active_execution_count=self._executions.active_count,
            last_activity_time=timestamp(self._executions.last_activity),
        )

    async def _backend(self, name: str) -> backends_pb2.Backend:
        instances = self._catalog.instances(name)
        await asyncio.gather(*(instance.refresh() for instance in instances))
        return backends_pb2.Backend(name=f"backends/{name}", instances=[_instance(item) for item in instances])


def _registered_backend(name: str) -> str:
    match = _INSTANCE_NAME.fullmatch(name)
    if match is None:
        raise invalid(
            "name",
            f"{name[:128]!r} is no name of an instance; expected backends/NAME/instances/ID, where both begin with a "
            "lower-case letter and go on with letters, digits, - and _",
        )
    return match[1]


def _instance(instance: BackendInstance) -> backends_pb2.BackendInstance:
    message = backends_pb2.BackendInstance(
        name=instance.name,
        target=instance.target,
        condition=_CONDITIONS[instance.condition],
        health_latency=duration(instance.health_seconds),
    )
    if instance.error is not None:
        message.error.CopyFrom(to_status(instance.error))
    if instance.capabilities_message is not None:
        message.capabilities.CopyFrom(instance.capabilities_message)
        message.memory_cap_bytes = instance.capabilities_message.memory_cap_bytes
    return message
