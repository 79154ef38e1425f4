"""What a sweep's walk-forward came to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it to sweeps."""
    op.add_column("sweeps", sa.Column("walk_forward", sa.JSON()))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("sweeps", "walk_forward")
