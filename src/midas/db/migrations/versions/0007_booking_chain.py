"""Bookings as a chain, which the audit trail speaks of; those there are already are chained as they are now."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

from midas.core.clock import SystemClock
from midas.core.errors import Busy, Refused

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_GENESIS = "0" * 64
_AT_ONCE = 2_000
_OF_BOOKING = (
    "account", "reference", "kind", "instrument", "quantity", "stamp_utc", "order_id", "execution", "side",
    "fill_quantity", "price", "value", "commission", "tax", "fill_stamp_utc", "cause",
)  # fmt: skip
_OF_POSTING = ("line", "account", "ledger", "instrument", "amount", "currency")


def upgrade() -> None:
    """Create the table, which only grows, with a link for each booking, and the columns that say where it ends."""
    if not op.get_context().as_sql:
        _require_rest(op.get_bind())
    place = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "booking_links",
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("booking", place, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("account", "n", name="pk_booking_links"),
        sa.ForeignKeyConstraint(["booking"], ["bookings.place"], name="fk_booking_links_booking_bookings"),
        sa.UniqueConstraint("booking", name="uq_booking_links_booking"),
    )
    op.add_column("account_heads", sa.Column("booked", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("account_heads", sa.Column("book_hash", sa.String(64), server_default=_GENESIS, nullable=False))
    op.add_column("audit", sa.Column("booked", sa.BigInteger(), nullable=True))
    op.add_column("audit", sa.Column("book_hash", sa.String(64), nullable=True))
    if not op.get_context().as_sql:
        _chain(op.get_bind())
    _only_grows()


def _require_rest(connection: sa.Connection) -> None:
    # a trader of the version before books without links, and nobody would make them later
    moment = sa.DateTime(timezone=True)
    heads = sa.table("account_heads", sa.column("account"), sa.column("lease_until", moment))
    now_utc = SystemClock().now_utc()
    now = now_utc.replace(tzinfo=None) if connection.dialect.name == "sqlite" else now_utc
    account = connection.execute(sa.select(heads.c.account).where(heads.c.lease_until > now).limit(1)).scalar()
    if account is not None:
        raise Busy(
            f"A trader is at work on account {account}, and the database is to be upgraded.",
            hint="Stop every trader first; one that was killed is over when its lease is, within a minute.",
            code="traders_at_work",
        )


def downgrade() -> None:
    """Drop them, where no line of the trail speaks of bookings: its hash covers what it says of them.

    Raises
    ------
    Refused: there is such a line; nothing was changed.
    """
    if not op.get_context().as_sql:
        _require_silence(op.get_bind())
    op.drop_column("audit", "book_hash")
    op.drop_column("audit", "booked")
    op.drop_column("account_heads", "book_hash")
    op.drop_column("account_heads", "booked")
    op.drop_table("booking_links")


def _require_silence(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        op.execute("LOCK TABLE audit IN ACCESS EXCLUSIVE MODE")  # no line comes between
    lines = sa.table("audit", sa.column("account"), sa.column("n"), sa.column("booked"))
    found = connection.execute(sa.select(lines).where(lines.c.booked.is_not(None)).limit(1)).mappings().first()
    if found is not None:
        raise Refused(
            f"Line {found['n']} of the audit trail of account {found['account']} says how far the ledger went, and "
            "without that neither it nor a seal on a later line could be checked any more.",
            hint="Keep this version, or restore the backup from before the upgrade with the older one.",
            code="trail_speaks_of_bookings",
        )


def _only_grows() -> None:
    if op.get_context().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER booking_links_no_{what} BEFORE {what.upper()} ON booking_links "
                "BEGIN SELECT RAISE(ABORT, 'booking_links only grows'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER booking_links_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON booking_links "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def _chain(connection: sa.Connection) -> None:
    ends: dict[str, tuple[int, str]] = {}
    store = sa.text("INSERT INTO booking_links (account, n, booking, hash) VALUES (:account, :n, :booking, :hash)")
    for bookings in _parts(connection):
        links = []
        for row, postings in bookings:
            n, previous = ends.get(row["account"], (0, _GENESIS))
            made = sha256(f"{previous}|{n + 1}|{_text(row, postings)}".encode()).hexdigest()
            ends[row["account"]] = n + 1, made
            links.append({"account": row["account"], "n": n + 1, "booking": row["place"], "hash": made})
        connection.execute(store, links)
    end = sa.text("UPDATE account_heads SET booked = :n, book_hash = :hash WHERE account = :account")
    for account, (n, made) in ends.items():
        connection.execute(end, {"account": account, "n": n, "hash": made})


def _parts(connection: sa.Connection) -> Iterator[list[tuple[Mapping[str, Any], list[list[object]]]]]:
    after = -1
    while True:
        some = {"after": after, "many": _AT_ONCE}
        query = sa.text("SELECT * FROM bookings WHERE place > :after ORDER BY place LIMIT :many")
        bookings = connection.execute(query, some).mappings().all()
        if not bookings:
            return
        between = {"first": bookings[0]["place"], "last": bookings[-1]["place"]}
        query = sa.text("SELECT * FROM postings WHERE booking BETWEEN :first AND :last ORDER BY booking, line")
        postings: defaultdict[int, list[list[object]]] = defaultdict(list)
        for row in connection.execute(query, between).mappings():
            postings[row["booking"]].append([row[name] for name in _OF_POSTING])
        yield [(dict(row), postings[row["place"]]) for row in bookings]
        after = bookings[-1]["place"]


def _text(row: Mapping[str, Any], postings: list[list[object]]) -> str:
    said = {name: _plain(name, row[name]) for name in _OF_BOOKING}
    document = {**said, "postings": postings}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(name: str, value: object) -> object:
    if value is None or not name.endswith("stamp_utc"):
        return value
    # SQLite keeps a moment as text, in UTC and without saying so
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()
