"""Tapes of runs, and what their twins came to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "tapes",
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run", "n", name="pk_tapes"),
    )
    op.create_table(
        "parities",
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run", "through", name="pk_parities"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("parities")
    op.drop_table("tapes")
