"""Adding the books up again: whether every transaction balances, and whether what is quoted is what was booked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from midas.db import audit, book_chain, heads
from midas.db.sessions import ReadSession
from midas.db.trading_tables import AUDIT, BOOKINGS, ORDERS, POSITIONS, POSTINGS
from midas.portfolio.ledger import LedgerAccount


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not hold; `code` is one of unbalanced, cash, position, order, booking, audit."""

    account: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of an account."""

    bookings: int
    audit_lines: int


def size(session: ReadSession, account: str) -> Size:
    """Return how many bookings and lines of audit an account has."""
    counted = [
        session.first(select(func.count().label("n")).select_from(table).where(table.c.account == account))
        for table in (BOOKINGS, AUDIT)
    ]
    return Size(*(int(row["n"]) if row else 0 for row in counted))


def accounts(session: ReadSession) -> list[str]:
    """Return every account something was booked or written down for."""
    booked = session.all(select(BOOKINGS.c.account).distinct())
    return sorted({row["account"] for row in booked} | set(audit.accounts(session)))


def faults(session: ReadSession, account: str) -> list[Fault]:
    """Return everything about an account that does not hold; empty where the books are right."""
    return [
        *(Fault(account, "unbalanced", detail) for detail in _unbalanced(session, account)),
        *(Fault(account, "cash", detail) for detail in _cash(session, account)),
        *(Fault(account, "position", detail) for detail in _positions(session, account)),
        *(Fault(account, "order", detail) for detail in _orders(session, account)),
        *(Fault(account, "booking", detail) for detail in book_chain.broken(session, account)),
        *(Fault(account, "audit", f"line {each.n}: {each.why}") for each in audit.broken(session, account)),
        *(Fault(account, "audit", detail) for detail in (book_chain.unlike_trail(session, account),) if detail),
    ]


def _unbalanced(session: ReadSession, account: str) -> Iterator[str]:
    total = func.sum(POSTINGS.c.amount)
    query = select(BOOKINGS.c.reference, POSTINGS.c.currency, total.label("total")).join(
        BOOKINGS, BOOKINGS.c.place == POSTINGS.c.booking
    )
    off = query.where(POSTINGS.c.account == account).group_by(BOOKINGS.c.reference, POSTINGS.c.currency)
    for row in session.all(off.having(total != 0)):
        yield f"{row['reference']} adds up to {row['total']} {row['currency']}"


def _cash(session: ReadSession, account: str) -> Iterator[str]:
    mine = (POSTINGS.c.account == account) & (POSTINGS.c.ledger == int(LedgerAccount.CASH))
    found = session.first(select(func.coalesce(func.sum(POSTINGS.c.amount), 0).label("total")).where(mine))
    booked, quoted = int(found["total"]) if found else 0, heads.head(session, account).cash
    if booked != quoted:
        yield f"cash is {quoted}, booked were {booked}"


def _positions(session: ReadSession, account: str) -> Iterator[str]:
    quantities: defaultdict[str, Decimal] = defaultdict(Decimal)
    columns = BOOKINGS.c
    moved = select(columns.instrument, columns.quantity).where(columns.account == account)
    for row in session.all(moved.where(columns.quantity.is_not(None))):
        quantities[row["instrument"]] += row["quantity"]
    mine = (POSTINGS.c.account == account) & (POSTINGS.c.ledger == int(LedgerAccount.SECURITIES))
    cost = select(POSTINGS.c.instrument, func.sum(POSTINGS.c.amount).label("cost")).where(mine)
    costs = {row["instrument"]: int(row["cost"]) for row in session.all(cost.group_by(POSTINGS.c.instrument))}
    quoted = {row["instrument"]: row for row in session.all(select(POSITIONS).where(POSITIONS.c.account == account))}
    for name in sorted({*quantities, *costs, *quoted}):
        booked = (quantities[name], costs.get(name, 0))
        said = (quoted[name]["quantity"], quoted[name]["cost"]) if name in quoted else (Decimal(0), 0)
        if booked != said:
            yield f"{name} is {said[0]:f} at {said[1]}, booked were {booked[0]:f} at {booked[1]}"


def _orders(session: ReadSession, account: str) -> Iterator[str]:
    filled: defaultdict[str, Decimal] = defaultdict(Decimal)
    columns = BOOKINGS.c
    fills = select(columns.order_id, columns.fill_quantity).where(columns.account == account)
    for row in session.all(fills.where(columns.order_id.is_not(None))):
        filled[row["order_id"]] += row["fill_quantity"]
    for row in session.all(select(ORDERS.c.id, ORDERS.c.filled).where(ORDERS.c.account == account)):
        booked = filled.pop(row["id"], Decimal(0))
        if booked != row["filled"]:
            yield f"{row['id']} says {row['filled']:f} filled, booked were {booked:f}"
    yield from (f"fills of {order}, which is no order of the account" for order in sorted(filled))
