"""The durable table of executions: SQLite through SQLAlchemy Core, one writer thread, one reader thread.

Durable means that what was written survives a kill of the process at any moment; a power cut may lose the last commits
(`synchronous=full` prevents that) and never corrupts. Every update says from which state and attempt it comes, and
fails when the row is no longer there: the attempt is the fencing token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Self, TypeVar

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Internal
from sqlalchemy import Connection, Engine, Row, Select, bindparam, insert, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError

from proxima_orchestrator.convert.execution import closed_attempt_to_bytes
from proxima_orchestrator.executions.database import open_database
from proxima_orchestrator.executions.record import ArtifactRecord, ExecutionRecord
from proxima_orchestrator.executions.schema import ARTIFACTS, ATTEMPTS, EXECUTIONS, SPECIFICATIONS
from proxima_orchestrator.executions.state_machine import LIVE_STATES, State
from proxima_orchestrator.executions.statements import Statement
from proxima_orchestrator.executions.writer import GroupWriter, translate

ResultT = TypeVar("ResultT")

_BLOBS = ("result_spec", "characteristics", "plan", "error", "usage", "results")
_MUTABLE = (
    *("attempt", "state", "plan_time", "ready_time", "start_time", "end_time"),
    *("circuit_digest", "backend", "engine", "method", "instance", "checkpoint", "checkpoint_bytes"),
    *_BLOBS,
)
_FIXED = ("id", "owner", "request_id", "payload_sha256", "display_name", "seed", "create_time", "comparison")

_INSERT = Statement(sqlite_insert(EXECUTIONS).on_conflict_do_nothing(index_elements=["owner", "request_id"]))
_INSERT_SPECIFICATION = Statement(insert(SPECIFICATIONS))
_UPDATE = Statement(
    update(EXECUTIONS)
    .where(
        EXECUTIONS.c.id == bindparam("old_id"),
        EXECUTIONS.c.state == bindparam("old_state"),
        EXECUTIONS.c.attempt == bindparam("old_attempt"),
    )
    .values({name: bindparam(name) for name in _MUTABLE})
)
_INSERT_ARTIFACT = insert(ARTIFACTS)
_INSERT_ATTEMPT = insert(ATTEMPTS)


class StaleWriteError(Exception):
    """The row is not in the state and attempt that the write comes from; somebody else moved it on."""


class Store:
    """The executions of one data directory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = GroupWriter(engine)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-reader")

    @classmethod
    async def open(cls, url: str, *, synchronous: str = "normal") -> Self:
        """Open the store; see `open_database` for the arguments and errors."""
        return cls(await asyncio.to_thread(open_database, url, synchronous=synchronous))

    async def close(self) -> None:
        """Write what waits and close."""
        await self._writer.close()
        self._reader.shutdown()
        self._engine.dispose()

    def begin_insert(self, record: ExecutionRecord, specification: bytes) -> asyncio.Future[ExecutionRecord]:
        """Begin to insert an execution; the result is it, or the one that has its owner and request id already.

        The future fails with ResourceExhausted, STORAGE_FULL, where nothing was written.
        """

        def work(connection: Connection) -> ExecutionRecord:
            values = {name: getattr(record, name) for name in (*_FIXED, *_MUTABLE)}
            if _INSERT.run(connection, values).rowcount:
                _INSERT_SPECIFICATION.run(connection, {"execution_id": record.id, "spec": specification})
                return record
            by_request = (EXECUTIONS.c.owner == record.owner) & (EXECUTIONS.c.request_id == record.request_id)
            return _record(connection.execute(select(EXECUTIONS).where(by_request)).one())

        return self._writer.begin(work)

    def begin_update(
        self, before: ExecutionRecord, after: ExecutionRecord, *, artifacts: Sequence[ArtifactRecord] = ()
    ) -> asyncio.Future[bool]:
        """Begin to move an execution on from `before`'s state and attempt, with the artifacts of its result.

        Writes happen in the order in which they begin. The future is done when the write is durable; False says that
        the execution was no longer in that state and attempt. It fails with ResourceExhausted, STORAGE_FULL, where
        nothing was written.
        """

        def work(connection: Connection) -> bool:
            if not _move(connection, before, after):
                return False
            if artifacts:
                rows = [
                    {
                        "execution_id": after.id,
                        "item_index": item.item_index,
                        "array_index": item.array_index,
                        "sha256": item.sha256,
                        "size_bytes": item.size_bytes,
                    }
                    for item in artifacts
                ]
                connection.execute(_INSERT_ARTIFACT, rows)
            return True

        return self._writer.begin(work)

    async def update(
        self, before: ExecutionRecord, after: ExecutionRecord, *, artifacts: Sequence[ArtifactRecord] = ()
    ) -> None:
        """Move an execution on and wait until that is durable.

        Raises:
            StaleWriteError: it is no longer in that state and attempt.
            ResourceExhausted: STORAGE_FULL; nothing was written.
        """
        if not await self.begin_update(before, after, artifacts=artifacts):
            raise StaleWriteError(_stale(before))

    async def close_attempt(
        self, before: ExecutionRecord, after: ExecutionRecord, *, end_time: int, error: bytes
    ) -> None:
        """Keep the record of `before`'s attempt and move the execution on to `after`'s.

        Raises:
            StaleWriteError: it is no longer in that state and attempt.
        """

        def work(connection: Connection) -> bool:
            if not _move(connection, before, after):
                return False
            values = {
                "execution_id": before.id,
                "attempt": before.attempt,
                "instance": before.instance,
                "start_time": before.start_time,
                "end_time": end_time,
                "error": error,
            }
            connection.execute(_INSERT_ATTEMPT, values)
            return True

        if not await self._writer.write(work):
            raise StaleWriteError(_stale(before))

    async def get(self, execution_id: str) -> ExecutionRecord | None:
        """Return an execution, or None."""
        query = select(EXECUTIONS).where(EXECUTIONS.c.id == execution_id)
        found = await self._read(lambda c: _records(c, query))
        return found[0] if found else None

    async def specification(self, execution_id: str) -> bytes:
        """Return the specification that an execution was created with.

        Raises:
            Internal: STORAGE_FAILED; there is none.
        """
        query = select(SPECIFICATIONS.c.spec).where(SPECIFICATIONS.c.execution_id == execution_id)
        found = await self._read(lambda c: c.execute(query).scalar())
        if not isinstance(found, bytes):
            raise Internal(
                f"the store has no specification of executions/{execution_id}",
                reason=errors_pb2.ERROR_REASON_STORAGE_FAILED,
            )
        return found

    async def live(self) -> list[ExecutionRecord]:
        """Return the executions that are not terminal, oldest first."""
        query = (
            select(EXECUTIONS)
            .where(EXECUTIONS.c.state.in_([int(state) for state in LIVE_STATES]))
            .order_by(EXECUTIONS.c.create_time, EXECUTIONS.c.id)
        )
        return await self._read(lambda c: _records(c, query))

    async def page(
        self, owner: str, *, limit: int, states: Collection[State] = (), after: tuple[int, str] | None = None
    ) -> list[ExecutionRecord]:
        """Return up to `limit` executions of an owner, newest first, that follow `after` (create_time, id)."""
        query = select(EXECUTIONS).where(EXECUTIONS.c.owner == owner)
        if states:
            query = query.where(EXECUTIONS.c.state.in_([int(state) for state in states]))
        if after is not None:
            query = query.where(tuple_(EXECUTIONS.c.create_time, EXECUTIONS.c.id) < tuple_(*after))
        query = query.order_by(EXECUTIONS.c.create_time.desc(), EXECUTIONS.c.id.desc()).limit(limit)
        return await self._read(lambda c: _records(c, query))

    async def artifacts(self, execution_id: str) -> Mapping[tuple[int, int], ArtifactRecord]:
        """Return the artifacts of an execution's result by (item_index, array_index)."""
        query = select(ARTIFACTS).where(ARTIFACTS.c.execution_id == execution_id)
        rows = await self._read(lambda c: c.execute(query).all())
        return {
            (row.item_index, row.array_index): ArtifactRecord(
                item_index=row.item_index, array_index=row.array_index, sha256=row.sha256, size_bytes=row.size_bytes
            )
            for row in rows
        }

    async def outcomes(self, *, latest: int) -> Iterable[tuple[str, str, int, State]]:
        """Return (backend, engine, method, state) of the latest terminal executions that were planned."""
        columns = (EXECUTIONS.c.backend, EXECUTIONS.c.engine, EXECUTIONS.c.method, EXECUTIONS.c.state)
        query = (
            select(*columns)
            .where(EXECUTIONS.c.state.in_([int(State.COMPLETED), int(State.ERROR)]), EXECUTIONS.c.engine != "")
            .order_by(EXECUTIONS.c.create_time.desc())
            .limit(latest)
        )
        rows = await self._read(lambda c: c.execute(query).all())
        return [(row.backend, row.engine, row.method, State(row.state)) for row in rows]

    async def write(self, work: Callable[[Connection], ResultT]) -> ResultT:
        """Run `work` in a transaction of the one writer and return its result once that is durable.

        Raises:
            ResourceExhausted: STORAGE_FULL; nothing was written.
        """
        return await self._writer.write(work)

    async def read(self, work: Callable[[Connection], ResultT]) -> ResultT:
        """Run `work`, which only reads, on the reader's thread and return its result."""
        return await self._read(work)

    async def _read(self, work: Callable[[Connection], ResultT]) -> ResultT:
        def read() -> ResultT:
            try:
                with self._engine.connect() as connection:
                    return work(connection)
            except DBAPIError as error:
                raise translate(error) from error

        return await asyncio.get_running_loop().run_in_executor(self._reader, read)


def _records(connection: Connection, query: Select[tuple[object, ...]]) -> list[ExecutionRecord]:
    """Run a query for executions; those with an attempt before theirs get it."""
    records = [_record(row) for row in connection.execute(query)]
    again = [record.id for record in records if record.attempt > 1]
    if not again:
        return records
    attempts = select(ATTEMPTS).where(ATTEMPTS.c.execution_id.in_(again)).order_by(ATTEMPTS.c.attempt)
    closed: dict[str, bytes] = dict.fromkeys(again, b"")
    for row in connection.execute(attempts):
        closed[row.execution_id] += closed_attempt_to_bytes(
            attempt=row.attempt,
            instance=row.instance,
            start_time=row.start_time,
            end_time=row.end_time,
            error=row.error or b"",
        )
    return [replace(record, closed_attempts=closed.get(record.id, b"")) for record in records]


def _move(connection: Connection, before: ExecutionRecord, after: ExecutionRecord) -> bool:
    values = {name: getattr(after, name) for name in _MUTABLE}
    values |= {"old_id": before.id, "old_state": before.state, "old_attempt": before.attempt}
    return _UPDATE.run(connection, values).rowcount == 1


def _stale(before: ExecutionRecord) -> str:
    return f"{before.name} is no longer in state {before.state.name} of attempt {before.attempt}"


def _record(row: Row[tuple[object, ...]]) -> ExecutionRecord:
    values = dict(row._mapping)
    values["state"] = State(values["state"])
    for name in _BLOBS:
        values[name] = values[name] or b""
    return ExecutionRecord(**values)
