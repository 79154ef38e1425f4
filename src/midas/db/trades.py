"""What was executed, with what it gained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from midas.core.order import Fill
from midas.db.order_rows import fill_of
from midas.db.sessions import ReadSession
from midas.db.trading_tables import BOOKINGS, POSTINGS
from midas.portfolio.ledger import LedgerAccount


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """A fill and its place in the ledger; realised : what closing with it gained before costs, minor units."""

    place: int
    fill: Fill
    realised: int


def page(
    session: ReadSession,
    account: str,
    limit: int | None = None,
    after: int | None = None,
    since_utc: datetime | None = None,
    until_utc: datetime | None = None,
) -> Sequence[TradeRecord]:
    """Return executions, latest first, from the one after place `after`, in [since_utc, until_utc)."""
    columns = BOOKINGS.c
    gained = (
        select(-func.coalesce(func.sum(POSTINGS.c.amount), 0))
        .where(POSTINGS.c.booking == columns.place, POSTINGS.c.ledger == int(LedgerAccount.GAINS))
        .scalar_subquery()
    )
    query = select(BOOKINGS, gained.label("realised")).where(columns.account == account, columns.order_id.is_not(None))
    if after is not None:
        query = query.where(columns.place < after)
    if since_utc is not None:
        query = query.where(columns.fill_stamp_utc >= since_utc)
    if until_utc is not None:
        query = query.where(columns.fill_stamp_utc < until_utc)
    rows = session.all(query.order_by(columns.place.desc()).limit(limit))
    return [TradeRecord(row["place"], fill_of(row), int(row["realised"])) for row in rows]
