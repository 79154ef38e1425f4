"""Targets in, fills out: one cash account over many instruments, row by row."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import (
    CASH,
    COUNTS,
    ENTRIES,
    EQUITY,
    GROSS,
    HELD,
    HOLDINGS,
    IS_HELD,
    MARK,
    ORDERED,
    ORDERS,
    QUANTITY,
    SENT,
    STATES,
    WANTED,
    WIDTH,
    Amounts,
    Counts,
    Journal,
    Lists,
    State,
    longer,
    longer_amounts,
)
from midas.kernels.compiled import kernel, step
from midas.kernels.corporate import accrue, lend, meet_actions, seize
from midas.kernels.deciding import decide, first_to_decide
from midas.kernels.exiting import MARGIN_CALL, Ranges, Rules, any_rule, follow, leave
from midas.kernels.fill import (
    BELOW_LOT,
    CARRY,
    CASH_RATE,
    ENTRY_LIMIT,
    FILLED,
    HAS_RANGE,
    LIMIT_NOT_REACHED,
    SCALE,
    SHARE_IMPACT,
    SHORTS,
    SQRT_IMPACT,
    Bar,
    Costs,
    Outcome,
    Terms,
    fill,
    fill_at,
    market_refusal,
)
from midas.kernels.impact import impact
from midas.kernels.margin import NO_LIMIT, allowed, call, carry_value
from midas.kernels.price_rules import half_up, round_to_tick
from midas.kernels.settling import carry, drop, forget, settle
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

CALLED, RUINED = 1, 2

TOO_MUCH = 9.0e18
"""More minor units than a 64-bit integer counts."""


class Run(NamedTuple):
    """What a simulation leaves: the journal, and equity and cash per row, in minor units.

    `gross` is the value carried, both ways, of a margin account; 0 else. `ruined` is -1, or the row at whose close the
    equity was gone: everything was closed there and nothing traded since. `overflow` is -1, or the row at
    which the account outgrew 64-bit integers and the rest was not simulated.
    """

    journal: Journal
    amounts: Amounts
    equity: NDArray[np.int64]
    cash: NDArray[np.int64]
    gross: NDArray[np.int64]
    ruined: int
    overflow: int


@kernel
def simulate(  # house: function-length: the one loop everything hangs on, and the arrays it needs
    first: int,
    stop: int,
    capital: int,
    by_change: bool,
    speaks: NDArray[np.int64],
    weights: NDArray[np.float64],
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
    ranges: Ranges,
    terms: Terms,
) -> Run:
    """Trade target `weights` (speaking row, instrument) given at the close of the rows `speaks`, none before `first`.

    Rows run over [first, stop); a decision of row t meets the bar of row t + 1. `by_change` trades a name when its own
    target changes or it is due, else every name whose holding differs from its target. NaN is no weight. Prices are
    raw tiles; a field the data lacks repeats the closes and `terms` says so. `ladders` is (ladder, step, 2) of floor
    and tick, the last one without a step, so that index -1 is no grid. `rules` and `ranges` are what closes positions
    between two targets (see `exiting`).
    """
    columns = weights.shape[1]
    state = np.zeros((STATES, columns))
    lists = np.zeros((5, columns), np.int64)
    counts = np.zeros(COUNTS, np.int64)
    counts[CASH] = capital
    bars = np.empty((5, columns))
    journal = np.empty((64, WIDTH), np.int64)
    amounts = np.empty((64, 2))
    equity = np.zeros(stop - first, np.int64)
    cash = np.zeros(stop - first, np.int64)
    gross = np.zeros(stop - first, np.int64)
    guarded = any_rule(rules) or terms[SHORTS] > 0.0
    met = _met(0, first, happenings)
    turn = 0
    row = first
    while row < stop:
        upcoming = _met(met, row, happenings)
        most = counts[ENTRIES] + 1 + 5 * (upcoming - met) + 3 * counts[ORDERED] + 2 * columns
        if guarded:
            most += 6 * columns
        if most > len(journal):
            journal = longer(journal, counts[ENTRIES], 2 * most)
            amounts = longer_amounts(amounts, counts[ENTRIES], 2 * most)
        if row > first:
            _wake(row, met, upcoming, happenings, class_of, dated, state, lists, counts, journal, amounts, terms)
            met = upcoming
        _fetch(row, opens, highs, lows, closes, volumes, lists, counts, bars)
        _trade(
            row, first, met, by_change, guarded, bars, closes, volumes, happenings, class_of, dated, ladders, rules,
            ranges, state, lists, counts, journal, amounts, terms,
        )  # fmt: skip
        if guarded and counts[HOLDINGS] > 0:
            leave(
                row, counts[ORDERED], met, opens, highs, lows, closes, volumes, happenings, class_of, dated, ladders,
                rules, state, lists, counts, journal, amounts, terms,
            )  # fmt: skip
        carried = carry(state, lists, counts) if terms[CARRY] > 0.0 and not by_change else 0
        counts[ORDERED] = carried
        ahead = int(happenings[met, 0]) if met < len(happenings) else stop
        if (guarded and counts[HOLDINGS] > 0) or carried > 0 or terms[CASH_RATE] != 0.0:
            ahead = row + 1
        last, turn, begin = _quiet(row, min(ahead, stop), turn, by_change, speaks, weights, state)
        if not _mark(row, last + 1, first, equity, cash, gross, closes, state, lists, counts, terms):
            return Run(journal[: counts[ENTRIES]], amounts[: counts[ENTRIES]], equity, cash, gross, -1, row)
        called = _judge(last, last - first, equity, cash, gross, state, lists, counts, journal, amounts, terms)
        if called == RUINED:
            return Run(journal[: counts[ENTRIES]], amounts[: counts[ENTRIES]], equity, cash, gross, last, -1)
        if begin < columns and last + 1 < stop and called == 0:
            forget(state, lists, counts)
            money = equity[last - first] / terms[SCALE]
            decide(
                last, met, money, by_change, begin, turn - 1, weights, closes, happenings, class_of, dated,
                state, lists, counts, journal, amounts, terms,
            )  # fmt: skip
        row = last + 1
    return Run(journal[: counts[ENTRIES]], amounts[: counts[ENTRIES]], equity, cash, gross, -1, -1)


@step
def _wake(
    row: int,
    met: int,
    upcoming: int,
    happenings: Happenings,
    class_of: NDArray[np.int64],
    dated: Dated,
    state: State,
    lists: Lists,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    # What happens before the open.
    if terms[CASH_RATE] != 0.0:
        accrue(row, dated, counts, journal, amounts, terms)
    if terms[SHORTS] > 0.0:
        lend(row, dated, state, lists, counts, journal, amounts, terms)
    if upcoming > met:
        meet_actions(row, met, upcoming, happenings, class_of, dated, state, lists, counts, journal, amounts, terms)


@step
def _judge(
    row: int,
    place: int,
    equity: NDArray[np.int64],
    cash: NDArray[np.int64],
    gross: NDArray[np.int64],
    state: State,
    lists: Lists,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> int:
    # Whether a margin account may go on at a close: 0, CALLED or RUINED.
    if terms[SHORTS] == 0.0:
        return 0
    counts[EQUITY], counts[GROSS] = equity[place], gross[place]
    if equity[place] > 0:
        return CALLED if call(MARGIN_CALL, state, lists, counts, terms) else 0
    seize(row, state, lists, counts, journal, amounts, terms)
    equity[place:], cash[place:], gross[place:] = 0, 0, 0
    return RUINED


@step
def _met(place: int, row: int, happenings: Happenings) -> int:
    # How many actions there were up to and including a row, of which `place` are known.
    while place < len(happenings) and happenings[place, 0] <= row:
        place += 1
    return place


@step
def _trade(
    row: int,
    first: int,
    met: int,
    by_change: bool,
    guarded: bool,
    bars: NDArray[np.float64],
    closes: Tiles,
    volumes: Tiles,
    happenings: Happenings,
    class_of: NDArray[np.int64],
    dated: Dated,
    ladders: NDArray[np.float64],
    rules: Rules,
    ranges: Ranges,
    state: State,
    lists: Lists,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    for number in range(counts[ORDERED]):
        column = lists[ORDERS, number]
        kind = class_of[column]
        opened = bars[0, number]
        if terms[SQRT_IMPACT] + terms[SHARE_IMPACT] > 0.0:
            opened *= _pushed(row, column, met, closes, volumes, happenings, state, terms)
        bar = Bar(opened, bars[1, number], bars[2, number], bars[3, number], bars[4, number])
        base = math.nan
        if not (math.isnan(dated[row, PER_DAY + PER_CLASS * kind + LIMIT]) and math.isnan(terms[ENTRY_LIMIT])):
            base = last_close(closes, happenings, met, row - 1, column)
        before = state[QUANTITY, column]
        if terms[SHORTS] > 0.0:
            lot = lot_of(row, kind, dated, terms)
            if not _cover(row, column, number, bar.open, lot, dated, state, counts, journal, amounts, terms):
                continue
        outcome = _match(row, column, bar, base, kind, state, counts, dated, ladders, terms)
        settle(row, column, number, by_change, outcome, state, lists, counts, journal, amounts, terms)
        if guarded and outcome.quantity > 0.0:
            carry_value(before, state[QUANTITY, column], outcome, counts, terms)
            follow(row, first, column, before, outcome.price, met, closes, happenings, rules, ranges, state)


@step
def _pushed(
    row: int,
    column: int,
    met: int,
    closes: Tiles,
    volumes: Tiles,
    happenings: Happenings,
    state: State,
    terms: Terms,
) -> float:
    # What an order at the market multiplies the open by; a limit order pushes nothing.
    wanted = state[WANTED, column]
    if wanted > 0.0 and not math.isnan(terms[ENTRY_LIMIT]) and state[QUANTITY, column] >= 0.0:
        return 1.0
    return 1.0 + math.copysign(impact(row, column, abs(wanted), met, closes, volumes, happenings, terms), wanted)


@step
def _cover(
    row: int,
    column: int,
    number: int,
    price: float,
    lot: float,
    dated: Dated,
    state: State,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> bool:
    # Cuts an order to what the margin allows; False where that is nothing.
    wanted = state[WANTED, column]
    if wanted == 0.0:
        return True
    side = 1 if wanted > 0.0 else -1
    most, reason = allowed(row, side, abs(wanted), state[QUANTITY, column], price, lot, counts, dated, terms)
    if most < abs(wanted):
        drop(row, column, side, row - 1, number, reason, abs(wanted) - most, counts, journal, amounts)
        state[WANTED, column] = side * most
    if most == 0.0:
        state[SENT, column] = 0.0
    return most > 0.0


@step
def _fetch(
    row: int,
    opens: Tiles,
    highs: Tiles,
    lows: Tiles,
    closes: Tiles,
    volumes: Tiles,
    lists: Lists,
    counts: Counts,
    bars: NDArray[np.float64],
) -> None:
    # Every order's bar at once: reads that do not wait for each other are far faster than one after the other.
    for number in range(counts[ORDERED]):
        tile, lane = lists[ORDERS, number] // LANES, lists[ORDERS, number] % LANES
        bars[0, number] = opens[tile, row, lane]
        bars[1, number] = highs[tile, row, lane]
        bars[2, number] = lows[tile, row, lane]
        bars[3, number] = closes[tile, row, lane]
        bars[4, number] = volumes[tile, row, lane]


@step
def _quiet(
    row: int,
    until: int,
    turn: int,
    by_change: bool,
    speaks: NDArray[np.int64],
    weights: NDArray[np.float64],
    state: State,
) -> tuple[int, int, int]:
    # The last row from `row` on, before `until`, up to which nothing needs the account; the turn after those heard;
    # and the first column to decide at that row's close, or how many there are.
    columns = int(weights.shape[1])
    while True:
        if turn < len(speaks) and speaks[turn] == row:
            begin = first_to_decide(turn, by_change, weights, state)
            turn += 1
            if begin < columns:
                return row, turn, begin
        if row + 1 >= until:
            return row, turn, columns
        row += 1


@step
def _match(
    row: int,
    column: int,
    bar: Bar,
    base: float,
    kind: int,
    state: State,
    counts: Counts,
    dated: Dated,
    ladders: NDArray[np.float64],
    terms: Terms,
) -> Outcome:
    wanted = state[WANTED, column]
    if wanted == 0.0:  # a reverse split left less than a share of it
        return Outcome(BELOW_LOT, 0.0, 0.0, 0, 0, 0, 0.0, 0.0)
    cash = counts[CASH] if terms[SHORTS] == 0.0 else NO_LIMIT
    offset = PER_DAY + PER_CLASS * kind
    side = 1 if wanted > 0.0 else -1
    costs = costs_of(side, row, kind, dated)
    ladder = ladders[int(dated[row, offset + LADDER])]
    limit = float(dated[row, offset + LIMIT])
    lot = lot_of(row, kind, dated, terms)
    if side > 0 and state[QUANTITY, column] >= 0.0 and not math.isnan(terms[ENTRY_LIMIT]):
        return _enter(abs(wanted), cash, bar, base, limit, lot, ladder, costs, terms)
    return fill(side, abs(wanted), cash, bar, base, limit, lot, ladder, costs, terms)


@step
def _enter(
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
    # A limit order to buy, from the close it was decided on: it needs a price below its own, a touch is not a fill.
    refusal = market_refusal(bar, terms)
    at = round_to_tick(base * (1.0 + terms[ENTRY_LIMIT]), False, ladder)
    low = bar.low if terms[HAS_RANGE] > 0.0 else bar.open
    if refusal == FILLED and not low < at:
        refusal = LIMIT_NOT_REACHED
    if refusal != FILLED:
        return Outcome(refusal, 0.0, 0.0, 0, 0, 0, 0.0, 0.0)
    return fill_at(min(bar.open, at), 1, wanted, cash, bar, base, limit, lot, ladder, costs, terms)


@step
def _mark(
    row: int,
    until: int,
    first: int,
    equity: NDArray[np.int64],
    cash: NDArray[np.int64],
    gross: NDArray[np.int64],
    closes: Tiles,
    state: State,
    lists: Lists,
    counts: Counts,
    terms: Terms,
) -> bool:
    # Values the account at the closes of rows [row, until), name by name so that prices are read in their order;
    # False where it outgrows an integer. Names sold out leave the list.
    for place in range(row - first, until - first):
        equity[place] = counts[CASH]
        cash[place] = counts[CASH]
    most = TOO_MUCH / (counts[HOLDINGS] + 1)
    shorting = terms[SHORTS] > 0.0
    kept = 0
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        quantity = state[QUANTITY, column]
        if quantity == 0.0:
            lists[IS_HELD, column] = 0
            continue
        lists[HELD, kept] = column
        kept += 1
        tile, lane = column // LANES, column % LANES
        mark = state[MARK, column]
        size, side = abs(quantity), 1 if quantity > 0.0 else -1
        for at in range(row, until):
            close = closes[tile, at, lane]
            if not math.isnan(close):
                mark = close
            worth = size * mark * terms[SCALE]
            if worth > most:
                return False
            value = half_up(worth)
            equity[at - first] += side * value
            if shorting:
                gross[at - first] += value
        state[MARK, column] = mark
    counts[HOLDINGS] = kept
    return True
