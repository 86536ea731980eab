"""Waiting for the instance of a backend that a run is to go to, or was at."""

from __future__ import annotations

import asyncio

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Unavailable

from proxima_orchestrator.backends import BackendInstance
from proxima_orchestrator.catalog import BackendCatalog


async def serving_instance(catalog: BackendCatalog, backend: str, *, grace_seconds: float) -> BackendInstance:
    """Return an instance of a backend that serves; waits for one for the grace period.

    Raises:
        Unavailable: BACKEND_UNAVAILABLE; none came back.
    """
    loop = asyncio.get_running_loop()
    away = [item.unreachable_since for item in catalog.instances(backend) if item.unreachable_since]
    deadline = max(away, default=loop.time()) + grace_seconds
    while loop.time() < deadline:
        instance = catalog.choose(backend)
        if instance is not None:
            return instance
        pending = catalog.instances(backend)
        left = max(0.01, min(1.0, deadline - loop.time()))
        if pending:
            await asyncio.gather(*(item.settle(seconds=left) for item in pending))
        else:
            await catalog.registration(seconds=left)
    raise Unavailable(
        f"backend {backend} did not come back within {grace_seconds:g} s; run it again when `proxima backends list` "
        "shows it",
        reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        metadata={"backend": backend},
    )


async def returning_instance(catalog: BackendCatalog, name: str, *, grace_seconds: float) -> BackendInstance | None:
    """Return the instance where a run of before a restart was; one that registers itself gets time to do so."""
    loop = asyncio.get_running_loop()
    # A number is one of the configuration.
    registers = not name.rpartition("/")[2].isdecimal()
    deadline = loop.time() + grace_seconds * registers
    while (instance := catalog.instance(name)) is None and (left := deadline - loop.time()) > 0:
        await catalog.registration(seconds=left)
    return instance
