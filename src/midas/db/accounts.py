"""Accounts and their generations: a reset closes one and opens the next, so that nothing of the past is lost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import RowMapping, insert, select, update

from midas.core.errors import AlreadyExists, Busy, NotFound, Refused, did_you_mean
from midas.db import heads, journal_reads, journal_writes
from midas.db.sessions import ReadSession, WriteSession
from midas.db.trading_tables import ACCOUNTS, RUNS
from midas.portfolio.booking import MoveKind, Posting
from midas.portfolio.ledger import LedgerAccount
from midas.trading.journal import NOBODY, Audit, Book
from midas.trading.lifecycle import RunState

CAPITAL = "capital"
"""Reference of the booking an account begins with."""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """One generation of an account; `id` is what the journal knows it by. capital : minor units of the currency."""

    id: str
    name: str
    generation: int
    kind: str
    broker: str
    currency: str
    capital: int
    owner: str
    settings: dict[str, object]
    created_at: datetime
    closed_at: datetime | None = None


def account_id(name: str, generation: int) -> str:
    """Return what the journal knows a generation of an account by."""
    return f"{name}.{generation}"


def add(session: WriteSession, record: AccountRecord, who: str) -> AccountRecord:
    """Open an account, with its capital paid in.

    Raises
    ------
    AlreadyExists: there is one of that name.
    """
    taken = session.first(select(ACCOUNTS.c.id).where(ACCOUNTS.c.name == record.name))
    if taken is not None:
        raise AlreadyExists(
            f"There is an account {record.name!r} already.",
            hint=f"Choose another name, or begin anew with `midas account reset {record.name}`.",
            code="account_exists",
        )
    return _open(session, record, who)


def find(session: ReadSession, ref: str) -> AccountRecord:
    """Return the latest generation of the account called `ref`, or the generation whose id it is.

    Raises
    ------
    NotFound: there is none.
    """
    named = select(ACCOUNTS).where((ACCOUNTS.c.name == ref) | (ACCOUNTS.c.id == ref))
    row = session.first(named.order_by(ACCOUNTS.c.generation.desc()))
    if row is None:
        names = [each.name for each in every(session)]
        hint = did_you_mean(ref, names) if names else "There is none yet: `midas account add NAME` opens one."
        raise NotFound(f"There is no account {ref[:64]!r}.", hint=hint, code="unknown_account")
    return _record(row)


def every(session: ReadSession, *, closed: bool = False) -> list[AccountRecord]:
    """Return accounts by name; with `closed` the generations before too, latest first."""
    query = select(ACCOUNTS).order_by(ACCOUNTS.c.name, ACCOUNTS.c.generation.desc())
    if not closed:
        query = query.where(ACCOUNTS.c.closed_at.is_(None))
    return [_record(row) for row in session.all(query)]


def reset(session: WriteSession, ref: str, capital: int | None, who: str, now_utc: datetime) -> AccountRecord:
    """Close an account's generation and open the next; `capital` None pays in what it began with.

    Raises
    ------
    NotFound: there is no such account.
    Refused: it is live, orders are still at work, or a run is not over.
    Busy: a trader holds it.
    """
    before = find(session, ref)
    if before.kind != "paper" or before.closed_at is not None:
        raise Refused(f"{before.id} cannot be reset.", hint="Only an open paper account can be.", code="not_resettable")
    at = heads.locked(session, before.id)
    # what was changed until it was locked goes with it
    before = find(session, before.id)
    until = heads.leased_until(session, before.id)
    if until is not None and until > now_utc:
        raise Busy(f"A trader holds {before.name}.", hint="Stop it first.", code="owned")
    working = journal_reads.orders(session, before.id, True)
    if working:
        raise Refused(
            f"{len(working)} orders of {before.name} are at work.", hint="Cancel them first.", code="orders_working"
        )
    running = session.first(
        select(RUNS.c.id).where(RUNS.c.account == before.id, RUNS.c.state != RunState.STOPPED.value)
    )
    if running is not None:
        # it would go on in what is closed
        raise Refused(
            f"Run {running['id']} is on {before.name}.", hint=f"`midas run stop {running['id']}` first.",
            code="runs_not_over",
        )  # fmt: skip
    closing = Audit(before.id, who, "account.reset", before.id, {"cash": at.cash}, now_utc)
    journal_writes.write(session, before.id, NOBODY, [closing])
    session.change(update(ACCOUNTS).where(ACCOUNTS.c.id == before.id).values(closed_at=now_utc))
    # a trader that was stopped, and whose word ran out meanwhile, may wake up
    heads.take_over(session, before.id, now_utc)
    following = AccountRecord(
        id=account_id(before.name, before.generation + 1),
        name=before.name,
        generation=before.generation + 1,
        kind=before.kind,
        broker=before.broker,
        currency=before.currency,
        capital=before.capital if capital is None else capital,
        owner=before.owner,
        settings=before.settings,
        created_at=now_utc,
    )
    return _open(session, following, who)


def _open(session: WriteSession, record: AccountRecord, who: str) -> AccountRecord:
    session.change(insert(ACCOUNTS).values(**asdict(record)))
    postings = (
        Posting(LedgerAccount.CASH, None, record.capital, record.currency),
        Posting(LedgerAccount.CAPITAL, None, -record.capital, record.currency),
    )
    paid_in = Book(record.id, CAPITAL, None, MoveKind.DEPOSIT.value, None, None, postings, record.created_at)
    detail = {"capital": record.capital, "currency": record.currency, "broker": record.broker}
    opened = Audit(record.id, who, "account.open", record.id, detail, record.created_at)
    journal_writes.found(session, record.id, [paid_in, opened])
    return record


def _record(row: RowMapping) -> AccountRecord:
    return AccountRecord(**row)
