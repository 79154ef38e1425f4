"""What the journal is asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from midas.core.instrument import InstrumentId
from midas.core.order import ENDED, Fill, OrderState
from midas.db import heads
from midas.db.order_rows import fill_of, order_of
from midas.db.sessions import ReadSession
from midas.db.trading_tables import BOOKINGS, CANCELS, CHECKPOINTS, KILLS, ORDERS, POSITIONS, QUARANTINES
from midas.execution.order_row import OrderRow
from midas.risk.kill import Kill, KillLevel
from midas.trading.journal import Balance, Checkpoint, Fenced

_ACTIVE = [state.value for state in OrderState if state not in ENDED]


def order(session: ReadSession, wanted: str) -> OrderRow | None:
    """Return an order by our id."""
    found = session.first(select(ORDERS).where(ORDERS.c.id == wanted))
    return None if found is None else order_of(found)


def numbered(session: ReadSession, account: str, number: str) -> OrderRow | None:
    """Return an order by its broker's number."""
    mine = select(ORDERS).where(ORDERS.c.account == account, ORDERS.c.number == number)
    found = session.first(mine) if number else None
    return None if found is None else order_of(found)


def orders(session: ReadSession, account: str, active: bool) -> list[OrderRow]:
    """Return the orders of an account, oldest first."""
    query = select(ORDERS).where(ORDERS.c.account == account).order_by(ORDERS.c.place)
    if active:
        query = query.where(ORDERS.c.state.in_(_ACTIVE))
    return [order_of(row) for row in session.all(query)]


def outbox(session: ReadSession, account: str, epoch: int) -> list[OrderRow]:
    """Return the orders to be sent, oldest first.

    Raises
    ------
    Fenced: `epoch` is not the account's any more.
    """
    at = heads.head(session, account)
    if at.epoch != epoch:
        raise Fenced(f"{account} belongs to epoch {at.epoch}, not {epoch}.")
    query = select(ORDERS).where(ORDERS.c.account == account, ORDERS.c.state == OrderState.NEW.value)
    return [order_of(row) for row in session.all(query.order_by(ORDERS.c.place))]


def cancels(session: ReadSession, account: str) -> list[OrderRow]:
    """Return the orders with a cancel to be sent, oldest first."""
    query = select(ORDERS).join(CANCELS, CANCELS.c.order_id == ORDERS.c.id)
    mine = query.where(CANCELS.c.account == account, CANCELS.c.sent.is_(False))
    return [order_of(row) for row in session.all(mine.order_by(ORDERS.c.place))]


def booked(session: ReadSession, account: str, reference: str) -> bool:
    """Tell whether a reference is in the ledger."""
    query = select(BOOKINGS.c.place).where(BOOKINGS.c.account == account, BOOKINGS.c.reference == reference)
    return session.first(query) is not None


def fills(session: ReadSession, account: str, wanted: str | None) -> list[Fill]:
    """Return the fills of an account or of one order, in the order of booking."""
    query = select(BOOKINGS).where(BOOKINGS.c.account == account, BOOKINGS.c.order_id.is_not(None))
    if wanted is not None:
        query = query.where(BOOKINGS.c.order_id == wanted)
    return [fill_of(row) for row in session.all(query.order_by(BOOKINGS.c.place))]


def balance(session: ReadSession, account: str) -> Balance:
    """Return what an account has."""
    rows = session.all(select(POSITIONS).where(POSITIONS.c.account == account))
    named = [(InstrumentId.parse(row["instrument"]), row) for row in rows]
    return Balance(
        heads.head(session, account).cash,
        {instrument: row["quantity"] for instrument, row in named if row["quantity"]},
        {instrument: row["cost"] for instrument, row in named if row["cost"]},
    )


def checkpoint(session: ReadSession, run: str) -> Checkpoint | None:
    """Return the last checkpoint of a run."""
    found = session.first(select(CHECKPOINTS).where(CHECKPOINTS.c.run == run))
    return None if found is None else Checkpoint(run, found["row"], found["stamp_utc"], bytes(found["state"]))


def kills(session: ReadSession, account: str) -> Sequence[Kill]:
    """Return the switches that are pulled for an account or for all."""
    query = select(KILLS).where(KILLS.c.account.in_([account, ""]), KILLS.c.released_utc.is_(None))
    return [
        Kill(KillLevel(row["level"]), row["account"], row["who"], row["why"], row["pulled_utc"])
        for row in session.all(query.order_by(KILLS.c.place))
    ]


def quarantined(session: ReadSession, account: str) -> dict[str, str]:
    """Return quarantined instruments with the reason."""
    rows = session.all(select(QUARANTINES).where(QUARANTINES.c.account == account))
    return {row["instrument"]: row["reason"] for row in rows}
