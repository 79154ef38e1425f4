"""Accounts: opened, listed, begun anew."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from midas.app.workspace import Workspace
from midas.core.errors import InvalidInput
from midas.core.money import Money, minor_digits
from midas.db import accounts, heads, journal_reads
from midas.db.accounts import AccountRecord
from midas.db.sessions import ReadSession
from midas.risk.kill import KillLevel, strongest
from midas.wire.accounts import Account, AccountRequest, ResetRequest

PERSON = "local"
"""Who asks, as long as there is one person only."""
LATENCY = "latency_ms"


async def add(workspace: Workspace, request: AccountRequest) -> Account:
    """Open a paper account.

    Raises
    ------
    AlreadyExists: there is one of that name.
    InvalidInput: an unknown currency, or more or less capital than there may be.
    """
    now = workspace.clock.now_utc()
    record = AccountRecord(
        id=accounts.account_id(request.name, 1),
        name=request.name,
        generation=1,
        kind="paper",
        broker="paper",
        currency=request.currency,
        capital=paid_in(request.capital, request.currency),
        owner=PERSON,
        settings=latency_settings(request.latency_ms),
        created_at=now,
    )
    await workspace.database.write(accounts.add, record, PERSON)
    return await show(workspace, record.id)


async def every(workspace: Workspace, *, closed: bool = False) -> list[Account]:
    """Return accounts by name; with `closed` the generations before too."""
    now = workspace.clock.now_utc()

    def read(session: ReadSession) -> list[Account]:
        return [_shown(session, record, now) for record in accounts.every(session, closed=closed)]

    return await workspace.database.read(read)


async def show(workspace: Workspace, ref: str) -> Account:
    """Return an account by name, or one of its generations by id.

    Raises
    ------
    NotFound: there is none.
    """
    now = workspace.clock.now_utc()
    return await workspace.database.read(lambda session: _shown(session, accounts.find(session, ref), now))


async def reset(workspace: Workspace, ref: str, request: ResetRequest) -> Account:
    """Close a paper account's generation and open the next; all that was stays with the old one.

    Raises
    ------
    NotFound: there is none.
    Refused: orders are at work, a run of it is not over, or it is no paper account.
    InvalidInput: more or less capital than there may be.
    Busy: a trader holds it.
    """
    before = await workspace.database.read(accounts.find, ref)
    capital = None if request.capital is None else paid_in(request.capital, before.currency)
    now = workspace.clock.now_utc()
    after = await workspace.database.write(accounts.reset, before.id, capital, PERSON, now)
    return await show(workspace, after.id)


def paid_in(capital: Decimal, currency: str) -> int:
    """Return what an account begins with, in minor units.

    Raises
    ------
    InvalidInput: an unknown currency, more than there may be, or less than the smallest unit.
    """
    money = Money.of(capital, currency)
    if money.minor <= 0:
        raise InvalidInput(
            f"An account cannot begin with {capital} {currency}.",
            hint=f"Use at least {major(1, currency)} {currency}.",
            code="bad_capital",
        )
    return money.minor


def latency_settings(latency_ms: int) -> dict[str, object]:
    """Return what an account keeps of how long its orders take."""
    return {LATENCY: latency_ms} if latency_ms else {}


def latency_ms(record: AccountRecord) -> int:
    """Return how long an account's orders take to the market."""
    kept = record.settings.get(LATENCY)
    return kept if isinstance(kept, int) else 0


def major(minor: int, currency: str) -> Decimal:
    """Return minor units as an amount of the currency."""
    return Decimal(minor).scaleb(-minor_digits(currency))


def _shown(session: ReadSession, record: AccountRecord, now: datetime) -> Account:
    balance = journal_reads.balance(session, record.id)
    until = heads.leased_until(session, record.id)
    level = strongest(KillLevel.NONE, *(kill.level for kill in journal_reads.kills(session, record.id)))
    return Account(
        id=record.id,
        name=record.name,
        generation=record.generation,
        kind=record.kind,
        broker=record.broker,
        currency=record.currency,
        capital=major(record.capital, record.currency),
        latency_ms=latency_ms(record),
        cash=major(balance.cash, record.currency),
        positions=len(balance.quantities),
        active_orders=len(journal_reads.orders(session, record.id, True)),
        kill=level.name.lower(),
        trader=until is not None and until > now,
        created_at=record.created_at,
        closed_at=record.closed_at,
    )
