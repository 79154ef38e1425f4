"""Targets in, fills out: one cash account over many instruments, row by row."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import (
    CASH,
    ENTRIES,
    HOLDINGS,
    ORDERED,
    ORDERS,
    QUANTITY,
    SENT,
    WANTED,
    Amounts,
    Counts,
    Journal,
)
from midas.kernels.closing import judge, mark
from midas.kernels.compiled import kernel, step
from midas.kernels.corporate import accrue, lend, meet_actions
from midas.kernels.deciding import decide, first_to_decide
from midas.kernels.entry import drop, taken
from midas.kernels.exiting import NEXT_TO_NOTHING, any_rule, follow, leave
from midas.kernels.fill import (
    AT_CLOSE,
    BELOW_LOT,
    CASH_RATE,
    ENTRY_LIMIT,
    FILLED,
    HAS_RANGE,
    LIMIT_NOT_REACHED,
    NOT_SELLABLE_YET,
    SCALE,
    SHARE,
    SHARE_IMPACT,
    SHARE_OF_VOLUME,
    SHORT_NOT_ALLOWED,
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
from midas.kernels.frame import (
    BY_CHANGE,
    CALLED,
    COLUMNS,
    DONE,
    ENDED,
    FIRST,
    FULL,
    MET,
    NEEDED,
    NEXT,
    OVERFLOW,
    PAUSED,
    PAUSES,
    RESTED,
    RUINED,
    TURN,
    Frame,
    account_of,
    frame_of,
    with_room,
)
from midas.kernels.framed import (
    bars_in,
    class_of_in,
    closes_in,
    counts_in,
    dated_in,
    equity_in,
    happenings_in,
    highs_in,
    journal_in,
    ladders_in,
    lists_in,
    lows_in,
    opens_in,
    rules_in,
    speaks_in,
    state_in,
    terms_in,
    volumes_in,
    weights_in,
)
from midas.kernels.impact import impact
from midas.kernels.locking import release, spendable, withheld
from midas.kernels.margin import NO_LIMIT, allowed, carry_value, unbanned, value
from midas.kernels.price_rules import nearest_to, round_to_tick
from midas.kernels.resting import INSIDE, OPENING, meet_resting
from midas.kernels.settling import carry, forget, settle
from midas.kernels.world import (
    LADDER,
    LANES,
    LIMIT,
    PER_CLASS,
    PER_DAY,
    Happenings,
    World,
    costs_of,
    last_close,
    limit_base,
    lot_of,
)


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


def simulate(first: int, stop: int, capital: int, by_change: bool, world: World) -> Run:
    """Trade target weights given at the close of the rows where the world speaks, none before `first`.

    Rows run over [first, stop); a decision of row t meets the bar of row t + 1. `by_change` trades a name when its own
    target changes or it is due, else every name whose holding differs from its target.
    """
    account = account_of(world.weights.shape[1], stop - first, capital)
    frame = frame_of(world, account, first, by_change)
    status = proceed(frame, stop, -1)
    while status == FULL:
        account = with_room(frame, account)
        status = proceed(frame, stop, -1)
    entries, last = int(account.counts[ENTRIES]), int(frame[NEXT]) - 1
    return Run(
        account.journal[:entries],
        account.amounts[:entries],
        account.equity,
        account.cash,
        account.gross,
        last if status == RUINED else -1,
        last if status == OVERFLOW else -1,
    )


@kernel
def proceed(frame: Frame, until: int, heard: int) -> int:
    """Meet the bars of the rows from `frame[NEXT]` up to before `until`, and decide on those where weights are heard.

    `heard` is -1, or the place of weights that are decided on first, at the close of the last row met. Returns why it
    stopped: DONE; PAUSED after a row on which something happened, where the frame asks for that; FULL before a row
    for which the journal may lack room (call again with more); RUINED or OVERFLOW, which are the end.
    """
    happenings, rules, terms, weights = happenings_in(frame), rules_in(frame), terms_in(frame), weights_in(frame)
    state, counts, journal, equity = state_in(frame), counts_in(frame), journal_in(frame), equity_in(frame)
    columns, first, by_change = frame[COLUMNS], frame[FIRST], frame[BY_CHANGE] > 0
    guarded = any_rule(rules) or terms[SHORTS] > 0.0
    turn = heard
    begin = columns if heard < 0 or frame[CALLED] > 0 else first_to_decide(heard, by_change, weights, state)
    while frame[ENDED] == DONE:
        row, met = frame[NEXT], frame[MET]
        if begin < columns:
            forget(frame)
            decide(row - 1, met, equity[row - 1 - first] / terms[SCALE], by_change, begin, turn, frame)
        if row >= until:
            return DONE
        if frame[PAUSES] > 0 and counts[ENTRIES] > 0:
            return PAUSED
        upcoming = _met(met, row, happenings)
        frame[NEEDED] = _entries(upcoming - met, columns, guarded, counts) + 2 * frame[RESTED]
        if frame[NEEDED] > len(journal):
            return FULL
        if row > first:
            _wake(row, met, upcoming, frame)
        release(row, frame)
        _meet(row, upcoming, guarded, frame)
        carry(by_change, frame)
        ahead = _ahead(row, until, upcoming, guarded, frame[PAUSES] > 0, frame)
        last, spoken, begin = _quiet(row, ahead, frame[TURN], by_change, frame)
        frame[NEXT], frame[MET], frame[TURN], turn = last + 1, upcoming, spoken, spoken - 1
        if mark(row, last + 1, first, frame):
            judge(last, frame)
        else:
            frame[ENDED], frame[NEXT] = OVERFLOW, row + 1
        if frame[CALLED] > 0 or last + 1 >= until:  # nobody trades on what is heard at the last close
            begin = columns
    return int(frame[ENDED])


@step
def _entries(actions: int, columns: int, guarded: bool, counts: Counts) -> int:
    # How long the journal may be after a row and the decision at its close.
    most = counts[ENTRIES] + 1 + 5 * actions + 6 * counts[ORDERED] + 2 * columns
    if guarded:
        most += 6 * columns
    return int(most)


@step
def _ahead(row: int, until: int, upcoming: int, guarded: bool, pauses: bool, frame: Frame) -> int:
    # The row before which something that no weight asks for may happen.
    happenings, terms, counts = happenings_in(frame), terms_in(frame), counts_in(frame)
    if terms[CASH_RATE] != 0.0 or counts[ORDERED] + frame[RESTED] > 0 or (pauses and counts[ENTRIES] > 0):
        return row + 1
    if guarded and (counts[HOLDINGS] > 0 or counts[CASH] <= 0):
        return row + 1
    return min(until, int(happenings[upcoming, 0])) if upcoming < len(happenings) else until


@step
def _wake(row: int, met: int, upcoming: int, frame: Frame) -> None:
    # What happens before the open.
    terms = terms_in(frame)
    if terms[CASH_RATE] != 0.0:
        accrue(row, frame)
    if terms[SHORTS] > 0.0:
        lend(row, frame)
    if upcoming > met:
        meet_actions(row, met, upcoming, frame)


@step
def _met(place: int, row: int, happenings: Happenings) -> int:
    # How many actions there were up to and including a row, of which `place` are known.
    while place < len(happenings) and happenings[place, 0] <= row:
        place += 1
    return place


@step
def _meet(row: int, met: int, guarded: bool, frame: Frame) -> None:
    # Orders at the open come before the exits, orders at the close after them.
    terms, counts = terms_in(frame), counts_in(frame)
    _fetch(row, frame)
    if terms[AT_CLOSE] > 0.0:
        _inside(row, met, guarded, frame)
    if terms[SHORTS] > 0.0 and counts[ORDERED] + frame[RESTED] > 0:
        value(row, frame)
    _trade(row, met, guarded, frame)
    if terms[AT_CLOSE] == 0.0:
        _inside(row, met, guarded, frame)


@step
def _inside(row: int, met: int, guarded: bool, frame: Frame) -> None:
    # What waits for its price: orders that get it at the open, exits, orders that get it later in the bar.
    if frame[RESTED] > 0:
        meet_resting(row, met, OPENING, guarded, frame)
    if guarded:
        leave(row, counts_in(frame)[ORDERED], met, frame)
    if frame[RESTED] > 0:
        meet_resting(row, met, INSIDE, guarded, frame)


@step
def _trade(row: int, met: int, guarded: bool, frame: Frame) -> None:
    closes, happenings, class_of = closes_in(frame), happenings_in(frame), class_of_in(frame)
    dated, terms, state = dated_in(frame), terms_in(frame), state_in(frame)
    lists, counts, bars = lists_in(frame), counts_in(frame), bars_in(frame)
    first, by_change = frame[FIRST], frame[BY_CHANGE] > 0
    for number in range(counts[ORDERED]):
        column = lists[ORDERS, number]
        kind = class_of[column]
        if state[SENT, column] < 0.0:  # an exit took its place
            state[SENT, column] = 0.0
            continue
        if terms[SHORTS] > 0.0 and not unbanned(row, column, number, frame):
            continue
        opened = bars[0, number]
        if terms[SQRT_IMPACT] + terms[SHARE_IMPACT] > 0.0:
            opened *= _pushed(row, column, met, frame)
        volume = bars[4, number]
        if frame[RESTED] > 0 and volume > 0.0:
            volume = max(NEXT_TO_NOTHING, volume - taken(row, column, frame) / terms[SHARE_OF_VOLUME])
        bar = Bar(opened, bars[1, number], bars[2, number], bars[3, number], volume)
        base, decided = math.nan, math.nan
        if not math.isnan(dated[row, PER_DAY + PER_CLASS * kind + LIMIT]):
            base = limit_base(closes, happenings, met, row, column, dated)
        if not math.isnan(terms[ENTRY_LIMIT]):
            decided = last_close(closes, happenings, met, row - 1, column)
        before = state[QUANTITY, column]
        if not _may(row, column, number, bar.open, frame):
            continue
        outcome, kept = _sell_or_buy(row, column, bar, decided, base, kind, frame)
        settle(row, column, number, by_change, outcome, kept, frame)
        if guarded and outcome.quantity > 0.0:
            carry_value(before, state[QUANTITY, column], outcome, counts, terms)
            follow(row, first, column, before, outcome.price, met, frame)


@step
def _pushed(row: int, column: int, met: int, frame: Frame) -> float:
    # What an order at the market multiplies the open by; a limit order pushes nothing.
    terms, state = terms_in(frame), state_in(frame)
    wanted = state[WANTED, column]
    if wanted > 0.0 and not math.isnan(terms[ENTRY_LIMIT]) and state[QUANTITY, column] >= 0.0:
        return 1.0
    return 1.0 + math.copysign(impact(row, column, abs(wanted), met, frame), wanted)


@step
def _cover(row: int, column: int, number: int, price: float, lot: float, frame: Frame) -> bool:
    # Cuts an order to what the margin allows; False where that is nothing.
    state = state_in(frame)
    wanted = state[WANTED, column]
    if wanted == 0.0:
        return True
    side = 1 if wanted > 0.0 else -1
    most, reason = allowed(row, side, abs(wanted), state[QUANTITY, column], price, lot, frame)
    if most < abs(wanted):
        drop(row, column, side, row - 1, number, reason, abs(wanted) - most, 0, frame)
        state[WANTED, column] = side * most
    if most == 0.0:
        state[SENT, column] = 0.0
    return most > 0.0


@step
def _may(row: int, column: int, number: int, price: float, frame: Frame) -> bool:
    # Cuts an order to what may be traded at all; False where that is nothing.
    terms = terms_in(frame)
    if terms[SHORTS] > 0.0:
        lot = lot_of(row, class_of_in(frame)[column], dated_in(frame), terms)
        return _cover(row, column, number, price, lot, frame)
    return frame[RESTED] == 0 or _held(row, column, number, frame)


@step
def _held(row: int, column: int, number: int, frame: Frame) -> bool:
    # Cuts a sale to what orders that wait for their price left of the holding; False where that is nothing.
    state = state_in(frame)
    wanted, held = -state[WANTED, column], max(0.0, state[QUANTITY, column])
    if wanted > held:
        drop(row, column, -1, row - 1, number, SHORT_NOT_ALLOWED, wanted - held, 0, frame)
        state[WANTED, column] = -held
        if held == 0.0:
            state[SENT, column] = 0.0
            return False
    return True


@step
def _fetch(row: int, frame: Frame) -> None:
    # Every order's bar at once: reads that do not wait for each other are far faster than one after the other.
    opens, highs, lows, closes = opens_in(frame), highs_in(frame), lows_in(frame), closes_in(frame)
    volumes, lists, counts, bars = volumes_in(frame), lists_in(frame), counts_in(frame), bars_in(frame)
    terms = terms_in(frame)
    for number in range(counts[ORDERED]):
        tile, lane = lists[ORDERS, number] // LANES, lists[ORDERS, number] % LANES
        bars[0, number] = opens[tile, row, lane]
        if terms[AT_CLOSE] > 0.0 and not math.isnan(bars[0, number]):  # without an open it is halted
            bars[0, number] = closes[tile, row, lane]
        bars[1, number] = highs[tile, row, lane]
        bars[2, number] = lows[tile, row, lane]
        bars[3, number] = closes[tile, row, lane]
        bars[4, number] = volumes[tile, row, lane]


@step
def _quiet(row: int, until: int, turn: int, by_change: bool, frame: Frame) -> tuple[int, int, int]:
    # The last row from `row` on, before `until`, up to which nothing needs the account; the turn after those heard;
    # and the first column to decide at that row's close, or how many there are.
    speaks, weights, state = speaks_in(frame), weights_in(frame), state_in(frame)
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
def _sell_or_buy(
    row: int, column: int, bar: Bar, decided: float, base: float, kind: int, frame: Frame
) -> tuple[Outcome, float]:
    # What became of an order, and the part of it that could not be sold yet where the rest could.
    state, terms = state_in(frame), terms_in(frame)
    wanted, kept = -state[WANTED, column], 0.0
    if wanted > 0.0:
        kept = withheld(column, wanted, state[QUANTITY, column], 0.0, frame)
    if kept > 0.0 and kept == wanted:
        return Outcome(NOT_SELLABLE_YET, 0.0, 0.0, 0, 0, 0, 0.0, 0.0), 0.0
    if kept > 0.0:
        state[WANTED, column] = -nearest_to(wanted - kept, terms[SHARE])
    return _match(row, column, bar, decided, base, kind, frame), kept


@step
def _match(row: int, column: int, bar: Bar, decided: float, base: float, kind: int, frame: Frame) -> Outcome:
    dated, ladders, terms, state = dated_in(frame), ladders_in(frame), terms_in(frame), state_in(frame)
    wanted = state[WANTED, column]
    if wanted == 0.0:  # a reverse split left less than a share of it
        return Outcome(BELOW_LOT, 0.0, 0.0, 0, 0, 0, 0.0, 0.0)
    cash = spendable(row, frame) if terms[SHORTS] == 0.0 else NO_LIMIT
    offset = PER_DAY + PER_CLASS * kind
    side = 1 if wanted > 0.0 else -1
    costs = costs_of(side, row, kind, dated)
    ladder = ladders[int(dated[row, offset + LADDER])]
    limit = float(dated[row, offset + LIMIT])
    lot = lot_of(row, kind, dated, terms)
    if side > 0 and state[QUANTITY, column] >= 0.0 and not math.isnan(terms[ENTRY_LIMIT]):
        return _enter(abs(wanted), cash, bar, decided, base, limit, lot, ladder, costs, terms)
    return fill(side, abs(wanted), cash, bar, base, limit, lot, ladder, costs, terms)


@step
def _enter(
    wanted: float,
    cash: int,
    bar: Bar,
    decided: float,
    base: float,
    limit: float,
    lot: float,
    ladder: NDArray[np.float64],
    costs: Costs,
    terms: Terms,
) -> Outcome:
    # A limit order to buy, from the close it was decided on: it needs a price below its own, a touch is not a fill.
    refusal = market_refusal(bar, terms)
    at = round_to_tick(decided * (1.0 + terms[ENTRY_LIMIT]), False, ladder)
    low = bar.low if terms[HAS_RANGE] > 0.0 and terms[AT_CLOSE] == 0.0 else bar.open
    if refusal == FILLED and not low < at:
        refusal = LIMIT_NOT_REACHED
    if refusal != FILLED:
        return Outcome(refusal, 0.0, 0.0, 0, 0, 0, 0.0, 0.0)
    return fill_at(min(bar.open, at), 1, wanted, cash, bar, base, limit, lot, ladder, costs, terms)
