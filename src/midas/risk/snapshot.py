"""Everything the gate goes by, read at one moment; what is None was not known, and what is not known is denied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from midas.core.instrument import Instrument
from midas.core.order import OrderKind, Side
from midas.risk.kill import KillLevel
from midas.venues.venue import Venue


@dataclass(frozen=True, slots=True)
class Quote:
    """What is known of an instrument's market: last price, the base of the day's limit, whether it is halted."""

    last: Decimal
    stamp_utc: datetime
    base: Decimal | None = None
    halted: bool = False


@dataclass(frozen=True, slots=True)
class Recent:
    """An order that was stored before, for rates, duplicates and runaways."""

    order: str
    run: str
    instrument: str
    side: Side
    quantity: Decimal
    stored_utc: datetime
    executions: int = 0


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account as the ledger knows it; amounts in its currency, everything without the order that is asked about.

    cash : what may be spent: settled where the venue asks for that, with what working sales will bring where the broker
    lends it. reserved : what open purchases may still cost, fees and taxes with it. positions : by instrument id.
    buying, selling : what open orders may still buy and sell, by instrument id, both above 0. gross : value of all that
    is held, both ways, and of what open orders may add. equity, day_equity, peak_equity : now, at the day's first
    moment, and at its highest. age_s : how long ago it was seen to agree with its broker's, by a clock that never
    jumps; infinite where it was not yet. last_limit_loss_utc : when a loss last hit a limit, see `risk.protections`.
    """

    account: str
    live: bool
    cash: Decimal
    reserved: Decimal
    equity: Decimal
    day_equity: Decimal
    peak_equity: Decimal
    gross: Decimal
    positions: Mapping[str, Decimal]
    buying: Mapping[str, Decimal]
    selling: Mapping[str, Decimal]
    age_s: float
    reconciled: bool
    quarantined: frozenset[str] = frozenset()
    last_limit_loss_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the gate is asked with.

    process_live : whether this process may touch live accounts at all. armed : whether the run, or the person, was
    given the right to trade this account. market_open : whether orders for the venue are taken now (a session, or the
    time before it for orders that wait for the open). session : the trading day the order would trade on, whose rules
    hold. recent : orders stored before; the one asked about does no harm among them. fractions : the account
    trades parts of shares, so lots do not hold. raw_prices : False where a replay's prices are not those that were
    quoted, so neither ticks nor the day's limits hold. locked : how much of what is held of the instrument was bought
    too late to be sold in `session`. cuts_purchases : the broker fills purchases as far as the cash goes, so none is
    held up for want of it. cuts_sales : it sells what may be sold and holds the rest back by itself. kinds : what
    orders the broker takes.
    """

    now_utc: datetime
    venue: Venue
    instrument: Instrument | None
    quote: Quote | None
    account: AccountState | None
    kill: KillLevel | None
    armed: bool
    process_live: bool
    market_open: bool | None
    session: date | None
    short_banned: bool | None
    recent: tuple[Recent, ...] = ()
    locked: Decimal | None = Decimal(0)
    fractions: bool = False
    raw_prices: bool = True
    cuts_purchases: bool = False
    kinds: frozenset[OrderKind] = frozenset(OrderKind)
    cuts_sales: bool = False
