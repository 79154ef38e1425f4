"""One order against one bar: the single place where a trade gets its price, quantity and costs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import bare_step
from midas.kernels.price_rules import cut, floor_to, half_up, limit_prices, nearest_to, round_to_tick, tick_at

FILLED = 0
NO_BAR = 1
HALTED = 2
NO_VOLUME = 3
LOCKED_LIMIT = 4
VOLUME_CAP = 5
NO_CASH = 6
BELOW_LOT = 7
SHORT_NOT_ALLOWED = 8
LIMIT_NOT_REACHED = 9
SHORT_BANNED = 10
MARGIN = 11
NOT_SELLABLE_YET = 12

Terms = NDArray[np.float64]
"""How the account trades; the places are named below."""

SLIPPAGE = 0
"""Fraction of the price, against us."""
SHARE_OF_VOLUME = 1
"""Largest share of a bar's volume that one fill may take."""
SCALE = 2
"""Minor units in one unit of currency."""
FRACTION = 3
"""Smallest quantity where fractions are traded; 0 where the venue's lots hold."""
SHARE = 4
"""Smallest quantity that can be held."""
TAX_TRUNCATES = 5
"""1 where tax is cut to the minor unit, 0 where it is rounded half up."""
HAS_RANGE = 6
"""1 where the data has highs and lows."""
HAS_VOLUME = 7
"""1 where the data has volumes."""
SPREAD_TICKS = 8
"""Ticks that a market order pays on top."""
SQRT_IMPACT = 9
"""Factor of volatility times the root of an order's share of usual volume; see `impact`."""
SHARE_IMPACT = 10
"""Factor of the square of an order's share of usual volume."""
CARRY = 11
"""1 where what found no market stays on order."""
CASH_RATE = 12
"""Interest on cash for a day."""
REINVEST = 13
"""1 where dividends buy shares."""
ENTRY_LIMIT = 14
"""Where purchases are limited, from the close of the decision; NaN for none."""
SHORTS = 15
"""1 where more may be sold than is held; the account is then a margin account."""
BORROW_RATE = 16
"""Fee on the value of what is borrowed, for a day."""
INITIAL = 17
"""Equity that a position must be covered by when it is opened, as a share of its value."""
MAINTENANCE = 18
"""The same for all that is held at a close; below it everything is closed."""
LOCKING = 19
"""1 where something bought may have to be kept, or money from a sale may have to be waited for."""
AT_CLOSE = 20
"""1 where orders fill at the close of their bar."""
TERMS = 21


class Bar(NamedTuple):
    """What an order meets; `close` only tells whether there is a bar."""

    open: float
    high: float
    low: float
    close: float
    volume: float


class Costs(NamedTuple):
    """Fractions of value, and a fee per share with its cap per fill."""

    rate: float
    per_share: float
    per_share_cap: float
    tax: float


class Outcome(NamedTuple):
    """What became of an order.

    `refusal` is FILLED or why nothing traded; `capped` and `unpaid` are the quantities dropped for want of volume and
    of cash. `value`, `commission` and `tax` are minor units.
    """

    refusal: int
    quantity: float
    price: float
    value: int
    commission: int
    tax: int
    capped: float
    unpaid: float


@bare_step
def fill(
    side: int,
    wanted: float,
    cash: int,
    bar: Bar,
    base: float,
    limit: float,
    lot: float,
    ladder: NDArray[np.float64],
    costs: Costs,
    terms: Terms,
) -> Outcome:
    """Match one order at the open.

    `side` is 1 to buy, -1 to sell, `base` the last known close, `limit` NaN where there is none.
    """
    refusal = market_refusal(bar, terms)
    if refusal != FILLED:
        return Outcome(refusal, 0.0, 0.0, 0, 0, 0, 0.0, 0.0)
    price = fill_price(side, bar, ladder, terms)
    return fill_at(price, side, wanted, cash, bar, base, limit, lot, ladder, costs, terms)


@bare_step
def fill_at(
    price: float,
    side: int,
    wanted: float,
    cash: int,
    bar: Bar,
    base: float,
    limit: float,
    lot: float,
    ladder: NDArray[np.float64],
    costs: Costs,
    terms: Terms,
) -> Outcome:
    """Match one order at a price on the grid inside a bar that trades."""
    refusal = limit_refusal(price, bar, base, limit, ladder, terms)
    if refusal != FILLED:
        return Outcome(refusal, 0.0, 0.0, 0, 0, 0, 0.0, 0.0)
    quantity = wanted
    if terms[HAS_VOLUME] > 0.0:
        quantity = min(wanted, floor_to(bar.volume * terms[SHARE_OF_VOLUME], lot))
    capped = wanted - quantity
    unpaid = 0.0
    if side > 0:
        payable = affordable(quantity, price, cash, lot, costs, terms)
        unpaid = quantity - payable
        quantity = payable
    value = half_up(quantity * price * terms[SCALE])
    commission = commission_of(quantity, value, costs, terms)
    tax = tax_of(value, costs, terms)
    if side < 0:
        commission = min(commission, value - tax)
    return Outcome(FILLED, quantity, price, value, commission, tax, capped, unpaid)


@bare_step
def market_refusal(bar: Bar, terms: Terms) -> int:
    """Return why nothing trades on this bar, or FILLED."""
    if math.isnan(bar.close):
        return NO_BAR
    if math.isnan(bar.open):
        return HALTED
    if terms[HAS_VOLUME] > 0.0 and not bar.volume > 0.0:
        return NO_VOLUME
    return FILLED


@bare_step
def fill_price(side: int, bar: Bar, ladder: NDArray[np.float64], terms: Terms) -> float:
    """Return the open moved against us, onto the grid against us, then into the bar."""
    moved = bar.open * (1.0 + side * terms[SLIPPAGE])
    if terms[SPREAD_TICKS] > 0.0:
        moved += side * terms[SPREAD_TICKS] * tick_at(bar.open, ladder)
    price = round_to_tick(moved, side > 0, ladder)
    if terms[HAS_RANGE] > 0.0:
        if price > bar.high:
            price = bar.high
        if price < bar.low:
            price = bar.low
    return price


@bare_step
def limit_refusal(price: float, bar: Bar, base: float, limit: float, ladder: NDArray[np.float64], terms: Terms) -> int:
    """Return LOCKED_LIMIT on a bar that only traded at a limit, or where the price is beyond one."""
    if math.isnan(limit) or math.isnan(base):
        return FILLED
    low, high = limit_prices(base, limit, ladder)
    slack = 1e-9 * high
    if price > high + slack or price < low - slack:
        return LOCKED_LIMIT
    locked = abs(bar.high - high) <= slack or abs(bar.low - low) <= slack
    if terms[HAS_RANGE] > 0.0 and bar.high == bar.low and locked:
        return LOCKED_LIMIT
    return FILLED


@bare_step
def affordable(quantity: float, price: float, cash: int, lot: float, costs: Costs, terms: Terms) -> float:
    """Return the part of a purchase that `cash` pays, commission and tax included.

    That is the whole of it, or the largest multiple of `lot` below cash over the price with costs; where rounding to
    the minor unit still asks for more, one lot (at least a minor unit's worth) less, again until it fits.
    """
    if cost_of(quantity, price, costs, terms) <= cash:
        return quantity
    if cash <= 0:
        return 0.0
    unit = price * terms[SCALE]
    payable = min(quantity, floor_to(cash / (unit * (1.0 + costs.rate + costs.tax)), lot))
    less = max(lot, floor_to(1.0 / unit, lot))
    while payable > 0.0 and cost_of(payable, price, costs, terms) > cash:
        payable = max(0.0, nearest_to(payable - less, lot))
    return payable


@bare_step
def cost_of(quantity: float, price: float, costs: Costs, terms: Terms) -> int:
    """Return what a purchase takes from the account, in minor units."""
    value = half_up(quantity * price * terms[SCALE])
    return value + commission_of(quantity, value, costs, terms) + tax_of(value, costs, terms)


@bare_step
def commission_of(quantity: float, value: int, costs: Costs, terms: Terms) -> int:
    """Return the commission in minor units, rounded half up once."""
    per_share = min(quantity * costs.per_share, costs.per_share_cap)
    return half_up(value * costs.rate + per_share * terms[SCALE])


@bare_step
def tax_of(value: int, costs: Costs, terms: Terms) -> int:
    """Return the tax on a fill in minor units."""
    if terms[TAX_TRUNCATES] > 0.0:
        return cut(value * costs.tax)
    return half_up(value * costs.tax)
