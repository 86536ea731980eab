"""Follows one comparison to its end, through lost streams."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeAlias

from proxima.orchestrator.v1 import comparisons_pb2
from proxima_runtime.channel import responses
from proxima_runtime.errors import Unavailable

from proxima_client.comparison import Comparison, MemberProgress
from proxima_client.comparison_messages import to_comparison, to_member_progress
from proxima_client.connection import Connection
from proxima_client.events import Reconnecting

__all__ = ["Comparing", "ComparisonEvent", "ComparisonFollower"]

_FIRST_DELAY_SECONDS = 0.1
_MAX_DELAY_SECONDS = 2.0

ComparisonEvent: TypeAlias = Comparison | MemberProgress | Reconnecting
ComparisonFollower: TypeAlias = Callable[[ComparisonEvent], None]


class Comparing:
    """One comparison being followed. Iterate `events()` to the end.

    `name` is empty until the server has told it; `named` is set then.

    Args:
        connection: to the orchestrator.
        request: creates a new comparison; its request_id must be set, for it is sent again when the answer is lost.
            None to follow an existing one.
        name: resource name of the comparison to follow, where there is no request.
        reconnect_seconds: how long a server may be gone before following gives up.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        request: comparisons_pb2.CreateComparisonRequest | None = None,
        name: str = "",
        reconnect_seconds: float = 60.0,
    ) -> None:
        self._connection = connection
        self._request = request
        self._reconnect_seconds = reconnect_seconds
        self.name = name
        self.named = asyncio.Event()

    async def events(self) -> AsyncGenerator[ComparisonEvent]:
        """Yield snapshots and progress of members until the comparison has ended.

        Raises:
            ProximaError: it was refused, or the server stayed away for longer than `reconnect_seconds`.
        """
        loop = asyncio.get_running_loop()
        lost_at: float | None = None
        delay = _FIRST_DELAY_SECONDS
        connected = False
        while True:
            cause = "the stream ended early"
            try:
                await self._create()
                connected = True
                async for event in self._read():
                    lost_at, delay = None, _FIRST_DELAY_SECONDS
                    yield event
                    if isinstance(event, Comparison) and event.state.is_terminal:
                        return
            except Unavailable as error:
                now = loop.time()
                lost_at = now if lost_at is None else lost_at
                if not connected or now - lost_at > self._reconnect_seconds:
                    raise
                cause = error.message
            yield Reconnecting(cause=cause)
            await asyncio.sleep(delay)
            delay = min(2 * delay, _MAX_DELAY_SECONDS)

    async def _create(self) -> None:
        if self.name:
            self.named.set()
            return
        if self._request is None:
            raise ValueError("neither a request nor a name to follow")
        answer = await self._connection.call(self._connection.comparisons.CreateComparison, self._request)
        self.name = answer.comparison.name
        self.named.set()

    async def _read(self) -> AsyncGenerator[ComparisonEvent]:
        request = comparisons_pb2.WatchComparisonRequest(name=self.name)
        async for message in responses(self._connection.comparisons.WatchComparison(request)):
            if message.HasField("comparison"):
                yield to_comparison(message.comparison)
            else:
                yield to_member_progress(message.member_progress)
