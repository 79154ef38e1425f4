"""One name bought twice, with a stop, through one corporate action: in `Decimal`, from the rules, without Midas.

The account decides at the closes of two rows, the second the last before the ex-date, so that over the action it has a
position, a stop, and an order that is still open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

ONE = Decimal(1)


@dataclass(frozen=True)
class Row:
    """A day as the exchange quoted it; a halted one has no open."""

    day: date
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal


@dataclass(frozen=True)
class Action:
    """New shares for an old one; cash for a share; or what the exchange says a share is worth after a right."""

    row: int
    ratio: Decimal = ONE
    cash: Decimal = Decimal(0)
    base: Decimal | None = None

    def left(self, close: Decimal) -> Decimal:
        """The price a share opens at where the market does not move."""
        return self.base if self.base is not None else close / self.ratio - self.cash


@dataclass
class Holding:
    """What the account does, in minor units of `unit`."""

    rows: list[Row]
    action: Action
    unit: Decimal
    tick: Decimal
    stop: Decimal
    shares: Decimal = Decimal(0)
    entry: Decimal = Decimal(0)
    cash: Decimal = Decimal(0)
    equity: list[Decimal] = field(default_factory=list)
    fills: list[tuple[int, int, Decimal, Decimal]] = field(default_factory=list)
    """Row, side, quantity, price."""
    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)
    """Cash and shares at the last close before the action, and after it before anything traded."""

    def run(self, capital: Decimal, first: tuple[int, Decimal], second: Decimal) -> Holding:
        self.cash, order = capital, Decimal(0)
        for number, row in enumerate(self.rows):
            if number == self.action.row:
                order = self.live_through(order, self.rows[number - 1].close)
            if order and row.open is not None:
                self.buy(number, order, row.open)
                order = Decimal(0)
            elif self.shares:
                self.watch(number, row)
            worth = self.cash + self.shares * row.close
            self.equity.append(worth)
            if number == first[0]:
                order = (first[1] * worth / row.close).to_integral_value(ROUND_FLOOR)
            if number == self.action.row - 1:
                order = (second * worth / row.close).to_integral_value(ROUND_FLOOR) - self.shares
        return self

    def live_through(self, order: Decimal, close: Decimal) -> Decimal:
        action = self.action
        self.before = self.cash + self.shares * close
        share = action.left(close) / close
        whole = (self.shares * action.ratio).to_integral_value(ROUND_FLOOR)
        lieu = (self.shares * action.ratio - whole) * close / action.ratio
        if action.base is not None:
            lieu += self.shares * (close - action.base)
        for paid in (self.shares * action.cash, lieu):
            self.cash += paid.quantize(self.unit, ROUND_HALF_UP)
        self.shares, self.entry = whole, self.entry * share
        self.after = self.cash + self.shares * action.left(close)
        return (order * action.ratio).to_integral_value(ROUND_FLOOR)

    def buy(self, number: int, quantity: Decimal, price: Decimal) -> None:
        self.entry = (self.entry * self.shares + price * quantity) / (self.shares + quantity)
        self.shares += quantity
        self.cash -= quantity * price
        self.fills.append((number, 1, quantity, price))

    def watch(self, number: int, row: Row) -> None:
        level = self.entry * (1 - self.stop)
        if row.open is None or row.low is None or row.low > level:
            return
        price = min(row.open, (level / self.tick).to_integral_value(ROUND_FLOOR) * self.tick)
        self.cash += self.shares * price
        self.fills.append((number, -1, self.shares, price))
        self.shares = Decimal(0)
