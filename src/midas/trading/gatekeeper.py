"""The gate as the trader asks it: with everything this process knows at that moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from midas.core.errors import MidasError
from midas.core.instrument import Instrument, InstrumentId
from midas.core.money import minor_digits
from midas.core.order import OrderIntent, OrderKind
from midas.execution.order_row import OrderRow
from midas.risk.gate import check
from midas.risk.limits import Limits
from midas.risk.protections import loss_hit_utc, protections
from midas.risk.snapshot import AccountState, Quote, Snapshot
from midas.risk.verdict import Denial, Deny, Verdict
from midas.trading.desk import Desk
from midas.trading.equity import Worth, marked, value
from midas.trading.kill_switch import KillSwitch
from midas.trading.market_hours import Hours, hours_of
from midas.trading.quotes import Quotes
from midas.venues.venue import Venue


class Gatekeeper:
    """Judges orders of one account; what it does not know is denied.

    live : whether the account is. process_live : whether this process may touch live accounts. limits : by run, "" for
    the account's own. armed : tells whether a run, or who orders by hand (""), may trade.
    """

    def __init__(
        self,
        desk: Desk,
        switch: KillSwitch,
        quotes: Quotes,
        reconciled: Callable[[], bool],
        *,
        limits: Mapping[str, Limits],
        armed: Callable[[str], bool],
        live: bool = False,
        process_live: bool = False,
    ) -> None:
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.venues: dict[str, Venue] = {}
        self.raw_prices = True
        self.fractions = False
        self.cuts_purchases = False
        self.kinds: frozenset[OrderKind] = frozenset(OrderKind)
        self.worth: Worth | None = None
        self._desk, self._switch, self._quotes, self._reconciled = desk, switch, quotes, reconciled
        self._limits, self._armed = limits, armed
        self._live, self._process_live = live, process_live
        self._counts_days = any(each.orders_per_day is not None for each in limits.values())

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
        venue = self.venues.get(intent.instrument.venue)
        if venue is None:
            return Deny(Denial.UNKNOWN_INSTRUMENT, f"{intent.instrument} is not traded by any run of this account")
        limits = self._limits.get("", Limits())
        own = self._limits.get(intent.run)
        asked = (limits,) if own is None or not intent.run else (limits, own)
        return check(identity, intent, self.snapshot(intent, venue, row), *asked)

    def snapshot(self, intent: OrderIntent, venue: Venue, row: OrderRow | None = None) -> Snapshot:
        """Return everything known about an order."""
        now_utc = self._desk.market.now_utc()
        hours = hours_of(venue.calendar, intent, now_utc)
        return Snapshot(
            now_utc=now_utc,
            venue=venue,
            instrument=self.instruments.get(intent.instrument),
            quote=self._quote(intent),
            account=self.account(row),
            kill=self._switch.level,
            armed=self._armed(intent.run),
            process_live=self._process_live,
            market_open=None if hours is None else hours.open,
            session=None if hours is None else hours.session,
            short_banned=_short_banned(venue, hours),
            recent=self._desk.recent.of(now_utc, self._counts_days),
            fractions=self.fractions,
            raw_prices=self.raw_prices,
            cuts_purchases=self.cuts_purchases,
            kinds=self.kinds,
        )

    def _quote(self, intent: OrderIntent) -> Quote | None:
        known = self._quotes.of(intent.instrument)
        if known is None and intent.reference_price is not None:
            # a process that just began has heard nothing yet; the order itself remembers the price it was decided at
            return Quote(intent.reference_price, intent.stamp_utc)
        return known

    def account(self, row: OrderRow | None = None) -> AccountState:
        """Return the account as the ledger and the last prices have it, without `row` among the open orders."""
        desk = self._desk
        working = desk.working
        reserved, buying, selling = working.reserved, dict(working.buying), dict(working.selling)
        if row is not None and row.id in desk.rows:
            reserved, buying, selling = working.without(desk.rows[row.id])
        equity, gross = value(desk.books, self._quotes.last)
        worth = self.worth or Worth(equity, gross, None, equity, equity)
        return AccountState(
            account=desk.account,
            live=self._live,
            cash=self._spendable(selling),
            reserved=reserved,
            equity=equity,
            day_equity=worth.day_equity,
            peak_equity=max(worth.peak_equity, equity),
            gross=gross + reserved,
            positions={str(name): held for name, held in desk.books.quantities.items()},
            buying=buying,
            selling=selling,
            stamp_utc=desk.market.now_utc(),
            reconciled=self._reconciled(),
            quarantined=frozenset(desk.quarantined),
            last_limit_loss_utc=worth.last_limit_loss_utc,
        )

    def protect(self) -> None:
        """Pull the switch where losses or a runaway ask for it."""
        now_utc, limits = self._desk.market.now_utc(), self._limits.get("", Limits())
        account = self.account()
        recent = self._desk.recent.of(now_utc, whole_day=False)
        if self.worth is not None:
            self.worth = replace(self.worth, last_limit_loss_utc=loss_hit_utc(account, now_utc, limits))
        for each in protections(account, recent, now_utc, limits)[:1]:
            if self._switch.level < each.level:
                self._switch.pull(each.level, f"{each.code.value}: {each.why}")

    def _spendable(self, selling: Mapping[str, Decimal]) -> Decimal:
        cash = Decimal(self._desk.books.cash).scaleb(-minor_digits(self._desk.books.currency))
        if self._live:
            return cash
        # a paper account pays with what the sales before it bring, as the backtest does
        for name, quantity in selling.items():
            last = self._quotes.last(InstrumentId.parse(name))
            cash += quantity * (last or Decimal(0))
        return cash


def _short_banned(venue: Venue, hours: Hours | None) -> bool | None:
    if hours is None:
        return None
    import numpy as np

    from midas.venues.short_bans import short_banned

    try:
        return bool(short_banned(venue.mic, np.array([hours.session], "datetime64[D]"))[0])
    except MidasError:
        return None
