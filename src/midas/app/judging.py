"""What is known of an order by hand when it is stored; the trader judges it again when it is sent.

The database knows the account, the data the last close. Whether the price is fresh, the account reconciled and losses
within limits is for the trader to see, who hears the market: an order that passes here may still be refused there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from midas.app.accounts import major
from midas.app.instruments import find
from midas.app.positions import Last
from midas.app.workspace import Workspace
from midas.core.errors import MidasError
from midas.core.instrument import Instrument
from midas.db import heads, journal_reads
from midas.db.accounts import AccountRecord
from midas.db.sessions import ReadSession
from midas.execution.order_row import OrderRow
from midas.execution.paper_orders import KINDS as PAPER_KINDS
from midas.risk.gate import check
from midas.risk.kill import KillLevel, strongest
from midas.risk.limits import Limits
from midas.risk.snapshot import AccountState, Quote, Snapshot
from midas.risk.verdict import Verdict
from midas.trading.journal import Balance
from midas.trading.market_hours import hours_of
from midas.trading.working import Working
from midas.venues.catalogue import venue
from midas.venues.short_bans import short_banned


@dataclass(frozen=True, slots=True)
class Known:
    """An instrument and its last close, None where no dataset has bars of it."""

    instrument: Instrument
    last: Last | None


@dataclass(frozen=True, slots=True)
class Seen:
    """An account at one moment; `revision` tells whether anything was stored since."""

    revision: int
    balance: Balance
    working: Working
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


def seen(session: ReadSession, account: str) -> Seen:
    """Return an account as the journal has it, in one transaction."""
    working = Working()
    for row in journal_reads.orders(session, account, True):
        working.count(row)
    return Seen(
        heads.head(session, account).revision,
        journal_reads.balance(session, account),
        working,
        strongest(KillLevel.NONE, *(kill.level for kill in journal_reads.kills(session, account))),
        frozenset(journal_reads.quarantined(session, account)),
    )


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
        account=_state(record, seen, row),
        kill=seen.kill,
        armed=True,
        process_live=False,
        market_open=None if hours is None else hours.open,
        session=None if hours is None else hours.session,
        short_banned=None if hours is None else _banned(market.mic, hours.session),
        kinds=PAPER_KINDS,
    )
    # how far the market may be from the last close is judged where the market is heard
    return check(row.id, row.intent, snapshot, replace(Limits(), quote_age_s=None, collar=None))


def _state(record: AccountRecord, seen: Seen, row: OrderRow) -> AccountState:
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
        gross=cost,
        positions={str(each): held for each, held in seen.balance.quantities.items()},
        buying=dict(seen.working.buying),
        selling=dict(seen.working.selling),
        stamp_utc=row.changed_utc or row.intent.stamp_utc,
        reconciled=True,
        quarantined=seen.quarantined,
    )


def _banned(mic: str, session: object) -> bool | None:
    try:
        return bool(short_banned(mic, np.array([session], "datetime64[D]"))[0])
    except MidasError:
        return None
