"""The trial ledger, and what backtests need to be weighed against it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REFUSAL = "The trial ledger only grows."


def upgrade() -> None:
    """Create the ledger, with triggers that refuse to change or delete what is in it."""
    op.create_table(
        "trials",
        sa.Column("hypothesis", sa.String(64), nullable=False),
        sa.Column("configuration", sa.String(64), nullable=False),
        sa.Column("first_seen_utc", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hypothesis", "configuration", name="pk_trials"),
    )
    op.add_column("backtests", sa.Column("hypothesis", sa.String(64)))
    op.add_column("backtests", sa.Column("evidence", sa.JSON()))
    if op.get_context().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER trials_no_{what} BEFORE {what.upper()} ON trials "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION trials_only_grow() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER trials_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON trials "
        "FOR EACH STATEMENT EXECUTE FUNCTION trials_only_grow()"
    )


def downgrade() -> None:
    """Drop it; triggers go with the table."""
    op.drop_column("backtests", "evidence")
    op.drop_column("backtests", "hypothesis")
    op.drop_table("trials")
    if op.get_context().dialect.name != "sqlite":
        op.execute("DROP FUNCTION trials_only_grow()")
