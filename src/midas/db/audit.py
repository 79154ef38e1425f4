"""The audit trail of an account, chained line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypedDict

from sqlalchemy import RowMapping, select

from midas.core.clock import require_utc
from midas.db import heads
from midas.db.sessions import ReadSession
from midas.db.trading_tables import AUDIT, HEADS
from midas.identity.audit_chain import ChainBreak, ChainLine, canonical, link, verify
from midas.trading.journal import Audit

_AT_ONCE = 5_000
_ASKED = 500


class AuditLine(TypedDict):
    """A row of the table; `detail` is canonical JSON."""

    account: str
    n: int
    who: str
    act: str
    subject: str
    detail: str
    stamp_utc: datetime
    hash: str
    booked: int | None
    book_hash: str | None


def line_of(entry: Audit, at: heads.Head) -> AuditLine:
    """Return an entry as the line after the last one of its account.

    It says how far the ledger went, so that who seals the trail has sealed the bookings as well.
    """
    detail, n = canonical(entry.detail), at.audit_n + 1
    booked, book_hash = (at.booked, at.book_hash) if at.booked else (None, None)
    text = _text(entry.account, entry.who, entry.act, entry.subject, detail, entry.stamp_utc, booked, book_hash)
    return {
        "account": entry.account,
        "n": n,
        "who": entry.who,
        "act": entry.act,
        "subject": entry.subject,
        "detail": detail,
        "stamp_utc": entry.stamp_utc,
        "hash": link(at.audit_hash, n, text),
        "booked": booked,
        "book_hash": book_hash,
    }


def trail(session: ReadSession, account: str, *, after: int = 0, limit: int | None = None) -> list[Audit]:
    """Return the audit trail of an account, oldest first, from the line after `after`."""
    query = select(AUDIT).where(AUDIT.c.account == account, AUDIT.c.n > after).order_by(AUDIT.c.n)
    return [
        Audit(row["account"], row["who"], row["act"], row["subject"], json.loads(row["detail"]), row["stamp_utc"])
        for row in session.all(query.limit(limit))
    ]


def broken(session: ReadSession, account: str) -> list[ChainBreak]:
    """Return where the chain of an account does not hold."""
    at = heads.head(session, account)
    return verify(_lines(session, account), at.audit_n, at.audit_hash)


def ends(session: ReadSession) -> dict[str, tuple[int, str]]:
    """Return the last line of each trail and its hash, by account."""
    rows = session.all(select(HEADS.c.account, HEADS.c.audit_n, HEADS.c.audit_hash).order_by(HEADS.c.account))
    return {row["account"]: (int(row["audit_n"]), row["audit_hash"]) for row in rows}


def hashes(session: ReadSession, account: str, lines: Sequence[int]) -> dict[int, str]:
    """Return the hashes of some lines of a trail, those that are there."""
    found: dict[int, str] = {}
    for first in range(0, len(lines), _ASKED):
        some = AUDIT.c.n.in_(lines[first : first + _ASKED])
        rows = session.all(select(AUDIT.c.n, AUDIT.c.hash).where(AUDIT.c.account == account, some))
        found |= {int(row["n"]): row["hash"] for row in rows}
    return found


def accounts(session: ReadSession) -> Sequence[str]:
    """Return every account that has a chain, also one whose head was taken away."""
    chained = select(AUDIT.c.account).union(select(HEADS.c.account))
    return sorted(row["account"] for row in session.all(select(chained.subquery())))


def _lines(session: ReadSession, account: str) -> Iterator[ChainLine]:
    # a page at a time: a chain may be longer than memory
    after = -(2**62)
    while True:
        mine = select(AUDIT).where(AUDIT.c.account == account, AUDIT.c.n > after)
        rows = session.all(mine.order_by(AUDIT.c.n).limit(_AT_ONCE))
        yield from (ChainLine(row["n"], _row_text(row), row["hash"]) for row in rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1]["n"]


def _row_text(row: RowMapping) -> str:
    said = (row["account"], row["who"], row["act"], row["subject"], row["detail"], row["stamp_utc"])
    return _text(*said, row["booked"], row["book_hash"])


def _text(
    account: str, who: str, act: str, subject: str, detail: str, stamp_utc: datetime, booked: int | None,
    book_hash: str | None,
) -> str:  # fmt: skip
    stamp = require_utc(stamp_utc).isoformat()
    said = {"account": account, "who": who, "act": act, "subject": subject, "detail": detail, "stamp_utc": stamp}
    # a line from before bookings were chained, or of an account without any, says nothing of them
    return canonical(said if booked is None else {**said, "booked": booked, "book_hash": book_hash})
