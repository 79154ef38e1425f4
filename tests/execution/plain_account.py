"""The oracle: the whole simulation in plain Python and exact fractions, one loop after the other.

It is written from the rules ("what happens when"), not from the code: neither it nor what it is made of imports
anything of Midas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from tests.execution.plain_exits import PlainExits
from tests.execution.plain_rules import ZERO, exact


class PlainAccount(PlainExits):
    """One cash account run from row to row; `weights(row)` is None for silence, else a weight (or NaN) per name."""

    def run(self, first: int, stop: int, weights: Callable[[int], Sequence[float] | None]) -> PlainAccount:
        for row in range(first, stop):
            if row > first:
                self.actions(row)
                self.meet(row)
            self.listed = [name for name in self.listed if name in self.held]
            self.cashes.append(self.cash)
            self.equity.append(self.cash + self.worth(row))
            if self.rules.shorts:
                self.covered = [self.equity[-1], self.carried_value(row)]
            if self.rules.shorts and self.covered[0] <= 0:
                return self.seize(row, stop)
            if self.rules.shorts and self.covered[0] < self.rules.maintenance * self.covered[1]:
                self.leaving = dict.fromkeys(self.held, "margin_call")
            elif row + 1 < stop:
                said = weights(row)
                if said is not None:
                    self.decide(row, said)
        return self

    def meet(self, row: int) -> None:
        today, orders = self.rules.session(row), len(self.pending)
        self.places = {name: place for place, (name, _, _) in enumerate(self.pending)}
        self.traded = {}
        self.waiting = [claim for claim in self.waiting if claim[0] > today]
        self.locks = {name: [lock for lock in locks if lock[0] > today] for name, locks in self.locks.items()}
        watched = bool(self.rules.exits) or self.rules.shorts
        if watched and self.rules.at_close:
            self.watch(row, orders)
        if self.rules.shorts:
            worth = {name: quantity * self.offered(name, row) for name, quantity in self.held.items()}
            self.covered = [
                self.cash + sum(map(self.signed, worth.values())),
                sum(self.minor(abs(w)) for w in worth.values()),
            ]
        self.open(row)
        if watched and not self.rules.at_close:
            self.watch(row, orders)

    def offered(self, name: int, row: int) -> Fraction:
        """The price that orders meet, or the last one known."""
        bar = self.bars[name][row]
        price = math.nan if bar is None else (bar.close if self.rules.at_close else bar.open)
        last = self.known_close(name, row - 1, until=row) if math.isnan(price) else exact(price)
        assert last is not None
        return last

    def seize(self, row: int, stop: int) -> PlainAccount:
        self.ruined = row
        for name in self.listed:
            paid = self.signed(self.held[name] * self.last(name, row))
            self.cash += paid
            self.payments.append((row, name, "seized", paid))
        if self.cash:
            self.payments.append((row, -1, "written off", -self.cash))
        self.cash, self.held = 0, {}
        self.cashes[-1:] = [0] * (stop - row)
        self.equity[-1:] = [0] * (stop - row)
        return self

    # -- the decision -----------------------------------------------------------------------------------------------

    def decide(self, row: int, said: Sequence[float]) -> None:
        if not self.by_change and all(not math.isfinite(weight) for weight in said):
            return
        self.carried = {}
        sells: list[tuple[int, int, Fraction]] = []
        buys: list[tuple[float, int, Fraction]] = []
        for name, weight in enumerate(said):
            wish = self.wish(row, name, weight)
            if wish is None or name in self.leaving:
                continue
            wanted, due, target = wish
            gap = target - self.held.get(name, ZERO)
            if due * gap < 0:
                continue
            if gap > 0:
                buys.append((wanted, name, gap))
            elif gap < 0:
                sells.append((name, -1, -gap))
            elif wanted != 0 and target == 0:
                self.refusals.append((row, name, 1 if wanted > 0 else -1, "below_lot"))
        buys.sort(key=lambda order: -order[0])
        self.pending = sells + [(name, 1, gap) for _, name, gap in buys]

    def wish(self, row: int, name: int, weight: float) -> tuple[float, int, Fraction] | None:
        due = 0
        if self.by_change:
            due = self.due.pop(name, 0)
            if math.isfinite(weight) and weight != self.heard.get(name, 0.0):
                self.leaving.pop(name, None)
                self.heard[name] = weight
                due = 0
            elif due == 0:
                return None
            weight = self.heard.get(name, 0.0)
        elif not math.isfinite(weight):
            weight = 0.0
        if weight < 0 and not self.rules.shorts:
            self.refusals.append((row, name, -1, "short_not_allowed"))
            weight = 0.0
        if weight == 0 and name not in self.held:
            return None
        if weight == 0:
            return 0.0, due, ZERO
        price = self.known_close(name, row)
        if price is None:
            sign = 1 if weight > 0 else -1
            self.refusals.append((row, name, sign, "no_bar"))
            if self.by_change:
                self.due[name] = sign
            return None
        money = Fraction(self.equity[-1]) / 10**self.rules.digits
        size = self.floored(abs(Fraction(weight)) * money / price, self.rules.lot)
        return weight, due, size if weight > 0 else -size
