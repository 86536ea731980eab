"""Opening the store's database: SQLite with a write-ahead log, migrated to the newest revision."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition, Internal, Unimplemented
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from proxima_orchestrator.executions.schema import HEAD_REVISION
from proxima_orchestrator.executions.writer import translate


def open_database(url: str, *, synchronous: str) -> Engine:
    """Open a database and bring its schema up to date.

    Args:
        url: SQLAlchemy URL; only "sqlite:///..." is served by this version.
        synchronous: "normal" (survives a kill of the process) or "full" (survives a power cut).

    Raises:
        Unimplemented: the URL is not SQLite's.
        ProximaError: the file cannot be opened or written, or belongs to a newer version.
    """
    if not url.startswith("sqlite:///"):
        raise Unimplemented(
            "this version keeps its store in SQLite only; leave database_url unset, or use sqlite:///path",
            reason=errors_pb2.ERROR_REASON_NOT_IMPLEMENTED,
            metadata={"method": "database_url"},
        )
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=2, max_overflow=0, connect_args={"check_same_thread": False, "timeout": 10}
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        mode = cursor.fetchone()
        if mode != ("wal",):
            raise sqlite3.OperationalError(f"journal mode is {mode}, not WAL")
        cursor.execute(f"PRAGMA synchronous = {'FULL' if synchronous == 'full' else 'NORMAL'}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    try:
        with engine.connect() as connection:
            _migrate(connection)
    except DBAPIError as error:
        engine.dispose()
        raise translate(error) from error
    return engine


def database_url(path: Path) -> str:
    """Return the URL of a SQLite file."""
    return f"sqlite:///{path}"


def _migrate(connection: Connection) -> None:
    known = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")).first()
    current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None
    connection.rollback()
    if current == HEAD_REVISION:
        return
    # Only needed when there is something to migrate; importing it takes longer than opening the store.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
        connection.commit()
    except CommandError as error:
        raise FailedPrecondition(
            f"the store was written by another version of Proxima (revision {current}); use that version or another "
            "data directory",
            reason=errors_pb2.ERROR_REASON_STORAGE_FAILED,
        ) from error
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    connection.rollback()
    if found != HEAD_REVISION:
        raise Internal(
            f"the store's schema is at revision {found} and not at {HEAD_REVISION}",
            reason=errors_pb2.ERROR_REASON_STORAGE_FAILED,
        )
