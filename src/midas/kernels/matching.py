"""Targets in, fills out: one cash account over many instruments, row by row."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import (
    BEST,
    CASH,
    DIVIDEND,
    DUE,
    ENTRIES,
    ENTRY,
    FILL,
    HELD,
    HOLDINGS,
    IN_LIEU,
    IS_HELD,
    LEAVING,
    MARK,
    ORDERED,
    ORDERS,
    QUANTITY,
    RANGE,
    REFUSED,
    SPLIT,
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
    note,
)
from midas.kernels.compiled import kernel, step
from midas.kernels.deciding import decide, first_to_decide
from midas.kernels.exiting import Ranges, Rules, any_rule, follow, leave
from midas.kernels.fill import BELOW_LOT, FILLED, NO_CASH, SCALE, SHARE, VOLUME_CAP, Bar, Outcome, Terms, fill
from midas.kernels.price_rules import floor_to, half_up, nearest_to
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

TOO_MUCH = 9.0e18
"""More minor units than a 64-bit integer counts."""


class Run(NamedTuple):
    """What a simulation leaves: the journal, and equity and cash per row, in minor units.

    `overflow` is -1, or the row at which the account outgrew 64-bit integers and the rest was not simulated.
    """

    journal: Journal
    amounts: Amounts
    equity: NDArray[np.int64]
    cash: NDArray[np.int64]
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
    counts = np.zeros(4, np.int64)
    counts[CASH] = capital
    bars = np.empty((5, columns))
    journal = np.empty((64, WIDTH), np.int64)
    amounts = np.empty((64, 2))
    equity = np.zeros(stop - first, np.int64)
    cash = np.zeros(stop - first, np.int64)
    guarded = any_rule(rules)
    met = _met(0, first, happenings)
    turn = 0
    row = first
    while row < stop:
        upcoming = _met(met, row, happenings)
        most = counts[ENTRIES] + 2 * (upcoming - met) + 3 * counts[ORDERED] + 2 * columns
        if guarded:
            most += 2 * counts[HOLDINGS]
        if most > len(journal):
            journal = longer(journal, counts[ENTRIES], 2 * most)
            amounts = longer_amounts(amounts, counts[ENTRIES], 2 * most)
        if upcoming > met:
            _meet_actions(row, met, upcoming, happenings, state, counts, journal, amounts, terms)
            met = upcoming
        _fetch(row, opens, highs, lows, closes, volumes, lists, counts, bars)
        _trade(
            row, first, met, by_change, guarded, bars, closes, happenings, class_of, dated, ladders, rules, ranges,
            state, lists, counts, journal, amounts, terms,
        )  # fmt: skip
        if guarded and counts[HOLDINGS] > 0:
            leave(
                row, counts[ORDERED], met, opens, highs, lows, closes, volumes, happenings, class_of, dated, ladders,
                rules, state, lists, counts, journal, amounts, terms,
            )  # fmt: skip
        counts[ORDERED] = 0
        ahead = int(happenings[met, 0]) if met < len(happenings) else stop
        if guarded and counts[HOLDINGS] > 0:
            ahead = row + 1
        last, turn, begin = _quiet(row, min(ahead, stop), turn, by_change, speaks, weights, state)
        if not _mark(row, last + 1, first, equity, cash, closes, state, lists, counts, terms):
            return Run(journal[: counts[ENTRIES]], amounts[: counts[ENTRIES]], equity, cash, row)
        if begin < columns and last + 1 < stop:
            money = equity[last - first] / terms[SCALE]
            decide(
                last, met, money, by_change, begin, turn - 1, weights, closes, happenings, class_of, dated,
                state, lists, counts, journal, amounts, terms,
            )  # fmt: skip
        row = last + 1
    return Run(journal[: counts[ENTRIES]], amounts[: counts[ENTRIES]], equity, cash, -1)


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
        bar = Bar(bars[0, number], bars[1, number], bars[2, number], bars[3, number], bars[4, number])
        kind = class_of[column]
        base = math.nan
        if not math.isnan(dated[row, PER_DAY + PER_CLASS * kind + LIMIT]):
            base = last_close(closes, happenings, met, row - 1, column)
        outcome = _match(row, column, bar, base, kind, state, counts, dated, ladders, terms)
        before = state[QUANTITY, column]
        _settle(row, column, number, by_change, outcome, state, lists, counts, journal, amounts, terms)
        if guarded and outcome.quantity > 0.0:
            follow(row, first, column, before, outcome.price, met, closes, happenings, rules, ranges, state)


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
def _meet_actions(
    row: int,
    met: int,
    upcoming: int,
    happenings: Happenings,
    state: State,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    last = -1
    before = 0.0
    for action in range(met, upcoming):
        column = int(happenings[action, 1])
        if column != last:
            last = column
            before = state[QUANTITY, column]
        if happenings[action, 2] == 0.0:
            _split(row, column, happenings[action, 3], state, counts, journal, amounts, terms)
        elif before > 0.0:
            amount = half_up(before * happenings[action, 3] * terms[SCALE])
            _pay(row, column, DIVIDEND, amount, before, counts, journal, amounts)


@step
def _split(
    row: int,
    column: int,
    ratio: float,
    state: State,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    state[MARK, column] /= ratio
    state[ENTRY, column] /= ratio
    state[BEST, column] /= ratio
    for kind in range(3):
        state[RANGE + kind, column] /= ratio
    wanted = state[WANTED, column]
    if wanted != 0.0:
        state[WANTED, column] = math.copysign(floor_to(abs(wanted) * ratio, terms[SHARE]), wanted)
    before = state[QUANTITY, column]
    if before <= 0.0:
        return
    after = floor_to(before * ratio, terms[SHARE])
    state[QUANTITY, column] = after
    if after == 0.0:
        state[LEAVING, column] = 0.0
    note(journal, amounts, counts[ENTRIES], SPLIT, row, column, 0, row, -1, after, ratio)
    counts[ENTRIES] += 1
    fraction = max(0.0, before * ratio - after)
    amount = half_up(fraction * state[MARK, column] * terms[SCALE])
    if amount > 0:
        _pay(row, column, IN_LIEU, amount, fraction, counts, journal, amounts)


@step
def _pay(
    row: int, column: int, kind: int, amount: int, quantity: float, counts: Counts, journal: Journal, amounts: Amounts
) -> None:
    note(journal, amounts, counts[ENTRIES], kind, row, column, 0, row, -1, quantity, math.nan)
    journal[counts[ENTRIES], 6] = amount
    counts[ENTRIES] += 1
    counts[CASH] += amount


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
    offset = PER_DAY + PER_CLASS * kind
    side = 1 if wanted > 0.0 else -1
    costs = costs_of(side, row, kind, dated)
    ladder = ladders[int(dated[row, offset + LADDER])]
    limit = float(dated[row, offset + LIMIT])
    lot = lot_of(row, kind, dated, terms)
    return fill(side, abs(wanted), counts[CASH], bar, base, limit, lot, ladder, costs, terms)


@step
def _settle(
    row: int,
    column: int,
    number: int,
    by_change: bool,
    outcome: Outcome,
    state: State,
    lists: Lists,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
    terms: Terms,
) -> None:
    wanted = state[WANTED, column]
    side = 1 if math.copysign(1.0, wanted) > 0.0 else -1  # what a reverse split left may be a signed zero
    state[WANTED, column] = 0.0
    if by_change and outcome.refusal != BELOW_LOT and (outcome.refusal != FILLED or outcome.capped > 0.0):
        state[DUE, column] = side
    place = counts[ENTRIES]
    if outcome.refusal != FILLED:
        _drop(row, column, side, number, outcome.refusal, abs(wanted), counts, journal, amounts)
        return
    if outcome.quantity > 0.0:
        place = counts[ENTRIES]
        note(journal, amounts, place, FILL, row, column, side, row - 1, number, outcome.quantity, outcome.price)
        journal[place, 6] = outcome.value
        journal[place, 7] = outcome.commission
        journal[place, 8] = outcome.tax
        counts[ENTRIES] = place + 1
        counts[CASH] -= side * outcome.value + outcome.commission + outcome.tax
        _hold(column, side * outcome.quantity, state, lists, counts, terms)
    if outcome.capped > 0.0:
        _drop(row, column, side, number, VOLUME_CAP, outcome.capped, counts, journal, amounts)
    if outcome.unpaid > 0.0:
        _drop(row, column, side, number, NO_CASH, outcome.unpaid, counts, journal, amounts)


@step
def _drop(
    row: int,
    column: int,
    side: int,
    number: int,
    reason: int,
    quantity: float,
    counts: Counts,
    journal: Journal,
    amounts: Amounts,
) -> None:
    place = counts[ENTRIES]
    note(journal, amounts, place, REFUSED + reason, row, column, side, row - 1, number, quantity, math.nan)
    counts[ENTRIES] = place + 1


@step
def _hold(column: int, change: float, state: State, lists: Lists, counts: Counts, terms: Terms) -> None:
    state[QUANTITY, column] = nearest_to(state[QUANTITY, column] + change, terms[SHARE])
    if lists[IS_HELD, column] == 0:
        lists[IS_HELD, column] = 1
        lists[HELD, counts[HOLDINGS]] = column
        counts[HOLDINGS] += 1


@step
def _mark(
    row: int,
    until: int,
    first: int,
    equity: NDArray[np.int64],
    cash: NDArray[np.int64],
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
    kept = 0
    for place in range(counts[HOLDINGS]):
        column = lists[HELD, place]
        quantity = state[QUANTITY, column]
        if quantity <= 0.0:
            lists[IS_HELD, column] = 0
            continue
        lists[HELD, kept] = column
        kept += 1
        tile, lane = column // LANES, column % LANES
        mark = state[MARK, column]
        for at in range(row, until):
            close = closes[tile, at, lane]
            if not math.isnan(close):
                mark = close
            worth = quantity * mark * terms[SCALE]
            if worth > most:
                return False
            equity[at - first] += half_up(worth)
        state[MARK, column] = mark
    counts[HOLDINGS] = kept
    return True
