"""What a run tells the gate: its own account and the market as of a close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from midas.core.errors import DataBlocked
from midas.core.instrument import Instrument
from midas.core.money import minor_digits
from midas.core.order import Fill, OrderIntent, Side
from midas.execution.book import Book
from midas.execution.dealt import Dealt
from midas.execution.let_through import LetThrough
from midas.execution.mandate import Mandate
from midas.execution.quantity import decimal_price, decimal_quantity
from midas.marketdata.feed import BarRow
from midas.risk.costs import costs_of, share_price
from midas.risk.gate import all_pass, check
from midas.risk.kill import KillLevel
from midas.risk.locks import LONGEST, Purchase, locked_in
from midas.risk.snapshot import AccountState, Quote, Recent, Snapshot
from midas.risk.verdict import Denial, Deny, Verdict
from midas.venues.catalogue import venue
from midas.venues.short_bans import short_banned
from midas.venues.venue import Venue

_DAY = timedelta(days=1)
_NO_SHORTS = frozenset({Denial.SHORT_BANNED, Denial.SHORT_NOT_ALLOWED})


class Asking:
    """Asks the gate about the orders of one close, one after the other; those it let pass count for the next.

    What sales will bring may be spent by the purchases behind them, as the market meets them first. The gate is asked
    again, with the account as the ledger has it then, when an order is about to be sent.
    """

    def __init__(self, mandate: Mandate, book: Book) -> None:
        self._mandate, self._book, self._ground = mandate, book, mandate.ground
        self._digits = minor_digits(mandate.ground.currency)
        self._recent = LetThrough()
        self._day: tuple[date | None, int, int] = (None, 0, 0)
        self._account: AccountState | None = None
        self._venues: dict[str, Venue] = {mandate.ground.venue.mic: mandate.ground.venue}
        self._banned: dict[tuple[str, date], bool] = {}
        self._bought: dict[str, list[Purchase]] = {}
        self.kill = KillLevel.NONE
        self.limits = mandate.limits

    def begin(self, row: BarRow) -> None:
        """Ask about the orders of this row from now on."""
        equity = self._book.equity
        day, first, peak = self._day
        self._day = (row.session, first if day == row.session else equity, max(peak, equity))
        self._row, self._account = row, None
        self._recent.forget(row.stamp_utc)
        for name, bought in list(self._bought.items()):
            self._bought[name] = [each for each in bought if each[0] > row.stamp_utc - LONGEST]
            if not self._bought[name]:
                del self._bought[name]

    def judge(self, identity: str, intent: OrderIntent, column: int) -> Verdict:
        """Return what the gate says of an order; one that passes is at work from then on."""
        mandate, stamp = self._mandate, self._row.stamp_utc
        account = self._account or self._begin_account()
        price = self.price(column)
        instrument = self._ground.instruments[column]
        place = self._venue_of(instrument)
        session = self._session(place)
        snapshot = Snapshot(
            now_utc=stamp,
            venue=place,
            instrument=instrument,
            quote=None if price is None else Quote(price, stamp, base=price),
            account=account,
            kill=self.kill,
            armed=True,
            process_live=mandate.live,
            market_open=True,
            session=session,
            short_banned=self._is_banned(place.mic, session),
            recent=self._recent.all(),
            locked=locked_in(place, self._bought.get(str(instrument.id), ()), session),
            fractions=mandate.terms.fraction > 0.0,
            raw_prices=self._ground.basis.is_raw,
            cuts_purchases=mandate.broker.cuts_purchases,
            kinds=mandate.broker.kinds,
            cuts_sales=mandate.broker.cuts_sales,
        )
        return check(identity, intent, snapshot, *self.limits)

    def closing(self, intent: OrderIntent, refused: Deny) -> Decimal:
        """Return the part of a sale refused just now for want of a right to sell short that closes what is held.

        Nothing where the account cannot be short at all: there, selling more than is held is a mistake. In a margin
        account it is two trades in one order, of which a ban or a limit is meant for the second.
        """
        account = self._account
        if refused.code not in _NO_SHORTS or not self._mandate.terms.dealing.allow_short or account is None:
            return Decimal(0)
        name = str(intent.instrument)
        return max(Decimal(0), account.positions.get(name, Decimal(0)) - account.selling.get(name, Decimal(0)))

    def price(self, column: int) -> Decimal | None:
        """Return the last price known at the close, in today's shares."""
        now = float(self._row.fields["close"][column])
        last = float(self._book.closes[column]) if np.isnan(now) else now
        return None if np.isnan(last) else decimal_price(last)

    def filled(self, fill: Fill) -> None:
        """Take note of a purchase the venue may lock, where the broker does not keep count of that itself."""
        if fill.side is Side.BUY and not self._mandate.broker.cuts_sales:
            self._bought.setdefault(str(fill.instrument), []).append((fill.stamp_utc, fill.quantity))

    def passed(self, identity: str, intent: OrderIntent, column: int) -> None:
        """Count an order that was let through."""
        account = self._account
        assert account is not None
        name, quantity = str(intent.instrument), intent.quantity
        last = self.price(column)
        assert last is not None
        notional = quantity * share_price(intent, last)
        if intent.side is Side.BUY:
            self._buying[name] = self._buying.get(name, Decimal(0)) + quantity
            self._reserved += notional + self._costs(intent, column, notional)
        else:
            self._selling[name] = self._selling.get(name, Decimal(0)) + quantity
            self._cash += notional - self._costs(intent, column, notional)
        self._account = self._state(account.positions, account.gross + (notional if intent.side is Side.BUY else 0))
        recent = Recent(identity, intent.run, name, intent.side, quantity, intent.stamp_utc)
        self._recent.add(recent)

    @property
    def lets_through(self) -> bool:
        """Whether nothing could refuse what trades at the market, a bar apart, and sells no more than is held."""
        seconds = self._ground.timeframe.seconds
        return self.kill is KillLevel.NONE and all_pass(self.limits, seconds)

    def strode(self, session: date, last_utc: datetime, equities: Sequence[int], passed: Dealt) -> None:
        """Know of orders let through at closes of a session, at which equities it was asked, and when last."""
        day, first, peak = self._day
        self._day = (session, first if day == session else equities[0], max(peak, *equities))
        self._recent.put_off(last_utc, passed)
        self._recent.forget(last_utc)

    def as_of(self, row: BarRow, intent: OrderIntent, column: int) -> OrderIntent:
        """Return an order that was planned before as it is sent at the close of a row."""
        return replace(intent, reference_price=self.price(column), valid_until_utc=self.valid_until_utc(row))

    def valid_until_utc(self, row: BarRow) -> datetime:
        """Return when the bar after a row ends: an order for it is not sent later than that."""
        length = timedelta(seconds=self._ground.timeframe.seconds)
        if not self._ground.timeframe.is_daily and not row.closes:
            return row.stamp_utc + length
        return _close_of(self._ground.venue, next_session(self._ground.venue, row.session), row.stamp_utc)

    def snapshot(self) -> dict[str, Any]:
        day, first, peak = self._day
        bought = [
            [name, stamp_utc.isoformat(), str(quantity)]
            for name, each in self._bought.items()
            for stamp_utc, quantity in each
        ]
        return {
            "day": day and day.isoformat(), "first": first, "peak": peak, "recent": self._recent.snapshot(),
            "bought": bought, "kill": int(self.kill),
        }  # fmt: skip

    def restore(self, tree: Mapping[str, Any]) -> None:
        day = tree["day"] and date.fromisoformat(tree["day"])
        self._day, self.kill = (day, tree["first"], tree["peak"]), KillLevel(tree["kill"])
        self._recent.restore(tree["recent"])

        self._bought = {}
        for name, stamp, quantity in tree.get("bought", ()):
            self._bought.setdefault(name, []).append((datetime.fromisoformat(stamp), Decimal(quantity)))

    def _session(self, place: Venue) -> date:
        return next_session(place, self._row.session) if self._row.closes else self._row.session

    def _costs(self, intent: OrderIntent, column: int, notional: Decimal) -> Decimal:
        if self._mandate.broker.cuts_purchases:
            return Decimal(0)
        instrument = self._ground.instruments[column]
        place = self._venue_of(instrument)
        return costs_of(place, instrument, intent.side, intent.quantity, notional, self._session(place))

    def _begin_account(self) -> AccountState:
        book, ids = self._book, self._ground.instruments
        held = np.flatnonzero(book.quantities).tolist()
        positions = {str(ids[column].id): decimal_quantity(float(book.quantities[column])) for column in held}
        self._buying: dict[str, Decimal] = {}
        self._selling: dict[str, Decimal] = {}
        self._cash, self._reserved = self._money(book.cash), Decimal(0)
        return self._state(positions, self._money(book.gross))

    def _state(self, positions: Mapping[str, Decimal], gross: Decimal) -> AccountState:
        _, first, peak = self._day
        account = AccountState(
            self._mandate.account, self._mandate.live, self._cash, self._reserved, self._money(self._book.equity),
            self._money(first), self._money(peak), gross, positions, self._buying, self._selling, 0.0, True,
        )  # fmt: skip
        self._account = account
        return account

    def _money(self, minor: int) -> Decimal:
        return Decimal(minor).scaleb(-self._digits)

    def _venue_of(self, instrument: Instrument) -> Venue:
        mic = instrument.id.venue
        if mic not in self._venues:
            self._venues[mic] = venue(mic, self._ground.currency)
        return self._venues[mic]

    def _is_banned(self, mic: str, session: date) -> bool:
        if (mic, session) not in self._banned:
            self._banned = {(mic, session): bool(short_banned(mic, np.array([session], "datetime64[D]"))[0])}
        return self._banned[mic, session]


@lru_cache(maxsize=64)
def next_session(place: Venue, day: date) -> date:
    """Return the session after a day; where the calendar does not reach, the next weekday."""
    try:
        return place.calendar.next_session(day)
    except DataBlocked:
        return day + timedelta(days=3 if day.isoweekday() == 5 else 1)


@lru_cache(maxsize=64)
def _close_of(place: Venue, day: date, after_utc: datetime) -> datetime:
    try:
        return max(place.calendar.hours_utc(day)[1], after_utc)
    except DataBlocked:
        return after_utc + _DAY * 4
