"""What was executed, with what it gained, and what round trips are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import RowMapping, func, select

from midas.core.instrument import InstrumentId
from midas.core.order import Fill
from midas.db.order_rows import fill_of
from midas.db.sessions import ReadSession
from midas.db.trading_tables import BOOKINGS, POSTINGS
from midas.portfolio.booking import MoveKind
from midas.portfolio.ledger import LedgerAccount
from midas.trading.round_trips import Booked


@dataclass(frozen=True, slots=True)
class ExecutionRecord:
    """A fill and its place in the ledger; realised : what closing with it gained before costs, minor units."""

    place: int
    fill: Fill
    realised: int


def executions(
    session: ReadSession,
    account: str,
    limit: int | None = None,
    after: int | None = None,
    since_utc: datetime | None = None,
    until_utc: datetime | None = None,
) -> Sequence[ExecutionRecord]:
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
    return [ExecutionRecord(row["place"], fill_of(row), int(row["realised"])) for row in rows]


def booked(session: ReadSession, account: str) -> Sequence[Booked]:
    """Return everything booked of an instrument, in the order it was."""
    columns = BOOKINGS.c
    paid = (
        select(func.coalesce(func.sum(POSTINGS.c.amount), 0))
        .where(POSTINGS.c.booking == columns.place, POSTINGS.c.ledger == int(LedgerAccount.CASH))
        .scalar_subquery()
    )
    query = select(BOOKINGS, paid.label("paid")).where(columns.account == account, columns.instrument.is_not(None))
    return [_booked(row) for row in session.all(query.order_by(columns.place))]


def _booked(row: RowMapping) -> Booked:
    instrument = InstrumentId.parse(row["instrument"])
    if row["order_id"] is not None:
        return Booked(instrument, row["stamp_utc"], fill_of(row))
    quantity = row["quantity"] or Decimal(0)
    return Booked(instrument, row["stamp_utc"], None, MoveKind(row["kind"]), int(row["paid"]), quantity)
