"""One instance of a backend: its channel, health, cached capabilities, and the southbound calls."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
import sys
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Protocol

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


class Guest(Protocol):
    """A run at an instance."""

    async def leave(self) -> None:
        """Stop here, because the instance goes away; the run is taken up elsewhere."""


class BackendInstance:
    """One process that serves a backend.

    A task follows its health; what it can do is asked anew after each connection.

    Attributes:
        guests: the runs at it.
        is_removed: it has been taken out of the catalog, and whoever waits for it looks for another one.
    """

    def __init__(self, *, backend: str, name: str, target: str, max_message_bytes: int, max_in_flight: int) -> None:
        """Describe an instance; `start` begins to follow it.

        Args:
            backend: name of the backend.
            name: resource name, "backends/{name}/instances/{id}".
            target: gRPC target.
            max_message_bytes: largest message to send or receive.
            max_in_flight: executions sent to it at once; 0 means by its number of workers.
        """
        self.backend = backend
        self.name = name
        self.target = target
        self.guests: set[Guest] = set()
        self.is_removed = False
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

    async def remove(self) -> None:
        """Send its runs elsewhere, those that wait for a place too, and close it once they have left."""
        self.is_removed = True
        self.slots.limit = sys.maxsize
        self.slots.admit()
        await asyncio.gather(*(guest.leave() for guest in tuple(self.guests)))
        await self.close()

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
            if not self.is_removed:
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
