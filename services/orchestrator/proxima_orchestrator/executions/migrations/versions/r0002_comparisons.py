"""Comparisons, and which of them an execution is a member of."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and add the column."""
    op.add_column("executions", sa.Column("comparison", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "comparisons",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text),
        sa.Column("payload_sha256", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("snapshot", sa.LargeBinary, nullable=False),
    )
    op.create_index("comparisons_by_request", "comparisons", ["owner", "request_id"], unique=True)
    op.create_index("comparisons_by_time", "comparisons", ["owner", "create_time", "id"])
    op.create_index("comparisons_by_state", "comparisons", ["state"])
    op.create_table(
        "comparison_specifications",
        sa.Column("comparison_id", sa.Text, primary_key=True),
        sa.Column("spec", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables and the column."""
    op.drop_table("comparison_specifications")
    op.drop_table("comparisons")
    op.drop_column("executions", "comparison")
