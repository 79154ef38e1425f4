"""What is known of an order by hand when it is stored; the trader judges it again when it is sent.

The database knows the account, the data the last close. Whether the price is fresh, the account reconciled and losses
within limits is for the trader to see, who hears the market: an order that passes here may still be refused there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np

from midas.app.accounts import major
from midas.app.instruments import find
from midas.app.limits import kept_in, limits_of
from midas.app.positions import Last
from midas.app.workspace import Workspace
from midas.core.errors import MidasError
from midas.core.instrument import Instrument, InstrumentId
from midas.core.order import OrderIntent, Side
from midas.db import heads, journal_reads
from midas.db.accounts import AccountRecord
from midas.db.sessions import ReadSession
from midas.execution.order_row import OrderRow
from midas.execution.paper_orders import KINDS as PAPER_KINDS
from midas.risk.costs import costs_of
from midas.risk.gate import check
from midas.risk.kill import KillLevel, strongest
from midas.risk.locks import LONGEST, Purchase, locked_in
from midas.risk.snapshot import AccountState, Quote, Snapshot
from midas.risk.verdict import Verdict
from midas.trading.journal import Balance
from midas.trading.market_hours import hours_of
from midas.trading.purchases import Purchases
from midas.trading.working import Working
from midas.venues.catalogue import known_venues, venue
from midas.venues.short_bans import short_banned


@dataclass(frozen=True, slots=True)
class Known:
    """An instrument and its last close, None where no dataset has bars of it."""

    instrument: Instrument
    last: Last | None


@dataclass(frozen=True, slots=True)
class Seen:
    """An account at one moment, and the purchases of one instrument that may still be locked.

    revision : tells whether anything was stored since.
    """

    revision: int
    balance: Balance
    working: Working
    purchases: Sequence[Purchase]
    kill: KillLevel
    quarantined: frozenset[str]


def known(workspace: Workspace, name: str) -> Known:
    """Return an instrument by id or display symbol.

    Raises
    ------
    NotFound: no dataset holds it.
    """
    instrument, bar = find(workspace, name)
    close = None if bar is None or bar.close is None else Last(Decimal(str(bar.close)), bar.ts)
    return Known(instrument, close)


def seen(session: ReadSession, account: str, instrument: InstrumentId, since_utc: datetime | None) -> Seen:
    """Return an account as the journal has it, in one transaction; purchases from `since_utc` on, None for none."""
    working = Working(_costs)
    for row in journal_reads.orders(session, account, True):
        working.count(row)
    return Seen(
        heads.head(session, account).revision,
        journal_reads.balance(session, account),
        working,
        _purchases(session, account, instrument, since_utc),
        strongest(KillLevel.NONE, *(kill.level for kill in journal_reads.kills(session, account))),
        frozenset(journal_reads.quarantined(session, account)),
    )


def locks_since(workspace: Workspace, intent: OrderIntent) -> datetime | None:
    """Return since when purchases may keep an order from selling; None where nothing does."""
    now_utc, mic = workspace.clock.now_utc(), intent.instrument.venue
    if intent.side is Side.BUY or mic not in known_venues() or not venue(mic).sell_lock(now_utc.date()):
        return None
    return now_utc - LONGEST


def _purchases(
    session: ReadSession, account: str, instrument: InstrumentId, since_utc: datetime | None
) -> Sequence[Purchase]:
    known = Purchases()
    if since_utc is not None:
        known.begin(journal_reads.fills(session, account, None, since_utc))
    return known.of(instrument)


def judge(workspace: Workspace, record: AccountRecord, row: OrderRow, seen: Seen) -> Verdict:
    """Return what the gate says of an order, with all that is known here."""
    now_utc = workspace.clock.now_utc()
    instrument = known(workspace, str(row.intent.instrument)).instrument
    market = venue(instrument.id.venue, instrument.currency)
    hours = hours_of(market.calendar, row.intent, now_utc)
    price = row.intent.reference_price
    snapshot = Snapshot(
        now_utc=now_utc,
        venue=market,
        instrument=instrument,
        quote=None if price is None else Quote(price, now_utc),
        account=_state(record, seen),
        kill=seen.kill,
        armed=True,
        process_live=False,
        market_open=None if hours is None else hours.open,
        session=None if hours is None else hours.session,
        short_banned=None if hours is None else _banned(market.mic, hours.session),
        kinds=PAPER_KINDS,
        locked=None if hours is None else locked_in(market, seen.purchases, hours.session),
    )
    # how far the market may be from the last close is judged where the market is heard
    limits = limits_of(kept_in(record.settings), paper=False)
    return check(row.id, row.intent, snapshot, replace(limits, quote_age_s=None, collar=None))


def _costs(intent: OrderIntent, quantity: Decimal, value: Decimal) -> Decimal:
    # as of a share on the venue's usual board: what else it may be costs no more
    name = intent.instrument
    if name.venue not in known_venues():
        return Decimal(0)
    return costs_of(venue(name.venue), Instrument(name), intent.side, quantity, value, intent.stamp_utc.date())


def _state(record: AccountRecord, seen: Seen) -> AccountState:
    cash = major(seen.balance.cash, record.currency)
    cost = major(sum(seen.balance.costs.values()), record.currency)
    return AccountState(
        account=record.id,
        live=record.kind == "live",
        cash=cash,
        reserved=seen.working.reserved,
        equity=cash + cost,
        day_equity=cash + cost,
        peak_equity=cash + cost,
        gross=cost + seen.working.opening(seen.balance.quantities),
        positions={str(each): held for each, held in seen.balance.quantities.items()},
        buying=dict(seen.working.buying),
        selling=dict(seen.working.selling),
        age_s=0.0,
        reconciled=True,
        quarantined=seen.quarantined,
    )


def _banned(mic: str, session: object) -> bool | None:
    try:
        return bool(short_banned(mic, np.array([session], "datetime64[D]"))[0])
    except MidasError:
        return None
