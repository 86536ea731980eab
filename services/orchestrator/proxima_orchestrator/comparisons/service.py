"""All comparisons: create, follow, list, abort, recover."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import uuid
from collections.abc import AsyncIterator

import structlog
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import comparisons_pb2
from proxima_runtime.errors import AlreadyExists, FailedPrecondition, NotFound, Unavailable

from proxima_orchestrator.comparisons.record import LIVE_STATES, ComparisonRecord, ComparisonState
from proxima_orchestrator.comparisons.run import ComparisonParts, ComparisonRun
from proxima_orchestrator.convert.comparison import check_comparison
from proxima_orchestrator.convert.execution import timestamp
from proxima_orchestrator.executions.live import now
from proxima_orchestrator.executions.service import OWNER
from proxima_orchestrator.wire import frame

log = structlog.get_logger(__name__)


class Comparisons:
    """The comparisons of one orchestrator: those that run, and through the store those that have ended."""

    def __init__(self, parts: ComparisonParts) -> None:
        self._parts = parts
        self._runs: dict[str, ComparisonRun] = {}
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def create(self, message: comparisons_pb2.ComparisonSpec, *, request_id: str | None) -> bytes:
        """Create a comparison, durably, and begin to drive it; or find the one that has this request id.

        Returns its snapshot, a serialised Comparison.

        Raises:
            InvalidArgument: INVALID_REQUEST.
            NotFound: UNKNOWN_BACKEND.
            AlreadyExists: REQUEST_ID_REUSED.
            ResourceExhausted: STORAGE_FULL; nothing was started.
            Unavailable: DRAINING.
        """
        if self._draining:
            raise draining()
        spec = check_comparison(message, seed=secrets.randbits(32))
        self._parts.members.check(spec)
        identity, moment = str(uuid.uuid4()), now()
        snapshot = comparisons_pb2.Comparison(
            name=f"comparisons/{identity}",
            owner=OWNER,
            state=comparisons_pb2.Comparison.STATE_RUNNING,
            display_name=spec.execution.circuit.display_name,
            members=[
                comparisons_pb2.ComparisonMember(target=target, execution=f"executions/{uuid.uuid4()}")
                for target in spec.targets
            ],
            create_time=timestamp(moment),
            request_id=request_id or "",
            false_alarm_rate=spec.false_alarm_rate,
            tvd_threshold=spec.tvd_threshold,
            seed=spec.execution.seed,
            seed_policy=spec.seed_policy or comparisons_pb2.SEED_POLICY_DISTINCT,
            sequential=spec.sequential,
        )
        created = ComparisonRecord(
            id=identity,
            owner=OWNER,
            request_id=request_id,
            payload_sha256=hashlib.sha256(message.SerializeToString(deterministic=True)).digest(),
            state=ComparisonState.RUNNING,
            create_time=moment,
            snapshot=snapshot.SerializeToString(),
        )
        # What is durable is driven, even when the caller goes away in between.
        stored = await asyncio.shield(asyncio.ensure_future(self._insert(created, snapshot, spec)))
        if stored.payload_sha256 != created.payload_sha256:
            raise AlreadyExists(
                f"request_id {request_id!r} was used for {stored.name} with another specification; use a new one",
                reason=errors_pb2.ERROR_REASON_REQUEST_ID_REUSED,
                metadata={"request_id": request_id or "", "execution": stored.name},
            )
        return await self.get(stored.id)

    async def _insert(
        self,
        record: ComparisonRecord,
        snapshot: comparisons_pb2.Comparison,
        spec: comparisons_pb2.ComparisonSpec,
    ) -> ComparisonRecord:
        stored = await self._parts.comparisons.insert(record, spec.SerializeToString())
        if stored.id == record.id:
            self._begin(snapshot, spec)
        return stored

    def _begin(self, snapshot: comparisons_pb2.Comparison, spec: comparisons_pb2.ComparisonSpec) -> None:
        run = ComparisonRun(snapshot, spec, self._parts)
        self._runs[run.id] = run
        self._idle.clear()
        run.start().add_done_callback(lambda _: self._ended(run.id))

    def _ended(self, comparison_id: str) -> None:
        self._runs.pop(comparison_id, None)
        if not self._runs:
            self._idle.set()

    async def recover(self) -> None:
        """Take up every comparison that the store has as not terminal."""
        for record in await self._parts.comparisons.live():
            log.info("comparison taken up", comparison_id=record.id, state=record.state.name)
            spec = comparisons_pb2.ComparisonSpec.FromString(await self._parts.comparisons.specification(record.id))
            self._begin(comparisons_pb2.Comparison.FromString(record.snapshot), spec)

    async def follow(self, comparison_id: str) -> AsyncIterator[bytes]:
        """Yield messages of WatchComparisonResponse until the comparison is at its end.

        Raises:
            NotFound: there is no such comparison.
            Unavailable: DRAINING; the orchestrator stops, the comparison may go on.
        """
        run = self._runs.get(comparison_id)
        if run is not None:
            async for message in run.feed.follow():
                yield message
            return
        record = await self._stored(comparison_id)
        if record.state in LIVE_STATES:
            raise draining()
        yield frame(1, record.snapshot)

    async def get(self, comparison_id: str) -> bytes:
        """Return the snapshot of a comparison, a serialised Comparison.

        Raises:
            NotFound: there is no such comparison.
        """
        run = self._runs.get(comparison_id)
        return run.feed.snapshot if run is not None else (await self._stored(comparison_id)).snapshot

    async def _stored(self, comparison_id: str) -> ComparisonRecord:
        record = await self._parts.comparisons.get(comparison_id)
        if record is None:
            name = f"comparisons/{comparison_id}"
            raise NotFound(
                f"there is no {name}; `proxima history --comparisons` lists what there is",
                reason=errors_pb2.ERROR_REASON_NOT_FOUND,
                metadata={"resource": name},
            )
        return record

    async def page(self, *, limit: int, after: tuple[int, str] | None) -> list[ComparisonRecord]:
        """Return up to `limit` comparisons, newest first, that follow `after`, with their snapshots of now."""
        return await self._parts.comparisons.page(OWNER, limit=limit, after=after)

    def newest(self, record: ComparisonRecord) -> bytes:
        """Return the snapshot of a stored comparison, of now where it runs."""
        run = self._runs.get(record.id)
        return run.feed.snapshot if run is not None else record.snapshot

    async def abort(self, comparison_id: str, reason: str) -> bytes:
        """Abort a comparison with its members and return its snapshot; goes on when the caller goes away.

        Raises:
            NotFound: there is no such comparison.
            FailedPrecondition: INVALID_STATE; it has completed or failed.
        """
        run = self._runs.get(comparison_id)
        if run is not None:
            await asyncio.shield(asyncio.ensure_future(run.abort(reason)))
        record = await self._stored(comparison_id)
        if record.state is not ComparisonState.ABORTED:
            raise FailedPrecondition(
                f"{record.name} is {record.state.name}; there is nothing to abort",
                reason=errors_pb2.ERROR_REASON_INVALID_STATE,
                metadata={"state": record.state.name, "trigger": "abort"},
            )
        return record.snapshot

    async def drain(self) -> None:
        """Take no new comparisons and return when those at hand have ended, or wait for the next start."""
        self._draining = True
        await self._idle.wait()

    async def leave(self) -> None:
        """Stop driving and end every stream; the next start goes on with what has not ended."""
        self._draining = True
        for run in list(self._runs.values()):
            run.feed.close(draining())
        await asyncio.gather(*(run.leave() for run in list(self._runs.values())))


def draining() -> Unavailable:
    """Return the error of a call to an orchestrator that stops."""
    return Unavailable(
        "the orchestrator is stopping; follow the comparison again when it is back",
        reason=errors_pb2.ERROR_REASON_DRAINING,
    )
