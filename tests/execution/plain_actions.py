"""What happens to the oracle's account overnight: interest, splits, dividends, rights and delistings."""

from __future__ import annotations

from fractions import Fraction

from tests.execution.plain_books import PlainBooks
from tests.execution.plain_rules import ONE, ZERO, half_up


class PlainActions(PlainBooks):
    """The books, and what corporate actions and the passing of days do to them."""

    def actions(self, row: int) -> None:
        self.accrue(row)
        for name in range(len(self.bars)):
            before = self.held.get(name, ZERO)
            if (row, name) in self.splits:
                self.split(row, name, self.splits[row, name])
            if (row, name) in self.dividends and before:
                paid = self.signed(before * self.dividends[row, name])
                self.cash += paid
                self.reprice(row, name, self.dividends[row, name])
                self.payments.append((row, name, "dividend", paid))
                if self.rules.reinvest and before > 0:
                    self.reinvest(row, name, paid)
            if (row, name) in self.gone and name in self.held:
                price = self.known_close(name, row - 1, until=row)
                assert price is not None
                paid = self.signed(self.held[name] * price * self.gone[row, name])
                self.cash += paid
                self.payments.append((row, name, "delisted", paid))
                self.set_holding(name, ZERO)
            if (row, name) in self.rights and name in self.held:
                self.sell_rights(row, name)

    def accrue(self, row: int) -> None:
        owed = self.cash * self.rules.day_rate * self.rules.days(row)
        interest = half_up(abs(owed)) * (1 if owed > 0 else -1)
        if interest:
            self.cash += interest
            self.payments.append((row, -1, "interest", interest))
        for name in self.listed:
            short = -self.held.get(name, ZERO)
            if short <= 0:
                continue
            fee = self.minor(short * self.last(name, row - 1) * self.rules.borrow_day * self.rules.days(row))
            if fee:
                self.cash -= fee
                self.payments.append((row, name, "borrowed", -fee))

    def sell_rights(self, row: int, name: int) -> None:
        after = self.known_close(name, row - 1, until=row)
        assert after is not None
        before = after * self.rights[row, name]
        self.reprice(row, name, before - after, before)
        paid = self.signed(self.held[name] * (before - after))
        if paid:
            self.cash += paid
            self.payments.append((row, name, "in lieu", paid))

    def reprice(self, row: int, name: int, given: Fraction, price: Fraction | None = None) -> None:
        # of two actions on one day the rights come last
        if price is None:
            price = self.known_close(name, row - 1, until=row)
            assert price is not None
            price *= self.rights.get((row, name), ONE)
        if name in self.entries and given < price:
            entry, share = self.entries[name], 1 - given / price
            entry.price, entry.best = entry.price * share, entry.best * share
            entry.true_range = None if entry.true_range is None else entry.true_range * share

    def reinvest(self, row: int, name: int, paid: int) -> None:
        price = self.known_close(name, row - 1, until=row)
        assert price is not None
        price -= self.dividends[row, name]
        if name in self.leaving or price <= 0 or any(name == other for other, _, _ in self.pending):
            return
        wanted = self.floored(Fraction(paid, 10**self.rules.digits) / price, self.rules.lot)
        if wanted:
            self.pending.append((name, 1, wanted))

    def split(self, row: int, name: int, ratio: Fraction) -> None:
        self.pending = [
            (other, side, self.floored(wanted * ratio, self.rules.unit) if other == name else wanted)
            for other, side, wanted in self.pending
        ]
        locks = self.locks.get(name, [])
        total = {until: sum((size for other, _, size in locks if other == until), ZERO) for until, _, _ in locks}
        self.locks[name] = [
            (until, row - 1, self.floored(size * ratio, self.rules.unit)) for until, size in total.items()
        ]
        before = self.held.get(name, ZERO)
        if not before:
            return
        if name in self.entries:
            entry = self.entries[name]
            entry.price, entry.best = entry.price / ratio, entry.best / ratio
            entry.true_range = None if entry.true_range is None else entry.true_range / ratio
        sign = 1 if before > 0 else -1
        after = sign * self.floored(abs(before) * ratio, self.rules.unit)
        self.set_holding(name, after)
        price = self.known_close(name, row - 1, until=row)
        assert price is not None
        fraction = max(ZERO, abs(before) * ratio - abs(after))
        paid = sign * self.minor(fraction * price)
        if paid:
            self.cash += paid
            self.payments.append((row, name, "in lieu", paid))
