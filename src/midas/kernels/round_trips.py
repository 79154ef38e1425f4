"""From fills to round trips: entry to flat, at average prices."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import DELISTED, FILL, SEIZED, SPLIT
from midas.kernels.compiled import kernel, step
from midas.kernels.price_rules import half_up
from midas.kernels.world import LANES, Happenings, last_close

Tiles = NDArray[np.float64]

Entries = NDArray[np.int64]
"""(entry, 6): kind, row, column, side, minor units (value of a fill, amount paid in), commission and tax together."""

Reals = NDArray[np.float64]
"""(entry, 2) beside it: quantity and price of a fill, quantity after a split and its ratio."""

Trades = NDArray[np.int64]
"""(trade, 8); the places are named below. `EXIT_ROW` is -1 while open."""

COLUMN = 0
ENTRY_ROW = 1
EXIT_ROW = 2
VALUE_IN = 3
VALUE_OUT = 4
COSTS = 5
INCOME = 6
SIDE = 7
"""1 for a position bought first, -1 for one sold short."""

Prices = NDArray[np.float64]
"""(trade, 7); the places are named below. Quantities and prices are in the shares of the exit, or of the last row."""

OPENED = 0
CLOSED = 1
ENTRY_PRICE = 2
EXIT_PRICE = 3
WORST = 4
"""Worst price over the average entry price, less one, as a gain; 0 at best."""
BEST = 5
COST = 6
"""What the shares held cost, in minor units, at average prices."""


@kernel
def round_trips(
    entries: Entries,
    reals: Reals,
    columns: int,
    stop: int,
    scale: float,
    highs: Tiles,
    lows: Tiles,
    closes: Tiles,
    happenings: Happenings,
) -> tuple[Trades, Prices, NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return (trades, prices), and for each entry its trade, the cost of what it took out, and what is held after it.

    Entries are in the order they happened; costs are minor units; an entry of no name has trade -1. A trade begins
    when a name that was flat is traded, and ends when it is flat again. Open trades are valued at the last close
    before `stop`: `EXIT_PRICE` is that close, `VALUE_OUT` holds what was sold plus what is left.
    """
    trades = np.zeros((len(entries), 8), np.int64)
    prices = np.zeros((len(entries), 7))
    trade_of = np.zeros(len(entries), np.int64)
    cost_out = np.zeros(len(entries), np.int64)
    held_after = np.zeros(len(entries))
    current, seen = np.full(columns, -1), np.zeros(columns, np.int64)
    held = np.zeros(columns)
    count = 0
    for place in range(len(entries)):
        kind, row, column = entries[place, 0], entries[place, 1], entries[place, 2]
        if column < 0:
            trade_of[place] = -1
            continue
        if kind == FILL and held[column] == 0.0:
            trades[count, SIDE] = entries[place, 3]
            current[column], seen[column] = count, row
            trades[count, COLUMN], trades[count, ENTRY_ROW], trades[count, EXIT_ROW] = column, row, -1
            count += 1
        trade = current[column]
        trade_of[place] = trade
        if held[column] != 0.0:
            _look(trade, trades[trade, SIDE], column, seen[column], row, prices, highs, lows)
            seen[column] = row
        before = held[column]
        held[column] = _change(trade, place, before, scale, entries, reals, trades, prices, cost_out)
        if before != 0.0 and held[column] == 0.0:
            trades[trade, EXIT_ROW] = row
            cost_out[place] += trades[trade, SIDE] * np.int64(prices[trade, COST])
            prices[trade, COST] = 0.0
        held_after[place] = held[column]
    _value_open(count, stop, scale, trades, prices, seen, held, highs, lows, closes, happenings)
    return trades[:count], prices[:count], trade_of, cost_out, held_after


@step
def _change(
    trade: int,
    place: int,
    held: float,
    scale: float,
    entries: Entries,
    reals: Reals,
    trades: Trades,
    prices: Prices,
    cost_out: NDArray[np.int64],
) -> float:
    # What is held after an entry.
    kind = entries[place, 0]
    if kind == FILL:
        return _trade(trade, place, held, entries, reals, trades, prices, cost_out)
    if kind == SPLIT:
        return _split(trade, place, reals, prices)
    if kind in (DELISTED, SEIZED):
        return _paid_out(trade, entries[place, 4], held, scale, trades, prices)
    trades[trade, INCOME] += entries[place, 4]
    return held


@step
def _value_open(
    count: int,
    stop: int,
    scale: float,
    trades: Trades,
    prices: Prices,
    seen: NDArray[np.int64],
    held: NDArray[np.float64],
    highs: Tiles,
    lows: Tiles,
    closes: Tiles,
    happenings: Happenings,
) -> None:
    # a split after the last row has not happened to what is held there
    met = len(happenings)
    while met > 0 and happenings[met - 1, 0] >= stop:
        met -= 1
    for trade in range(count):
        if trades[trade, EXIT_ROW] < 0:
            column = trades[trade, COLUMN]
            _look(trade, trades[trade, SIDE], column, seen[column], stop, prices, highs, lows)
            close = last_close(closes, happenings, met, stop - 1, column)
            prices[trade, EXIT_PRICE] = close
            trades[trade, VALUE_OUT] += half_up(abs(held[column]) * close * scale)


@step
def _look(trade: int, side: int, column: int, first: int, stop: int, prices: Prices, highs: Tiles, lows: Tiles) -> None:
    tile, lane = column // LANES, column % LANES
    entry = prices[trade, ENTRY_PRICE]
    for row in range(first, stop):
        low = lows[tile, row, lane] / entry - 1.0
        high = highs[tile, row, lane] / entry - 1.0
        if side < 0:
            low, high = -high, -low
        if low < prices[trade, WORST]:
            prices[trade, WORST] = low
        if high > prices[trade, BEST]:
            prices[trade, BEST] = high


@step
def _trade(
    trade: int,
    place: int,
    held: float,
    entries: Entries,
    reals: Reals,
    trades: Trades,
    prices: Prices,
    cost_out: NDArray[np.int64],
) -> float:
    quantity, price = reals[place, 0], reals[place, 1]
    value = entries[place, 4]
    trades[trade, COSTS] += entries[place, 5]
    side = trades[trade, SIDE]
    if entries[place, 3] == side:
        prices[trade, OPENED] += quantity
        prices[trade, ENTRY_PRICE] += (price - prices[trade, ENTRY_PRICE]) * quantity / prices[trade, OPENED]
        prices[trade, COST] += value
        trades[trade, VALUE_IN] += value
        return float(held + side * quantity)
    prices[trade, CLOSED] += quantity
    prices[trade, EXIT_PRICE] += (price - prices[trade, EXIT_PRICE]) * quantity / prices[trade, CLOSED]
    trades[trade, VALUE_OUT] += value
    move = side * (price / prices[trade, ENTRY_PRICE] - 1.0)
    prices[trade, WORST] = min(prices[trade, WORST], move)
    prices[trade, BEST] = max(prices[trade, BEST], move)
    left = abs(held) - quantity
    if left < 0.5e-9:
        return 0.0
    out = np.rint(prices[trade, COST] * quantity / abs(held))
    prices[trade, COST] -= out
    cost_out[place] = side * np.int64(out)
    return float(side * left)


@step
def _paid_out(trade: int, value: int, held: float, scale: float, trades: Trades, prices: Prices) -> float:
    prices[trade, CLOSED] += abs(held)
    price = value / (held * scale)
    prices[trade, EXIT_PRICE] += (price - prices[trade, EXIT_PRICE]) * abs(held) / prices[trade, CLOSED]
    trades[trade, VALUE_OUT] += abs(value)
    move = trades[trade, SIDE] * (price / prices[trade, ENTRY_PRICE] - 1.0)
    prices[trade, WORST] = min(prices[trade, WORST], move)
    return 0.0


@step
def _split(trade: int, place: int, reals: Reals, prices: Prices) -> float:
    after, ratio = reals[place, 0], reals[place, 1]
    prices[trade, OPENED] *= ratio
    prices[trade, CLOSED] *= ratio
    prices[trade, ENTRY_PRICE] /= ratio
    prices[trade, EXIT_PRICE] /= ratio
    if after == 0.0:  # nothing but a fraction was left, which is paid in cash
        prices[trade, EXIT_PRICE] = math.nan
    return float(after)
