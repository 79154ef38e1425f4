"""What closes a position between two targets: stops, take-profits and time, watched on raw prices bar by bar.

An exit is armed from the bar after the one a position was entered on: its levels come from the fill, so the order can
only stand in the market from the next bar. All it goes by is known before the bar it acts on.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import (
    BEST,
    CASH,
    CAUSE,
    DUE,
    ENTERED,
    ENTRIES,
    ENTRY,
    FILL,
    HELD,
    HOLDINGS,
    LEAVING,
    QUANTITY,
    RANGE,
    REFUSED,
    SENT,
    TRADED,
    TRADED_ROW,
    WANTED,
    Amounts,
    Counts,
    Journal,
    Lists,
    State,
    note,
)
from midas.kernels.compiled import step
from midas.kernels.fill import (
    ENTRY_LIMIT,
    FILLED,
    HAS_RANGE,
    SHARE,
    SHARE_OF_VOLUME,
    SHORTS,
    VOLUME_CAP,
    Bar,
    Outcome,
    Terms,
    fill,
    fill_at,
    market_refusal,
)
from midas.kernels.impact import impact
from midas.kernels.margin import NO_LIMIT
from midas.kernels.price_rules import nearest_to, round_to_tick
from midas.kernels.world import (
    LADDER,
    LANES,
    LIMIT,
    PER_CLASS,
    PER_DAY,
    Dated,
    Happenings,
    costs_of,
    last_close,
    lot_of,
)

Tiles = NDArray[np.float64]

Rules = NDArray[np.float64]
"""One number for each kind of exit, NaN where there is none; the places are named below. A cause is a place plus 1."""

STOP_LOSS = 0
TRAILING_STOP = 1
TAKE_PROFIT = 2
TIME_STOP = 3
ATR_STOP = 4
ATR_TRAILING_STOP = 5
ATR_TAKE_PROFIT = 6
RULES = 7
MARGIN_CALL = RULES + 1
"""Cause of what a margin account closes below its maintenance margin."""

Ranges = NDArray[np.float64]
"""(3, row, instrument): average true range over close for each of the exits that go by it; empty where none does.

Rows are counted from the first one simulated.
"""

NEXT_TO_NOTHING = 1e-300
"""Volume of a bar whose share was taken by an order before: there was a market, but nothing is left."""

MARKET, LIMITED, LATER = 0, 1, 2
"""How an exit trades: at the market, as a limit order that never gets a worse price, or at the next open."""

TOUCH = 1e-12
"""A price this close to a level, relative, has reached it."""


@step
def any_rule(rules: Rules) -> bool:
    """Tell whether anything is to be watched."""
    return not np.isnan(rules).all()


@step
def follow(
    row: int,
    first: int,
    column: int,
    before: float,
    price: float,
    met: int,
    closes: Tiles,
    happenings: Happenings,
    rules: Rules,
    ranges: Ranges,
    state: State,
) -> None:
    """Take note of a fill at `price` that changed a holding from `before`: what its exits go by."""
    after = state[QUANTITY, column]
    state[TRADED, column] = after - before
    state[TRADED_ROW, column] = row
    if after == 0.0:
        state[LEAVING, column] = 0.0
        return
    if before * after <= 0.0:
        state[ENTRY, column] = price
        state[BEST, column] = price
        state[ENTERED, column] = row
        state[LEAVING, column] = 0.0
        for kind in range(3):
            state[RANGE + kind, column] = math.nan
            if not math.isnan(rules[ATR_STOP + kind]):
                close = last_close(closes, happenings, met, row - 1, column)
                state[RANGE + kind, column] = ranges[kind, row - 1 - first, column] * close
    elif abs(after) > abs(before):
        state[ENTRY, column] += (price - state[ENTRY, column]) * (after - before) / after


@step
def leave(  # house: function-length: the loop over what is held, and the arrays it needs
    row: int,
    number: int,
    met: int,
    opens: Tiles,
    highs: Tiles,
    lows: Tiles,
    closes: Tiles,
    volumes: Tiles,
    happenings: Happenings,
    class_of: NDArray[np.int64],
    dated: Dated,
    ladders: NDArray[np.float64],
    rules: Rules,
    state: State,
    lists: Lists,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    """Let the exits of everything held meet the bar of `row`, after its orders; theirs are numbered from `number`.

    What a bar's own order added cannot leave on it: the rest goes at the next open.
    """
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        held = state[QUANTITY, column]
        if held == 0.0:
            continue
        tile, lane = column // LANES, column % LANES
        bar = Bar(
            opens[tile, row, lane], highs[tile, row, lane], lows[tile, row, lane], closes[tile, row, lane],
            volumes[tile, row, lane],
        )  # fmt: skip
        side = 1 if held > 0.0 else -1
        trades = market_refusal(bar, terms) == FILLED
        cause, price, how = 0, math.nan, MARKET
        if state[ENTERED, column] < row:
            ladder = ladders[int(dated[row, PER_DAY + PER_CLASS * class_of[column] + LADDER])]
            cause, price, how = _cause(row, column, side, bar, trades, rules, ladder, state, terms)
        if trades:
            best = bar.close
            # a limit order may fill late in its bar: of what follows it only the close is known
            waited = state[ENTERED, column] == row and not math.isnan(terms[ENTRY_LIMIT])
            if terms[HAS_RANGE] > 0.0 and not waited:
                best = bar.high if side > 0 else bar.low
            if side * best > side * state[BEST, column]:
                state[BEST, column] = best
        if cause == 0:
            continue
        # whoever leaves no longer wants what is left of an order that was carried over
        state[DUE, column], state[WANTED, column], state[SENT, column] = 0.0, 0.0, 0.0
        state[LEAVING, column] = 0.0 if how == LIMITED else cause
        if how == LATER:
            continue
        outcome, wanted = _match(
            row,
            column,
            how,
            price,
            bar,
            met,
            closes,
            volumes,
            happenings,
            class_of,
            dated,
            ladders,
            state,
            counts,
            terms,
        )
        _note(row, column, number, cause, wanted, outcome, state, counts, journal, amounts, terms)
        number += 1


@step
def _cause(
    row: int,
    column: int,
    side: int,
    bar: Bar,
    trades: bool,
    rules: Rules,
    ladder: NDArray[np.float64],
    state: State,
    terms: Terms,
) -> tuple[int, float, int]:
    # Why the position closes on this bar, or 0, from which price, and how. What is known before the bar goes at its
    # open, then prices the open jumped over count, then the worse of what lies inside the bar.
    if state[LEAVING, column] > 0.0:
        return int(state[LEAVING, column]), bar.open, MARKET
    if row - state[ENTERED, column] >= rules[TIME_STOP]:
        return TIME_STOP + 1, bar.open, MARKET
    if not trades:
        return 0, math.nan, MARKET
    return _reached(column, side, bar, rules, ladder, state, terms)


@step
def _reached(
    column: int, side: int, bar: Bar, rules: Rules, ladder: NDArray[np.float64], state: State, terms: Terms
) -> tuple[int, float, int]:
    stop_cause, stop = _stop(column, side, rules, state)
    take_cause, take = _take(column, side, rules, state)
    opened, adverse, favourable = bar.open, bar.low, bar.high
    if side < 0:
        adverse, favourable = bar.high, bar.low
    if terms[HAS_RANGE] == 0.0:
        opened, adverse, favourable = bar.close, bar.close, bar.close  # nothing else is known, and only then
    stopped = stop_cause > 0 and side * adverse <= side * stop + TOUCH * stop
    taken = take_cause > 0 and side * favourable > side * take - TOUCH * take
    if stopped:
        stop = round_to_tick(stop, side < 0, ladder)
        stopped = side * adverse <= side * stop + TOUCH * stop
    if taken:
        take = round_to_tick(take, side > 0, ladder)
        taken = side * favourable > side * take + TOUCH * take
    if not stopped and not taken:
        return 0, math.nan, MARKET
    past_stop, past_take = side * opened <= side * stop, side * opened > side * take
    if stopped and (past_stop or not taken or not past_take):
        how, cause, price = MARKET, stop_cause, opened if past_stop else stop
    else:
        how, cause, price = LIMITED, take_cause, opened if past_take else take
    return cause, price, (how if terms[HAS_RANGE] > 0.0 else LATER)


@step
def _stop(column: int, side: int, rules: Rules, state: State) -> tuple[int, float]:
    # The level that a falling price (a rising one, for a short) meets first.
    entry, best = state[ENTRY, column], state[BEST, column]
    cause, level = 0, 0.0
    for kind in (STOP_LOSS, TRAILING_STOP, ATR_STOP, ATR_TRAILING_STOP):
        if math.isnan(rules[kind]):
            continue
        start = entry if kind in (STOP_LOSS, ATR_STOP) else best
        room = start * rules[kind] if kind < ATR_STOP else state[RANGE + kind - ATR_STOP, column] * rules[kind]
        at = start - side * room
        if at > 0.0 and (cause == 0 or side * at > side * level):
            cause, level = kind + 1, at
    return cause, level


@step
def _take(column: int, side: int, rules: Rules, state: State) -> tuple[int, float]:
    entry = state[ENTRY, column]
    cause, level = 0, 0.0
    for kind in (TAKE_PROFIT, ATR_TAKE_PROFIT):
        if math.isnan(rules[kind]):
            continue
        room = entry * rules[kind] if kind < ATR_STOP else state[RANGE + kind - ATR_STOP, column] * rules[kind]
        at = entry + side * room
        if at > 0.0 and (cause == 0 or side * at < side * level):
            cause, level = kind + 1, at
    return cause, level


@step
def _match(
    row: int,
    column: int,
    how: int,
    price: float,
    bar: Bar,
    met: int,
    closes: Tiles,
    volumes: Tiles,
    happenings: Happenings,
    class_of: NDArray[np.int64],
    dated: Dated,
    ladders: NDArray[np.float64],
    state: State,
    counts: Counts,
    terms: Terms,
) -> tuple[Outcome, float]:
    kind = class_of[column]
    offset = PER_DAY + PER_CLASS * kind
    held = state[QUANTITY, column]
    side = -1 if held > 0.0 else 1
    wanted, volume = abs(held), bar.volume
    if state[TRADED_ROW, column] == row:
        traded = state[TRADED, column]
        if traded * held > 0.0:
            wanted = nearest_to(wanted - abs(traded), terms[SHARE])
        volume = max(NEXT_TO_NOTHING, volume - abs(traded) / terms[SHARE_OF_VOLUME])
    if how == MARKET:
        price *= 1.0 + side * impact(row, column, wanted, met, closes, volumes, happenings, terms)
    bar = Bar(price, bar.high, bar.low, bar.close, volume)
    ladder = ladders[int(dated[row, offset + LADDER])]
    limit = float(dated[row, offset + LIMIT])
    lot = lot_of(row, kind, dated, terms)
    costs = costs_of(side, row, kind, dated)
    base = math.nan
    if not math.isnan(limit):
        base = last_close(closes, happenings, met, row - 1, column)
    cash = counts[CASH] if terms[SHORTS] == 0.0 else NO_LIMIT
    if how == LIMITED:
        return fill_at(price, side, wanted, cash, bar, base, limit, lot, ladder, costs, terms), wanted
    return fill(side, wanted, cash, bar, base, limit, lot, ladder, costs, terms), wanted


@step
def _note(
    row: int,
    column: int,
    number: int,
    cause: int,
    wanted: float,
    outcome: Outcome,
    state: State,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    side = -1 if state[QUANTITY, column] > 0.0 else 1
    place = counts[ENTRIES]
    if outcome.refusal != FILLED:
        note(journal, amounts, place, REFUSED + outcome.refusal, row, column, side, row - 1, number, wanted, math.nan)
        journal[place, CAUSE] = cause
        counts[ENTRIES] = place + 1
        return
    if outcome.quantity > 0.0:
        note(journal, amounts, place, FILL, row, column, side, row - 1, number, outcome.quantity, outcome.price)
        journal[place, 6] = outcome.value
        journal[place, 7] = outcome.commission
        journal[place, 8] = outcome.tax
        journal[place, CAUSE] = cause
        place += 1
        counts[CASH] -= side * outcome.value + outcome.commission + outcome.tax
        state[QUANTITY, column] = nearest_to(state[QUANTITY, column] + side * outcome.quantity, terms[SHARE])
        if state[QUANTITY, column] == 0.0:
            state[LEAVING, column] = 0.0
    if outcome.capped > 0.0:
        note(
            journal, amounts, place, REFUSED + VOLUME_CAP, row, column, side, row - 1, number, outcome.capped, math.nan
        )
        journal[place, CAUSE] = cause
        place += 1
    counts[ENTRIES] = place
