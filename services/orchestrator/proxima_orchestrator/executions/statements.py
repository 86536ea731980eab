"""Statements of SQLAlchemy Core, compiled once.

Executing a Core statement looks its compiled form up and prepares its parameters anew each time, which costs more than
SQLite takes; on the path of every small run that is what the store would mostly do.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, CursorResult, Delete, Insert, Update
from sqlalchemy.dialects import sqlite


class Statement:
    """A compiled INSERT or UPDATE; values are given by name."""

    def __init__(self, clause: Insert | Update | Delete) -> None:
        compiled = clause.compile(dialect=sqlite.dialect(paramstyle="qmark"))
        self._sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())

    def run(self, connection: Connection, values: Mapping[str, object]) -> CursorResult[tuple[object, ...]]:
        """Execute the statement; bytes, numbers, texts and None pass as they are."""
        return connection.exec_driver_sql(self._sql, tuple([values[name] for name in self._names]))
