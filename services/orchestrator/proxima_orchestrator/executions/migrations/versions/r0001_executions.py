"""Executions, their specifications, closed attempts and artifacts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "executions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text),
        sa.Column("payload_sha256", sa.LargeBinary, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("plan_time", sa.BigInteger),
        sa.Column("ready_time", sa.BigInteger),
        sa.Column("start_time", sa.BigInteger),
        sa.Column("end_time", sa.BigInteger),
        sa.Column("circuit_digest", sa.Text, nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("method", sa.Integer, nullable=False),
        sa.Column("instance", sa.Text, nullable=False),
        sa.Column("result_spec", sa.LargeBinary),
        sa.Column("characteristics", sa.LargeBinary),
        sa.Column("plan", sa.LargeBinary),
        sa.Column("error", sa.LargeBinary),
        sa.Column("usage", sa.LargeBinary),
        sa.Column("results", sa.LargeBinary),
    )
    op.create_index("executions_by_request", "executions", ["owner", "request_id"], unique=True)
    op.create_index("executions_by_time", "executions", ["owner", "create_time", "id"])
    op.create_index("executions_by_state", "executions", ["state"])
    op.create_table(
        "specifications",
        sa.Column("execution_id", sa.Text, primary_key=True),
        sa.Column("spec", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("execution_id", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("instance", sa.Text, nullable=False),
        sa.Column("start_time", sa.BigInteger),
        sa.Column("end_time", sa.BigInteger, nullable=False),
        sa.Column("error", sa.LargeBinary),
        sa.PrimaryKeyConstraint("execution_id", "attempt"),
    )
    op.create_table(
        "artifacts",
        sa.Column("execution_id", sa.Text, nullable=False),
        sa.Column("item_index", sa.Integer, nullable=False),
        sa.Column("array_index", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("execution_id", "item_index", "array_index"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("artifacts", "attempts", "specifications", "executions"):
        op.drop_table(table)
