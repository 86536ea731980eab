"""ComparisonService: convert in, call one function, convert out. Snapshots are passed on as serialised."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from typing import TypeAlias

import grpc
import grpc.aio
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import comparisons_pb2
from proxima_runtime.errors import InvalidArgument, NotFound
from proxima_runtime.server import Health

from proxima_orchestrator.comparisons.record import ComparisonRecord
from proxima_orchestrator.comparisons.service import Comparisons
from proxima_orchestrator.convert.errors import invalid
from proxima_orchestrator.convert.request import comparison_id, request_key
from proxima_orchestrator.executions.service import Executions
from proxima_orchestrator.wire import frame

SERVICE = comparisons_pb2.DESCRIPTOR.services_by_name["ComparisonService"].full_name
_PAGE_SIZE = 50
_MAX_PAGE_SIZE = 1000

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


class ComparisonService:
    """Serves comparisons."""

    def __init__(self, comparisons: Comparisons, executions: Executions) -> None:
        self._comparisons = comparisons
        self._executions = executions

    def register(self, server: grpc.aio.Server) -> str:
        """Add the handlers and return the full name of the service."""
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        messages = comparisons_pb2
        handlers = {
            "CreateComparison": unary(self.create, messages.CreateComparisonRequest.FromString),
            "WatchComparison": stream(self.watch, messages.WatchComparisonRequest.FromString),
            "GetComparison": unary(self.get, messages.GetComparisonRequest.FromString),
            "ListComparisons": unary(
                self.list_comparisons,
                messages.ListComparisonsRequest.FromString,
                messages.ListComparisonsResponse.SerializeToString,
            ),
            "AbortComparison": unary(self.abort, messages.AbortComparisonRequest.FromString),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        return SERVICE

    async def start(self, health: Health) -> None:
        """Take up what a former process left; the executions have been taken up before."""
        await self._comparisons.recover()

    async def drain(self) -> None:
        """Take no new comparisons and wait for those that run."""
        await self._comparisons.drain()

    async def close(self) -> None:
        """End every stream; what still runs is taken up by the next start."""
        await self._comparisons.leave()

    async def create(self, request: comparisons_pb2.CreateComparisonRequest, _context: Context) -> bytes:
        """See the contract."""
        self._executions.touch()
        if request.session:
            raise NotFound(
                f"session: there is no {request.session[:100]!r}; leave it empty",
                reason=errors_pb2.ERROR_REASON_NOT_FOUND,
                metadata={"resource": request.session[:100]},
            )
        return frame(1, await self._comparisons.create(request.spec, request_id=request_key(request.request_id)))

    async def watch(self, request: comparisons_pb2.WatchComparisonRequest, _context: Context) -> AsyncIterator[bytes]:
        """See the contract."""
        self._executions.touch()
        async for message in self._comparisons.follow(comparison_id(request.name)):
            yield message

    async def get(self, request: comparisons_pb2.GetComparisonRequest, _context: Context) -> bytes:
        """See the contract."""
        self._executions.touch()
        return frame(1, await self._comparisons.get(comparison_id(request.name)))

    async def list_comparisons(
        self, request: comparisons_pb2.ListComparisonsRequest, _context: Context
    ) -> comparisons_pb2.ListComparisonsResponse:
        """See the contract."""
        self._executions.touch()
        if not 0 <= request.page_size <= _MAX_PAGE_SIZE:
            raise invalid("page_size", f"must be 0 (the default of {_PAGE_SIZE}) to {_MAX_PAGE_SIZE}")
        size = request.page_size or _PAGE_SIZE
        after = _decode_token(request.page_token) if request.page_token else None
        # Sessions are not served yet, so that none of them has a comparison.
        records = [] if request.session else await self._comparisons.page(limit=size + 1, after=after)
        shown = records[:size]
        return comparisons_pb2.ListComparisonsResponse(
            comparisons=[comparisons_pb2.Comparison.FromString(self._comparisons.newest(item)) for item in shown],
            next_page_token=_encode_token(shown[-1]) if len(records) > size else "",
        )

    async def abort(self, request: comparisons_pb2.AbortComparisonRequest, _context: Context) -> bytes:
        """See the contract."""
        self._executions.touch()
        if len(request.reason) > 1000:
            raise invalid("reason", "has more than 1000 characters; use a shorter one")
        return frame(1, await self._comparisons.abort(comparison_id(request.name), request.reason))


def _encode_token(last: ComparisonRecord) -> str:
    return base64.urlsafe_b64encode(f"{last.create_time} {last.id}".encode()).decode()


def _decode_token(token: str) -> tuple[int, str]:
    try:
        moment, identity = base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii").split(" ")
        return int(moment), identity
    except (binascii.Error, ValueError) as error:
        raise InvalidArgument(
            "page_token: is not of this list; start from the first page",
            reason=errors_pb2.ERROR_REASON_INVALID_PAGE_TOKEN,
        ) from error
