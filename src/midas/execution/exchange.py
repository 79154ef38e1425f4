"""An account in another currency than its market's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import numpy as np
from numpy.typing import NDArray

from midas.core.errors import DataBlocked, InvalidInput
from midas.core.money import Money, minor_digits

STALE_SESSIONS = 5
"""How many sessions the last known rate may stand in for."""

_BPS = Decimal(10_000)
_MOST_BPS = 1_000.0


@dataclass(frozen=True, slots=True)
class AccountCurrency:
    """The currency an account is kept in; `spread_bps` of the rate is what a conversion costs."""

    currency: str
    spread_bps: float = 10.0

    def __post_init__(self) -> None:
        minor_digits(self.currency)
        object.__setattr__(self, "spread_bps", float(self.spread_bps))  # 10 and 10.0 are one question
        if math.isnan(self.spread_bps) or not 0.0 <= self.spread_bps <= _MOST_BPS:
            raise InvalidInput(
                f"The spread of a conversion cannot be {self.spread_bps:g} bps.",
                hint=f"Use 0 to {_MOST_BPS:g} basis points; 10 is 0.1 %.",
                code="bad_spread",
            )


@dataclass(frozen=True, slots=True)
class Rates:
    """Units of `quote` for one of `base` by day, ascending, one a day; `version` is that of the data they come from."""

    base: str
    quote: str
    days: NDArray[np.datetime64]
    values: NDArray[np.float64]
    source: str
    version: str

    def __post_init__(self) -> None:
        if not (np.isfinite(self.values) & (self.values > 0.0)).all():
            raise InvalidInput(
                f"A rate of {self.source} is not above 0.",
                hint="Correct the data and import it again.",
                code="bad_rate",
            )

    def at(self, sessions: NDArray[np.datetime64]) -> tuple[Decimal, ...]:
        """Return the rate of each of the ascending sessions: the day's own, or the last before it.

        Raises
        ------
        DataBlocked: there is none, or the last one is more than `STALE_SESSIONS` sessions old.
        """
        days = np.unique(sessions)
        place = np.searchsorted(self.days, days, "right") - 1
        late = days[place < 0]
        if len(late) == 0:
            used = self.days[place]
            # sessions from the first one asked for on, and before it the weekdays, which are no fewer
            age = np.arange(len(days)) + 1 - np.searchsorted(days, used, "right")
            age += np.busday_count(np.minimum(used + 1, days[0]), days[0])
            late = days[age > STALE_SESSIONS]
        if len(late):
            raise self._missing(late[0].astype(date))
        found = [Decimal(repr(float(value))) for value in self.values[place]]
        return tuple(found[row] for row in np.searchsorted(days, sessions))

    def _missing(self, day: date) -> DataBlocked:
        return DataBlocked(
            f"There is no rate of {self.base} in {self.quote} for {day} in {self.source}, nor in the {STALE_SESSIONS} "
            "sessions before.",
            hint="Import a longer series of rates, or choose other dates.",
            code="rate_missing",
        )


@dataclass(frozen=True, slots=True)
class Exchanged:
    """An account's worth in its own currency, at the middle rate of each close.

    `equity` are amounts at the closes of `rates`, `brought` is what was paid in. The gain splits without a rest:
    equity at the end = brought - `conversion_cost` + `trading_gain` + `currency_gain`. The last is what the rate made
    of the equity of the close before, summed over closes; converting back is not counted.
    """

    brought: Money
    spread_bps: float
    source: str
    rates: tuple[Decimal, ...]
    equity: tuple[Decimal, ...]
    currency_gain: Decimal

    @property
    def conversion_cost(self) -> Decimal:
        return self.brought.amount - self.equity[0]

    @property
    def trading_gain(self) -> Decimal:
        return self.equity[-1] - self.equity[0] - self.currency_gain

    @property
    def total_return(self) -> float:
        return float(self.equity[-1] / self.brought.amount - 1)


def converted(brought: Money, to: str, rate: Decimal, spread_bps: float) -> Money:
    """Return what an amount buys of another currency at `rate` units of its own for one, and the spread on top."""
    price = rate * (1 + Decimal(repr(spread_bps)) / _BPS)
    whole = (brought.amount / price).scaleb(minor_digits(to)).to_integral_value(ROUND_DOWN)
    return Money(int(whole), to)


def exchanged(
    brought: Money, spread_bps: float, rates: Rates, sessions: NDArray[np.datetime64], equity: tuple[Decimal, ...]
) -> Exchanged:
    """Return an account's equity, in its market's currency at each close, in its own.

    Raises
    ------
    DataBlocked: a rate is missing.
    """
    at = rates.at(sessions)
    unit = Decimal(1).scaleb(-minor_digits(brought.currency))
    worth = tuple((one * rate).quantize(unit, ROUND_HALF_UP) for one, rate in zip(equity, at, strict=True))
    moved = sum(
        (before * (rate - last) for before, last, rate in zip(equity, at, at[1:], strict=False)), start=Decimal(0)
    )
    return Exchanged(brought, spread_bps, rates.source, at, worth, moved.quantize(unit, ROUND_HALF_UP))
