"""The gate as the trader asks it: with everything this process knows at that moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from midas.core.errors import MidasError
from midas.core.instrument import Instrument, InstrumentId
from midas.core.money import minor_digits
from midas.core.order import OrderIntent, OrderKind, Side
from midas.execution.order_row import OrderRow
from midas.risk.costs import costs_of
from midas.risk.gate import check
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.risk.locks import locked_in
from midas.risk.protections import loss_hit_utc, protections
from midas.risk.question import FLATTEN_LEG
from midas.risk.snapshot import AccountState, Snapshot
from midas.risk.verdict import Denial, Deny, Verdict
from midas.trading.desk import Desk
from midas.trading.equity import Worth, marked, value
from midas.trading.kill_switch import KillSwitch
from midas.trading.market_hours import Hours, hours_of
from midas.trading.quotes import Quotes
from midas.venues.venue import Venue

_NO_LIMITS = Limits()


class Compared(Protocol):
    """How an account's books stand to its broker's; see `trading.reconciler`."""

    @property
    def reconciled(self) -> bool: ...

    @property
    def age_s(self) -> float: ...


class Gatekeeper:
    """Judges orders of one account; what it does not know is denied.

    live : whether the account is. process_live : whether this process may touch live accounts. limits : by run, "" for
    the account's own; a run's hold beside them. What a run itself holds and lost is judged when it decides, by its own
    book; here its limits count its orders alone. armed : tells whether a run, or who orders by hand (""), may trade.
    closes : whether what the kill switch closes may be ordered here.
    """

    def __init__(
        self,
        desk: Desk,
        switch: KillSwitch,
        quotes: Quotes,
        compared: Callable[[], Compared],
        *,
        limits: Mapping[str, Limits],
        armed: Callable[[str], bool],
        live: bool = False,
        process_live: bool = False,
        closes: bool = True,
    ) -> None:
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.venues: dict[str, Venue] = {}
        self.raw_prices = True
        self.fractions = False
        self.cuts_purchases = False
        self.kinds: frozenset[OrderKind] = frozenset(OrderKind)
        self.cuts_sales = False
        self.has_told: Callable[[datetime], bool] = _always
        self.limits = limits
        self.worth: Worth | None = None
        self._desk, self._switch, self._quotes, self._compared = desk, switch, quotes, compared
        self._armed = armed
        self._live, self._process_live, self._closes = live, process_live, closes

    @property
    def priced(self) -> bool:
        """Whether all that is held has a price."""
        return all(self._quotes.last(instrument) is not None for instrument in self._desk.books.quantities)

    def mark(self, day: date) -> Worth:
        """Look at what the account is worth, on the trading day `day`."""
        equity, gross = value(self._desk.books, self._quotes.last)
        self.worth = marked(self.worth, equity, gross, day)
        return self.worth

    def judge(self, row: OrderRow) -> Verdict:
        """Return whether an order may be sent now."""
        return self.ask(row.id, row.intent, row)

    def ask(self, identity: str, intent: OrderIntent, row: OrderRow | None = None) -> Verdict:
        """Return whether an intent may be stored, or an order that is stored already may be sent."""
        if self._quotes.stale and not intent.reduce_only:
            return Deny(Denial.STALE_QUOTE, "the feed tells no prices any more")
        if self._is_early(intent):
            return Deny(Denial.STALE_QUOTE, "bars that were there when it was placed are not told yet")
        venue = self.venues.get(intent.instrument.venue)
        if venue is None or intent.instrument not in self.instruments:
            return Deny(Denial.UNKNOWN_INSTRUMENT, f"{intent.instrument} is not traded by any run of this account")
        if self._quotes.of(intent.instrument) is None:
            # what it was decided at proves nothing: it waits for a price
            return Deny(Denial.STALE_QUOTE, f"no price of {intent.instrument} was heard yet")
        asked = [self.limits.get("", _NO_LIMITS)]
        own = self.limits.get(intent.run) if intent.run else None
        if own is not None:
            asked.append(own.of_orders())
        return check(identity, intent, self.snapshot(intent, venue, row), *asked)

    def snapshot(self, intent: OrderIntent, venue: Venue, row: OrderRow | None = None) -> Snapshot:
        """Return everything known about an order."""
        now_utc = self._desk.market.now_utc()
        hours = hours_of(venue.calendar, intent, now_utc)
        return Snapshot(
            now_utc=now_utc,
            venue=venue,
            instrument=self.instruments.get(intent.instrument),
            quote=self._quotes.of(intent.instrument),
            account=self.account(row),
            kill=self._switch.level,
            armed=self._may_close if intent.leg == FLATTEN_LEG else self._armed(intent.run),
            process_live=self._process_live,
            market_open=None if hours is None else hours.open,
            session=None if hours is None else hours.session,
            short_banned=_short_banned(venue, hours),
            recent=self._desk.recent.of(now_utc, self._counts_days),
            locked=None if hours is None else self._locked(intent, venue, hours),
            fractions=self.fractions,
            raw_prices=self.raw_prices,
            cuts_purchases=self.cuts_purchases,
            kinds=self.kinds,
            cuts_sales=self.cuts_sales,
        )

    def costs(self, intent: OrderIntent, quantity: Decimal, value: Decimal) -> Decimal:
        """Return what trading a part of an order will cost; nothing where the broker cuts purchases to the cash."""
        venue, instrument = self.venues.get(intent.instrument.venue), self.instruments.get(intent.instrument)
        if self.cuts_purchases or venue is None or instrument is None:
            return Decimal(0)
        day = intent.stamp_utc.astimezone(ZoneInfo(venue.timezone)).date()
        return costs_of(venue, instrument, intent.side, quantity, value, day)

    def account(self, row: OrderRow | None = None) -> AccountState:
        """Return the account as the ledger and the last prices have it, without `row` among the open orders."""
        desk = self._desk
        others = desk.working.without(desk.rows[row.id]) if row is not None and row.id in desk.rows else desk.working
        equity, gross = value(desk.books, self._quotes.last)
        worth = self.worth or Worth(equity, gross, None, equity, equity)
        compared = self._compared()
        return AccountState(
            account=desk.account,
            live=self._live,
            cash=self._spendable(others.selling),
            reserved=others.reserved,
            equity=equity,
            day_equity=worth.day_equity,
            peak_equity=max(worth.peak_equity, equity),
            gross=gross + others.opening(desk.books.quantities),
            positions={str(name): held for name, held in desk.books.quantities.items()},
            buying=dict(others.buying),
            selling=dict(others.selling),
            age_s=compared.age_s,
            reconciled=compared.reconciled,
            quarantined=frozenset(desk.quarantined),
            last_limit_loss_utc=worth.last_limit_loss_utc,
        )

    def protect(self) -> None:
        """Pull the switch where losses or a runaway ask for it."""
        now_utc, limits = self._desk.market.now_utc(), self.limits.get("", _NO_LIMITS)
        account = self.account()
        recent = self._desk.recent.of(now_utc, whole_day=False)
        if self.worth is not None:
            self.worth = replace(self.worth, last_limit_loss_utc=loss_hit_utc(account, now_utc, limits))
        for each in protections(account, recent, now_utc, limits)[:1]:
            if self._switch.level < each.level:
                self._switch.pull(each.level, f"{each.code.value}: {each.why}")

    @property
    def _may_close(self) -> bool:
        # what closes everything is good for as long as everything is to be closed
        return self._closes and self._switch.level is KillLevel.FLATTEN

    def _is_early(self, intent: OrderIntent) -> bool:
        # a person who knows bars that the market here did not come to yet must not be filled by them
        by_hand = not intent.run and intent.leg != FLATTEN_LEG
        return by_hand and not self.has_told(intent.stamp_utc)

    @property
    def _counts_days(self) -> bool:
        return any(each.orders_per_day is not None for each in self.limits.values())

    def _locked(self, intent: OrderIntent, venue: Venue, hours: Hours) -> Decimal | None:
        if intent.side is Side.BUY or self.cuts_sales or not venue.sell_lock(hours.session):
            return Decimal(0)
        return locked_in(venue, self._desk.purchases.of(intent.instrument), hours.session)

    def _spendable(self, selling: Mapping[str, Decimal]) -> Decimal:
        cash = Decimal(self._desk.books.cash).scaleb(-minor_digits(self._desk.books.currency))
        if self._live:
            return cash
        # a paper account pays with what the sales before it bring, as the backtest does
        for name, quantity in selling.items():
            last = self._quotes.last(InstrumentId.parse(name))
            cash += quantity * (last or Decimal(0))
        return cash


def _always(_moment_utc: datetime) -> bool:
    return True


def _short_banned(venue: Venue, hours: Hours | None) -> bool | None:
    if hours is None:
        return None
    import numpy as np

    from midas.venues.short_bans import short_banned

    try:
        return bool(short_banned(venue.mic, np.array([hours.session], "datetime64[D]"))[0])
    except MidasError:
        return None
