"""The comparisons of the fake orchestrator: what the script says, under a name of its own."""

import asyncio
import uuid
from collections.abc import AsyncIterator

from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import comparisons_pb2, comparisons_pb2_grpc, executions_pb2
from proxima_runtime.errors import Aborted, FailedPrecondition, NotFound, to_status

from proxima_client.testing.catalog import Context, fail
from proxima_client.testing.script import Script

__all__ = ["FakeComparisons"]

_Comparison = comparisons_pb2.Comparison
_LIVE = (_Comparison.STATE_RUNNING, _Comparison.STATE_ANALYZING)


class FakeComparisons(comparisons_pb2_grpc.ComparisonServiceServicer):
    """Plays the script's comparison. `requests` records what was created, `running` is set once one is watched."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[comparisons_pb2.CreateComparisonRequest] = []
        self.running = asyncio.Event()
        self._comparisons: dict[str, _Comparison] = {}
        self._aborted = asyncio.Event()

    async def CreateComparison(  # noqa: D102  # the contract's name and text
        self, request: comparisons_pb2.CreateComparisonRequest, context: Context
    ) -> comparisons_pb2.CreateComparisonResponse:
        self.requests.append(request)
        if self.script.refusal is not None:
            await fail(context, self.script.refusal)
        known = [item for item in self._comparisons.values() if item.request_id == request.request_id]
        if known:
            return comparisons_pb2.CreateComparisonResponse(comparison=known[0])
        created = _Comparison(
            name=f"comparisons/{uuid.uuid4()}",
            state=_Comparison.STATE_RUNNING,
            display_name=request.spec.execution.circuit.display_name,
            members=[
                comparisons_pb2.ComparisonMember(
                    target=target, execution=f"executions/{uuid.uuid4()}", state=executions_pb2.STATE_RUNNING
                )
                for target in request.spec.targets
            ],
            request_id=request.request_id,
            false_alarm_rate=request.spec.false_alarm_rate,
            tvd_threshold=request.spec.tvd_threshold,
        )
        self._comparisons[created.name] = created
        return comparisons_pb2.CreateComparisonResponse(comparison=created)

    async def WatchComparison(  # noqa: D102
        self, request: comparisons_pb2.WatchComparisonRequest, context: Context
    ) -> AsyncIterator[comparisons_pb2.WatchComparisonResponse]:
        found = await self._find(request.name, context)
        yield comparisons_pb2.WatchComparisonResponse(comparison=found)
        self.running.set()
        if self.script.runs_until_aborted:
            await self._aborted.wait()
        elif found.state in _LIVE:
            self._finish(found)
        yield comparisons_pb2.WatchComparisonResponse(comparison=found)

    async def GetComparison(  # noqa: D102
        self, request: comparisons_pb2.GetComparisonRequest, context: Context
    ) -> comparisons_pb2.GetComparisonResponse:
        return comparisons_pb2.GetComparisonResponse(comparison=await self._find(request.name, context))

    async def ListComparisons(  # noqa: D102
        self, request: comparisons_pb2.ListComparisonsRequest, context: Context
    ) -> comparisons_pb2.ListComparisonsResponse:
        everything = list(reversed(self._comparisons.values()))
        start = int(request.page_token or 0)
        end = start + (request.page_size or 50)
        return comparisons_pb2.ListComparisonsResponse(
            comparisons=everything[start:end], next_page_token=str(end) if end < len(everything) else ""
        )

    async def AbortComparison(  # noqa: D102
        self, request: comparisons_pb2.AbortComparisonRequest, context: Context
    ) -> comparisons_pb2.AbortComparisonResponse:
        found = await self._find(request.name, context)
        if found.state not in _LIVE:
            ended = FailedPrecondition(f"{request.name} has ended", reason=errors_pb2.ERROR_REASON_INVALID_STATE)
            await fail(context, ended)
        found.state = _Comparison.STATE_ABORTED
        aborted = Aborted(f"aborted on request: {request.reason}", reason=errors_pb2.ERROR_REASON_ABORTED)
        found.error.CopyFrom(to_status(aborted))
        for member in found.members:
            member.state = executions_pb2.STATE_ABORTED
        self._aborted.set()
        return comparisons_pb2.AbortComparisonResponse(comparison=found)

    async def _find(self, name: str, context: Context) -> _Comparison:
        if name not in self._comparisons:
            await fail(context, NotFound(f"there is no {name}", reason=errors_pb2.ERROR_REASON_NOT_FOUND))
        return self._comparisons[name]

    def _finish(self, found: _Comparison) -> None:
        script = self.script.comparison
        if script is None:
            raise ValueError("the script has no comparison")
        for member, played in zip(found.members, script.members, strict=True):
            target, execution = comparisons_pb2.ComparisonTarget(), member.execution
            target.CopyFrom(member.target)
            member.CopyFrom(played)
            member.target.CopyFrom(target)
            member.execution = execution
        found.pairs.extend(script.pairs)
        found.verdict = script.verdict
        found.ran_in_parallel = script.ran_in_parallel
        if script.HasField("error"):
            found.error.CopyFrom(script.error)
        found.state = script.state
