"""Sweeps and evaluations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    _create(
        "sweeps",
        sa.Column("strategy", sa.String(128), nullable=False),
        sa.Column("sampler", sa.String(16), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("seed", "trials", "skipped")),
        sa.Column("skipped_because", sa.Text(), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("axes", "fixed", "summary")),
        *(sa.Column(name, sa.JSON()) for name in ("best", "heat", "evidence", "luck")),
        *(sa.Column(name, sa.Float()) for name in ("flatness", "pbo")),
        sa.Column("hypothesis", sa.String(64), nullable=False),
    )
    _create(
        "evaluations",
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("strategies", "results", "refused", "question")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("evaluations")
    op.drop_table("sweeps")


def _create(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("universe", sa.String(64)),
        sa.Column("start", sa.Date()),
        sa.Column("end", sa.Date()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metric", sa.String(64), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("symbols", "warnings", "settings")),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("identity", name=f"uq_{table}_identity"),
    )
    op.create_index(f"ix_{table}_latest", table, ["created_at", "id"])
