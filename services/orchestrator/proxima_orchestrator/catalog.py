"""The backends that the orchestrator knows: those of its configuration, and those that registered themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import NotFound, ResourceExhausted

from proxima_orchestrator.backends import BackendInstance, BackendTarget, Condition
from proxima_orchestrator.convert.errors import invalid
from proxima_orchestrator.planning import Offer

_MAX_REGISTERED = 1000
_ANSWER_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(kw_only=True, slots=True)
class _Lease:
    """A registration: the instance, and the timer that ends it."""

    instance: BackendInstance
    timer: asyncio.TimerHandle


class BackendCatalog:
    """All backends with their instances."""

    def __init__(self, targets: Iterable[BackendTarget], *, max_message_bytes: int, max_in_flight: int) -> None:
        """Describe the instances of the configuration; `start` begins to follow them."""
        self._max_message_bytes = max_message_bytes
        self._max_in_flight = max_in_flight
        self._instances: dict[str, list[BackendInstance]] = {}
        for target in targets:
            index = len(self._instances.get(target.backend, ()))
            self._add(target.backend, f"backends/{target.backend}/instances/{index}", target.target)
        self._leases: dict[str, _Lease] = {}
        # One at a time: two calls for one name must not both connect.
        self._registering = asyncio.Lock()
        self._removals: set[asyncio.Task[None]] = set()
        self._registered = asyncio.Event()

    def start(self) -> None:
        """Begin to follow every instance."""
        for instance in self.instances():
            instance.start()

    async def close(self) -> None:
        """Close every channel."""
        for lease in self._leases.values():
            lease.timer.cancel()
        await asyncio.gather(*(instance.close() for instance in self.instances()), *self._removals)

    @property
    def names(self) -> list[str]:
        """Names of the backends, sorted."""
        return sorted(self._instances)

    def instances(self, backend: str = "") -> list[BackendInstance]:
        """Return the instances of a backend, or of all."""
        names = [backend] if backend else self.names
        return [instance for name in names for instance in self._instances.get(name, ())]

    def instance(self, name: str) -> BackendInstance | None:
        """Return the instance of a resource name, or None."""
        return next((item for item in self.instances() if item.name == name), None)

    def choose(self, backend: str) -> BackendInstance | None:
        """Return the serving instance of a backend that has the least to do, or None."""
        serving = [item for item in self.instances(backend) if item.is_serving]
        return min(serving, key=lambda item: item.slots.taken + item.slots.waiting_count, default=None)

    async def offers(self, backend: str = "", *, patience_seconds: float) -> list[Offer]:
        """Return what each backend (or the one named) offers now.

        Waits up to `patience_seconds` for those that are starting up, and for a named one that does not answer.
        """
        pending = [
            item
            for item in self.instances(backend)
            if item.condition in (Condition.UNKNOWN, Condition.NOT_SERVING)
            or (item.condition is Condition.UNREACHABLE and backend)
        ]
        if pending:
            pending = [item for item in pending if self.choose(item.backend) is None]
        if pending:
            await asyncio.gather(*(item.settle(seconds=_patience(item, patience_seconds)) for item in pending))
        return [self._offer(name) for name in ([backend] if backend else self.names)]

    async def registration(self, *, seconds: float) -> None:
        """Wait up to `seconds` until another instance has registered."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._registered.wait(), seconds)

    async def register(self, backend: str, name: str, target: str, *, lease_seconds: float) -> BackendInstance:
        """Add an instance, or renew its lease; one that comes back at another target replaces the old one.

        Args:
            backend: name of the backend; it becomes one if there is none of that name.
            name: resource name of the instance.
            target: gRPC target where the orchestrator reaches it.
            lease_seconds: how long it stays without renewal.

        Raises:
            InvalidArgument: INVALID_REQUEST; the configuration has an instance of that name.
            ResourceExhausted: QUEUE_FULL; too many are registered.
            Unavailable: BACKEND_UNAVAILABLE; the target does not answer as that backend.
        """
        async with self._registering:
            lease = self._leases.get(name)
            if lease is None and self.instance(name) is not None:
                raise invalid("name", f"{name} is an instance of the orchestrator's configuration; use another id")
            if lease is not None and lease.instance.target == target:
                lease.timer.cancel()
                lease.timer = self._expire_after(lease_seconds, name)
                return lease.instance
            if lease is None and len(self._leases) >= _MAX_REGISTERED:
                raise ResourceExhausted(
                    f"{_MAX_REGISTERED} instances are registered, which is the limit; unregister one",
                    reason=errors_pb2.ERROR_REASON_QUEUE_FULL,
                    metadata={"limit": "registered_instances", "maximum": str(_MAX_REGISTERED)},
                )
            if lease is not None:
                await self._take_out(name, "it registered again from elsewhere").remove()
            instance = self._add(backend, name, target)
            instance.start()
            await instance.settle(seconds=_ANSWER_SECONDS)
            if instance.error is not None and instance.condition is not Condition.NOT_SERVING:
                self._drop(instance)
                await instance.close()
                raise instance.error
            self._leases[name] = _Lease(instance=instance, timer=self._expire_after(lease_seconds, name))
            self._registered.set()
            self._registered = asyncio.Event()
            log.info("instance registered", instance=name, target=target, lease_seconds=lease_seconds)
            return instance

    async def unregister(self, name: str) -> None:
        """Remove an instance that registered; its runs are taken up elsewhere.

        Raises:
            NotFound: no instance of that name has registered.
        """
        async with self._registering:
            if name not in self._leases:
                raise NotFound(
                    f"name: no instance {name[:128]!r} has registered; `proxima backends list` shows all",
                    reason=errors_pb2.ERROR_REASON_NOT_FOUND,
                    metadata={"resource": name[:128]},
                )
            instance = self._take_out(name, "it unregistered")
        await instance.remove()

    def _add(self, backend: str, name: str, target: str) -> BackendInstance:
        instance = BackendInstance(
            backend=backend,
            name=name,
            target=target,
            max_message_bytes=self._max_message_bytes,
            max_in_flight=self._max_in_flight,
        )
        self._instances.setdefault(backend, []).append(instance)
        return instance

    def _drop(self, instance: BackendInstance) -> None:
        instances = self._instances[instance.backend]
        instances.remove(instance)
        if not instances:
            del self._instances[instance.backend]

    def _take_out(self, name: str, why: str) -> BackendInstance:
        lease = self._leases.pop(name)
        lease.timer.cancel()
        self._drop(lease.instance)
        log.info("instance removed", instance=name, why=why, run_count=len(lease.instance.guests))
        return lease.instance

    def _expire_after(self, seconds: float, name: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self._expire, name)

    def _expire(self, name: str) -> None:
        task = asyncio.create_task(self._take_out(name, "its lease ended").remove(), name=f"expire {name}")
        self._removals.add(task)
        task.add_done_callback(self._removals.discard)

    def _offer(self, backend: str) -> Offer:
        instance = self.choose(backend)
        if instance is not None:
            return Offer(backend=backend, capabilities=instance.capabilities)
        errors = [item.error.message for item in self.instances(backend) if item.error is not None]
        return Offer(
            backend=backend,
            capabilities=None,
            unavailable=errors[0] if errors else f"backend {backend} has not answered yet; try again in a moment",
        )


def _patience(instance: BackendInstance, seconds: float) -> float:
    """Return how long to wait for an instance: one that was down a moment ago gets one more chance, no more."""
    return min(1.0, seconds) if instance.condition is Condition.UNREACHABLE else seconds
