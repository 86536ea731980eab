"""Follows one execution to its end, through lost streams."""

import asyncio
from collections.abc import AsyncGenerator

from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.channel import responses
from proxima_runtime.errors import ProximaError, Unavailable

from proxima_client.arrays import ResultReceiver
from proxima_client.connection import Connection, RawStream
from proxima_client.convert import to_execution, to_progress
from proxima_client.events import Event, Outcome, Reconnecting
from proxima_client.result import build_result
from proxima_client.wire import Chunk, decode_message

__all__ = ["Following"]

_FIRST_DELAY_SECONDS = 0.1
_MAX_DELAY_SECONDS = 2.0
_ENDS = (
    executions_pb2.STATE_PAUSED,
    executions_pb2.STATE_COMPLETED,
    executions_pb2.STATE_ABORTED,
    executions_pb2.STATE_ERROR,
)

_Message = executions_pb2.Execution | result_pb2.Progress | Reconnecting


class Following:
    """One execution being followed. Iterate `events()` to the end; then `outcome()` is how it ended.

    `named` is set when the execution's `name` has arrived.

    Args:
        connection: to the orchestrator.
        request: starts a new execution; its request_id must be set, for it is sent again when the stream is lost before
            the execution's name arrived. None to follow an existing one.
        name: resource name of the execution to follow, where there is no request.
        deliver_results: receive the result too.
        reconnect_seconds: how long a server may be gone before following gives up.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        request: executions_pb2.ExecuteRequest | None = None,
        name: str = "",
        deliver_results: bool = True,
        reconnect_seconds: float = 60.0,
    ) -> None:
        self._connection = connection
        self._request = request
        self.name = name
        self._deliver_results = deliver_results
        self._reconnect_seconds = reconnect_seconds
        self._receiver = ResultReceiver()
        self._snapshot: executions_pb2.Execution | None = None
        self.named = asyncio.Event()

    async def events(self) -> AsyncGenerator[Event]:
        """Yield snapshots and progress until the execution has ended or is paused.

        Raises:
            ProximaError: the call was refused, or the server stayed away for longer than `reconnect_seconds`.
        """
        async for message in self._messages():
            if isinstance(message, executions_pb2.Execution):
                yield to_execution(message)
            elif isinstance(message, result_pb2.Progress):
                yield to_progress(message)
            else:
                yield message

    async def finish(self) -> Outcome:
        """Follow to the end without the events; cheaper where nobody looks at them. Raises as `events`."""
        async for _ in self._messages():
            pass
        return self.outcome()

    async def _messages(self) -> AsyncGenerator[_Message]:
        loop = asyncio.get_running_loop()
        lost_at: float | None = None
        delay = _FIRST_DELAY_SECONDS
        connected = False
        while True:
            cause = "the stream ended early"
            try:
                stream = await self._open()
                connected = True
                async for message in self._read(stream):
                    lost_at, delay = None, _FIRST_DELAY_SECONDS
                    yield message
                if self._has_ended():
                    break
            except Unavailable as error:
                now = loop.time()
                lost_at = now if lost_at is None else lost_at
                if not connected or now - lost_at > self._reconnect_seconds:
                    raise
                cause = error.message
            yield Reconnecting(cause=cause)
            await asyncio.sleep(delay)
            delay = min(2 * delay, _MAX_DELAY_SECONDS)
        if self._has_result():
            await self._fetch_rest()

    def outcome(self) -> Outcome:
        """How it ended. Raises RuntimeError before the end."""
        if self._snapshot is None:
            raise RuntimeError("the execution is still being followed")
        execution = to_execution(self._snapshot)
        return Outcome(
            execution=execution, result=build_result(execution, self._receiver) if self._has_result() else None
        )

    async def _open(self) -> RawStream:
        if self.name:
            return await self._connection.watch(
                executions_pb2.WatchExecutionRequest(name=self.name, deliver_results=self._deliver_results)
            )
        if self._request is None:
            raise ValueError("neither a request nor a name to follow")
        return await self._connection.execute(self._request)

    async def _read(self, stream: RawStream) -> AsyncGenerator[_Message]:
        async for raw in responses(stream):
            message = decode_message(raw)
            if isinstance(message, Chunk):
                self._receiver.take_chunk(message)
                continue
            kind = message.WhichOneof("message")
            if kind == "execution":
                self._snapshot = message.execution
                self.name = self._snapshot.name
                self.named.set()
                yield self._snapshot
            elif kind == "progress":
                yield message.progress
            elif kind == "result_header":
                self._receiver.take_header(message.result_header)

    def _has_ended(self) -> bool:
        return self._snapshot is not None and self._snapshot.state in _ENDS

    def _has_result(self) -> bool:
        completed = self._snapshot is not None and self._snapshot.state == executions_pb2.STATE_COMPLETED
        return self._deliver_results and completed

    async def _fetch_rest(self) -> None:
        """Read from the artifact store what the stream did not bring."""
        failure: ProximaError | None = None
        for _ in range(5):
            if self._receiver.is_complete:
                return
            array_index, offset = self._receiver.position
            request = executions_pb2.ReadResultRequest(name=self.name, array_index=array_index, offset=offset)
            try:
                stream = await self._connection.read(request)
                async for _event in self._read(stream):
                    pass
            except Unavailable as error:
                failure = error
                await asyncio.sleep(_MAX_DELAY_SECONDS)
        if failure is not None and not self._receiver.is_complete:
            raise Unavailable(
                f"{self.name} has completed and its result could not be read: {failure.message}. It is kept: fetch "
                f"it with "
                "Client.result(name)",
                reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
                metadata=failure.metadata,
            ) from failure
