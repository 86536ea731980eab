"""The durable table of comparisons, in the store of the executions."""

from __future__ import annotations

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Internal
from sqlalchemy import Connection, Row, Select, insert, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from proxima_orchestrator.comparisons.record import LIVE_STATES, ComparisonRecord, ComparisonState
from proxima_orchestrator.executions.schema import COMPARISON_SPECIFICATIONS, COMPARISONS
from proxima_orchestrator.executions.store import Store

_COLUMNS = COMPARISONS.c


class ComparisonStore:
    """The comparisons of one data directory."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def insert(self, record: ComparisonRecord, specification: bytes) -> ComparisonRecord:
        """Insert a comparison durably and return it, or the one that has its owner and request id already.

        Raises:
            ResourceExhausted: STORAGE_FULL; nothing was written.
        """

        def work(connection: Connection) -> ComparisonRecord:
            values = {column.name: getattr(record, column.name) for column in COMPARISONS.columns}
            statement = sqlite_insert(COMPARISONS).on_conflict_do_nothing(index_elements=["owner", "request_id"])
            if connection.execute(statement, values).rowcount:
                row = {"comparison_id": record.id, "spec": specification}
                connection.execute(insert(COMPARISON_SPECIFICATIONS), row)
                return record
            by_request = (_COLUMNS.owner == record.owner) & (_COLUMNS.request_id == record.request_id)
            return _record(connection.execute(select(COMPARISONS).where(by_request)).one())

        return await self._store.write(work)

    async def move(self, comparison_id: str, state: ComparisonState, snapshot: bytes) -> bool:
        """Move a comparison that is not terminal on; return whether it was not.

        Raises:
            ResourceExhausted: STORAGE_FULL; nothing was written.
        """
        statement = (
            update(COMPARISONS)
            .where(_COLUMNS.id == comparison_id, _COLUMNS.state.in_([int(item) for item in LIVE_STATES]))
            .values(state=int(state), snapshot=snapshot)
        )
        return await self._store.write(lambda connection: connection.execute(statement).rowcount == 1)

    async def get(self, comparison_id: str) -> ComparisonRecord | None:
        """Return a comparison, or None."""
        found = await self._records(select(COMPARISONS).where(_COLUMNS.id == comparison_id))
        return found[0] if found else None

    async def specification(self, comparison_id: str) -> bytes:
        """Return the specification of a comparison, as resolved when it was created.

        Raises:
            Internal: STORAGE_FAILED; there is none.
        """
        query = select(COMPARISON_SPECIFICATIONS.c.spec).where(
            COMPARISON_SPECIFICATIONS.c.comparison_id == comparison_id
        )
        found = await self._store.read(lambda connection: connection.execute(query).scalar())
        if not isinstance(found, bytes):
            raise Internal(
                f"the store has no specification of comparisons/{comparison_id}",
                reason=errors_pb2.ERROR_REASON_STORAGE_FAILED,
            )
        return found

    async def live(self) -> list[ComparisonRecord]:
        """Return the comparisons that are not terminal, oldest first."""
        query = select(COMPARISONS).where(_COLUMNS.state.in_([int(state) for state in LIVE_STATES]))
        return await self._records(query.order_by(_COLUMNS.create_time, _COLUMNS.id))

    async def page(self, owner: str, *, limit: int, after: tuple[int, str] | None = None) -> list[ComparisonRecord]:
        """Return up to `limit` comparisons of an owner, newest first, that follow `after` (create_time, id)."""
        query = select(COMPARISONS).where(_COLUMNS.owner == owner)
        if after is not None:
            query = query.where(tuple_(_COLUMNS.create_time, _COLUMNS.id) < tuple_(*after))
        return await self._records(query.order_by(_COLUMNS.create_time.desc(), _COLUMNS.id.desc()).limit(limit))

    async def _records(self, query: Select[tuple[object, ...]]) -> list[ComparisonRecord]:
        return await self._store.read(lambda connection: [_record(row) for row in connection.execute(query)])


def _record(row: Row[tuple[object, ...]]) -> ComparisonRecord:
    values = dict(row._mapping)
    values["state"] = ComparisonState(values["state"])
    return ComparisonRecord(**values)
