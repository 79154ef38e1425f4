"""Strategies with their versions, backtests, jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables."""
    _strategies()
    _backtests()
    _jobs()


def downgrade() -> None:
    """Drop them."""
    for table in ("jobs", "backtests", "strategy_versions", "strategies"):
        op.drop_table(table)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=nullable)


def _strategies() -> None:
    op.create_table(
        "strategies",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("name", name="pk_strategies"),
    )
    op.create_table(
        "strategy_versions",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("yaml", sa.Text(), nullable=False),
        _moment("created_at"),
        sa.ForeignKeyConstraint(
            ["name"], ["strategies.name"], name="fk_strategy_versions_name_strategies", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name", "version", name="pk_strategy_versions"),
    )


def _backtests() -> None:
    op.create_table(
        "backtests",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("strategy", sa.String(128), nullable=False),
        _json("definition"),
        _json("params"),
        sa.Column("universe", sa.String(64)),
        _json("symbols"),
        sa.Column("start", sa.Date()),
        sa.Column("end", sa.Date()),
        _moment("created_at"),
        *(_json(name) for name in ("summary", "costs", "warnings", "rejects", "settings")),
        sa.PrimaryKeyConstraint("id", name="pk_backtests"),
        sa.UniqueConstraint("identity", name="uq_backtests_identity"),
    )
    op.create_index("ix_backtests_latest", "backtests", ["created_at", "id"])
    op.create_index("ix_backtests_strategy", "backtests", ["strategy", "created_at"])


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("result_id", sa.String(64)),
        _json("result", nullable=True),
        _json("error", nullable=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        _moment("created_at"),
        _moment("finished_at", nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_jobs_state")),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_latest", "jobs", ["created_at", "id"])
    op.create_index("ix_jobs_state", "jobs", ["state"])
