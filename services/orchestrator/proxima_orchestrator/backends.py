"""The backends that the orchestrator knows: channels, health, cached capabilities, and the southbound calls."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import grpc
import grpc.aio
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from proxima.backend.v1 import backend_pb2, backend_pb2_grpc
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2
from proxima_runtime.address import parse_address
from proxima_runtime.channel import open_channel, unary
from proxima_runtime.errors import ProximaError, Unavailable, from_rpc_error

from proxima_orchestrator.capabilities import Capabilities, Estimate
from proxima_orchestrator.convert.capabilities import capabilities_from_message, estimate_from_message
from proxima_orchestrator.planning import Offer
from proxima_orchestrator.wire import frame

_CALL_SECONDS = 10.0
# Estimates kept of one instance, and the largest job of which one is kept (bytes): 16 MiB in all at most.
_KEPT_ESTIMATES = 256
_KEPT_JOB_BYTES = 65_536
_RETRY_SECONDS = (0.1, 1.0)

ExecuteCall = grpc.aio.StreamStreamCall[bytes, bytes]

log = structlog.get_logger(__name__)


class Condition(enum.Enum):
    """Whether an instance can be used; `UNKNOWN` until it was asked for the first time."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    UNREACHABLE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendTarget:
    """Where an instance of a backend listens: "unix:/path" or "host:port"."""

    backend: str
    target: str


class Slots:
    """Places for executions at an instance, first come, first served."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting_count(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    def try_take(self) -> bool:
        """Take a place if there is one and nobody waits for it."""
        if self.taken >= self.limit or self._waiting:
            return False
        self.taken += 1
        return True

    async def take(self) -> None:
        """Take a place as soon as it is this caller's turn."""
        if self.try_take():
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.give_back()
            else:
                self._waiting.remove(future)
            raise

    def give_back(self) -> None:
        """Return a place; the longest waiting gets it."""
        self.taken -= 1
        self.admit()

    def admit(self) -> None:
        """Hand out free places, after `limit` has grown too."""
        while self._waiting and self.taken < self.limit:
            future = self._waiting.popleft()
            if not future.done():
                self.taken += 1
                future.set_result(None)


class BackendInstance:
    """One process that serves a backend.

    A task follows its health; what it can do is asked anew after each connection.
    """

    def __init__(self, *, backend: str, index: int, target: str, max_message_bytes: int, max_in_flight: int) -> None:
        """Describe an instance; `start` begins to follow it. `max_in_flight` of 0 means by its number of workers."""
        self.backend = backend
        self.name = f"backends/{backend}/instances/{index}"
        self.target = target
        self.condition = Condition.UNKNOWN
        self.capabilities: Capabilities | None = None
        self.capabilities_message: capabilities_pb2.Capabilities | None = None
        self.error: ProximaError | None = None
        self.health_seconds = 0.0
        # Reading of the monotonic clock when it stopped answering.
        self.unreachable_since: float | None = None
        self.max_message_bytes = max_message_bytes
        self._max_in_flight = max_in_flight
        self.slots = Slots(max_in_flight or 2)
        self._channel = open_channel(target, max_message_bytes=max_message_bytes)
        self._health = health_pb2_grpc.HealthStub(self._channel)
        self._stub = backend_pb2_grpc.BackendServiceStub(self._channel)
        # Raw bytes both ways: jobs are serialised once, results are passed on as they come.
        self._estimate = self._channel.unary_unary("/proxima.backend.v1.BackendService/EstimateResources", None, None)
        self._execute = self._channel.stream_stream("/proxima.backend.v1.BackendService/Execute", None, None)
        self._estimates: OrderedDict[bytes, Estimate] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._nudged = asyncio.Event()
        self._doubted = asyncio.Event()

    def start(self) -> None:
        """Begin to follow the instance's health."""
        self._task = asyncio.create_task(self._follow(), name=f"follow {self.name}")

    async def close(self) -> None:
        """Stop following and close the channel."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._channel.close(None)

    @property
    def is_serving(self) -> bool:
        """It answers, takes work, and has said what it can do."""
        return self.condition is Condition.SERVING

    async def settle(self, *, seconds: float) -> bool:
        """Ask again now and wait up to `seconds` until it serves; return whether it does."""
        deadline = time.monotonic() + seconds
        self._nudged.set()
        while not self.is_serving and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
        return self.is_serving

    async def refresh(self) -> None:
        """Measure the round trip of a health check and update the condition."""
        started = time.perf_counter()
        try:
            answer = await unary(self._health.Check, health_pb2.HealthCheckRequest(), deadline_seconds=2.0)
        except ProximaError as error:
            self._lost(_unavailable(self.backend, _words(error)))
            self._doubted.set()
            return
        self.health_seconds = time.perf_counter() - started
        await self._heard(answer.status)

    async def estimate(self, job: bytes) -> Estimate:
        """Ask what a serialised job would take.

        An estimate follows from the job and the instance alone, so the last answers for small jobs are kept until the
        connection is lost: the same circuit run again, as in a sweep of seeds, is not asked twice.

        Raises:
            ProximaError: the instance does not answer, or the job contradicts itself.
        """
        known = self._estimates.get(job)
        if known is not None:
            self._estimates.move_to_end(job)
            return known
        answer = await unary(self._estimate, frame(1, job), deadline_seconds=_CALL_SECONDS)
        estimate = estimate_from_message(backend_pb2.EstimateResourcesResponse.FromString(answer).estimate)
        if len(job) <= _KEPT_JOB_BYTES:
            self._estimates[job] = estimate
            if len(self._estimates) > _KEPT_ESTIMATES:
                self._estimates.popitem(last=False)
        return estimate

    def execute(self) -> ExecuteCall:
        """Open the stream of a run. It has no deadline of its own: a run may take days, keepalive finds a dead peer."""
        call: ExecuteCall = self._execute(None, timeout=None)
        return call

    def process_is_gone(self) -> bool:
        """Return whether nobody listens at its Unix socket, so that whatever ran there has ended with the process."""
        try:
            path = parse_address(self.target).path
        except ValueError:
            return False
        if path is None:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
            try:
                probe.connect(str(path))
            except (ConnectionRefusedError, FileNotFoundError):
                return True
            except OSError:
                return False
        return False

    async def _follow(self) -> None:
        delay, longest = _RETRY_SECONDS
        while True:
            try:
                await self._watch()
                delay = _RETRY_SECONDS[0]
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                    await self.refresh()
                else:
                    self._lost(_unavailable(self.backend, _words(from_rpc_error(error))))
            except ProximaError as error:
                self._lost(error)
            self._nudged.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), delay)
            delay = min(delay * 2, longest)

    async def _watch(self) -> None:
        """Follow one stream of health until it ends, or until a check of its own failed meanwhile."""
        call = self._health.Watch(health_pb2.HealthCheckRequest())
        try:
            while True:
                reading = asyncio.ensure_future(call.read())
                doubting = asyncio.ensure_future(self._doubted.wait())
                try:
                    await asyncio.wait((reading, doubting), return_when=asyncio.FIRST_COMPLETED)
                    if not reading.done():
                        return
                finally:
                    doubting.cancel()
                    reading.cancel()
                answer = reading.result()
                if not isinstance(answer, health_pb2.HealthCheckResponse):
                    self._lost(_unavailable(self.backend, "it closed the connection"))
                    return
                await self._heard(answer.status)
        finally:
            self._doubted.clear()
            call.cancel()

    async def _heard(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        if status != health_pb2.HealthCheckResponse.SERVING:
            self._become(Condition.NOT_SERVING, _unavailable(self.backend, "it is starting up or stopping"))
            return
        if self.capabilities is None:
            request = backend_pb2.GetCapabilitiesRequest()
            answer = await unary(self._stub.GetCapabilities, request, deadline_seconds=_CALL_SECONDS)
            if answer.capabilities.backend != self.backend:
                what = f"{self.target} answers as backend {answer.capabilities.backend!r}; correct the configuration"
                raise _unavailable(self.backend, what)
            self.capabilities_message = answer.capabilities
            self.capabilities = capabilities_from_message(answer.capabilities)
            # One more than run, so that a worker never waits for the next job to cross the wire.
            self.slots.limit = self._max_in_flight or 2 * self.capabilities.worker_count + 2
            self.slots.admit()
        self._become(Condition.SERVING, None)

    def _lost(self, error: ProximaError) -> None:
        # A new process may be another version with other limits.
        self.capabilities = None
        self._estimates.clear()
        self._become(Condition.UNREACHABLE, error)

    def _become(self, condition: Condition, error: ProximaError | None) -> None:
        if condition is not self.condition:
            log.info("backend condition", instance=self.name, condition=condition.name, why=error and error.message)
        if condition is not Condition.UNREACHABLE:
            self.unreachable_since = None
        elif self.unreachable_since is None:
            self.unreachable_since = time.monotonic()
        self.condition = condition
        self.error = error
        self._changed.set()
        self._changed = asyncio.Event()


class BackendCatalog:
    """All configured backends with their instances."""

    def __init__(self, targets: Iterable[BackendTarget], *, max_message_bytes: int, max_in_flight: int) -> None:
        """Describe the instances; `start` begins to follow them."""
        grouped: dict[str, list[BackendInstance]] = {}
        for target in targets:
            instances = grouped.setdefault(target.backend, [])
            instances.append(
                BackendInstance(
                    backend=target.backend,
                    index=len(instances),
                    target=target.target,
                    max_message_bytes=max_message_bytes,
                    max_in_flight=max_in_flight,
                )
            )
        self._instances: Mapping[str, Sequence[BackendInstance]] = dict(sorted(grouped.items()))

    def start(self) -> None:
        """Begin to follow every instance."""
        for instance in self.instances():
            instance.start()

    async def close(self) -> None:
        """Close every channel."""
        await asyncio.gather(*(instance.close() for instance in self.instances()))

    @property
    def names(self) -> list[str]:
        """Names of the configured backends, sorted."""
        return list(self._instances)

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


def _unavailable(backend: str, why: str) -> Unavailable:
    return Unavailable(
        f"backend {backend} is not available: {why}; `proxima backends list` shows all",
        reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        metadata={"backend": backend},
    )


def _words(error: ProximaError) -> str:
    """Return what a failed connection means, without the library's addresses and file names."""
    text = error.message.lower()
    if "no such file" in text or "connection refused" in text:
        return "nothing listens at its address; start it"
    return "the connection failed or was closed"
