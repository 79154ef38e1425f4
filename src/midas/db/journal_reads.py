"""What the journal is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select

from midas.core.instrument import InstrumentId
from midas.core.order import ENDED, Fill, OrderState, Side
from midas.db import heads
from midas.db.order_rows import fill_of, order_of
from midas.db.sessions import ReadSession
from midas.db.trading_tables import BOOKINGS, CANCELS, CHECKPOINTS, KILLS, ORDERS, POSITIONS, QUARANTINES, TAPES
from midas.execution.order_row import OrderRow
from midas.risk.kill import Kill, KillLevel
from midas.risk.snapshot import Recent
from midas.trading.journal import Balance, Checkpoint, Fenced, Lately, TapePart
from midas.trading.origin import BROKERS_OWN
from midas.trading.recent import DAY

_RECENT = ("id", "run", "instrument", "side", "quantity", "stamp_utc")

_OF = ORDERS.c.account == bindparam("whose")

_ORDER = select(ORDERS).where(ORDERS.c.id == bindparam("wanted"))

_NUMBERED = select(ORDERS).where(_OF, ORDERS.c.number == bindparam("known_as")).order_by(ORDERS.c.place.desc()).limit(1)

_OUTBOX = select(ORDERS).where(_OF, ORDERS.c.state == OrderState.NEW.value).order_by(ORDERS.c.place)

_ACTIVE = [state.value for state in OrderState if state not in ENDED]


def order(session: ReadSession, wanted: str) -> OrderRow | None:
    """Return an order by our id."""
    found = session.first(_ORDER, {"wanted": wanted})
    return None if found is None else order_of(found)


def numbered(session: ReadSession, account: str, number: str) -> OrderRow | None:
    """Return an order by its broker's number, the newest of several."""
    found = session.first(_NUMBERED, {"whose": account, "known_as": number}) if number else None
    return None if found is None else order_of(found)


def orders(session: ReadSession, account: str, active: bool, sent_utc: datetime | None = None) -> list[OrderRow]:
    """Return the orders of an account, oldest first."""
    query = select(ORDERS).where(ORDERS.c.account == account).order_by(ORDERS.c.place)
    if sent_utc is not None:
        query = query.where(ORDERS.c.sent_utc >= sent_utc)
    if active:
        query = query.where(ORDERS.c.state.in_(_ACTIVE))
    return [order_of(row) for row in session.all(query)]


def lately(session: ReadSession, account: str, since_utc: datetime | None) -> Lately:
    """Return what happened lately."""
    return Lately(_recent(session, account, since_utc), _latest_fill_utc(session, account))


def outbox(session: ReadSession, account: str, epoch: int) -> list[OrderRow]:
    """Return the orders to be sent, oldest first.

    Raises
    ------
    Fenced: `epoch` is not the account's any more.
    """
    at = heads.head(session, account)
    if at.epoch != epoch:
        raise Fenced(f"{account} belongs to epoch {at.epoch}, not {epoch}.")
    return [order_of(row) for row in session.all(_OUTBOX, {"whose": account})]


def cancels(session: ReadSession, account: str) -> list[OrderRow]:
    """Return the orders with a cancel to be sent, oldest first."""
    query = select(ORDERS).join(CANCELS, CANCELS.c.order_id == ORDERS.c.id)
    mine = query.where(CANCELS.c.account == account, CANCELS.c.sent.is_(False))
    return [order_of(row) for row in session.all(mine.order_by(ORDERS.c.place))]


def booked(session: ReadSession, account: str, *references: str) -> frozenset[str]:
    """Return which references are in the ledger."""
    query = select(BOOKINGS.c.reference).where(BOOKINGS.c.account == account, BOOKINGS.c.reference.in_(references))
    return frozenset(row["reference"] for row in session.all(query))


def fills(session: ReadSession, account: str, wanted: str | None, since_utc: datetime | None = None) -> list[Fill]:
    """Return the fills of an account or of one order, from `since_utc` on, in the order of booking."""
    query = select(BOOKINGS).where(BOOKINGS.c.account == account, BOOKINGS.c.order_id.is_not(None))
    if wanted is not None:
        query = query.where(BOOKINGS.c.order_id == wanted)
    if since_utc is not None:
        query = query.where(BOOKINGS.c.fill_stamp_utc >= since_utc)
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


def tape(session: ReadSession, run: str) -> list[TapePart]:
    """Return the parts of a run's tape, in their order."""
    rows = session.all(select(TAPES).where(TAPES.c.run == run).order_by(TAPES.c.n))
    return [TapePart(run, row["n"], row["row"], bytes(row["data"])) for row in rows]


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


def _recent(session: ReadSession, account: str, since_utc: datetime | None) -> list[Recent]:
    columns = ORDERS.c
    theirs = [columns.leg.like(f"{origin.value} %") for origin in BROKERS_OWN]
    mine = (columns.account == account) & ~or_(*theirs)
    if since_utc is None:
        mine &= columns.run != ""
        latest = session.first(select(func.max(columns.stamp_utc).label("utc")).where(mine))
        if latest is None or latest["utc"] is None:
            return []
        since_utc = latest["utc"] - DAY
    mine &= columns.stamp_utc >= since_utc
    counted = select(BOOKINGS.c.order_id, func.count().label("many")).where(
        BOOKINGS.c.account == account, BOOKINGS.c.order_id.in_(select(columns.id).where(mine))
    )
    executions = {row["order_id"]: row["many"] for row in session.all(counted.group_by(BOOKINGS.c.order_id))}
    wanted = select(*(columns[name] for name in _RECENT)).where(mine).order_by(columns.stamp_utc, columns.place)
    return [
        Recent(
            order=row["id"],
            run=row["run"],
            instrument=row["instrument"],
            side=Side(row["side"]),
            quantity=row["quantity"],
            stored_utc=row["stamp_utc"],
            executions=executions.get(row["id"], 0),
        )
        for row in session.all(wanted)
    ]


def _latest_fill_utc(session: ReadSession, account: str) -> datetime | None:
    # of the last hundred booked: they come in about the order they were executed in
    mine = (BOOKINGS.c.account == account) & BOOKINGS.c.order_id.is_not(None)
    last = select(BOOKINGS.c.fill_stamp_utc).where(mine).order_by(BOOKINGS.c.place.desc()).limit(100)
    return max((row["fill_stamp_utc"] for row in session.all(last)), default=None)
