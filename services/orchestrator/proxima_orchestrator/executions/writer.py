"""One thread that writes, and groups what waits into one transaction."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Internal, ResourceExhausted
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

ResultT = TypeVar("ResultT")

# A transaction holds at most this many writes, so that the first of them does not wait for ever.
_GROUP_LIMIT = 256


@dataclass(slots=True)
class _Write(Generic[ResultT]):
    work: Callable[[Connection], ResultT]
    future: asyncio.Future[ResultT]
    result: ResultT | None = None
    error: Exception | None = None


class GroupWriter:
    """Runs functions on the store's one writing connection; a future is done when its transaction is committed.

    Everything that waits when the thread comes round goes into one transaction, so 16 executions in flight cost few
    commits. When a transaction fails as a whole, its functions run again, each in a transaction of its own; so they
    must bear being run twice when the first time was rolled back.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[_Write[object] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def begin(self, work: Callable[[Connection], ResultT]) -> asyncio.Future[ResultT]:
        """Begin to run `work` in a transaction; the future is done once that is committed, and `work` runs in any case.

        The future fails with ResourceExhausted, STORAGE_FULL, where the disk is full or read-only, and with Internal,
        STORAGE_FAILED, otherwise.
        """
        future: asyncio.Future[ResultT] = self._loop.create_future()
        self._queue.put(_Write(work, future))  # type: ignore[arg-type]
        return future

    async def write(self, work: Callable[[Connection], ResultT]) -> ResultT:
        """Run `work` in a transaction and return its result once that is committed; see `begin` for the errors.

        The write happens even when the caller is cancelled.
        """
        return await self.begin(work)

    async def close(self) -> None:
        """Write what waits and end the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        with self._engine.connect() as connection:
            running = True
            while running:
                group: list[_Write[object]] = []
                entry = self._queue.get()
                while entry is not None:
                    group.append(entry)
                    if len(group) >= _GROUP_LIMIT:
                        break
                    try:
                        entry = self._queue.get_nowait()
                    except queue.Empty:
                        break
                running = entry is not None
                if group:
                    self._commit(connection, group)
                    self._loop.call_soon_threadsafe(_settle, group)

    def _commit(self, connection: Connection, group: Sequence[_Write[object]]) -> None:
        try:
            for write in group:
                write.result = write.work(connection)
            connection.commit()
        except Exception as error:  # noqa: BLE001 - handed to the caller that owns the write
            connection.rollback()
            if len(group) == 1:
                group[0].error = translate(error)
                return
            for write in group:
                self._commit(connection, [write])


def _settle(group: Sequence[_Write[object]]) -> None:
    for write in group:
        if write.future.done():
            # The caller was cancelled while it waited.
            continue
        if write.error is not None:
            write.future.set_exception(write.error)
            # Nobody may be left to look at it.
            write.future.exception()
        else:
            write.future.set_result(write.result)


def translate(error: Exception) -> Exception:
    """Return the error of the catalogue that a failure of the database stands for; others pass through."""
    if not isinstance(error, DBAPIError):
        return error
    original = error.orig
    code = original.sqlite_errorcode & 0xFF if isinstance(original, sqlite3.Error) else -1
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY):
        return ResourceExhausted(
            "the store cannot write: the disk is full or read-only; free space in the data directory and try again",
            reason=errors_pb2.ERROR_REASON_STORAGE_FULL,
            metadata={"path_hint": "data directory"},
        )
    if code == sqlite3.SQLITE_IOERR:
        return ResourceExhausted(
            f"the store cannot write ({original}); free space in the data directory, or look at the disk",
            reason=errors_pb2.ERROR_REASON_STORAGE_FULL,
            metadata={"path_hint": "data directory"},
        )
    return Internal(f"the store failed: {original}", reason=errors_pb2.ERROR_REASON_STORAGE_FAILED)
