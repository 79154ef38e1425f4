"""The oracle of the paper broker: orders against bars, one after the other, in exact fractions.

It is written from the rules, not from the code: it imports nothing of Midas.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tests.execution.plain_rules import ONE, ZERO, PlainBar, PlainRules, exact, half_up

MARKETLESS = ("no_bar", "halted", "no_volume", "locked_limit", "volume_cap")


@dataclass
class PlainOrder:
    """side is 1 to buy, -1 to sell; kind market, limit or stop; tif next, day or gtc."""

    id: str
    name: int
    side: int
    quantity: Fraction
    kind: str
    tif: str
    price: Fraction | None = None
    reduces: bool = False
    filled: Fraction = ZERO
    reached: bool = False
    first: bool = False
    """It is the market order that goes first for its name."""
    met: int = -1
    why: str = ""
    dropped: str = ""
    lost: Fraction = ZERO
    """What there was no money for."""

    @property
    def left(self) -> Fraction:
        return self.quantity - self.filled - self.lost


@dataclass
class PlainMatcher:
    """A cash account; `fills` are (row, order, quantity, price, value, commission, tax)."""

    bars: Sequence[Sequence[PlainBar | None]]
    rules: PlainRules
    cash: int
    held: dict[int, Fraction] = field(default_factory=dict)
    orders: list[PlainOrder] = field(default_factory=list)
    ended: dict[str, tuple[str, str]] = field(default_factory=dict)
    fills: list[tuple[str, int, Fraction, Fraction, int, int, int]] = field(default_factory=list)

    def meet(self, row: int, closes: bool) -> None:
        """Meet a bar; `closes` says that the session is known to be over with it, else the next one tells."""
        self.end_day(row)
        taken = {order.name for order in self.orders if order.first}
        for order in self.orders:
            fresh, order.met = order.met < 0, row
            enough = order.side > 0 or order.left <= self.held.get(order.name, ZERO)
            if fresh and order.kind == "market" and order.name not in taken and enough:
                order.first = True
                taken.add(order.name)
        self.volume: dict[int, Fraction] = {}
        self.tried: set[str] = set()
        for order in self.orders:
            if order.first:
                order.dropped, order.why = "", ""
                self.at_open(row, order)
        waiting = [order for order in self.orders if not order.first]
        for order in waiting:
            order.why = ""
            self.at_open(row, order)
        # nobody knows in which sequence prices came inside the bar
        self.spendable, self.sellable = self.cash, dict(self.held)
        for order in waiting:
            if order.id not in self.tried:
                self.inside(row, order)
        self.close()
        if closes:
            self.end_day(row + 1)

    def end_day(self, row: int) -> None:
        for order in [one for one in self.orders if one.tif == "day" and -1 < one.met < row]:
            self.end(order, "expired", "")

    def close(self) -> None:
        for order in list(self.orders):
            if order.filled == order.quantity:
                self.end(order, "filled", "")
            elif order.first and order.left > 0 and order.tif != "next" and order.why in MARKETLESS:
                continue  # what the market left of it stays, what there was no money for does not
            elif order.left == 0 and not order.why:
                self.end(order, "expired", "adjusted")  # complete, but for what there was no money for before
            elif order.dropped and not order.first:
                self.end(order, "expired", order.dropped)
            elif not order.first and (order.side < 0 or order.reduces) and self.closable(order, self.held) == 0:
                self.end(order, "canceled", "position_closed")
            elif order.first or order.tif == "next":
                self.end(order, "expired", order.why)

    def end(self, order: PlainOrder, state: str, why: str) -> None:
        self.orders.remove(order)
        self.ended[order.id] = state, why

    def closable(self, order: PlainOrder, held: dict[int, Fraction]) -> Fraction:
        return max(ZERO, -order.side * held.get(order.name, ZERO))

    def no_market(self, bar: PlainBar | None) -> str:
        if bar is None or math.isnan(bar.close):
            return "no_bar"
        if math.isnan(bar.open):
            return "halted"
        return "no_volume" if math.isnan(bar.volume) or bar.volume <= 0 else ""

    def at_open(self, row: int, order: PlainOrder) -> None:
        bar, side, price = self.bars[order.name][row], order.side, order.price
        order.why = self.no_market(bar)
        if order.why or bar is None:
            self.tried.add(order.id)
            return
        opened = exact(bar.open)
        waits_for_market = order.kind == "market" or order.reached
        if order.kind == "stop" and price is not None and side * opened >= side * price:
            order.reached = waits_for_market = True
        if waits_for_market:
            self.tried.add(order.id)
            self.trade(row, order, bar, self.slipped(opened, side, bar), self.cash, self.held)
        elif order.kind == "limit" and price is not None and side * opened < side * price:
            self.tried.add(order.id)
            self.trade(row, order, bar, opened, self.cash, self.held)
        else:
            order.why = "limit_not_reached"

    def inside(self, row: int, order: PlainOrder) -> None:
        bar, side, price = self.bars[order.name][row], order.side, order.price
        assert bar is not None
        assert price is not None
        worst, best = (bar.high, bar.low) if side > 0 else (bar.low, bar.high)
        if order.kind == "stop" and side * exact(worst) >= side * price:
            order.reached = True
            self.trade(row, order, bar, self.slipped(price, side, bar), self.spendable, self.sellable)
        elif order.kind == "limit" and side * exact(best) < side * price:
            self.trade(row, order, bar, price, self.spendable, self.sellable)

    def slipped(self, price: Fraction, side: int, bar: PlainBar) -> Fraction:
        moved = self.rules.on_tick(price * (1 + side * self.rules.slippage), up=side > 0)
        return max(min(moved, exact(bar.high)), exact(bar.low))

    def trade(
        self, row: int, order: PlainOrder, bar: PlainBar, price: Fraction, cash: int, held: dict[int, Fraction]
    ) -> None:
        wanted = order.left
        order.why = ""
        if not order.first and (order.side < 0 or order.reduces):
            if self.closable(order, held) < wanted:
                order.why = "short_not_allowed"
            wanted = min(wanted, self.closable(order, held))
        if wanted == 0:
            return
        if self.beyond(row, order.name, bar, price):
            order.why = "locked_limit"
            return
        used = self.volume.get(order.name, ZERO)
        room = math.floor((exact(bar.volume) * self.rules.volume_cap - used) / self.rules.lot) * self.rules.lot
        quantity = min(wanted, max(room, ZERO))
        if quantity < wanted:
            order.why = "volume_cap"
        if order.side > 0:
            paid = quantity if self.cost(quantity, price) <= cash else self.payable(quantity, price, cash)
            if paid < quantity:
                order.lost += quantity - max(paid, ZERO)
                order.dropped, order.why = "no_cash", order.why or "no_cash"
            quantity = max(paid, ZERO)
        if quantity > 0:
            self.book(row, order, quantity, price)

    def book(self, row: int, order: PlainOrder, quantity: Fraction, price: Fraction) -> None:
        value = half_up(quantity * price * 10**self.rules.digits)
        tax = self.tax(value, self.rules.buy_tax if order.side > 0 else self.rules.tax(row))
        commission = half_up(value * (self.rules.buy_rate if order.side > 0 else self.rules.sell_rate))
        commission = min(commission, value - tax) if order.side < 0 else commission
        self.cash -= order.side * value + commission + tax
        if order.side > 0:
            self.spendable = getattr(self, "spendable", 0) - value - commission - tax
        elif getattr(self, "sellable", None) is not None:
            self.sellable[order.name] = self.sellable.get(order.name, ZERO) - quantity
        self.held[order.name] = self.held.get(order.name, ZERO) + order.side * quantity
        self.volume[order.name] = self.volume.get(order.name, ZERO) + quantity
        order.filled += quantity
        self.fills.append((order.id, row, quantity, price, value, commission, tax))

    def payable(self, quantity: Fraction, price: Fraction, cash: int) -> Fraction:
        each = price * 10**self.rules.digits * (1 + self.rules.buy_rate + self.rules.buy_tax)
        paid = min(quantity, Fraction(max(0, math.floor(cash / each))))
        while paid > 0 and self.cost(paid, price) > cash:
            paid -= max(ONE, math.floor(1 / (price * 10**self.rules.digits)))
        return paid

    def cost(self, quantity: Fraction, price: Fraction) -> int:
        value = half_up(quantity * price * 10**self.rules.digits)
        return value + half_up(value * self.rules.buy_rate) + self.tax(value, self.rules.buy_tax)

    def tax(self, value: int, rate: Fraction) -> int:
        return math.floor(value * rate) if self.rules.tax_truncates else half_up(value * rate)

    def beyond(self, row: int, name: int, bar: PlainBar, price: Fraction) -> bool:
        closes = [one.close for one in self.bars[name][:row] if one is not None and not math.isnan(one.close)]
        limits = self.rules.limits(exact(closes[-1])) if closes else None
        if limits is None:
            return False
        locked = bar.high == bar.low and exact(bar.high) in limits
        return locked or not limits[0] <= price <= limits[1]

    def worth(self, row: int) -> int:
        total = self.cash
        for name, quantity in self.held.items():
            closes = [one.close for one in self.bars[name][: row + 1] if one is not None and not math.isnan(one.close)]
            total += half_up(quantity * exact(closes[-1]) * 10**self.rules.digits) if quantity else 0
        return total
