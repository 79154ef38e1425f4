"""What the oracles of the simulation share: bars, a venue's rules, and decimals as exact fractions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

ONE = Fraction(1)
ZERO = Fraction(0)


@lru_cache(1 << 16)
def exact(value: float | str) -> Fraction:
    """The decimal a person would write for a float, exactly."""
    return Fraction(value if isinstance(value, str) else repr(float(value)))


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


class PlainBar(NamedTuple):
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
        above, below = price.numerator, price.denominator  # integers are compared ten times as fast as fractions
        for floor, tick in self.ladder:
            if above * floor.denominator >= floor.numerator * below:
                found = tick
        return found

    def on_tick(self, price: Fraction, up: bool) -> Fraction:
        tick = self.tick(price)
        if tick is None:
            return price
        steps, each = price.numerator * tick.denominator, price.denominator * tick.numerator
        return (-(-steps // each) if up else steps // each) * tick

    def limits(self, base: Fraction) -> tuple[Fraction, Fraction] | None:
        if self.limit is None:
            return None
        tick = self.tick(base)
        room = base * self.limit
        if tick is not None:
            room = math.floor(room / tick) * tick
        return self.on_tick(base - room, True), self.on_tick(base + room, False)
