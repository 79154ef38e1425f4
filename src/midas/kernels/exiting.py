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
    DUE,
    ENTERED,
    ENTRY,
    HELD,
    HOLDINGS,
    LEAVING,
    LOCK_ROW,
    QUANTITY,
    RANGE,
    SENT,
    TRADED,
    TRADED_ROW,
    WANTED,
    State,
)
from midas.kernels.compiled import step
from midas.kernels.entry import drop, taken, write
from midas.kernels.exit_rules import (
    ATR_STOP,
    ATR_TAKE_PROFIT,
    ATR_TRAILING_STOP,
    STOP_LOSS,
    TAKE_PROFIT,
    TIME_STOP,
    TRAILING_STOP,
    Rules,
)
from midas.kernels.fill import (
    AT_CLOSE,
    ENTRY_LIMIT,
    FILLED,
    HAS_RANGE,
    NOT_SELLABLE_YET,
    SHARE,
    SHARE_OF_VOLUME,
    SHORTS,
    VOLUME_CAP,
    Bar,
    Outcome,
    fill,
    fill_at,
    market_refusal,
)
from midas.kernels.frame import RESTED, Frame
from midas.kernels.framed import (
    class_of_in,
    closes_in,
    counts_in,
    dated_in,
    happenings_in,
    highs_in,
    ladders_in,
    lists_in,
    lows_in,
    opens_in,
    ranges_in,
    rules_in,
    state_in,
    terms_in,
    volumes_in,
)
from midas.kernels.impact import impact
from midas.kernels.locking import await_money, withheld
from midas.kernels.margin import NO_LIMIT
from midas.kernels.price_rules import nearest_to, round_to_tick
from midas.kernels.world import (
    LADDER,
    LANES,
    LIMIT,
    PER_CLASS,
    PER_DAY,
    costs_of,
    last_close,
    limit_base,
    lot_of,
)

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
def follow(row: int, first: int, column: int, before: float, price: float, met: int, frame: Frame) -> None:
    """Take note of a fill at `price` that changed a holding from `before`: what its exits go by."""
    closes, happenings, rules = closes_in(frame), happenings_in(frame), rules_in(frame)
    ranges, state = ranges_in(frame), state_in(frame)
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
def leave(row: int, number: int, met: int, frame: Frame) -> None:
    """Let the exits of everything held meet the bar of `row`, after its orders; theirs are numbered from `number`.

    What a bar's own order added cannot leave on it: the rest goes at the next open.
    """
    state, lists, counts = state_in(frame), lists_in(frame), counts_in(frame)
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        if state[QUANTITY, column] == 0.0:
            continue
        bar = bar_of(row, column, frame)
        cause, price, how = _watch(row, column, bar, frame)
        if cause == 0 or how == LATER:
            continue
        outcome, wanted = _match(row, column, number, cause, how, price, bar, met, frame)
        if wanted > 0.0:
            _note(row, column, number, cause, wanted, outcome, frame)
        number += 1


@step
def watch(row: int, late: bool, frame: Frame) -> None:
    """Follow what `leave` would see on a row whose exits somebody else matches: `LEAVING` is what is left to do.

    `late` says that nobody matched them on the row itself.
    """
    state, lists, counts = state_in(frame), lists_in(frame), counts_in(frame)
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        if state[QUANTITY, column] != 0.0:
            cause, _, _ = _watch(row, column, bar_of(row, column, frame), frame)
            if late:
                state[LEAVING, column] = cause


@step
def bar_of(row: int, column: int, frame: Frame) -> Bar:
    """Return the bar of a name on a row."""
    opens, highs, lows, closes = opens_in(frame), highs_in(frame), lows_in(frame), closes_in(frame)
    at = column // LANES, row, column % LANES
    return Bar(opens[at], highs[at], lows[at], closes[at], volumes_in(frame)[at])


@step
def _watch(row: int, column: int, bar: Bar, frame: Frame) -> tuple[int, float, int]:
    # Why a position closes on a bar, or 0, from which price and how; what is kept of the bar and of the order.
    class_of, dated, ladders = class_of_in(frame), dated_in(frame), ladders_in(frame)
    terms, state = terms_in(frame), state_in(frame)
    side = 1 if state[QUANTITY, column] > 0.0 else -1
    trades = market_refusal(bar, terms) == FILLED
    cause, price, how = 0, math.nan, MARKET
    if state[ENTERED, column] < row:
        ladder = ladders[int(dated[row, PER_DAY + PER_CLASS * class_of[column] + LADDER])]
        cause, price, how = _cause(row, column, side, bar, trades, ladder, frame)
    if trades:
        best = bar.close
        # a limit order may fill late in its bar: of what follows it only the close is known
        waited = state[ENTERED, column] == row and not math.isnan(terms[ENTRY_LIMIT])
        if terms[HAS_RANGE] > 0.0 and not waited:
            best = bar.high if side > 0 else bar.low
        if side * best > side * state[BEST, column]:
            state[BEST, column] = best
    if cause != 0:
        # whoever leaves no longer wants what is left of an order that was carried over
        waits = terms[AT_CLOSE] > 0.0 and state[WANTED, column] != 0.0
        state[DUE, column], state[WANTED, column], state[SENT, column] = 0.0, 0.0, -1.0 if waits else 0.0
        state[LEAVING, column] = 0.0 if how == LIMITED else cause
    return cause, price, how


@step
def _cause(
    row: int, column: int, side: int, bar: Bar, trades: bool, ladder: NDArray[np.float64], frame: Frame
) -> tuple[int, float, int]:
    # Why the position closes on this bar, or 0, from which price, and how. What is known before the bar goes at its
    # open, then prices the open jumped over count, then the worse of what lies inside the bar.
    rules, state = rules_in(frame), state_in(frame)
    if state[LEAVING, column] > 0.0:
        return int(state[LEAVING, column]), bar.open, MARKET
    if row - state[ENTERED, column] >= rules[TIME_STOP]:
        return TIME_STOP + 1, bar.open, MARKET
    if not trades:
        return 0, math.nan, MARKET
    return _reached(column, side, bar, ladder, frame)


@step
def _reached(column: int, side: int, bar: Bar, ladder: NDArray[np.float64], frame: Frame) -> tuple[int, float, int]:
    rules, terms, state = rules_in(frame), terms_in(frame), state_in(frame)
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
    row: int, column: int, number: int, cause: int, how: int, price: float, bar: Bar, met: int, frame: Frame
) -> tuple[Outcome, float]:
    closes, happenings, class_of, dated = closes_in(frame), happenings_in(frame), class_of_in(frame), dated_in(frame)
    ladders, terms, state, counts = ladders_in(frame), terms_in(frame), state_in(frame), counts_in(frame)
    kind = class_of[column]
    offset = PER_DAY + PER_CLASS * kind
    held = state[QUANTITY, column]
    side = -1 if held > 0.0 else 1
    wanted, volume = abs(held), bar.volume
    fresh = 0.0
    if state[TRADED_ROW, column] == row:
        traded = state[TRADED, column]
        if traded * held > 0.0:
            fresh = abs(traded)
            wanted = nearest_to(wanted - fresh, terms[SHARE])
        volume = max(NEXT_TO_NOTHING, volume - abs(traded) / terms[SHARE_OF_VOLUME])
    if frame[RESTED] > 0 and bar.volume > 0.0:  # several orders of the name may have met the bar
        volume = max(NEXT_TO_NOTHING, bar.volume - taken(row, column, frame) / terms[SHARE_OF_VOLUME])
    locked = fresh if state[LOCK_ROW, column] == row else 0.0
    kept = withheld(column, wanted, wanted, locked, frame) if held > 0.0 else 0.0
    if kept > 0.0:
        wanted = nearest_to(wanted - kept, terms[SHARE])
        drop(row, column, side, row - 1, number, NOT_SELLABLE_YET, kept, cause, frame)
    if how == MARKET:
        price *= 1.0 + side * impact(row, column, wanted, met, frame)
    bar = Bar(price, bar.high, bar.low, bar.close, volume)
    ladder = ladders[int(dated[row, offset + LADDER])]
    limit = float(dated[row, offset + LIMIT])
    lot = lot_of(row, kind, dated, terms)
    costs = costs_of(side, row, kind, dated)
    base = math.nan
    if not math.isnan(limit):
        base = limit_base(closes, happenings, met, row, column, dated)
    cash = counts[CASH] if terms[SHORTS] == 0.0 else NO_LIMIT
    if how == LIMITED:
        return fill_at(price, side, wanted, cash, bar, base, limit, lot, ladder, costs, terms), wanted
    return fill(side, wanted, cash, bar, base, limit, lot, ladder, costs, terms), wanted


@step
def _note(row: int, column: int, number: int, cause: int, wanted: float, outcome: Outcome, frame: Frame) -> None:
    terms, state, counts = terms_in(frame), state_in(frame), counts_in(frame)
    side = -1 if state[QUANTITY, column] > 0.0 else 1
    if outcome.refusal != FILLED:
        drop(row, column, side, row - 1, number, outcome.refusal, wanted, cause, frame)
        return
    quantity = outcome.quantity
    if quantity > 0.0:
        write(
            row, column, side, row - 1, number, quantity, outcome.price, outcome.value, outcome.commission, outcome.tax,
            cause, frame,
        )  # fmt: skip
        counts[CASH] -= side * outcome.value + outcome.commission + outcome.tax
        if side < 0:
            await_money(row, outcome.value - outcome.commission - outcome.tax, frame)
        left = nearest_to(state[QUANTITY, column] + side * quantity, terms[SHARE])
        state[QUANTITY, column] = left
        if left == 0.0:
            state[LEAVING, column] = 0.0
    if outcome.capped > 0.0:
        drop(row, column, side, row - 1, number, VOLUME_CAP, outcome.capped, cause, frame)
