"""The head of an account: locked first by every commit, written last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from midas.db.sessions import ReadSession, WriteSession
from midas.db.trading_tables import HEADS
from midas.identity.audit_chain import GENESIS
from midas.trading.journal import NOBODY, Fenced


@dataclass(slots=True)
class Head:
    """Where an account stands; `transaction` is PostgreSQL's number of what reads it, "" on SQLite.

    booked, book_hash : end of the chain of its bookings.
    """

    account: str
    epoch: int = NOBODY
    revision: int = 0
    cash: int = 0
    audit_n: int = 0
    audit_hash: str = GENESIS
    booked: int = 0
    book_hash: str = GENESIS
    transaction: str = ""


def head(session: ReadSession, account: str) -> Head:
    """Return where an account stands; one that nobody used stands at the beginning."""
    found = session.first(_HEAD, {"whose": account})
    return Head(account) if found is None else Head(**found)


def locked(session: WriteSession, account: str) -> Head:
    """Return where an account stands, and keep everyone else from changing it until the transaction ends."""
    query = _LOCKED[session.connection.dialect.name]
    found = session.first(query, {"whose": account})
    if found is None:
        first = Head(account)
        session.change(
            upsert(session)(HEADS)
            .values(account=account, epoch=first.epoch, revision=0, cash=0, audit_n=0, audit_hash=first.audit_hash)
            .on_conflict_do_nothing()
        )
        found = session.first(query, {"whose": account})
        assert found is not None
    return Head(**found)


def store(session: WriteSession, at: Head, epoch: int) -> None:
    """Write where an account stands now.

    Raises
    ------
    Fenced: `epoch` is not the account's any more.
    """
    values = {
        "revision": at.revision, "cash": at.cash, "audit_n": at.audit_n, "audit_hash": at.audit_hash,
        "booked": at.booked, "book_hash": at.book_hash,
    }  # fmt: skip
    given = values | {"whose": at.account, "owners": epoch}
    if not session.change(_BY_ANYONE if epoch == NOBODY else _BY_OWNER, given):
        raise Fenced(f"{at.account} does not belong to epoch {epoch} any more.")


def take_over(session: WriteSession, account: str, until: datetime) -> int:
    """Return the next epoch of an account, which is its owner's from now on."""
    epoch = locked(session, account).epoch + 1
    session.change(update(HEADS).where(HEADS.c.account == account).values(epoch=epoch, lease_until=until))
    return epoch


def lease(session: WriteSession, account: str, until: datetime | None, epoch: int | None = None) -> bool:
    """Note how long the owner's word holds; return whether `epoch` is still the account's."""
    mine = update(HEADS).where(HEADS.c.account == account)
    if epoch is not None:
        mine = mine.where(HEADS.c.epoch == epoch)
    return bool(session.change(mine.values(lease_until=until)))


def leased_until(session: ReadSession, account: str) -> datetime | None:
    """Return how long an owner's word holds; None where it let go, or there never was one."""
    found = session.first(select(HEADS.c.lease_until).where(HEADS.c.account == account))
    return None if found is None else found["lease_until"]


def upsert(session: ReadSession) -> type[postgresql.Insert] | type[sqlite.Insert]:
    """Return the INSERT that knows ON CONFLICT of the database at hand."""
    return postgresql.Insert if session.connection.dialect.name == "postgresql" else sqlite.Insert


_KEPT = ("account", "epoch", "revision", "cash", "audit_n", "audit_hash", "booked", "book_hash")

_COLUMNS = tuple(HEADS.c[name] for name in _KEPT)

_WHOSE = HEADS.c.account == bindparam("whose")

_HEAD = select(*_COLUMNS).where(_WHOSE)

_LOCKED: dict[str, Select[*tuple[Any, ...]]] = {
    dialect: select(*_COLUMNS, literal_column(transaction).label("transaction")).with_for_update().where(_WHOSE)
    for dialect, transaction in (("postgresql", "pg_current_xact_id()::text"), ("sqlite", "''"))
}

_BY_ANYONE = update(HEADS).where(_WHOSE)

_BY_OWNER = _BY_ANYONE.where(HEADS.c.epoch == bindparam("owners"))
