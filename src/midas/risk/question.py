"""What the checks look at: the order, and everything known about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from midas.core.instrument import Instrument
from midas.core.order import OrderIntent, OrderKind, Side
from midas.risk.costs import costs_of, share_price
from midas.risk.kill import KillLevel
from midas.risk.snapshot import AccountState, Quote, Recent, Snapshot
from midas.risk.verdict import Denial, Deny
from midas.venues.venue import Venue

FLATTEN_LEG: Final = "flatten"
"""Leg of the orders by which the kill switch closes everything."""

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Question:
    """An order and a snapshot of which nothing is missing.

    held : quantity held, below 0 when short. buying, selling : what other open orders may still add and take. reduces :
    whether, whatever else fills, the order brings the position closer to 0 and not beyond.
    """

    id: str
    order: OrderIntent
    now_utc: datetime
    session: date
    venue: Venue
    instrument: Instrument
    quote: Quote
    account: AccountState
    kill: KillLevel
    armed: bool
    process_live: bool
    market_open: bool
    short_banned: bool
    recent: tuple[Recent, ...]
    locked: Decimal
    fractions: bool
    raw_prices: bool
    cuts_purchases: bool
    kinds: frozenset[OrderKind]
    cuts_sales: bool
    held: Decimal
    buying: Decimal
    selling: Decimal

    @property
    def buys(self) -> bool:
        return self.order.side is Side.BUY

    @property
    def reduces(self) -> bool:
        quantity = self.order.quantity
        if self.buys:
            return quantity + self.buying <= -self.held
        return quantity + self.selling <= self.held

    @property
    def flattens(self) -> bool:
        return self.order.leg == FLATTEN_LEG

    @property
    def price(self) -> Decimal:
        """What a share will cost or bring as far as is known."""
        return share_price(self.order, self.quote.last)

    @property
    def notional(self) -> Decimal:
        return self.order.quantity * self.price

    @property
    def costs(self) -> Decimal:
        """Fees and taxes it will take, by the venue's tables."""
        return costs_of(self.venue, self.instrument, self.order.side, self.order.quantity, self.notional, self.session)

    @property
    def left(self) -> Decimal:
        """What stays of a position it reduces when all that reduces it is done."""
        closing = self.buying if self.buys else self.selling
        return abs(self.held) - closing - self.order.quantity


def question(identity: str, order: OrderIntent, snapshot: Snapshot) -> Question | Deny:
    """Return what the checks look at, or a refusal that says what is missing; `identity` is the order's id."""
    account, quote, instrument = snapshot.account, snapshot.quote, snapshot.instrument
    if instrument is None or instrument.id != order.instrument or snapshot.venue.mic != order.instrument.venue:
        return Deny(Denial.UNKNOWN_INSTRUMENT, f"{order.instrument} is not known")
    if account is None or account.account != order.account:
        return _missing(f"the account {order.account!r}")
    if snapshot.kill is None:
        return _missing("the kill switch")
    if quote is None:
        return _missing(f"the price of {order.instrument}")
    if snapshot.market_open is None or snapshot.session is None:
        return _missing(f"whether {snapshot.venue.mic} is open")
    if snapshot.short_banned is None:
        return _missing("whether short sales are banned")
    if snapshot.locked is None:
        return _missing("what may be sold already")
    name = str(order.instrument)
    held = account.positions.get(name, _ZERO)
    buying, selling = account.buying.get(name, _ZERO), account.selling.get(name, _ZERO)
    unsound = _unsound(account, quote, held, buying, selling) or _unsound_age(account.age_s, snapshot.locked)
    if unsound:
        return _missing(unsound)
    if order.kind is OrderKind.PROTECTION:
        buying = selling = _ZERO  # it closes what is left then, whatever else is at work now
    return Question(
        id=identity,
        order=order,
        now_utc=snapshot.now_utc,
        session=snapshot.session,
        venue=snapshot.venue,
        instrument=instrument,
        quote=quote,
        account=account,
        kill=snapshot.kill,
        armed=snapshot.armed,
        process_live=snapshot.process_live,
        market_open=snapshot.market_open,
        short_banned=snapshot.short_banned,
        recent=snapshot.recent,
        locked=snapshot.locked,
        fractions=snapshot.fractions,
        raw_prices=snapshot.raw_prices,
        cuts_purchases=snapshot.cuts_purchases,
        kinds=snapshot.kinds,
        cuts_sales=snapshot.cuts_sales,
        held=held,
        buying=buying,
        selling=selling,
    )


def _unsound(account: AccountState, quote: Quote, held: Decimal, buying: Decimal, selling: Decimal) -> str:
    amounts = {
        "cash": account.cash,
        "reserved": account.reserved,
        "equity": account.equity,
        "day_equity": account.day_equity,
        "peak_equity": account.peak_equity,
        "gross": account.gross,
        "positions": held,
        "buying": buying,
        "selling": selling,
    }
    for name, amount in amounts.items():
        if not amount.is_finite():
            return f"the account's {name}, which is {amount}"
    for name, amount in (("reserved", account.reserved), ("buying", buying), ("selling", selling)):
        if amount < 0:
            return f"the account's {name}, which is {amount}"
    if not quote.last.is_finite() or quote.last <= 0:
        return f"the last price, which is {quote.last}"
    if quote.base is not None and (not quote.base.is_finite() or quote.base <= 0):
        return f"the base price, which is {quote.base}"
    return ""


def _unsound_age(age_s: float, locked: Decimal) -> str:
    if not age_s >= 0.0:
        return f"the account's age, which is {age_s}"
    if not (locked.is_finite() and locked >= 0):
        return f"what may be sold already: {locked} may not"
    return ""


def _missing(what: str) -> Deny:
    return Deny(Denial.MISSING_DATA, f"not known: {what}")
