"""A caller of a backend service, for tests: the contract as plain calls."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import uuid
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from proxima.backend.v1 import backend_pb2, backend_pb2_grpc
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2

from proxima_runtime.channel import open_channel, responses, unary
from proxima_runtime.errors import ProximaError, from_status

_DEADLINE_SECONDS = 60.0


@dataclass(kw_only=True)
class Answer:
    """Everything that one Execute stream has brought so far.

    Attributes:
        names: which message of the oneof each response was, in order.
        accepted: the first message.
        progress: in order.
        headers: one an item.
        arrays: bytes of each array by (item, index), from the header or from chunks.
        checkpoint: bytes of the checkpoint so far.
        refusals: why a pause was not possible, in order.
        done: the last message, None before it came.
    """

    names: list[str] = field(default_factory=list)
    accepted: backend_pb2.Accepted = field(default_factory=backend_pb2.Accepted)
    progress: list[result_pb2.Progress] = field(default_factory=list)
    headers: list[result_pb2.ResultHeader] = field(default_factory=list)
    arrays: dict[tuple[int, int], bytearray] = field(default_factory=dict)
    checkpoint: bytearray = field(default_factory=bytearray)
    refusals: list[ProximaError] = field(default_factory=list)
    done: backend_pb2.Done | None = None

    @property
    def is_complete(self) -> bool:
        """The run ended well."""
        return self.done is not None and self.done.outcome == backend_pb2.Done.OUTCOME_COMPLETED

    @property
    def is_paused(self) -> bool:
        """The run was paused and its checkpoint is here."""
        return self.done is not None and self.done.outcome == backend_pb2.Done.OUTCOME_PAUSED

    @property
    def error(self) -> ProximaError:
        """Why the run failed.

        Raises:
            AssertionError: it did not.
        """
        if self.done is None or self.done.outcome != backend_pb2.Done.OUTCOME_FAILED:
            raise AssertionError(f"the run did not fail: {self.done}")
        return from_status(self.done.status)

    def add(self, response: backend_pb2.ExecuteResponse) -> str:
        """Take one response and return which message it was.

        Raises:
            AssertionError: the pieces of an array or checkpoint have a gap, or another SHA-256.
        """
        name = response.WhichOneof("message") or ""
        self.names.append(name)
        match name:
            case "accepted":
                self.accepted = response.accepted
            case "progress":
                self.progress.append(response.progress)
            case "result_header":
                header = response.result_header
                self.headers.append(header)
                for index, array in enumerate(header.arrays):
                    self.arrays[header.item_index, index] = bytearray(array.inline_data)
            case "result_chunk":
                chunk = response.result_chunk
                array_bytes = self.arrays[chunk.item_index, chunk.array_index]
                if chunk.offset != len(array_bytes):
                    raise AssertionError(f"a piece at {chunk.offset} follows {len(array_bytes)} bytes")
                array_bytes += chunk.data
            case "checkpoint_chunk":
                self._add_checkpoint(response.checkpoint_chunk)
            case "pause_refused":
                self.refusals.append(from_status(response.pause_refused.status))
            case "done":
                self.done = response.done
        return name

    def _add_checkpoint(self, chunk: backend_pb2.CheckpointChunk) -> None:
        if chunk.offset != len(self.checkpoint):
            raise AssertionError(f"a piece at {chunk.offset} follows {len(self.checkpoint)} bytes of checkpoint")
        self.checkpoint += chunk.data
        if chunk.sha256 and chunk.sha256 != hashlib.sha256(self.checkpoint).hexdigest():
            raise AssertionError("the checkpoint is not what its SHA-256 says")


class Execution:
    """One Execute stream.

    Attributes:
        name: resource name of the execution.
        answer: what has come so far.
    """

    def __init__(
        self, name: str, call: grpc.aio.StreamStreamCall[backend_pb2.ExecuteRequest, backend_pb2.ExecuteResponse]
    ) -> None:
        self.name = name
        self.answer = Answer()
        self._call = call
        self._responses = responses(call)

    async def send(self, request: backend_pb2.ExecuteRequest) -> None:
        """Send a message."""
        await self._call.write(request)

    async def abort(self, reason: str = "") -> None:
        """Ask for the run to stop; does nothing where the stream has ended meanwhile."""
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await self.send(backend_pb2.ExecuteRequest(abort=backend_pb2.AbortExecution(reason=reason)))

    async def pause(self) -> None:
        """Ask for a pause; does nothing where the stream has ended meanwhile."""
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await self.send(backend_pb2.ExecuteRequest(pause=backend_pb2.PauseExecution()))

    async def send_checkpoint(self, checkpoint: bytes | bytearray, *, piece_bytes: int = 2**20) -> None:
        """Send a checkpoint in pieces; stops where the stream has ended meanwhile, and its answer says why."""
        view = memoryview(checkpoint)
        digest = hashlib.sha256(view).hexdigest()
        for offset in range(0, len(view), piece_bytes):
            data = bytes(view[offset : offset + piece_bytes])
            last = offset + len(data) == len(view)
            chunk = backend_pb2.InputChunk(offset=offset, data=data, last=last, sha256=digest if last else "")
            try:
                await self.send(backend_pb2.ExecuteRequest(input_chunk=chunk))
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                return

    async def until(self, name: str) -> None:
        """Read until a message of this name has come.

        Raises:
            ProximaError: the call failed.
            AssertionError: the stream ended before.
        """
        async for response in self._responses:
            if self.answer.add(response) == name:
                return
        raise AssertionError(f"the stream ended without {name}: {self.answer.names}")

    async def finish(self) -> Answer:
        """Read to the end.

        Raises:
            ProximaError: the call failed.
        """
        async for response in self._responses:
            self.answer.add(response)
        return self.answer

    async def end_requests(self) -> None:
        """Say no more; answers may still come."""
        await self._call.done_writing()

    def drop(self) -> None:
        """Go away without a word."""
        self._call.cancel()


class BackendCaller:
    """Calls one backend service; an async context manager."""

    def __init__(self, target: str) -> None:
        self._channel = open_channel(target)
        self._stub = backend_pb2_grpc.BackendServiceStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._channel.close(None)

    async def capabilities(self) -> capabilities_pb2.Capabilities:
        """Call GetCapabilities.

        Raises:
            ProximaError: the call failed.
        """
        request = backend_pb2.GetCapabilitiesRequest()
        response = await unary(self._stub.GetCapabilities, request, deadline_seconds=_DEADLINE_SECONDS)
        return response.capabilities

    async def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Call EstimateResources.

        Raises:
            ProximaError: the call failed.
        """
        request = backend_pb2.EstimateResourcesRequest(job=job)
        response = await unary(self._stub.EstimateResources, request, deadline_seconds=_DEADLINE_SECONDS)
        return response.estimate

    async def is_serving(self) -> bool:
        """Ask for the health."""
        answer = await self._health.Check(health_pb2.HealthCheckRequest(), timeout=_DEADLINE_SECONDS)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def open(self, request: backend_pb2.ExecuteRequest, *, name: str = "") -> Execution:
        """Open an Execute stream with its first message."""
        call = self._stub.Execute(timeout=_DEADLINE_SECONDS)  # type: ignore[call-arg] # the iterator is optional
        execution = Execution(name, call)
        await execution.send(request)
        return execution

    async def start(self, job: backend_pb2.Job, *, name: str | None = None, attempt: int = 1) -> Execution:
        """Open a stream that starts a job; the name is made up where none is given."""
        name = name or f"executions/{uuid.uuid4()}"
        start = backend_pb2.StartExecution(execution=name, attempt=attempt, job=job)
        return await self.open(backend_pb2.ExecuteRequest(start=start), name=name)

    async def resume(
        self, job: backend_pb2.Job, checkpoint: bytes | bytearray, *, name: str | None = None, attempt: int = 1
    ) -> Execution:
        """Open a stream that resumes a job from a checkpoint; the name is made up where none is given."""
        name = name or f"executions/{uuid.uuid4()}"
        start = backend_pb2.StartExecution(execution=name, attempt=attempt, job=job, resume=True)
        execution = await self.open(backend_pb2.ExecuteRequest(start=start), name=name)
        await execution.send_checkpoint(checkpoint)
        return execution

    async def attach(self, name: str, *, attempt: int = 1) -> Execution:
        """Open a stream that attaches to a job."""
        attach = backend_pb2.AttachExecution(execution=name, attempt=attempt)
        return await self.open(backend_pb2.ExecuteRequest(attach=attach), name=name)

    async def run(self, job: backend_pb2.Job) -> Answer:
        """Start a job and read to the end."""
        execution = await self.start(job)
        return await execution.finish()
