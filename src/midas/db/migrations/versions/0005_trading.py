"""Accounts, runs, orders, the ledger, switches, and the audit chain."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ONLY_GROWING = ("bookings", "postings", "audit")
_REFUSAL = "only grows"


def upgrade() -> None:
    """Create the tables, with triggers that refuse to change or delete what was booked or written down."""
    _accounts()
    _orders()
    _money()
    _switches()
    _audit()
    for table in _ONLY_GROWING:
        _only_grows(table)


def downgrade() -> None:
    """Drop them; triggers go with their tables."""
    for table in (
        "idempotency", "audit", "quarantines", "kills", "checkpoints", "positions", "postings", "bookings", "cancels",
        "orders", "account_heads", "runs", "accounts",
    ):  # fmt: skip
        op.drop_table(table)
    if op.get_context().dialect.name != "sqlite":
        op.execute("DROP FUNCTION only_grows()")


def _only_grows(table: str) -> None:
    if op.get_context().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} {_REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '% {_REFUSAL}', TG_TABLE_NAME; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def _of(kind: sa.types.TypeEngine[Any], name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _word(name: str, length: int, *, nullable: bool = False) -> sa.Column[Any]:
    return _of(sa.String(length), name, nullable=nullable)


def _exact(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return _word(name, 64, nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return _of(sa.DateTime(timezone=True), name, nullable=nullable)


def _place(name: str) -> sa.Column[Any]:
    return _of(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), name)


def _accounts() -> None:
    op.create_table(
        "accounts",
        _word("id", 80),
        _word("name", 64),
        _of(sa.Integer(), "generation"),
        _word("kind", 16),
        _word("broker", 64),
        _word("currency", 3),
        _of(sa.BigInteger(), "capital"),
        _word("owner", 64),
        _of(sa.JSON(), "settings"),
        _moment("created_at"),
        _moment("closed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", "generation", name="uq_accounts_generation"),
    )
    op.create_table(
        "runs",
        _word("id", 32),
        _word("account", 80),
        _word("strategy", 128),
        _word("state", 16),
        _of(sa.Text(), "reason"),
        _of(sa.JSON(), "document"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_account", "runs", ["account", "state"])
    op.create_index("ix_runs_latest", "runs", ["created_at", "id"])
    op.create_table(
        "account_heads",
        _word("account", 80),
        _of(sa.Integer(), "epoch"),
        _moment("lease_until", nullable=True),
        _of(sa.BigInteger(), "revision"),
        _of(sa.BigInteger(), "cash"),
        _of(sa.BigInteger(), "audit_n"),
        _word("audit_hash", 64),
        sa.PrimaryKeyConstraint("account", name="pk_account_heads"),
    )


def _orders() -> None:
    op.create_table(
        "orders",
        _place("place"),
        _word("id", 32),
        _word("account", 80),
        _of(sa.Text(), "intent_key"),
        _word("run", 32),
        _word("strategy", 128),
        _word("instrument", 32),
        _word("side", 8),
        _exact("quantity"),
        _word("kind", 16),
        _word("time_in_force", 8),
        _moment("stamp_utc"),
        _moment("valid_until_utc"),
        _of(sa.Text(), "leg"),
        _of(sa.Integer(), "sequence"),
        _exact("limit_price", nullable=True),
        _exact("stop_price", nullable=True),
        _exact("reference_price", nullable=True),
        _of(sa.Boolean(), "reduce_only"),
        _word("state", 16),
        _word("number", 64),
        _of(sa.Integer(), "attempt"),
        _of(sa.Integer(), "epoch"),
        _moment("sent_utc", nullable=True),
        _exact("filled"),
        _of(sa.Text(), "reason"),
        _of(sa.JSON(), "seen"),
        _moment("changed_utc", nullable=True),
        _moment("stored_utc"),
        sa.PrimaryKeyConstraint("place", name="pk_orders"),
        sa.UniqueConstraint("id", name="uq_orders_id"),
        sa.UniqueConstraint("account", "intent_key", name="uq_orders_intent"),
    )
    op.create_index("ix_orders_number", "orders", ["account", "number"])
    op.create_index("ix_orders_state", "orders", ["account", "state"])
    op.create_table(
        "cancels",
        _word("order_id", 32),
        _word("account", 80),
        _of(sa.Text(), "reason"),
        _of(sa.Boolean(), "sent"),
        sa.PrimaryKeyConstraint("order_id", name="pk_cancels"),
    )
    op.create_index("ix_cancels_account", "cancels", ["account", "sent"])


def _money() -> None:
    op.create_table(
        "bookings",
        _place("place"),
        _word("account", 80),
        _word("reference", 128),
        _word("kind", 32),
        _word("instrument", 32, nullable=True),
        _exact("quantity", nullable=True),
        _moment("stamp_utc"),
        _word("order_id", 32, nullable=True),
        _word("execution", 128, nullable=True),
        _word("side", 8, nullable=True),
        _exact("fill_quantity", nullable=True),
        _exact("price", nullable=True),
        _of(sa.BigInteger(), "value", nullable=True),
        _of(sa.BigInteger(), "commission", nullable=True),
        _of(sa.BigInteger(), "tax", nullable=True),
        _moment("fill_stamp_utc", nullable=True),
        _word("cause", 32, nullable=True),
        sa.PrimaryKeyConstraint("place", name="pk_bookings"),
        sa.UniqueConstraint("account", "reference", name="uq_bookings_reference"),
    )
    op.create_index("ix_bookings_order", "bookings", ["account", "order_id"])
    op.create_table(
        "postings",
        _place("booking"),
        _of(sa.Integer(), "line"),
        _word("account", 80),
        _of(sa.Integer(), "ledger"),
        _word("instrument", 32, nullable=True),
        _of(sa.BigInteger(), "amount"),
        _word("currency", 3),
        sa.ForeignKeyConstraint(["booking"], ["bookings.place"], name="fk_postings_booking_bookings"),
        sa.PrimaryKeyConstraint("booking", "line", name="pk_postings"),
    )
    op.create_index("ix_postings_account", "postings", ["account", "ledger"])
    op.create_table(
        "positions",
        _word("account", 80),
        _word("instrument", 32),
        _exact("quantity"),
        _of(sa.BigInteger(), "cost"),
        sa.PrimaryKeyConstraint("account", "instrument", name="pk_positions"),
    )


def _switches() -> None:
    op.create_table(
        "checkpoints",
        _word("run", 32),
        _of(sa.Integer(), "row"),
        _moment("stamp_utc"),
        _of(sa.LargeBinary(), "state"),
        sa.PrimaryKeyConstraint("run", name="pk_checkpoints"),
    )
    op.create_table(
        "kills",
        _place("place"),
        _word("account", 80),
        _of(sa.Integer(), "level"),
        _word("who", 64),
        _of(sa.Text(), "why"),
        _moment("pulled_utc"),
        _moment("released_utc", nullable=True),
        sa.PrimaryKeyConstraint("place", name="pk_kills"),
    )
    op.create_index("ix_kills_account", "kills", ["account"])
    op.create_table(
        "quarantines",
        _word("account", 80),
        _word("instrument", 32),
        _of(sa.Text(), "reason"),
        sa.PrimaryKeyConstraint("account", "instrument", name="pk_quarantines"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        _word("account", 80),
        _of(sa.BigInteger(), "n"),
        _word("who", 64),
        _word("act", 64),
        _of(sa.Text(), "subject"),
        _of(sa.Text(), "detail"),
        _moment("stamp_utc"),
        _word("hash", 64),
        sa.PrimaryKeyConstraint("account", "n", name="pk_audit"),
    )
    op.create_table(
        "idempotency",
        _word("person", 64),
        _word("key", 255),
        _word("body_hash", 64),
        _of(sa.Integer(), "status", nullable=True),
        _of(sa.JSON(), "answer", nullable=True),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("person", "key", name="pk_idempotency"),
    )
