"""Drives one comparison: its members, one after another or together, then the analysis."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import comparisons_pb2, executions_pb2
from proxima_runtime.errors import (
    Aborted,
    Internal,
    ProximaError,
    Unavailable,
    from_status,
    to_status,
)

from proxima_orchestrator.artifacts import ArtifactStore
from proxima_orchestrator.comparison.verdict import overall
from proxima_orchestrator.comparisons.analysis import analyze
from proxima_orchestrator.comparisons.feed import ComparisonFeed
from proxima_orchestrator.comparisons.members import Members
from proxima_orchestrator.comparisons.record import LIVE_STATES, ComparisonState
from proxima_orchestrator.comparisons.store import ComparisonStore
from proxima_orchestrator.convert.comparison import (
    asks_for_counts,
    judgement_to_message,
    rules_of,
    state_to_number,
    target_label,
    undiagnosed,
    verdict_to_number,
)
from proxima_orchestrator.convert.execution import timestamp
from proxima_orchestrator.executions.live import now
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.state_machine import State
from proxima_orchestrator.executions.store import Store

_RETRY_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparisonParts:
    """What all comparisons share."""

    members: Members
    store: Store
    comparisons: ComparisonStore
    artifacts: ArtifactStore


class ComparisonRun:
    """One comparison being driven by a task of its own; nothing that a caller does but `abort` stops it."""

    def __init__(
        self, message: comparisons_pb2.Comparison, spec: comparisons_pb2.ComparisonSpec, parts: ComparisonParts
    ) -> None:
        """Prepare to drive a comparison that is in the store; `message` is its snapshot."""
        self.feed = ComparisonFeed()
        self.message = message
        self.id = message.name.removeprefix("comparisons/")
        self._spec = spec
        self._parts = parts
        self._abort_reason: str | None = None
        self._ending = False
        self._task: asyncio.Task[None] | None = None
        self._publish(final=False)

    def start(self) -> asyncio.Task[None]:
        """Begin, from wherever the comparison stands."""
        self._task = asyncio.create_task(self._drive(), name=self.message.name)
        return self._task

    async def abort(self, reason: str) -> None:
        """Abort every member that is not terminal, and wait until they have stopped and the comparison has ended."""
        task = self._task
        if task is None or task.done():
            return
        if self._abort_reason is None and not self._ending:
            self._abort_reason = reason
            task.cancel()
        await asyncio.wait([task])

    async def leave(self) -> None:
        """Stop driving and change nothing: the orchestrator stops."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _drive(self) -> None:
        try:
            await self._go_on()
        except asyncio.CancelledError:
            if self._abort_reason is None:
                raise
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            await self._end_aborted(self._abort_reason)
        except Unavailable as error:
            if error.reason == errors_pb2.ERROR_REASON_DRAINING:
                # The next start takes it up; who watches hears of it now.
                self.feed.close(error)
            else:
                await self._fail(error)
        except ProximaError as error:
            await self._fail(error)
        except Exception:
            log.exception("bug", comparison_id=self.id)
            await self._fail(
                Internal(
                    "a bug in Proxima; the orchestrator's log has the details", reason=errors_pb2.ERROR_REASON_INTERNAL
                )
            )
        log.info("comparison driven", comparison_id=self.id, state=ComparisonState(self.message.state).name)

    async def _go_on(self) -> None:
        if self.message.state == comparisons_pb2.Comparison.STATE_RUNNING:
            await self._run_members()
            self.message.analyze_time.CopyFrom(timestamp(now()))
            await self._move(ComparisonState.ANALYZING)
        records = await self._records()
        self.message.ran_in_parallel = _overlap([record for _, record in records])
        completed = [(place, record) for place, record in records if record.state is State.COMPLETED]
        if len(completed) < 2:
            raise self._too_few(len(completed))
        pair_count = len(completed) * (len(completed) - 1) // 2
        judgements = await analyze(
            completed,
            store=self._parts.store,
            artifacts=self._parts.artifacts,
            rules=rules_of(self._spec, pair_count=pair_count),
            seed=self._spec.execution.seed,
            with_counts=asks_for_counts(self._spec.execution.results),
        )
        self._ending = True
        self.message.pairs.extend(judgement_to_message(*item) for item in judgements)
        self.message.verdict = verdict_to_number(overall([judgement for _, _, judgement in judgements]))
        if not self._spec.skip_diagnosis:
            self.message.divergences.extend(undiagnosed(self.message.pairs))
        await self._end(ComparisonState.COMPLETED)

    async def _run_members(self) -> None:
        """Create the members that are not there yet and follow all to their ends."""
        members, count = self._parts.members, len(self._spec.targets)
        existing = [await members.exists(self._execution_id(place)) for place in range(count)]
        spec = self._spec if all(existing) else await members.resolve(self._spec)
        if self._spec.sequential:
            for place in range(count):
                await self._follow(place, spec, exists=existing[place])
            return
        tasks = [
            asyncio.create_task(self._follow(place, spec, exists=existing[place]), name=f"{self.message.name} {place}")
            for place in range(count)
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, place: int, spec: comparisons_pb2.ComparisonSpec, *, exists: bool) -> None:
        identity = self._execution_id(place)
        member = self.message.members[place]
        if not exists:
            try:
                notes = await self._parts.members.create(spec, place, execution_id=identity, comparison=self.id)
            except ProximaError as error:
                if error.reason == errors_pb2.ERROR_REASON_DRAINING:
                    raise
                # A backend that went away since, or a full disk: the others can still be compared.
                member.state = executions_pb2.STATE_ERROR
                member.error.CopyFrom(to_status(error))
                self._publish(final=False)
                return
            member.notes.extend(notes)
            if notes:
                await self._move(ComparisonState.RUNNING)
        async for event in self._parts.members.follow(identity):
            if event.HasField("execution"):
                self._show(place, event.execution)
            elif event.HasField("progress"):
                progress = comparisons_pb2.MemberProgress(member=place, progress=event.progress)
                self.feed.report(place, progress.SerializeToString())

    def _show(self, place: int, execution: executions_pb2.Execution) -> None:
        member = self.message.members[place]
        before = member.SerializeToString()
        member.state = execution.state
        if execution.HasField("error"):
            member.error.CopyFrom(execution.error)
        if execution.HasField("usage"):
            member.usage.CopyFrom(execution.usage)
        self.message.circuit_digest = self.message.circuit_digest or execution.circuit_digest
        if member.SerializeToString() != before:
            self._publish(final=False)

    async def _records(self) -> list[tuple[int, ExecutionRecord]]:
        """Return the members that were created, with their positions."""
        found = [
            await self._parts.members.record(self._execution_id(place)) for place in range(len(self._spec.targets))
        ]
        return [(place, record) for place, record in enumerate(found) if record is not None]

    def _too_few(self, completed: int) -> ProximaError:
        """Return the error of a comparison without a pair: the first failure's reason, all failures in words."""
        failures = [member for member in self.message.members if member.HasField("error")]
        words = "; ".join(f"{target_label(item.target)}: {from_status(item.error).message}" for item in failures)
        had = "no member" if not completed else "only one member"
        text = f"{had} gave a result, so there is nothing to compare: {words}"
        first = from_status(failures[0].error) if failures else None
        if first is None or first.reason == errors_pb2.ERROR_REASON_ABORTED:
            return Aborted(text, reason=errors_pb2.ERROR_REASON_ABORTED)
        return type(first)(text, reason=first.reason, metadata=first.metadata)

    async def _end_aborted(self, reason: str) -> None:
        ids = [self._execution_id(place) for place in range(len(self._spec.targets))]
        await asyncio.gather(*(self._parts.members.abort(identity, reason) for identity in ids))
        for place, identity in enumerate(ids):
            snapshot = await self._parts.members.snapshot(identity)
            if snapshot is not None:
                self._show(place, snapshot)
        self._ending = True
        text = f"aborted on request{f': {reason}' if reason else ''}"
        error = Aborted(text, reason=errors_pb2.ERROR_REASON_ABORTED)
        self.message.error.CopyFrom(to_status(error))
        await self._end(ComparisonState.ABORTED)

    async def _fail(self, error: ProximaError) -> None:
        self._ending = True
        self.message.error.CopyFrom(to_status(error))
        await self._end(ComparisonState.ERROR)

    async def _end(self, state: ComparisonState) -> None:
        """Move to a terminal state; keeps trying while the store cannot write, for the truth must get there."""
        self.message.end_time.CopyFrom(timestamp(now()))
        while True:
            try:
                return await self._move(state)
            except ProximaError as problem:
                log.warning("store cannot write", comparison_id=self.id, message=problem.message)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _move(self, state: ComparisonState) -> None:
        before = self.message.state
        self.message.state = state_to_number(state)
        try:
            await self._parts.comparisons.move(self.id, state, self.message.SerializeToString())
        except ProximaError:
            self.message.state = before
            raise
        self._publish(final=state not in LIVE_STATES)

    def _publish(self, *, final: bool) -> None:
        self.feed.publish(self.message.SerializeToString(), final=final)

    def _execution_id(self, place: int) -> str:
        return self.message.members[place].execution.removeprefix("executions/")


def _overlap(records: Sequence[ExecutionRecord]) -> bool:
    """Return whether two members ran at the same time, by the moments when they were accepted and ended."""
    spans = sorted((item.start_time, item.end_time) for item in records if item.start_time and item.end_time)
    return any(after[0] < before[1] for before, after in itertools.pairwise(spans))
