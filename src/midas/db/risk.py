"""Switches, limits and the audit trail, as people ask for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from midas.core.errors import NotFound, Refused
from midas.core.order import ENDED
from midas.db import accounts, heads, journal_writes, runs
from midas.db.accounts import AccountRecord
from midas.db.runs import RunRecord
from midas.db.sessions import ReadSession, WriteSession
from midas.db.trading_tables import (
    ACCOUNTS,
    AUDIT,
    BOOKINGS,
    CANCELS,
    HEADS,
    KILLS,
    ORDERS,
    POSITIONS,
    QUARANTINES,
    RUNS,
)
from midas.risk.kill import Kill, KillLevel
from midas.trading.journal import NOBODY, Audit

Json = dict[str, object]

ALL = ""
"""Account of a switch that stops all."""


def pulled(session: ReadSession) -> Sequence[Kill]:
    """Return every switch that is pulled, oldest first."""
    query = select(KILLS).where(KILLS.c.released_utc.is_(None)).order_by(KILLS.c.place)
    return [
        Kill(KillLevel(row["level"]), row["account"], row["who"], row["why"], row["pulled_utc"])
        for row in session.all(query)
    ]


def exposed(session: ReadSession) -> list[str]:
    """Return the accounts that hold something or have something on order."""
    ended = [state.value for state in ENDED]
    working = session.all(select(ORDERS.c.account).where(ORDERS.c.state.not_in(ended)).distinct())
    held = session.all(select(POSITIONS.c.account, POSITIONS.c.quantity))
    return sorted({row["account"] for row in working} | {row["account"] for row in held if row["quantity"]})


def cancelling(session: ReadSession) -> list[str]:
    """Return the accounts that have cancels still to be sent."""
    query = select(CANCELS.c.account).where(CANCELS.c.sent.is_(False)).distinct()
    return sorted(row["account"] for row in session.all(query))


def quarantined(session: ReadSession) -> dict[str, dict[str, str]]:
    """Return what is in quarantine, and why, by account and instrument."""
    found: dict[str, dict[str, str]] = {}
    for row in session.all(select(QUARANTINES).order_by(QUARANTINES.c.account, QUARANTINES.c.instrument)):
        found.setdefault(row["account"], {})[row["instrument"]] = row["reason"]
    return found


Change = Callable[[AccountRecord, RunRecord | None], tuple[Json, Audit]]
"""From an account and its run as they are to the limits they shall have, and the line of the trail that says so."""


def change_limits(session: WriteSession, account: str, run: str, change: Change) -> None:
    """Keep other limits for an account, or for one of its runs, by what they are at this moment.

    Nobody else changes them meanwhile: of two who each change one, both changes are kept.

    Raises
    ------
    NotFound: no such account, or no such run of it.
    Refused: the account is closed.
    """
    heads.locked(session, account)
    known = accounts.find(session, account)
    if known.closed_at is not None:
        raise Refused(
            f"{known.id} is closed.", hint=f"`{known.name}` names the account as it is now.", code="account_closed"
        )
    record = runs.show(session, run) if run else None
    if record is not None and record.account != account:
        raise NotFound(f"There is no {run!r} in {account!r}.", code="unknown_run")
    values, line = change(known, record)
    journal_writes.write(session, account, NOBODY, [line])
    if record is None:
        kept = {**known.settings, "limits": values}
        session.change(update(ACCOUNTS).where(ACCOUNTS.c.id == account).values(settings=kept))
    else:
        kept = {**record.document, "limits": values}
        session.change(update(RUNS).where(RUNS.c.id == record.id).values(document=kept))


def leased_until(session: ReadSession, account: str) -> datetime | None:
    """Return until when a trader says it owns an account; None where none does."""
    found = session.first(select(HEADS.c.lease_until).where(HEADS.c.account == account))
    return None if found is None else found["lease_until"]


def audit_lines(session: ReadSession, account: str, after: int, limit: int) -> list[Json]:
    """Return lines of an account's trail behind line `after`, oldest first; the last ones where `after` is below 0."""
    mine = select(AUDIT).where(AUDIT.c.account == account)
    if after < 0:
        latest = session.all(mine.order_by(AUDIT.c.n.desc()).limit(limit))
        return [dict(row) for row in reversed(latest)]
    return [dict(row) for row in session.all(mine.where(AUDIT.c.n > after).order_by(AUDIT.c.n).limit(limit))]


def alerts(session: ReadSession, account: str) -> list[Json]:
    """Return the last few lines of an account's trail that ask for a person, oldest first, of its last thousand."""
    found = session.first(select(func.max(AUDIT.c.n).label("n")).where(AUDIT.c.account == account))
    after = 0 if found is None or found["n"] is None else found["n"] - 1_000
    mine = (AUDIT.c.account == account) & (AUDIT.c.n > after) & AUDIT.c.act.startswith("alert.")
    latest = session.all(select(AUDIT).where(mine).order_by(AUDIT.c.n.desc()).limit(5))
    return [dict(row) for row in reversed(latest)]


def counts(session: ReadSession, account: str, run: str) -> tuple[dict[str, int], int]:
    """Return how many orders of a run are in each state, and how often they were executed."""
    states = select(ORDERS.c.state, func.count().label("many")).where(ORDERS.c.account == account, ORDERS.c.run == run)
    orders = {row["state"]: row["many"] for row in session.all(states.group_by(ORDERS.c.state))}
    mine = select(ORDERS.c.id).where(ORDERS.c.account == account, ORDERS.c.run == run)
    fills = select(func.count().label("many")).where(BOOKINGS.c.account == account, BOOKINGS.c.order_id.in_(mine))
    found = session.first(fills)
    return orders, 0 if found is None else found["many"]
