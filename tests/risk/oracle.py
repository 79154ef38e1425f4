"""The gate once more, slowly and all at once: every reason there is to say no, in the order they are stated."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction

from tests.risk.scenes import ID, Place, Scene

from midas.core.order import OrderIntent, OrderKind, Side
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.risk.snapshot import AccountState, Quote, Snapshot


def refusals(seen: Scene) -> list[str]:
    """Return the codes of all that speaks against the order; empty when nothing does."""
    missing = list(_missing(seen.order, seen.snapshot))
    if missing:
        return missing
    if not (seen.order.quantity.is_finite() and seen.order.quantity > 0):
        return ["bad_quantity"]
    facts = list(_facts(seen))
    if "bad_price" in facts:
        return facts
    return facts + [code for limits in seen.limits for code in _limits(seen, limits)]


HARMLESS = {"run", "collar", "quote_age_s", "snapshot_age_s", "cooldown_s", "allow_short"}
"""Limits that refuse nothing at the last price, of an account seen just now without losses that sells what it holds."""


def promises(limits: Sequence[Limits], apart_s: float) -> bool:
    """Return whether limits could refuse no plain order so long after any other; none at all promise nothing."""
    for each in limits:
        told = {one.name: getattr(each, one.name) for one in fields(each) if one.name not in HARMLESS}
        window_s = told.pop("duplicate_window_s")
        if any(value not in (None, frozenset()) for value in told.values()):
            return False
        if window_s is not None and not apart_s > window_s:
            return False
    return len(limits) > 0


def _missing(order: OrderIntent, known: Snapshot) -> Iterator[str]:
    wanted = (str(order.instrument), order.instrument.venue)
    if known.instrument is None or (str(known.instrument.id), known.venue.mic) != wanted:
        yield "unknown_instrument"
    account, quote = known.account, known.quote
    if None in (account, quote, known.kill, known.market_open, known.session, known.short_banned, known.locked):
        yield "missing_data"
    if account is not None and (account.account != order.account or not _sound(account, str(order.instrument))):
        yield "missing_data"
    if known.locked is not None and not (known.locked.is_finite() and known.locked >= 0):
        yield "missing_data"
    if quote is not None and not _positive(quote.last):
        yield "missing_data"
    if quote is not None and quote.base is not None and not _positive(quote.base):
        yield "missing_data"


def _positive(number: Decimal) -> bool:
    return number.is_finite() and number > 0


def _sound(account: AccountState, name: str) -> bool:
    fields = (account.cash, account.reserved, account.equity, account.day_equity, account.peak_equity, account.gross)
    shares = [side[name] for side in (account.positions, account.buying, account.selling) if name in side]
    if not all(number.is_finite() for number in (*fields, *shares)):
        return False
    if math.isnan(account.age_s) or account.age_s < 0:
        return False
    return account.reserved >= 0 and account.buying.get(name, 0) >= 0 and account.selling.get(name, 0) >= 0


class _Sums:
    # Everything in exact fractions, signed: buying is up.
    def __init__(self, seen: Scene) -> None:
        account, order, quote = seen.snapshot.account, seen.order, seen.snapshot.quote
        assert account is not None
        assert quote is not None
        self.account: AccountState = account
        self.quote: Quote = quote
        name = str(order.instrument)
        self.quantity = Fraction(order.quantity)
        self.held = Fraction(account.positions.get(name, 0))
        self.up = self.down = self.held
        if order.kind is not OrderKind.PROTECTION:
            self.up += Fraction(account.buying.get(name, 0))
            self.down -= Fraction(account.selling.get(name, 0))
        self.buys = order.side is Side.BUY
        if self.buys:
            self.up += self.quantity
            self.reduces = self.held < 0 and self.up <= 0
        else:
            self.down -= self.quantity
            self.reduces = self.held > 0 and self.down >= 0
        self.last = Fraction(quote.last)
        self.share = self.last
        if order.kind is OrderKind.LIMIT and order.limit_price is not None and order.limit_price.is_finite():
            limit = Fraction(order.limit_price)
            self.share = limit if self.buys or limit > self.last else self.last
        if order.kind is OrderKind.STOP and order.stop_price is not None and order.stop_price.is_finite():
            self.share = max(self.last, Fraction(order.stop_price))
        self.value = self.quantity * self.share


def _facts(seen: Scene) -> Iterator[str]:
    sums = _Sums(seen)
    yield from _standing(seen, sums)
    if not _prices_make_sense(seen.order):
        yield "bad_price"
        return
    if seen.order.kind not in seen.snapshot.kinds:
        yield "kind_not_taken"
    if not seen.snapshot.market_open:
        yield "market_closed"
    if sums.quote.halted:
        yield "halted"
    yield from _venue(seen, sums)
    if (seen.order.reduce_only or seen.order.kind is OrderKind.PROTECTION) and not sums.reduces:
        yield "reduce_only"
    left = Fraction(sums.account.cash) - Fraction(sums.account.reserved) - sums.value - _fees(seen.place, sums.value)
    if sums.buys and not sums.reduces and left < 0 and not seen.snapshot.cuts_purchases:
        yield "buying_power"


def _standing(seen: Scene, sums: _Sums) -> Iterator[str]:
    order, known = seen.order, seen.snapshot
    flatten = order.leg == "flatten" and sums.reduces
    passes = {
        KillLevel.NONE: True,
        KillLevel.REDUCE_ONLY: sums.reduces,
        KillLevel.PAUSE: False,
        KillLevel.CANCEL_ALL: False,
        KillLevel.FLATTEN: flatten,
        KillLevel.HALT: False,
    }
    assert known.kill is not None
    if not passes[known.kill]:
        yield "killed"
    if sums.account.live > known.process_live:
        yield "paper_only"
    if not known.armed:
        yield "not_armed"
    if not sums.account.reconciled:
        yield "not_reconciled"
    if str(order.instrument) in sums.account.quarantined:
        yield "quarantined"
    if (order.valid_until_utc - known.now_utc).total_seconds() <= 0:
        yield "expired"


def _prices_make_sense(order: OrderIntent) -> bool:
    given = (order.limit_price is not None, order.stop_price is not None)
    if given != (order.kind is OrderKind.LIMIT, order.kind is OrderKind.STOP):
        return False
    prices = (order.limit_price, order.stop_price, order.reference_price)
    return all(price is None or _positive(price) for price in prices)


def _venue(seen: Scene, sums: _Sums) -> Iterator[str]:
    order, known, place = seen.order, seen.snapshot, seen.place
    # what is no whole lot may be sold with or without whole ones, once: nothing odd may stay behind
    rest = sums.up if sums.buys else sums.down
    takes_the_odd_ones = sums.reduces and rest % place.lot == 0
    if not known.fractions and not takes_the_odd_ones and sums.quantity % place.lot != 0:
        yield "off_lot"
    # what all sales leave must hold what was bought too late; who guards a position waits by itself
    waits = order.kind is OrderKind.PROTECTION or known.cuts_sales
    if known.locked and not sums.buys and not waits and sums.down < Fraction(known.locked):
        yield "sell_locked"
    price = order.limit_price or order.stop_price
    if price is None or not known.raw_prices:
        return
    if (Fraction(price) / Fraction(_tick(place, price))).denominator != 1:
        yield "off_tick"
    if place.limits is None:
        return
    if sums.quote.base is None:
        yield "missing_data"
    elif not place.limits[0] <= price <= place.limits[1]:
        yield "beyond_limit"


def _fees(place: Place, value: Fraction) -> Fraction:
    whole = Fraction(0)
    for rate in place.rates:
        units = value * Fraction(rate) / Fraction(place.unit)
        whole += (units + Fraction(1, 2)).__floor__() * Fraction(place.unit)
    return whole


def _tick(place: Place, price: Decimal) -> Decimal:
    if not place.name.endswith("XKRX"):
        return place.tick
    for above, tick in ((500_000, 1000), (200_000, 500), (50_000, 100), (20_000, 50), (5000, 10), (2000, 5)):
        if price >= above:
            return Decimal(tick)
    return Decimal(1)


def _limits(seen: Scene, limits: Limits) -> Iterator[str]:
    order, known, sums = seen.order, seen.snapshot, _Sums(seen)
    account, quote = sums.account, sums.quote
    if limits.snapshot_age_s is not None and not account.age_s <= limits.snapshot_age_s:
        yield "stale_snapshot"
    closes_all = order.leg == "flatten"
    if str(order.instrument) in limits.restricted and not closes_all:
        yield "restricted"
    if _older(known, quote.stamp_utc, limits.quote_age_s):
        yield "stale_quote"
    yield from _collar(order, sums, limits)
    if not sums.buys and sums.down < 0:
        if not limits.allow_short:
            yield "short_not_allowed"
        elif known.short_banned:
            yield "short_banned"
    if limits.max_quantity is not None and not closes_all and sums.quantity > Fraction(limits.max_quantity):
        yield "max_quantity"
    if limits.max_notional is not None and not closes_all and sums.value > Fraction(limits.max_notional):
        yield "max_notional"
    if not sums.reduces:
        yield from _exposure(sums, limits)
        yield from _losses(known, account, limits)
    yield from _pace(seen, limits)


def _older(known: Snapshot, stamp: object, most: float | None) -> bool:
    return most is not None and abs((known.now_utc - stamp).total_seconds()) > most  # type: ignore[operator]


def _collar(order: OrderIntent, sums: _Sums, limits: Limits) -> Iterator[str]:
    if limits.collar is None:
        return
    price = order.limit_price if order.kind is OrderKind.LIMIT else order.reference_price
    if price is None:
        yield "missing_data"
    elif abs(Fraction(price) / sums.last - 1) > Fraction(str(limits.collar)):
        yield "price_collar"


def _exposure(sums: _Sums, limits: Limits) -> Iterator[str]:
    equity = Fraction(sums.account.equity)
    far = sums.up if sums.buys else -sums.down
    if limits.position is not None and far * sums.share > equity * Fraction(str(limits.position)):
        yield "max_position"
    if limits.gross is not None and Fraction(sums.account.gross) + sums.value > equity * Fraction(str(limits.gross)):
        yield "max_gross"


def _losses(known: Snapshot, account: AccountState, limits: Limits) -> Iterator[str]:
    equity = Fraction(account.equity)
    for code, most, before in (
        ("daily_loss", limits.daily_loss, account.day_equity),
        ("drawdown", limits.drawdown, account.peak_equity),
    ):
        if most is not None and equity <= Fraction(before) * (1 - Fraction(str(most))):
            yield code
    loss, quiet_s = account.last_limit_loss_utc, limits.cooldown_s
    if quiet_s is not None and loss is not None and (known.now_utc - loss).total_seconds() < quiet_s:
        yield "cooldown"


def _pace(seen: Scene, limits: Limits) -> Iterator[str]:
    order, now = seen.order, seen.snapshot.now_utc
    others = [
        (other, (now - other.stored_utc).total_seconds())
        for other in seen.snapshot.recent
        if other.order != ID and (not limits.run or other.run == limits.run)
    ]
    if order.leg != "flatten":
        for most, window in (
            (limits.orders_per_second, 1),
            (limits.orders_per_minute, 60),
            (limits.orders_per_day, 86_400),
        ):
            if most is not None and len([1 for _, age in others if age < window]) + 1 > most:
                yield "order_rate"
    alike = [(o, age) for o, age in others if o.instrument == str(order.instrument) and o.side == order.side]
    window_s = limits.duplicate_window_s
    closes = order.leg == "flatten"
    if not closes and window_s is not None and any(o.quantity == order.quantity and age < window_s for o, age in alike):
        yield "duplicate"
    most = limits.repeats_per_minute
    if most is not None and sum(o.executions for o, age in alike if age < 60) >= most:
        yield "repeated_execution"
