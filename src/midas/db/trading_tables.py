"""What is stored of accounts, runs and orders, and of the money that moved."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from midas.db.columns import PLACE, Exact, UtcDateTime
from midas.db.metadata import METADATA
from midas.identity.audit_chain import GENESIS

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", String(80), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("broker", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("capital", BigInteger, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    UniqueConstraint("name", "generation", name="uq_accounts_generation"),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("account", String(80), nullable=False),
    Column("strategy", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("document", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_runs_account", "account", "state"),
    Index("ix_runs_latest", "created_at", "id"),
)

# what a commit changes under the lock of its row: who may write, how often was written, cash, end of the audit chain
HEADS = Table(
    "account_heads",
    METADATA,
    Column("account", String(80), primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("revision", BigInteger, nullable=False),
    Column("cash", BigInteger, nullable=False),
    Column("audit_n", BigInteger, nullable=False),
    Column("audit_hash", String(64), nullable=False),
    Column("booked", BigInteger, nullable=False, server_default="0"),
    Column("book_hash", String(64), nullable=False, server_default=GENESIS),
)

ORDERS = Table(
    "orders",
    METADATA,
    Column("place", PLACE, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False),
    Column("account", String(80), nullable=False),
    Column("intent_key", Text, nullable=False),
    Column("run", String(32), nullable=False),
    Column("strategy", String(128), nullable=False),
    Column("instrument", String(32), nullable=False),
    Column("side", String(8), nullable=False),
    Column("quantity", Exact, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("time_in_force", String(8), nullable=False),
    Column("stamp_utc", UtcDateTime, nullable=False),
    Column("valid_until_utc", UtcDateTime, nullable=False),
    Column("leg", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("limit_price", Exact),
    Column("stop_price", Exact),
    Column("reference_price", Exact),
    Column("reduce_only", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("number", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("sent_utc", UtcDateTime),
    Column("filled", Exact, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seen", JSON, nullable=False),
    Column("changed_utc", UtcDateTime),
    Column("stored_utc", UtcDateTime, nullable=False),
    UniqueConstraint("id", name="uq_orders_id"),
    UniqueConstraint("account", "intent_key", name="uq_orders_intent"),
    Index("ix_orders_state", "account", "state"),
    Index("ix_orders_number", "account", "number"),
)

CANCELS = Table(
    "cancels",
    METADATA,
    Column("order_id", String(32), primary_key=True),
    Column("account", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("sent", Boolean, nullable=False),
    Index("ix_cancels_account", "account", "sent"),
)

BOOKINGS = Table(
    "bookings",
    METADATA,
    Column("place", PLACE, primary_key=True, autoincrement=True),
    Column("account", String(80), nullable=False),
    Column("reference", String(128), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("instrument", String(32)),
    Column("quantity", Exact),
    Column("stamp_utc", UtcDateTime, nullable=False),
    # of a fill, NULL in a payment
    Column("order_id", String(32)),
    Column("execution", String(128)),
    Column("side", String(8)),
    Column("fill_quantity", Exact),
    Column("price", Exact),
    Column("value", BigInteger),
    Column("commission", BigInteger),
    Column("tax", BigInteger),
    Column("fill_stamp_utc", UtcDateTime),
    Column("cause", String(32)),
    UniqueConstraint("account", "reference", name="uq_bookings_reference"),
    Index("ix_bookings_order", "account", "order_id"),
)

POSTINGS = Table(
    "postings",
    METADATA,
    Column("booking", PLACE, ForeignKey("bookings.place"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("account", String(80), nullable=False),
    Column("ledger", Integer, nullable=False),
    Column("instrument", String(32)),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Index("ix_postings_account", "account", "ledger"),
)

# the bookings of an account as a chain: each hash covers a booking, its postings and the hash before
BOOKING_LINKS = Table(
    "booking_links",
    METADATA,
    Column("account", String(80), primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("booking", PLACE, ForeignKey("bookings.place"), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("booking", name="uq_booking_links_booking"),
)

# what the postings and bookings of an account add up to; `ledger verify` adds them up again
POSITIONS = Table(
    "positions",
    METADATA,
    Column("account", String(80), primary_key=True),
    Column("instrument", String(32), primary_key=True),
    Column("quantity", Exact, nullable=False),
    Column("cost", BigInteger, nullable=False),
)

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    Column("run", String(32), primary_key=True),
    Column("row", Integer, nullable=False),
    Column("stamp_utc", UtcDateTime, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

# what a run heard, part by part; a part is stored with the checkpoint that knows it
TAPES = Table(
    "tapes",
    METADATA,
    Column("run", String(32), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("row", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# what the twin of a run came to, through a session
PARITIES = Table(
    "parities",
    METADATA,
    Column("run", String(32), primary_key=True),
    Column("through", Date, primary_key=True),
    Column("told_at", UtcDateTime, nullable=False),
    Column("document", JSON, nullable=False),
)

KILLS = Table(
    "kills",
    METADATA,
    Column("place", PLACE, primary_key=True, autoincrement=True),
    Column("account", String(80), nullable=False),
    Column("level", Integer, nullable=False),
    Column("who", String(64), nullable=False),
    Column("why", Text, nullable=False),
    Column("pulled_utc", UtcDateTime, nullable=False),
    Column("released_utc", UtcDateTime),
    Index("ix_kills_account", "account"),
)

QUARANTINES = Table(
    "quarantines",
    METADATA,
    Column("account", String(80), primary_key=True),
    Column("instrument", String(32), primary_key=True),
    Column("reason", Text, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("account", String(80), primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("who", String(64), nullable=False),
    Column("act", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("stamp_utc", UtcDateTime, nullable=False),
    Column("hash", String(64), nullable=False),
    # how far the ledger went by then, and the hash of its last booking; NULL in lines from before that was kept
    Column("booked", BigInteger),
    Column("book_hash", String(64)),
)

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("person", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("status", Integer),
    Column("answer", JSON),
    Column("created_at", UtcDateTime, nullable=False),
)
