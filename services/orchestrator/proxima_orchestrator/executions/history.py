"""How executions on each backend, engine and method ended, for the score's history factor."""

from __future__ import annotations

from proxima_orchestrator.capabilities import Method
from proxima_orchestrator.executions.state_machine import State
from proxima_orchestrator.executions.store import Store
from proxima_orchestrator.selection import History, Record

_LATEST = 10_000


class Outcomes:
    """Counts of completed and failed executions."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str, Method], Record] = {}

    async def load(self, store: Store) -> None:
        """Count the latest executions of the store."""
        for backend, engine, method, state in await store.outcomes(latest=_LATEST):
            self.add(backend=backend, engine=engine, method=Method(method), state=state)

    def add(self, *, backend: str, engine: str, method: Method, state: State) -> None:
        """Count an execution that completed or failed; aborts say nothing about the engine."""
        key = (backend, engine, method)
        record = self._records.get(key, Record())
        if state is State.COMPLETED:
            self._records[key] = Record(completed=record.completed + 1, failed=record.failed)
        elif state is State.ERROR:
            self._records[key] = Record(completed=record.completed, failed=record.failed + 1)

    def records(self) -> History:
        """Return the counts."""
        return self._records
