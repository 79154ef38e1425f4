"""The bookings of an account, chained one by one with their postings; lines of the audit trail say how far it went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select

from midas.core.clock import require_utc
from midas.db import heads
from midas.db.sessions import ReadSession
from midas.db.trading_tables import AUDIT, BOOKING_LINKS, BOOKINGS, HEADS, POSTINGS
from midas.identity.audit_chain import ChainLine, canonical, link, verify

Values = Mapping[str, object]

_AT_ONCE = 2_000
_OF_BOOKING = (
    "account", "reference", "kind", "instrument", "quantity", "stamp_utc", "order_id", "execution", "side",
    "fill_quantity", "price", "value", "commission", "tax", "fill_stamp_utc", "cause",
)  # fmt: skip
_LINKED = tuple(BOOKING_LINKS.c[name] for name in ("n", "hash", "booking")) + tuple(BOOKINGS.c[x] for x in _OF_BOOKING)
_OF_POSTING = ("line", "account", "ledger", "instrument", "amount", "currency")


def linked(at: heads.Head, place: int, booking: Values, postings: Sequence[Values]) -> dict[str, object]:
    """Return the link of a new booking, and let the head end with it."""
    at.booked += 1
    at.book_hash = link(at.book_hash, at.booked, text_of(booking, postings))
    return {"account": at.account, "n": at.booked, "booking": place, "hash": at.book_hash}


def text_of(booking: Values, postings: Sequence[Values]) -> str:
    """Return what the chain covers of a booking: all its columns and those of its postings but their place."""
    said = {name: _plain(booking.get(name)) for name in _OF_BOOKING}
    return canonical({**said, "postings": [[each[name] for name in _OF_POSTING] for each in postings]})


def broken(session: ReadSession, account: str) -> Iterator[str]:
    """Tell where the chain of an account's bookings does not hold, and which lines of its trail knew another one."""
    at = heads.head(session, account)
    for each in verify(_lines(session, account), at.booked, at.book_hash):
        reference = _reference(session, account, each.n)
        yield f"booking {each.n}{f' ({reference})' if reference else ''}: {each.why}"
    mine = (BOOKINGS.c.account == account) & BOOKING_LINKS.c.n.is_(None)
    joined = BOOKINGS.outerjoin(BOOKING_LINKS, BOOKING_LINKS.c.booking == BOOKINGS.c.place)
    for row in session.all(select(BOOKINGS.c.reference).select_from(joined).where(mine).order_by(BOOKINGS.c.place)):
        yield f"{row['reference']} is not in the chain of bookings"


def unspoken(session: ReadSession) -> list[str]:
    """Return the accounts of which something was booked behind the last line of their trail."""
    last = (AUDIT.c.account == HEADS.c.account) & (AUDIT.c.n == HEADS.c.audit_n)
    query = select(HEADS.c.account).select_from(HEADS.outerjoin(AUDIT, last))
    more = query.where(HEADS.c.booked > func.coalesce(AUDIT.c.booked, 0))
    return [row["account"] for row in session.all(more.order_by(HEADS.c.account))]


def unlike_trail(session: ReadSession, account: str) -> str:
    """Return which line of the trail first knew another ledger, as words; empty where none did."""
    same = (BOOKING_LINKS.c.account == AUDIT.c.account) & (BOOKING_LINKS.c.n == AUDIT.c.booked)
    other = BOOKING_LINKS.c.hash.is_(None) | (BOOKING_LINKS.c.hash != AUDIT.c.book_hash)
    query = select(AUDIT.c.n, AUDIT.c.booked).select_from(AUDIT.outerjoin(BOOKING_LINKS, same))
    mine = (AUDIT.c.account == account) & AUDIT.c.booked.is_not(None)
    found = session.first(query.where(mine, other).order_by(AUDIT.c.n).limit(1))
    if found is None:
        return ""
    return f"line {found['n']} was written behind booking {found['booked']}, and the ledger up to it was another one"


def _lines(session: ReadSession, account: str) -> Iterator[ChainLine]:
    # a part at a time: a ledger may be longer than memory
    after = -(2**62)
    while True:
        joined = BOOKING_LINKS.join(BOOKINGS, BOOKINGS.c.place == BOOKING_LINKS.c.booking)
        mine = (BOOKING_LINKS.c.account == account) & (BOOKING_LINKS.c.n > after)
        rows = session.all(select(*_LINKED).select_from(joined).where(mine).order_by(BOOKING_LINKS.c.n).limit(_AT_ONCE))
        postings = _postings(session, account, [row["booking"] for row in rows])
        yield from (ChainLine(row["n"], text_of(dict(row), postings[row["booking"]]), row["hash"]) for row in rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1]["n"]


def _postings(session: ReadSession, account: str, places: Sequence[int]) -> Mapping[int, Sequence[Values]]:
    # by the booking, whatever account a posting says it is of
    found: defaultdict[int, list[Values]] = defaultdict(list)
    if places:
        joined = POSTINGS.join(BOOKINGS, BOOKINGS.c.place == POSTINGS.c.booking)
        some = POSTINGS.c.booking.between(min(places), max(places)) & (BOOKINGS.c.account == account)
        query = select(POSTINGS).select_from(joined).where(some).order_by(POSTINGS.c.booking, POSTINGS.c.line)
        for row in session.all(query):
            found[row["booking"]].append(dict(row))
    return found


def _reference(session: ReadSession, account: str, n: int) -> str:
    joined = BOOKING_LINKS.join(BOOKINGS, BOOKINGS.c.place == BOOKING_LINKS.c.booking)
    mine = (BOOKING_LINKS.c.account == account) & (BOOKING_LINKS.c.n == n)
    found = session.first(select(BOOKINGS.c.reference).select_from(joined).where(mine))
    return "" if found is None else str(found["reference"])


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return require_utc(value).isoformat() if isinstance(value, datetime) else value
