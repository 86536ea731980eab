"""The checkpoint that a paused execution resumes from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("executions", sa.Column("checkpoint", sa.Text, nullable=False, server_default=""))
    op.add_column("executions", sa.Column("checkpoint_bytes", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("executions", "checkpoint_bytes")
    op.drop_column("executions", "checkpoint")
