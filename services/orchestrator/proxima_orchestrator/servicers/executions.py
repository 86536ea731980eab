"""ExecutionService: convert in, call one function, convert out. Streams pass on messages serialised already."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Collection
from typing import TypeAlias

import grpc
import grpc.aio
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima_runtime.errors import InvalidArgument
from proxima_runtime.server import Health

from proxima_orchestrator.convert.errors import invalid
from proxima_orchestrator.convert.execution import execution_to_message, snapshot
from proxima_orchestrator.convert.plan import characteristics_to_message, plan_to_message
from proxima_orchestrator.convert.request import execution_id, request_key
from proxima_orchestrator.executions.planner import Planner
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.service import Executions
from proxima_orchestrator.executions.state_machine import State
from proxima_orchestrator.servicers.unimplemented import not_implemented
from proxima_orchestrator.wire import frame

SERVICE = executions_pb2.DESCRIPTOR.services_by_name["ExecutionService"].full_name
_PAGE_SIZE = 50
_MAX_PAGE_SIZE = 1000

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


class ExecutionService:
    """Serves executions."""

    def __init__(self, executions: Executions, planner: Planner) -> None:
        self._executions = executions
        self._planner = planner

    def register(self, server: grpc.aio.Server) -> str:
        """Add the handlers and return the full name of the service."""
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        messages = executions_pb2
        handlers = {
            "PlanExecution": unary(
                self.plan_execution,
                messages.PlanExecutionRequest.FromString,
                messages.PlanExecutionResponse.SerializeToString,
            ),
            "Execute": stream(self.execute, messages.ExecuteRequest.FromString),
            "WatchExecution": stream(self.watch_execution, messages.WatchExecutionRequest.FromString),
            "GetExecution": unary(self.get_execution, messages.GetExecutionRequest.FromString),
            "ListExecutions": unary(
                self.list_executions,
                messages.ListExecutionsRequest.FromString,
                messages.ListExecutionsResponse.SerializeToString,
            ),
            "AbortExecution": unary(self.abort_execution, messages.AbortExecutionRequest.FromString),
            "PauseExecution": unary(self.pause_execution, messages.PauseExecutionRequest.FromString),
            "ResumeExecution": unary(self.resume_execution, messages.ResumeExecutionRequest.FromString),
            "ResetExecution": unary(self.reset_execution, messages.ResetExecutionRequest.FromString),
            "ReadResult": stream(self.read_result, messages.ReadResultRequest.FromString),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        return SERVICE

    async def start(self, health: Health) -> None:
        """Take up what a former process left."""
        await self._executions.recover()

    async def drain(self) -> None:
        """Take no new executions and wait for those that run."""
        await self._executions.drain()

    async def close(self) -> None:
        """End every stream; what still runs is taken up by the next start."""
        await self._executions.leave()

    async def plan_execution(
        self, request: executions_pb2.PlanExecutionRequest, _context: Context
    ) -> executions_pb2.PlanExecutionResponse:
        """See the contract."""
        self._executions.touch()
        specification = self._executions.specify(request.spec)
        prepared = await self._planner.prepare(specification)
        plan = await self._planner.plan(prepared, specification.options)
        return executions_pb2.PlanExecutionResponse(
            plan=plan_to_message(plan),
            characteristics=characteristics_to_message(prepared.characteristics),
            circuit_digest=prepared.digest,
        )

    async def execute(self, request: executions_pb2.ExecuteRequest, _context: Context) -> AsyncIterator[bytes]:
        """See the contract."""
        self._executions.touch()
        key = request_key(request.request_id)
        record = await self._executions.create(self._executions.specify(request.spec), request_id=key)
        async for message in self._executions.follow(record.id, deliver_results=request.deliver_results):
            yield message

    async def watch_execution(
        self, request: executions_pb2.WatchExecutionRequest, _context: Context
    ) -> AsyncIterator[bytes]:
        """See the contract."""
        self._executions.touch()
        identity = execution_id(request.name)
        async for message in self._executions.follow(identity, deliver_results=request.deliver_results):
            yield message

    async def get_execution(self, request: executions_pb2.GetExecutionRequest, _context: Context) -> bytes:
        """See the contract."""
        self._executions.touch()
        return frame(1, snapshot(await self._executions.get(execution_id(request.name))))

    async def list_executions(
        self, request: executions_pb2.ListExecutionsRequest, _context: Context
    ) -> executions_pb2.ListExecutionsResponse:
        """See the contract."""
        self._executions.touch()
        if not 0 <= request.page_size <= _MAX_PAGE_SIZE:
            raise invalid("page_size", f"must be 0 (the default of {_PAGE_SIZE}) to {_MAX_PAGE_SIZE}")
        states = sorted(_state(value) for value in set(request.states))
        size = request.page_size or _PAGE_SIZE
        after = _decode_token(request.page_token, states) if request.page_token else None
        records = await self._executions.page(limit=size + 1, states=states, after=after)
        shown = records[:size]
        return executions_pb2.ListExecutionsResponse(
            executions=[execution_to_message(record, with_arrays=False) for record in shown],
            next_page_token=_encode_token(shown[-1], states) if len(records) > size else "",
        )

    async def abort_execution(self, request: executions_pb2.AbortExecutionRequest, _context: Context) -> bytes:
        """See the contract."""
        self._executions.touch()
        if len(request.reason) > 1000:
            raise invalid("reason", "has more than 1000 characters; use a shorter one")
        record = await self._executions.abort(execution_id(request.name), request.reason)
        return frame(1, snapshot(record))

    async def pause_execution(self, request: executions_pb2.PauseExecutionRequest, _context: Context) -> bytes:
        """See the contract."""
        self._executions.touch()
        return frame(1, snapshot(await self._executions.pause(execution_id(request.name))))

    async def resume_execution(self, request: executions_pb2.ResumeExecutionRequest, _context: Context) -> bytes:
        """See the contract."""
        self._executions.touch()
        return frame(1, snapshot(await self._executions.resume(execution_id(request.name))))

    async def reset_execution(self, _request: executions_pb2.ResetExecutionRequest, _context: Context) -> bytes:
        """See the contract; not served yet."""
        raise not_implemented(f"{SERVICE}.ResetExecution")

    async def read_result(self, request: executions_pb2.ReadResultRequest, _context: Context) -> AsyncIterator[bytes]:
        """See the contract."""
        self._executions.touch()
        for field in ("item_index", "array_index", "offset"):
            if getattr(request, field) < 0:
                raise invalid(field, "must not be negative")
        async for message in self._executions.read_result(
            execution_id(request.name),
            item_index=request.item_index,
            array_index=request.array_index,
            offset=request.offset,
        ):
            yield message


def _state(value: int) -> State:
    try:
        return State(value)
    except ValueError as error:
        raise invalid("states", f"{value} is no state") from error


def _encode_token(last: ExecutionRecord, states: Collection[State]) -> str:
    text = f"{last.create_time} {last.id} {_filter(states)}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decode_token(token: str, states: Collection[State]) -> tuple[int, str]:
    problem = InvalidArgument(
        "page_token: is not of this list, or of other states; start from the first page",
        reason=errors_pb2.ERROR_REASON_INVALID_PAGE_TOKEN,
    )
    try:
        moment, identity, states_text = (
            base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii").split(" ")
        )
        place = int(moment), identity
    except (binascii.Error, ValueError) as error:
        raise problem from error
    if states_text != _filter(states) or not 0 <= place[0] < 2**62:
        raise problem
    return place


def _filter(states: Collection[State]) -> str:
    return "".join(str(int(state)) for state in states) or "-"
