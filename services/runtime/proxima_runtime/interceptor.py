"""What surrounds every call of a service: errors to statuses, metrics, a log line.

One interceptor for all three, and each method's handler is wrapped once and not at each call, because a small run takes
milliseconds in all.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import grpc
import grpc.aio
import structlog
from google.protobuf.message import DecodeError
from proxima.errors.v1 import errors_pb2

from proxima_runtime.errors import STATUS_TRAILER, Internal, InvalidArgument, ProximaError, to_trailer
from proxima_runtime.metrics import MethodMetrics, Metrics

_log = structlog.get_logger(__name__)

_CODES = {code.value[0]: code for code in grpc.StatusCode}

_Message: TypeAlias = object
_Context: TypeAlias = "grpc.aio.ServicerContext[_Message, _Message]"
_Handler: TypeAlias = "grpc.RpcMethodHandler[_Message, _Message]"
_Coroutine: TypeAlias = Callable[[_Message, _Context], Awaitable[_Message]]
_Generator: TypeAlias = Callable[[_Message, _Context], AsyncIterator[_Message]]


class _Undecodable:
    """Stands for a message that could not be parsed, until the call is there to be ended with an error."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


class CallInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[type-arg] # generic in the stubs only
    """Maps errors, measures and logs every call."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._wrapped: dict[str, _Handler] = {}

    async def intercept_service(  # type: ignore[override] # the stubs do not say that there may be no handler
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """Return the wrapped handler of the method that is called, None where there is no such method."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is not None:
            return wrapped
        handler = await continuation(handler_call_details)
        if handler is None:
            # gRPC answers UNIMPLEMENTED. Names that a caller makes up are not kept.
            return None
        wrapped = self._wrapped[method] = _wrap(handler, _Calls(method, self._metrics.of_method(method)))
        return wrapped


class _Calls:
    """The calls of one method."""

    def __init__(self, method: str, metrics: MethodMetrics) -> None:
        self._method = method
        self._metrics = metrics

    def begin(self) -> float:
        self._metrics.begin()
        return time.perf_counter()

    def end(self, started: float, code: str) -> None:
        seconds = time.perf_counter() - started
        self._metrics.end(code=code, seconds=seconds)
        _log.debug("call ended", method=self._method, code=code, seconds=seconds)

    async def fail(self, context: _Context, started: float, error: BaseException) -> None:
        """End a call that raised; returns only where the error is to be raised on as it is."""
        if isinstance(error, grpc.aio.AbortError):
            self.end(started, _CODES.get(_number(context.code()), grpc.StatusCode.UNKNOWN).name)
            return
        if not isinstance(error, Exception):
            self.end(started, "CANCELLED")
            return
        if not isinstance(error, ProximaError):
            _log.error("bug", method=self._method, exc_info=error)
            # The caller learns that it is our fault, and none of our insides.
            error = Internal(
                "a bug in Proxima; the service's log has the details", reason=errors_pb2.ERROR_REASON_INTERNAL
            )
        self.end(started, error.code_name)
        message, details = to_trailer(error)
        await context.abort(_CODES[error.code], message, ((STATUS_TRAILER, details),))


def _wrap(handler: _Handler, calls: _Calls) -> _Handler:
    name = ("stream" if handler.request_streaming else "unary") + (
        "_stream" if handler.response_streaming else "_unary"
    )
    behaviour = getattr(handler, name)
    wrap = _wrap_generator if inspect.isasyncgenfunction(behaviour) else _wrap_coroutine
    fields: dict[str, object] = {name: wrap(behaviour, calls)}
    if not handler.request_streaming and handler.request_deserializer is not None:
        fields["request_deserializer"] = _tolerant(handler.request_deserializer)
    # gRPC's handlers are named tuples; its type stubs do not say so.
    replaced: _Handler = handler._replace(**fields)  # type: ignore[attr-defined]
    return replaced


def _wrap_coroutine(behaviour: _Coroutine, calls: _Calls) -> _Coroutine:
    async def call(request: _Message, context: _Context) -> _Message:
        started = calls.begin()
        try:
            _check_decoded(request)
            response = await behaviour(request, context)
        except BaseException as error:
            await calls.fail(context, started, error)
            raise
        calls.end(started, "OK")
        return response

    return call


def _wrap_generator(behaviour: _Generator, calls: _Calls) -> _Generator:
    async def call(request: _Message, context: _Context) -> AsyncIterator[_Message]:
        started = calls.begin()
        try:
            _check_decoded(request)
            async for response in behaviour(request, context):
                yield response
        except BaseException as error:
            await calls.fail(context, started, error)
            raise
        calls.end(started, "OK")

    return call


def _tolerant(decode: Callable[[bytes], _Message]) -> Callable[[bytes], _Message]:
    def decode_or_mark(data: bytes) -> _Message:
        try:
            return decode(data)
        except DecodeError as error:
            return _Undecodable(str(error))

    return decode_or_mark


def _check_decoded(request: _Message) -> None:
    if isinstance(request, _Undecodable):
        raise undecodable(request.problem)


def undecodable(problem: str) -> InvalidArgument:
    """Return the error for a message that is not what the contract says."""
    return InvalidArgument(
        f"the request is no message of the contract, or it was cut off: {problem}",
        reason=errors_pb2.ERROR_REASON_INVALID_REQUEST,
        metadata={"field": ""},
    )


def _number(code: grpc.StatusCode | int) -> int:
    # gRPC's context gives a code back as it was set.
    return code if isinstance(code, int) else code.value[0]
