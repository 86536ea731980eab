"""The one way to open a channel and to make a call; a deadline is part of each call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

import grpc
import grpc.aio

from proxima_runtime.address import parse_address
from proxima_runtime.errors import from_rpc_error

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")

DEFAULT_MAX_MESSAGE_BYTES = 64 * 2**20


def open_channel(
    target: str,
    *,
    max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
    credentials: grpc.ChannelCredentials | None = None,
) -> grpc.aio.Channel:
    """Open a channel; it connects at the first call and again whenever the connection is lost.

    Args:
        target: "unix:/path" or "host:port".
        max_message_bytes: largest message to send or receive.
        credentials: TLS credentials; None for a plain connection.
    """
    options = [
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", max_message_bytes),
        # A peer that vanished without a word is noticed within 30 s.
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        # A service that restarts is found again at once.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # Result chunks are 1 MiB: fewer, larger frames and a window of several chunks.
        ("grpc.http2.max_frame_size", 2**20),
        ("grpc.http2.lookahead_bytes", 4 * 2**20),
    ]
    if _is_local(target):
        options.append(("grpc.enable_http_proxy", 0))
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=options)
    return grpc.aio.secure_channel(target, credentials, options=options)


async def unary(
    method: grpc.aio.UnaryUnaryMultiCallable[RequestT, ResponseT], request: RequestT, *, deadline_seconds: float
) -> ResponseT:
    """Make one call and return its answer.

    Raises:
        ProximaError: the call failed.
    """
    try:
        return await method(request, timeout=deadline_seconds)
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from error


async def responses(
    call: grpc.aio.UnaryStreamCall[RequestT, ResponseT] | grpc.aio.StreamStreamCall[RequestT, ResponseT],
) -> AsyncIterator[ResponseT]:
    """Yield the answers of a streaming call, which was made with a timeout of its own.

    Raises:
        ProximaError: the call failed.
    """
    try:
        async for response in call:
            yield response
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from error
    finally:
        call.cancel()


def _is_local(target: str) -> bool:
    try:
        return parse_address(target).is_local
    except ValueError:
        return False
