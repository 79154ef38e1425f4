"""The oracle: the whole simulation in plain Python and exact fractions, one loop after the other.

It is written from the rules ("what happens when"), not from the code: it imports nothing of Midas.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

ONE = Fraction(1)
ZERO = Fraction(0)


def exact(value: float | str) -> Fraction:
    """The decimal a person would write for a float, exactly."""
    return Fraction(value if isinstance(value, str) else repr(float(value)))


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


@dataclass(frozen=True)
class PlainBar:
    """A bar; NaN where a value is missing."""

    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True)
class PlainRules:
    """One venue's rules, the same on every day unless a function of the row says otherwise."""

    ladder: Sequence[tuple[Fraction, Fraction]] = ()
    """(floor, tick) ascending; none: prices have no grid."""
    limit: Fraction | None = None
    lot: Fraction = ONE
    unit: Fraction = ONE
    """Smallest quantity that can be held."""
    buy_rate: Fraction = ZERO
    sell_rate: Fraction = ZERO
    per_share: Fraction = ZERO
    per_share_cap: Fraction | None = None
    tax: Callable[[int], Fraction] = lambda row: ZERO
    buy_tax: Fraction = ZERO
    tax_truncates: bool = False
    slippage: Fraction = ZERO
    volume_cap: Fraction = Fraction("0.1")
    digits: int = 2
    has_range: bool = True
    has_volume: bool = True
    exits: Mapping[str, Fraction] = field(default_factory=dict)
    """By the name of the exit: a fraction, a number of bars, or a multiple of the range."""
    spread_ticks: Fraction = ZERO
    root_impact: float = 0.0
    share_impact: float = 0.0
    carry: bool = False
    day_rate: Fraction = ZERO
    days: Callable[[int], int] = lambda row: 1
    reinvest: bool = False
    entry_limit: Fraction | None = None
    shorts: bool = False
    borrow_day: Fraction = ZERO
    initial: Fraction = Fraction("0.5")
    maintenance: Fraction = Fraction("0.3")
    banned: Callable[[int], bool] = lambda row: False
    at_close: bool = False
    """Orders meet the close of their bar, after its exits."""
    session: Callable[[int], int] = lambda row: row
    sell_lock: int = 0
    """Sessions that what was bought is kept."""
    settles_after: int = 0
    unsettled_buys: str = "freely"
    """What money buys that settles so many sessions later: freely, held_back or nothing."""
    base_row: Callable[[int], int] = lambda row: row - 1
    """The last row of the session before, by whose close price limits go."""

    def tick(self, price: Fraction) -> Fraction | None:
        found = None
        for floor, tick in self.ladder:
            if price >= floor:
                found = tick
        return found

    def on_tick(self, price: Fraction, up: bool) -> Fraction:
        tick = self.tick(price)
        if tick is None:
            return price
        return (math.ceil(price / tick) if up else math.floor(price / tick)) * tick

    def limits(self, base: Fraction) -> tuple[Fraction, Fraction] | None:
        if self.limit is None:
            return None
        tick = self.tick(base)
        room = base * self.limit
        if tick is not None:
            room = math.floor(room / tick) * tick
        return self.on_tick(base - room, True), self.on_tick(base + room, False)


@dataclass
class Entry:
    """What the exits of a position go by, in today's shares."""

    row: int
    price: Fraction
    best: Fraction
    true_range: Fraction | None


@dataclass
class PlainAccount:
    """One cash account run from row to row; `weights(row)` is None for silence, else a weight (or NaN) per name."""

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
        return math.floor(quantity / lot * (1 + Fraction("1e-15")) + Fraction("1e-9")) * lot

    # -- what is known ----------------------------------------------------------------------------------------------

    def known_close(self, name: int, row: int, until: int | None = None) -> Fraction | None:
        """Last close at or before `row`, in the shares of row `until` (default `row`)."""
        until = row if until is None else until
        for earlier in range(row, -1, -1):
            bar = self.bars[name][earlier]
            if bar is not None and not math.isnan(bar.close):
                price = exact(bar.close)
                for later in range(earlier + 1, until + 1):
                    price /= self.splits.get((later, name), ONE) * self.rights.get((later, name), ONE)
                return price
        return None

    def worth(self, row: int) -> int:
        total = 0
        for name, quantity in self.held.items():
            price = self.known_close(name, row)
            assert price is not None
            total += self.signed(quantity * price)
        return total

    # -- the day ----------------------------------------------------------------------------------------------------

    def run(self, first: int, stop: int, weights: Callable[[int], Sequence[float] | None]) -> PlainAccount:
        for row in range(first, stop):
            if row > first:
                self.actions(row)
                self.meet(row)
            self.listed = [name for name in self.listed if name in self.held]
            self.cashes.append(self.cash)
            self.equity.append(self.cash + self.worth(row))
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

    def order_bar(self, name: int, row: int) -> PlainBar | None:
        """The bar as an order sees it: at the close, that is its open."""
        bar = self.bars[name][row]
        if bar is None or math.isnan(bar.open) or not self.rules.at_close:
            return bar
        return replace(bar, open=bar.close)

    def withheld(self, row: int, name: int, wanted: Fraction, held: Fraction, own_row: bool) -> Fraction:
        locked = sum((size for _, on, size in self.locks.get(name, []) if own_row or on < row), ZERO)
        return max(ZERO, wanted - max(ZERO, held - locked)) if held > 0 and locked else ZERO

    def carried_value(self, row: int) -> int:
        return sum(self.minor(abs(quantity) * self.last(name, row)) for name, quantity in self.held.items())

    def last(self, name: int, row: int) -> Fraction:
        price = self.known_close(name, row)
        assert price is not None
        return price

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

    def signed(self, amount: Fraction) -> int:
        return self.minor(abs(amount)) * (1 if amount > 0 else -1)

    def actions(self, row: int) -> None:
        owed = self.cash * self.rules.day_rate * self.rules.days(row)
        interest = half_up(abs(owed)) * (1 if owed > 0 else -1)
        if interest:
            self.cash += interest
            self.payments.append((row, -1, "interest", interest))
        for name in self.listed:
            short = -self.held.get(name, ZERO)
            fee = self.minor(short * self.last(name, row - 1) * self.rules.borrow_day * self.rules.days(row))
            if short > 0 and fee:
                self.cash -= fee
                self.payments.append((row, name, "borrowed", -fee))
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

    def set_holding(self, name: int, quantity: Fraction) -> None:
        self.held.pop(name, None)
        if quantity:
            self.held[name] = quantity
        else:
            self.entries.pop(name, None)
            self.leaving.pop(name, None)

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
        if tick and abs(price / tick - whole) < Fraction("1e-7"):
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

    # -- the exits --------------------------------------------------------------------------------------------------

    def watch(self, row: int, number: int) -> None:
        for name in self.listed:
            if name not in self.held:
                continue
            bar = self.bars[name][row]
            entry = self.entries[name]
            found = self.found(row, name, entry, bar) if entry.row < row else None
            if bar is not None and self.no_market(bar) is None:
                highs = self.held[name] > 0
                late = entry.row == row and self.rules.entry_limit is not None
                whole = self.rules.has_range and not late
                seen = exact((bar.high if highs else bar.low) if whole else bar.close)
                entry.best = max(entry.best, seen) if highs else min(entry.best, seen)
            if found is None:
                continue
            cause, price, limited = found
            self.due.pop(name, None)
            self.pending = [order for order in self.pending if order[0] != name]
            self.carried.pop(name, None)
            if price is None and bar is not None and not self.leaving.get(name) and cause != "time_stop":
                self.leaving[name] = cause  # closes alone: at the next one
                continue
            self.leave(row, number, name, cause, price, limited, bar)
            number += 1

    def found(
        self, row: int, name: int, entry: Entry, bar: PlainBar | None
    ) -> tuple[str, Fraction | None, bool] | None:
        """(cause, price or None for the open, limit order?)"""
        rules = self.rules
        if name in self.leaving:
            return self.leaving[name], None, False
        if "time_stop" in rules.exits and row - entry.row >= rules.exits["time_stop"]:
            return "time_stop", None, False
        if bar is None or self.no_market(bar) is not None:
            return None
        return self.found_long(entry, bar) if self.held[name] > 0 else self.found_short(entry, bar)

    def found_long(self, entry: Entry, bar: PlainBar) -> tuple[str, Fraction | None, bool] | None:
        rules = self.rules
        stop, take = self.stop(entry), self.take(entry)
        if not rules.has_range:
            close = exact(bar.close)
            if stop is not None and close <= stop[1]:
                return stop[0], None, False
            return (take[0], None, False) if take is not None and close > take[1] else None
        opened, high, low = exact(bar.open), exact(bar.high), exact(bar.low)
        if stop is not None and opened <= stop[1]:
            return stop[0], opened, False
        if take is not None and opened > take[1]:
            return take[0], opened, True
        if stop is not None and low <= stop[1]:
            return stop[0], stop[1], False
        if take is not None and high > take[1]:
            return take[0], take[1], True
        return None

    def found_short(self, entry: Entry, bar: PlainBar) -> tuple[str, Fraction | None, bool] | None:
        """The mirror image, for the exits that are a share of the price."""
        exits, on_tick = self.rules.exits, self.rules.on_tick
        stops, take = [], None
        if "stop_loss" in exits:
            stops.append((entry.price * (1 + exits["stop_loss"]), "stop_loss"))
        if "trailing_stop" in exits:
            stops.append((entry.best * (1 + exits["trailing_stop"]), "trailing_stop"))
        stop = None
        if stops:
            lowest = min(level for level, _ in stops)
            stop = next(cause for level, cause in stops if level == lowest), on_tick(lowest, up=True)
        if "take_profit" in exits and exits["take_profit"] < 1:
            take = on_tick(entry.price * (1 - exits["take_profit"]), up=False)
        opened, high, low = exact(bar.open), exact(bar.high), exact(bar.low)
        if stop is not None and opened >= stop[1]:
            return stop[0], opened, False
        if take is not None and opened < take:
            return "take_profit", opened, True
        if stop is not None and high >= stop[1]:
            return stop[0], stop[1], False
        if take is not None and low < take:
            return "take_profit", take, True
        return None

    def stop(self, entry: Entry) -> tuple[str, Fraction] | None:
        exits, levels = self.rules.exits, []
        if "stop_loss" in exits:
            levels.append((entry.price * (1 - exits["stop_loss"]), "stop_loss"))
        if "trailing_stop" in exits:
            levels.append((entry.best * (1 - exits["trailing_stop"]), "trailing_stop"))
        if "atr_stop" in exits and entry.true_range is not None:
            levels.append((entry.price - entry.true_range * exits["atr_stop"], "atr_stop"))
        if "atr_trailing_stop" in exits and entry.true_range is not None:
            levels.append((entry.best - entry.true_range * exits["atr_trailing_stop"], "atr_trailing_stop"))
        levels = [(level, cause) for level, cause in levels if level > 0]
        if not levels:
            return None
        highest = max(level for level, _ in levels)
        cause = next(cause for level, cause in levels if level == highest)
        return cause, self.rules.on_tick(highest, up=False)

    def take(self, entry: Entry) -> tuple[str, Fraction] | None:
        exits, levels = self.rules.exits, []
        if "take_profit" in exits:
            levels.append((entry.price * (1 + exits["take_profit"]), "take_profit"))
        if "atr_take_profit" in exits and entry.true_range is not None:
            levels.append((entry.price + entry.true_range * exits["atr_take_profit"], "atr_take_profit"))
        if not levels:
            return None
        level, cause = min(levels, key=lambda pair: pair[0])
        return cause, self.rules.on_tick(level, up=True)

    def leave(
        self, row: int, number: int, name: int, cause: str, price: Fraction | None, limited: bool, bar: PlainBar | None
    ) -> None:
        if limited:
            self.leaving.pop(name, None)
        else:
            self.leaving[name] = cause
        reason = self.no_market(bar)
        side, traded = -1 if self.held[name] > 0 else 1, self.traded.get(name, ZERO)
        held = self.leaves(row, name, traded)
        if not held:
            return
        if reason is None and bar is not None:
            if not limited:
                start = exact(bar.open) if price is None else price
                price = self.moved(row, name, start, side, held, bar)
            assert price is not None
            reason = self.beyond_limit(name, row, bar, price)
        if reason is not None or bar is None or price is None:
            assert reason is not None
            self.refusals.append((row, name, side, reason))
            return
        wanted = quantity = held
        if self.rules.has_volume:
            room = exact(bar.volume) * self.rules.volume_cap - abs(traded)
            quantity = min(wanted, self.floored(max(room, ZERO), self.rules.lot))
        if quantity > 0:
            self.fill(row, number, name, side, quantity, price, cause)
        if quantity < wanted:
            self.refusals.append((row, name, side, "volume_cap"))

    def leaves(self, row: int, name: int, traded: Fraction) -> Fraction:
        held = abs(self.held[name])
        if traded * self.held[name] > 0:
            held -= abs(traded)
        kept = self.withheld(row, name, held, held, False) if self.held[name] > 0 else ZERO
        if kept:
            self.refusals.append((row, name, -1, "not_sellable_yet"))
        return held - kept

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
