"""Entries of a journal for tests: one account, one instrument, whole units."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from midas.core.instrument import InstrumentId
from midas.core.order import Fill, OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.portfolio.booking import Posting
from midas.portfolio.ledger import LedgerAccount
from midas.risk.kill import Kill, KillLevel
from midas.trading.journal import Audit, Book

NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
APPLE = InstrumentId("AAPL", "XNAS")
ACCOUNT = "paper.1"


def intent(sequence: int = 0, account: str = ACCOUNT, **changes: Any) -> OrderIntent:
    """Return a wish for ten shares; `sequence` tells wishes apart."""
    values: dict[str, Any] = {
        "account": account,
        "run": "r1",
        "instrument": APPLE,
        "side": Side.BUY,
        "quantity": Decimal(10),
        "kind": OrderKind.LIMIT,
        "time_in_force": TimeInForce.DAY,
        "stamp_utc": NOW,
        "valid_until_utc": NOW + timedelta(hours=1),
        "sequence": sequence,
        "limit_price": Decimal("101.25"),
        "reference_price": Decimal("100.5"),
        "strategy": "momentum",
    }
    return OrderIntent(**values | changes)


def new_row(sequence: int = 0, account: str = ACCOUNT, **changes: Any) -> OrderRow:
    """Return the wish as an order that waits to be sent."""
    wish = intent(sequence, account, **changes)
    return OrderRow(order_id(wish), wish, OrderState.NEW, changed_utc=NOW)


def bought(
    reference: str, order: str, quantity: int = 10, value: int = 100_500, commission: int = 0, account: str = ACCOUNT
) -> Book:
    """Return the booking of a purchase, in cents."""
    fill = Fill(
        account, order, reference, APPLE, Side.BUY, Decimal(quantity), Decimal("100.50"), value, commission, 0, NOW
    )
    postings = (
        Posting(LedgerAccount.CASH, None, -value - commission, "USD"),
        Posting(LedgerAccount.SECURITIES, APPLE, value, "USD"),
        Posting(LedgerAccount.COMMISSION, None, commission, "USD"),
    )
    return Book(account, reference, fill, "fill", APPLE, Decimal(quantity), postings, NOW)


def paid_in(amount: int, reference: str = "capital", account: str = ACCOUNT) -> Book:
    """Return the booking of money that arrives."""
    postings = (Posting(LedgerAccount.CASH, None, amount, "USD"), Posting(LedgerAccount.CAPITAL, None, -amount, "USD"))
    return Book(account, reference, None, "capital", None, None, postings, NOW)


def audit(subject: str = "q1", account: str = ACCOUNT, **detail: object) -> Audit:
    return Audit(account, "trader", "submit", subject, detail, NOW)


def kill(level: KillLevel, account: str = ACCOUNT) -> Kill:
    return Kill(level, account, "me", "a test", NOW)
