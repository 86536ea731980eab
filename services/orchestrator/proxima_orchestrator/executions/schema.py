"""Tables of the store. Times are microseconds since the Unix epoch, UTC. docs/storage.md describes each column."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

HEAD_REVISION = "0003"
"""Revision of the newest migration; a test keeps it equal to the migrations folder."""

METADATA = MetaData()

EXECUTIONS = Table(
    "executions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    # NULL where the caller gave none: NULLs never collide.
    Column("request_id", Text),
    Column("payload_sha256", LargeBinary, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", Integer, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("create_time", BigInteger, nullable=False),
    Column("plan_time", BigInteger),
    Column("ready_time", BigInteger),
    Column("start_time", BigInteger),
    Column("end_time", BigInteger),
    Column("circuit_digest", Text, nullable=False),
    Column("backend", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("method", Integer, nullable=False),
    Column("instance", Text, nullable=False),
    # UUID of the comparison that it is a member of; empty where it is none.
    Column("comparison", Text, nullable=False),
    # File in the artifact store that a paused run resumes from; empty where there is none.
    Column("checkpoint", Text, nullable=False),
    Column("checkpoint_bytes", BigInteger, nullable=False),
    # Parts of the contract's Execution message, serialised; NULL where absent.
    Column("result_spec", LargeBinary),
    Column("characteristics", LargeBinary),
    Column("plan", LargeBinary),
    Column("error", LargeBinary),
    Column("usage", LargeBinary),
    Column("results", LargeBinary),
    Index("executions_by_request", "owner", "request_id", unique=True),
    Index("executions_by_time", "owner", "create_time", "id"),
    Index("executions_by_state", "state"),
)

SPECIFICATIONS = Table(
    "specifications",
    METADATA,
    # Apart from executions because it may hold 16 MiB and a row is rewritten on every update.
    Column("execution_id", Text, primary_key=True),
    Column("spec", LargeBinary, nullable=False),
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("execution_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("instance", Text, nullable=False),
    Column("start_time", BigInteger),
    Column("end_time", BigInteger, nullable=False),
    Column("error", LargeBinary),
    PrimaryKeyConstraint("execution_id", "attempt"),
)

ARTIFACTS = Table(
    "artifacts",
    METADATA,
    Column("execution_id", Text, nullable=False),
    Column("item_index", Integer, nullable=False),
    Column("array_index", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("execution_id", "item_index", "array_index"),
)

COMPARISONS = Table(
    "comparisons",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("request_id", Text),
    Column("payload_sha256", LargeBinary, nullable=False),
    Column("state", Integer, nullable=False),
    Column("create_time", BigInteger, nullable=False),
    # The contract's Comparison message; of one that is not terminal, its members' states are those of their rows.
    Column("snapshot", LargeBinary, nullable=False),
    Index("comparisons_by_request", "owner", "request_id", unique=True),
    Index("comparisons_by_time", "owner", "create_time", "id"),
    Index("comparisons_by_state", "state"),
)

COMPARISON_SPECIFICATIONS = Table(
    "comparison_specifications",
    METADATA,
    Column("comparison_id", Text, primary_key=True),
    Column("spec", LargeBinary, nullable=False),
)
