"""The books of the oracle: what it holds, what it knows of prices, and what a fill costs it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tests.execution.plain_rules import ZERO, PlainBar, PlainRules, exact, half_up


@dataclass
class Entry:
    """What the exits of a position go by, in today's shares."""

    row: int
    price: Fraction
    best: Fraction
    true_range: Fraction | None


@dataclass
class PlainBooks:
    """One cash account over bars by name and row; everything that happens to it is noted in the order it happens."""

    bars: Sequence[Sequence[PlainBar | None]]  # [name][row]
    rules: PlainRules
    capital: int
    by_change: bool
    splits: Mapping[tuple[int, int], Fraction] = field(default_factory=dict)  # (row, name)
    dividends: Mapping[tuple[int, int], Fraction] = field(default_factory=dict)
    ranges: Mapping[tuple[int, int], float] = field(default_factory=dict)  # (row, name): average true range
    gone: Mapping[tuple[int, int], Fraction] = field(default_factory=dict)  # (row, name): share of the last price paid
    rights: Mapping[tuple[int, int], Fraction] = field(default_factory=dict)  # (row, name): price before over ex-rights

    def __post_init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.listed: list[int] = []  # names in the order they were bought; those sold leave at the close
        self.leaving: dict[int, str] = {}
        self.traded: dict[int, Fraction] = {}  # on this row, signed
        self.locks: dict[int, list[tuple[int, int, Fraction]]] = {}  # session from which, row bought on, quantity
        self.waiting: list[list[int]] = []  # session from which, amount
        self.causes: list[str] = []  # beside fills
        self.cash = self.capital
        self.held: dict[int, Fraction] = {}
        self.pending: list[tuple[int, int, Fraction]] = []  # name, side, quantity
        self.carried: dict[int, tuple[int, int]] = {}  # name: row and number of the order that is still open
        self.decided: list[int] = []  # beside fills
        self.covered = [0, 0]  # equity and value carried, as margin sees them
        self.ruined = -1
        self.heard: dict[int, float] = {}
        self.due: dict[int, int] = {}
        self.fills: list[tuple[int, int, int, int, float, float, int, int, int]] = []
        self.refusals: list[tuple[int, int, int, str]] = []
        self.payments: list[tuple[int, int, str, int]] = []
        self.equity: list[int] = []
        self.cashes: list[int] = []

    # -- arithmetic -------------------------------------------------------------------------------------------------

    def minor(self, amount: Fraction) -> int:
        return half_up(amount * 10**self.rules.digits)

    @staticmethod
    def floored(quantity: Fraction, lot: Fraction) -> Fraction:
        # A billionth of a lot short of a whole one, or one part in 1e15, is a whole one.
        lots = quantity / lot
        return (lots.numerator * (10**15 + 1) + lots.denominator * 10**6) // (lots.denominator * 10**15) * lot

    # -- what is known ----------------------------------------------------------------------------------------------

    def known_close(self, name: int, row: int, until: int | None = None) -> Fraction | None:
        """Last close at or before `row`, in the shares of row `until` (default `row`)."""
        until = row if until is None else until
        for earlier in range(row, -1, -1):
            bar = self.bars[name][earlier]
            if bar is not None and not math.isnan(bar.close):
                price = exact(bar.close)
                for later in range(earlier + 1, until + 1):
                    for ratios in (self.splits, self.rights):
                        if (later, name) in ratios:
                            price /= ratios[later, name]
                return price
        return None

    def worth(self, row: int) -> int:
        total = 0
        for name, quantity in self.held.items():
            price = self.known_close(name, row)
            assert price is not None
            total += self.signed(quantity * price)
        return total

    def carried_value(self, row: int) -> int:
        return sum(self.minor(abs(quantity) * self.last(name, row)) for name, quantity in self.held.items())

    def last(self, name: int, row: int) -> Fraction:
        price = self.known_close(name, row)
        assert price is not None
        return price

    def signed(self, amount: Fraction) -> int:
        return self.minor(abs(amount)) * (1 if amount > 0 else -1)

    def set_holding(self, name: int, quantity: Fraction) -> None:
        self.held.pop(name, None)
        if quantity:
            self.held[name] = quantity
        else:
            self.entries.pop(name, None)
            self.leaving.pop(name, None)

    # -- what a fill does -------------------------------------------------------------------------------------------

    def fill(
        self, row: int, number: int, name: int, side: int, quantity: Fraction, price: Fraction, cause: str = ""
    ) -> None:
        self.causes.append(cause)
        if cause:
            self.decided.append(row - 1)
        rules = self.rules
        value = self.minor(quantity * price)
        tax = self.tax(value, rules.buy_tax if side > 0 else rules.tax(row))
        commission = self.commission(quantity, value, side)
        if side < 0:
            commission = min(commission, value - tax)
        before = self.held.get(name, ZERO)
        after = before + side * quantity
        self.cash -= side * value + commission + tax
        self.settle(row, name, side, quantity, value - commission - tax, after)
        self.covered[0] -= commission + tax
        self.covered[1] += int((abs(after) - abs(before)) * price * 10**rules.digits)
        self.set_holding(name, after)
        parts = [(quantity, value, commission, tax)]
        if before * after < 0:
            closed = abs(before)
            part = (
                closed,
                self.minor(closed * price),
                int(commission * closed / quantity),
                int(tax * closed / quantity),
            )
            rest = (quantity - closed, value - part[1], commission - part[2], tax - part[3])
            parts = [part, rest]
            self.causes.append(cause)
        for size, worth, fee, levy in parts:
            self.fills.append((row, name, side, number, float(size), float(price), worth, fee, levy))

    def settle(self, row: int, name: int, side: int, quantity: Fraction, amount: int, after: Fraction) -> None:
        rules, today = self.rules, self.rules.session(row)
        until = today + rules.sell_lock if side > 0 else today
        if not rules.shorts and rules.unsettled_buys != "freely":
            if side < 0 and rules.settles_after:
                self.waiting.append([today + rules.settles_after, amount])
            lacking = sum(claim[1] for claim in self.waiting) - self.cash
            for claim in sorted(self.waiting) if side > 0 and rules.unsettled_buys == "held_back" else []:
                spent = max(0, min(lacking, claim[1]))
                claim[1], lacking = claim[1] - spent, lacking - spent
                until = max(until, claim[0] if spent else until)
        if until > today and after > 0:
            self.locks.setdefault(name, []).append((until, row, min(quantity, after)))

    @property
    def spendable(self) -> int:
        return self.cash - (sum(claim[1] for claim in self.waiting) if self.rules.unsettled_buys == "nothing" else 0)

    def tax(self, value: int, rate: Fraction) -> int:
        return math.floor(value * rate) if self.rules.tax_truncates else half_up(value * rate)

    def commission(self, quantity: Fraction, value: int, side: int) -> int:
        rules = self.rules
        if side > 0:
            return half_up(value * rules.buy_rate)
        fee = quantity * rules.per_share
        if rules.per_share_cap is not None:
            fee = min(fee, rules.per_share_cap)
        return half_up(value * rules.sell_rate + fee * 10**rules.digits)

    def payable(self, quantity: Fraction, price: Fraction) -> Fraction:
        def cost(shares: Fraction) -> int:
            value = self.minor(shares * price)
            return value + self.commission(shares, value, 1) + self.tax(value, self.rules.buy_tax)

        if cost(quantity) <= self.spendable:
            return quantity
        unit, lot = price * 10**self.rules.digits, self.rules.lot
        shares = min(
            quantity,
            self.floored(max(0, self.spendable) / (unit * (1 + self.rules.buy_rate + self.rules.buy_tax)), lot),
        )
        less = max(lot, self.floored(1 / unit, lot))
        while shares > 0 and cost(shares) > self.spendable:
            shares = max(ZERO, shares - less)
        return shares
