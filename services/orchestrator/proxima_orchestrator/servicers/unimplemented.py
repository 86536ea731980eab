"""Parts of the contract that this version does not serve: every method answers NOT_IMPLEMENTED, by one mechanism."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Unimplemented
from proxima_runtime.server import Health

Context = grpc.aio.ServicerContext[bytes, bytes]


def not_implemented(method: str) -> Unimplemented:
    """Return the error of a method, named in full, that is not served yet."""
    return Unimplemented(
        f"{method} is part of the contract and this version does not serve it yet",
        reason=errors_pb2.ERROR_REASON_NOT_IMPLEMENTED,
        metadata={"method": method},
    )


class UnimplementedService:
    """A whole service of the contract that is not served yet."""

    def __init__(self, descriptor: ServiceDescriptor) -> None:
        self._descriptor = descriptor

    def register(self, server: grpc.aio.Server) -> str:
        """Add a handler for every method and return the full name of the service."""
        handlers = {method.name: _handler(method) for method in self._descriptor.methods}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(self._descriptor.full_name, handlers),))
        return self._descriptor.full_name

    async def start(self, health: Health) -> None:
        """Nothing to get ready."""

    async def drain(self) -> None:
        """Nothing at hand."""

    async def close(self) -> None:
        """Nothing to release."""


def _handler(method: MethodDescriptor) -> grpc.RpcMethodHandler[bytes, bytes]:
    async def refuse(_request: bytes, _context: Context) -> bytes:
        raise not_implemented(method.full_name)

    async def refuse_stream(request: bytes, context: Context) -> AsyncIterator[bytes]:
        yield await refuse(request, context)

    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(refuse_stream)
    return grpc.unary_unary_rpc_method_handler(refuse)
