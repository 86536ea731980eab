"""The store on real SQLite files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from proxima.errors.v1 import errors_pb2
from proxima_orchestrator.executions import migrations
from proxima_orchestrator.executions.database import database_url
from proxima_orchestrator.executions.directory import DataDirectory, file_system_of
from proxima_orchestrator.executions.record import ArtifactRecord, ExecutionRecord
from proxima_orchestrator.executions.schema import HEAD_REVISION, METADATA
from proxima_orchestrator.executions.state_machine import State
from proxima_orchestrator.executions.store import StaleWriteError, Store
from proxima_runtime.errors import FailedPrecondition, ProximaError, Unimplemented
from sqlalchemy import create_engine, inspect


def record(number: int = 0, *, request_id: str | None = None, payload: bytes = b"x") -> ExecutionRecord:
    """An execution in PLANNING, created `number` microseconds after the epoch."""
    return ExecutionRecord(
        id=str(uuid.UUID(int=number)),
        owner="local",
        request_id=request_id,
        payload_sha256=payload,
        attempt=1,
        state=State.PLANNING,
        display_name="bell",
        seed=2**32 - 1,
        create_time=number,
    )


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Store]:
    """The store of a folder."""
    store = await Store.open(database_url(folder / "p.sqlite3"))
    try:
        yield store
    finally:
        await store.close()


async def test_keeps_every_field(folder: Path) -> None:
    """What is written is read back equal, also by another process of the store."""
    first = record(1)
    later = replace(
        first,
        state=State.COMPLETED,
        plan_time=1,
        ready_time=2,
        start_time=3,
        end_time=4,
        circuit_digest="ab",
        backend="qiskit",
        engine="aer",
        method=1,
        instance="backends/qiskit/instances/0",
        checkpoint="id-ab",
        checkpoint_bytes=2**41,
        result_spec=b"1",
        characteristics=b"2",
        plan=b"3",
        error=b"4",
        usage=b"5",
        results=b"6",
    )
    artifact = ArtifactRecord(item_index=0, array_index=1, sha256="cd", size_bytes=2**40)
    async with opened(folder) as store:
        assert await store.begin_insert(first, b"spec") is first
        assert await store.get(first.id) == first
        await store.update(first, later, artifacts=[artifact])
    async with opened(folder) as store:
        assert await store.get(first.id) == later
        assert await store.specification(first.id) == b"spec"
        assert await store.artifacts(first.id) == {(0, 1): artifact}
        assert list(await store.outcomes(latest=5)) == [("qiskit", "aer", 1, State.COMPLETED)]
        assert await store.get(str(uuid.UUID(int=9))) is None


async def test_an_update_is_fenced_by_state_and_attempt(folder: Path) -> None:
    """A write from a state or attempt that is no longer the row's changes nothing."""
    first = record(1)
    async with opened(folder) as store:
        await store.begin_insert(first, b"")
        ready = replace(first, state=State.READY)
        await store.update(first, ready)
        for stale in (first, replace(ready, attempt=2)):
            with pytest.raises(StaleWriteError):
                await store.update(stale, replace(stale, state=State.ERROR))
        assert await store.get(first.id) == ready


async def test_a_request_id_is_kept_once_an_owner(folder: Path) -> None:
    """A second insert with the same request id returns the first execution; none has no such limit."""
    async with opened(folder) as store:
        first = record(1, request_id="r")
        await store.begin_insert(first, b"")
        assert await store.begin_insert(record(2, request_id="r", payload=b"y"), b"") == first
        assert await store.get(record(2).id) is None
        for number in (3, 4):
            await store.begin_insert(record(number), b"")
        assert len(await store.live()) == 3


async def test_pages_are_complete_and_newest_first(folder: Path) -> None:
    """Pages follow each other without gaps, also where times are equal."""
    async with opened(folder) as store:
        for number in range(10):
            await store.begin_insert(replace(record(number), create_time=number // 3), b"")
        seen: list[ExecutionRecord] = []
        while page := await store.page("local", limit=4, after=(seen[-1].create_time, seen[-1].id) if seen else None):
            seen += page
        assert [item.id for item in seen] == [record(number).id for number in reversed(range(10))]
        assert await store.page("local", limit=4, states=[State.ERROR]) == []


async def test_concurrent_writes_share_commits_and_keep_their_order(folder: Path) -> None:
    """A thousand chained writes of many executions all arrive, in order."""
    async with opened(folder) as store:

        async def drive(number: int) -> None:
            now = record(number)
            await store.begin_insert(now, b"s")
            futures = []
            for state in (State.READY, State.RUNNING, State.COMPLETED):
                after = replace(now, state=state)
                futures.append(store.begin_update(now, after))
                now = after
            assert await asyncio.gather(*futures) == [True] * 3

        await asyncio.gather(*(drive(number) for number in range(250)))
        assert await store.live() == []
        assert len(await store.page("local", limit=1000, states=[State.COMPLETED])) == 250


async def test_a_write_that_fails_does_not_harm_its_group(folder: Path) -> None:
    """When one write of a group breaks, the others are committed all the same."""
    async with opened(folder) as store:
        await store.begin_insert(record(1), b"")
        good = store.begin_insert(record(2), b"")
        bad = store.begin_insert(record(1), b"")  # the same primary key
        also_good = store.begin_insert(record(3), b"")
        results = await asyncio.gather(good, bad, also_good, return_exceptions=True)
        assert [isinstance(item, ProximaError) for item in results] == [False, True, False]
        assert len(await store.live()) == 3


async def test_a_full_disk_is_said_and_nothing_is_lost(folder: Path) -> None:
    """When the file cannot grow, an insert fails with STORAGE_FULL; what was there stays, and room helps at once."""
    async with opened(folder) as store:
        await store.begin_insert(record(1), b"")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, ((folder / "p.sqlite3-wal").stat().st_size + 4096, hard))
            with pytest.raises(ProximaError) as caught:
                await store.begin_insert(record(2), bytes(2**20))
            assert caught.value.reason == errors_pb2.ERROR_REASON_STORAGE_FULL
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, previous)
        assert await store.get(record(1).id) == record(1)
        assert await store.get(record(2).id) is None
        await store.begin_insert(record(3), bytes(2**20))
        assert len(await store.live()) == 2


WRITER = """
import asyncio, sys
from proxima_orchestrator.executions.store import Store
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.state_machine import State

async def main():
    store = await Store.open("sqlite:///" + sys.argv[1])
    for number in range(10**6):
        await store.begin_insert(ExecutionRecord(
            id=f"{number:08}", owner="local", request_id=None, payload_sha256=b"", attempt=1, state=State.PLANNING,
            display_name="", seed=0, create_time=number), b"spec")
        print(number, flush=True)

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_a_kill(folder: Path) -> None:
    """Every insert that was acknowledged before a kill -9 is there afterwards, with its specification."""
    path = folder / "p.sqlite3"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(path)), stdout=subprocess.PIPE, env=os.environ.copy()
    )
    assert process.stdout is not None
    last = -1
    while last < 300:
        last = int(await process.stdout.readline())
    process.kill()
    rest = (await process.communicate())[0].split()
    last = int(rest[-1]) if rest else last
    async with opened(folder) as store:
        known = {item.id for item in await store.live()}
        assert {f"{number:08}" for number in range(last + 1)} <= known
        assert await store.specification(f"{last:08}") == b"spec"


async def test_refuses_a_store_of_a_newer_version(folder: Path) -> None:
    """A database at a revision that this version does not know is refused and left alone."""
    async with opened(folder):
        pass
    with contextlib.closing(sqlite3.connect(folder / "p.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(FailedPrecondition, match="another version"):
        await Store.open(database_url(folder / "p.sqlite3"))


async def test_serves_sqlite_only(folder: Path) -> None:
    """A URL of another database is refused by name."""
    with pytest.raises(Unimplemented, match="SQLite"):
        await Store.open("postgresql://localhost/p")


async def test_the_migrations_make_the_tables_of_the_schema(folder: Path) -> None:
    """The migrated database has the tables, columns and indexes of the schema, at its newest revision."""
    async with opened(folder):
        pass
    engine = create_engine(database_url(folder / "p.sqlite3"))
    inspector = inspect(engine)
    for table in METADATA.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        assert {index["name"] for index in inspector.get_indexes(table.name)} == {i.name for i in table.indexes}
    engine.dispose()
    assert ScriptDirectory(next(iter(migrations.__path__))).get_current_head() == HEAD_REVISION


def test_a_data_directory_has_one_holder(folder: Path) -> None:
    """A directory that is held is refused with the holder's process id, and is free after close."""
    held = DataDirectory(folder / "data")
    with pytest.raises(FailedPrecondition, match=str(os.getpid())):
        DataDirectory(folder / "data")
    held.close()
    DataDirectory(folder / "data").close()
    assert (folder / "data").stat().st_mode & 0o777 == 0o700


MOUNTS = """\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 0:50 / /home rw shared:1 - nfs4 server:/home rw
31 30 0:51 / /home/local\\040disk rw - xfs /dev/sdb1 rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/var/lib", "ext4"), ("/home/me", "nfs4"), ("/home/local disk/p", "xfs"), ("/homeless", "ext4")],
)
def test_finds_the_file_system_of_a_path(path: str, kind: str) -> None:
    """The file system of a path is that of the longest mount point above it."""
    assert file_system_of(Path(path), MOUNTS) == kind
