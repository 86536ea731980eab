"""What a caller of Execute sends: read, parsed, and refused by the field that is at fault."""

from __future__ import annotations

from typing import TypeAlias

import grpc.aio
from google.protobuf.message import DecodeError
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2

from proxima_runtime.errors import InvalidArgument
from proxima_runtime.interceptor import undecodable

ExecuteContext: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


async def read_request(context: ExecuteContext) -> bytes | None:
    """Return the caller's next message, None at the end of the stream."""
    data: object = await context.read()
    return data if isinstance(data, bytes) else None


def decode_request(data: bytes) -> backend_pb2.ExecuteRequest:
    """Parse a message.

    Raises:
        InvalidArgument: it does not parse.
    """
    try:
        return backend_pb2.ExecuteRequest.FromString(data)
    except DecodeError as error:
        raise undecodable(str(error)) from error


def invalid(field: str, problem: str) -> InvalidArgument:
    """Return the error of a field that is missing, out of range or contradicts another."""
    return InvalidArgument(
        f"{field} {problem}".strip(), reason=errors_pb2.ERROR_REASON_INVALID_REQUEST, metadata={"field": field}
    )
