"""What the twins of runs came to, session by session; and what they are made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from midas.core.order import Fill
from midas.db import heads, journal_reads
from midas.db.sessions import ReadSession, WriteSession
from midas.db.trading_tables import PARITIES
from midas.execution.order_row import OrderRow
from midas.trading.journal import TapePart

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Recording:
    """A run's tape, and the orders and fills of its account."""

    parts: list[TapePart]
    orders: list[OrderRow]
    fills: list[Fill]


@dataclass(frozen=True, slots=True)
class ParityRecord:
    """A comparison that was made."""

    run: str
    through: date
    told_at: datetime
    document: Json


def recording(session: ReadSession, run: str, account: str) -> Recording:
    """Return what a run's twin is made of; orders that are newer than the tape are among them."""
    parts = journal_reads.tape(session, run)
    return Recording(parts, journal_reads.orders(session, account, False), journal_reads.fills(session, account, None))


def store(session: WriteSession, record: ParityRecord) -> None:
    """Store a comparison; one of the same session is replaced."""
    values = {"told_at": record.told_at, "document": record.document}
    stored = heads.upsert(session)(PARITIES).values(run=record.run, through=record.through, **values)
    session.change(stored.on_conflict_do_update(index_elements=["run", "through"], set_=values))


def latest(session: ReadSession, runs: Collection[str]) -> dict[str, ParityRecord]:
    """Return the last comparison of each run that has one."""
    last = select(PARITIES.c.run, func.max(PARITIES.c.through).label("through")).where(PARITIES.c.run.in_(runs))
    each = last.group_by(PARITIES.c.run).subquery()
    same = (PARITIES.c.run == each.c.run) & (PARITIES.c.through == each.c.through)
    rows = session.all(select(PARITIES).join(each, same))
    return {row["run"]: ParityRecord(**row) for row in rows}
