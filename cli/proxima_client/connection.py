"""The connection to an orchestrator: one channel, the calls made on it, and the words for one that does not answer."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import grpc
import grpc.aio
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import backends_pb2_grpc, comparisons_pb2_grpc, executions_pb2, executions_pb2_grpc
from proxima_runtime.channel import open_channel, unary
from proxima_runtime.errors import ProximaError, Unavailable, from_rpc_error

__all__ = ["Connection", "RawStream"]

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")

RawStream = grpc.aio.UnaryStreamCall[object, bytes]

_SERVICE = "/proxima.orchestrator.v1.ExecutionService"
_DEADLINE_SECONDS = 30.0


class Connection:
    """A channel to `target` ("unix:/path" or "host:port"); made in an event loop, connects at the first call."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._channel = open_channel(target)
        self.executions = executions_pb2_grpc.ExecutionServiceStub(self._channel)
        self.backends = backends_pb2_grpc.BackendCatalogServiceStub(self._channel)
        self.comparisons = comparisons_pb2_grpc.ComparisonServiceStub(self._channel)
        self._execute = self._raw("Execute", executions_pb2.ExecuteRequest.SerializeToString)
        self._watch = self._raw("WatchExecution", executions_pb2.WatchExecutionRequest.SerializeToString)
        self._read = self._raw("ReadResult", executions_pb2.ReadResultRequest.SerializeToString)

    async def close(self) -> None:
        """Close the channel; calls in flight are cancelled. Executions go on."""
        await self._channel.close(grace=None)

    async def call(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[RequestT, ResponseT],
        request: RequestT,
        *,
        deadline_seconds: float = _DEADLINE_SECONDS,
    ) -> ResponseT:
        """Make one unary call. Raises ProximaError."""
        try:
            return await unary(method, request, deadline_seconds=deadline_seconds)
        except ProximaError as error:
            raise self._named(error) from error

    async def execute(self, request: executions_pb2.ExecuteRequest) -> RawStream:
        """Open the stream of a new execution. Raises Unavailable where nobody answers."""
        return await self._connected(self._execute(request))

    async def watch(self, request: executions_pb2.WatchExecutionRequest) -> RawStream:
        """Open the stream of an existing execution. Raises Unavailable where nobody answers."""
        return await self._connected(self._watch(request))

    async def read(self, request: executions_pb2.ReadResultRequest) -> RawStream:
        """Open the stream of a stored result. Raises Unavailable where nobody answers."""
        return await self._connected(self._read(request))

    async def _connected(self, call: RawStream) -> RawStream:
        try:
            await call.wait_for_connection()
        except grpc.aio.AioRpcError as error:
            # A server that answered with an error, or died after it had the call, is for the reader of the stream.
            if self._channel.get_state() is not grpc.ChannelConnectivity.READY:
                raise self._named(from_rpc_error(error)) from error
        except asyncio.CancelledError:
            call.cancel()
            raise
        return call

    def _raw(self, method: str, serialize: Callable[[RequestT], bytes]) -> Callable[[RequestT], RawStream]:
        """A call whose answers stay bytes: `wire` decodes them without copying arrays."""
        return self._channel.unary_stream(
            f"{_SERVICE}/{method}", request_serializer=serialize, response_deserializer=None
        )

    def _named(self, error: ProximaError) -> ProximaError:
        """Say who does not answer; gRPC's own words name only the address."""
        if isinstance(error, Unavailable) and error.reason == errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE:
            if "backend" in error.metadata:
                return error
            return Unavailable(
                f"no Proxima server answers at {self.target} ({error.message}); start one (`proxima up`), or name "
                f"another "
                "with --server or PROXIMA_SERVER",
                reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
                metadata={"server": self.target},
            )
        return error
