"""How the oracle's orders meet a bar."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from itertools import pairwise

from tests.execution.plain_actions import PlainActions
from tests.execution.plain_books import Entry
from tests.execution.plain_rules import ONE, ZERO, PlainBar, exact

UNSEEN = Fraction("1e-7")


class PlainOrders(PlainActions):
    """An account whose pending orders are filled, cut or refused."""

    def order_bar(self, name: int, row: int) -> PlainBar | None:
        """The bar as an order sees it: at the close, that is its open."""
        bar = self.bars[name][row]
        if bar is None or math.isnan(bar.open) or not self.rules.at_close:
            return bar
        return bar._replace(open=bar.close)

    def withheld(self, row: int, name: int, wanted: Fraction, held: Fraction, own_row: bool) -> Fraction:
        locked = sum((size for _, on, size in self.locks.get(name, []) if own_row or on < row), ZERO)
        return max(ZERO, wanted - max(ZERO, held - locked)) if held > 0 and locked else ZERO

    def open(self, row: int) -> None:
        orders, self.pending = self.pending, []
        carried, self.carried = self.carried, {}
        for name, side, wanted in orders:
            decided, number = carried.get(name, (row - 1, self.places[name]))
            count = len(self.fills)
            if self.rules.shorts:
                wanted, cut = self.allowed(row, name, side, wanted)
                if cut:
                    self.refusals.append((row, name, side, cut))
                    if not wanted:
                        continue
            kept = self.withheld(row, name, wanted, self.held.get(name, ZERO), True) if side < 0 else ZERO
            if kept:
                self.refusals.append((row, name, side, "not_sellable_yet"))
            wanted, self.unpaid = wanted - kept, ZERO
            reason = self.match(row, number, name, side, wanted) if wanted or not kept else None
            self.decided += [decided] * (len(self.fills) - count)
            unmet = kept or reason in ("no_bar", "halted", "no_volume", "locked_limit", "volume_cap")
            if self.rules.carry and not self.by_change and unmet:
                got = sum((exact(fill[4]) for fill in self.fills[count:]), ZERO)
                self.pending.append((name, side, wanted - got - self.unpaid + kept))
                self.carried[name] = (decided, number)
            if self.by_change and unmet:
                self.due[name] = side

    def allowed(self, row: int, name: int, side: int, wanted: Fraction) -> tuple[Fraction, str]:
        held, bar, rules = self.held.get(name, ZERO), self.order_bar(name, row), self.rules
        closing = min(wanted, abs(held)) if side * held < 0 else ZERO
        if wanted == closing:
            return wanted, ""
        if side < 0 and rules.banned(row):
            return closing, "short_banned"
        if bar is None or math.isnan(bar.open):
            return wanted, ""
        unit = exact(bar.open) * (1 + side * Fraction(self.impact(row, name, wanted))) * 10**rules.digits
        room = self.covered[0] / rules.initial - self.covered[1] + closing * unit
        opening = self.floored(max(ZERO, room) / unit, rules.lot)
        return (wanted, "") if wanted - closing <= opening else (closing + opening, "margin")

    def match(self, row: int, number: int, name: int, side: int, wanted: Fraction) -> str | None:
        self.unpaid = ZERO
        if wanted == 0:
            self.refusals.append((row, name, side, "below_lot"))
            return "below_lot"
        bar = self.order_bar(name, row)
        reason = self.no_market(bar)
        price = None
        if reason is None and bar is not None:
            price = (
                self.limit_price(row, name, bar)
                if self.limited(name, side)
                else self.price(row, name, side, wanted, bar)
            )
            reason = "limit_not_reached" if price is None else self.beyond_limit(name, row, bar, price)
        if reason is not None or bar is None or price is None:
            assert reason is not None
            self.refusals.append((row, name, side, reason))
            return reason
        return self.execute(row, number, name, side, wanted, bar, price)

    def no_market(self, bar: PlainBar | None) -> str | None:
        if bar is None or math.isnan(bar.close):
            return "no_bar"
        if math.isnan(bar.open):
            return "halted"
        if self.rules.has_volume and (math.isnan(bar.volume) or bar.volume <= 0):
            return "no_volume"
        return None

    def limited(self, name: int, side: int) -> bool:
        return side > 0 and self.rules.entry_limit is not None and self.held.get(name, ZERO) >= 0

    def limit_price(self, row: int, name: int, bar: PlainBar) -> Fraction | None:
        close = self.known_close(name, row - 1, until=row)
        assert close is not None
        assert self.rules.entry_limit is not None
        limit = self.rules.on_tick(close * (1 + self.rules.entry_limit), up=False)
        low = exact(bar.low if self.rules.has_range and not self.rules.at_close else bar.open)
        return min(exact(bar.open), limit) if low < limit else None

    def price(self, row: int, name: int, side: int, wanted: Fraction, bar: PlainBar) -> Fraction:
        return self.moved(row, name, exact(bar.open), side, wanted, bar)

    def impact(self, row: int, name: int, wanted: Fraction) -> float:
        rules = self.rules
        if not rules.root_impact and not rules.share_impact:
            return 0.0
        closes, volumes = [], []
        for earlier in range(max(0, row - 20), row):
            bar = self.bars[name][earlier]
            if bar is None or math.isnan(bar.close):
                continue
            since = range(earlier + 1, row + 1)
            ratio = math.prod(float(self.splits.get((later, name), ONE)) for later in since)
            worth = ratio * math.prod(float(self.rights.get((later, name), ONE)) for later in since)
            closes.append(bar.close / worth)
            volumes.append(bar.volume * ratio if bar.volume > 0 else 0.0)
        if len(closes) < 3 or sum(volumes) == 0:
            return 0.0
        usual = sum(volumes) / len(volumes)
        returns = [after / before - 1 for before, after in pairwise(closes)]
        share = min(float(wanted) / usual, float(rules.volume_cap))
        return rules.root_impact * statistics.stdev(returns) * math.sqrt(share) + rules.share_impact * share**2

    def moved(self, row: int, name: int, start: Fraction, side: int, wanted: Fraction, bar: PlainBar) -> Fraction:
        start *= 1 + side * Fraction(self.impact(row, name, wanted))
        tick = self.rules.tick(start) or ZERO
        price = start * (1 + side * self.rules.slippage) + side * self.rules.spread_ticks * tick
        whole = round(price / tick) if tick else 0
        if tick and abs(price / tick - whole) < UNSEEN:
            price = whole * tick  # an impact too small to see is none
        price = self.rules.on_tick(price, up=side > 0)
        if self.rules.has_range:
            price = max(min(price, exact(bar.high)), exact(bar.low))
        return price

    def beyond_limit(self, name: int, row: int, bar: PlainBar, price: Fraction) -> str | None:
        base = self.known_close(name, self.rules.base_row(row), until=row)
        limits = None if base is None else self.rules.limits(base)
        if limits is None:
            return None
        low, high = limits
        locked = self.rules.has_range and bar.high == bar.low and exact(bar.high) in (low, high)
        return "locked_limit" if locked or not low <= price <= high else None

    def execute(
        self, row: int, number: int, name: int, side: int, wanted: Fraction, bar: PlainBar, price: Fraction
    ) -> str | None:
        rules, reason, quantity = self.rules, None, wanted
        if rules.has_volume:
            quantity = min(wanted, self.floored(exact(bar.volume) * rules.volume_cap, rules.lot))
            if quantity < wanted:
                reason = "volume_cap"
                self.refusals.append((row, name, side, reason))
        if side > 0 and not rules.shorts:
            payable = self.payable(quantity, price)
            self.unpaid = quantity - payable
            if payable < quantity:
                self.refusals.append((row, name, side, "no_cash"))
            quantity = payable
        if quantity > 0:
            self.enter(row, name, side, quantity, price)
            self.fill(row, number, name, side, quantity, price)
        return reason

    def enter(self, row: int, name: int, side: int, quantity: Fraction, price: Fraction) -> None:
        self.traded[name] = side * quantity
        held = self.held.get(name, ZERO)
        if side * held < 0 and quantity <= abs(held):
            return
        if name not in self.listed:
            self.listed.append(name)
        if side * held > 0:
            entry = self.entries[name]
            entry.price = (entry.price * abs(held) + price * quantity) / (abs(held) + quantity)
            return
        self.leaving.pop(name, None)
        value = self.ranges.get((row - 1, name))
        true_range = None
        if value is not None and not math.isnan(value):
            true_range = Fraction(value)
            true_range /= self.splits.get((row, name), ONE) * self.rights.get((row, name), ONE)
        self.entries[name] = Entry(row, price, price, true_range)
