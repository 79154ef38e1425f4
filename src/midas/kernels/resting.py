"""Orders that wait in the market for their price, any number of one name at once.

They meet a bar beside the orders of a decision, in the sequence they came: at the open those whose price it is, inside
the bar the others whose price it reached. A limit needs a price beyond its own, gets the open where that is better and
never slips. A stop trades at the market from its own price, from the open where that is past it. What a bar trades of a
name is shared by all its orders and exits.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import ENTRIES, FILL, QUANTITY, TRADED, TRADED_ROW
from midas.kernels.compiled import step
from midas.kernels.entry import taken
from midas.kernels.exiting import NEXT_TO_NOTHING, bar_of, follow
from midas.kernels.fill import (
    FILLED,
    HAS_RANGE,
    HAS_VOLUME,
    LIMIT_NOT_REACHED,
    NO_CASH,
    NOT_SELLABLE_YET,
    SHARE,
    SHARE_OF_VOLUME,
    SHORT_NOT_ALLOWED,
    SHORTS,
    VOLUME_CAP,
    Bar,
    Outcome,
    Terms,
    fill,
    fill_at,
    market_refusal,
)
from midas.kernels.frame import FIRST, RESTED, Frame
from midas.kernels.framed import (
    amounts_in,
    class_of_in,
    closes_in,
    counts_in,
    dated_in,
    happenings_in,
    journal_in,
    ladders_in,
    resting_in,
    state_in,
    terms_in,
)
from midas.kernels.impact import impact
from midas.kernels.locking import spendable, withheld
from midas.kernels.margin import NO_LIMIT, allowed, carry_value
from midas.kernels.price_rules import nearest_to, round_to_tick
from midas.kernels.settling import book
from midas.kernels.world import LADDER, LIMIT, PER_CLASS, PER_DAY, costs_of, limit_base, lot_of

Resting = NDArray[np.float64]
"""(order, 7), in the sequence they came; the fields are named below. The last three are written while a bar is met."""

COLUMN = 0
WANTED = 1
"""Signed quantity that is still wanted."""
AT_MOST = 2
"""The price it may not be worse than; NaN for none."""
FROM = 3
"""The price it becomes an order at the market from; NaN for none, and once that was reached."""
REDUCES = 4
"""1 where it only brings a position closer to nothing."""
WHEN = 5
"""`OPENING` or `INSIDE` where it traded on this bar, else 0."""
REASON = 6
"""Why it did not trade on this bar, or not all of it; see `fill`."""

OPENING, INSIDE = 1, 2

NUMBERED = -2
"""The journal's number of the first of them; the next is one less."""


@step
def meet_resting(row: int, met: int, phase: int, guarded: bool, frame: Frame) -> None:
    """Let the orders that wait meet the open of `row`, or what is inside its bar."""
    resting = resting_in(frame)
    begun = counts_in(frame)[ENTRIES]
    for place in range(frame[RESTED]):
        if resting[place, WHEN] == 0.0 and resting[place, WANTED] != 0.0:
            _meet(row, met, phase, begun, place, guarded, frame)


@step
def _meet(row: int, met: int, phase: int, begun: int, place: int, guarded: bool, frame: Frame) -> None:
    dated, ladders, terms, state = dated_in(frame), ladders_in(frame), terms_in(frame), state_in(frame)
    order = resting_in(frame)[place]
    column = int(order[COLUMN])
    kind, side = class_of_in(frame)[column], 1 if order[WANTED] > 0.0 else -1
    bar = bar_of(row, column, frame)
    if phase == INSIDE and order[REASON] != LIMIT_NOT_REACHED:
        return  # it met the open
    order[REASON] = market_refusal(bar, terms)
    if order[REASON] != FILLED:
        return
    ladder = ladders[int(dated[row, PER_DAY + PER_CLASS * kind + LADDER])]
    price = _price(order, side, bar, phase, ladder, terms)
    if math.isnan(price):
        order[REASON] = LIMIT_NOT_REACHED
        return
    at_market = math.isnan(order[AT_MOST])
    order[FROM] = math.nan
    wanted = _allowed(row, column, side, price, begun, phase, order, frame)
    if wanted == 0.0:
        return
    before = state[QUANTITY, column]
    outcome = _match(row, met, column, side, wanted, price, at_market, begun, phase, bar, frame)
    _note(outcome, order)
    if outcome.quantity > 0.0:
        order[WHEN] = phase
        book(row, column, side, row - 1, NUMBERED - place, outcome, frame)
        if guarded:
            carry_value(before, state[QUANTITY, column], outcome, counts_in(frame), terms)
            _follow(row, column, before, outcome.price, met, frame)


@step
def _price(order: Resting, side: int, bar: Bar, phase: int, ladder: NDArray[np.float64], terms: Terms) -> float:
    # The price an order meets now, NaN where it waits on. Of a bar without highs and lows only its close is known.
    stop = round_to_tick(order[FROM], side > 0, ladder)
    limit = round_to_tick(order[AT_MOST], side < 0, ladder)
    ranged = terms[HAS_RANGE] > 0.0
    if not math.isnan(stop):
        if phase == OPENING:
            return bar.open if ranged and side * bar.open >= side * stop else math.nan
        if not ranged:
            if side * bar.close >= side * stop:
                order[FROM] = math.nan
            return math.nan
        return stop if side * (bar.high if side > 0 else bar.low) >= side * stop else math.nan
    if math.isnan(limit):
        return bar.open if phase == OPENING else math.nan
    if phase == OPENING:
        return bar.open if side * bar.open < side * limit else math.nan
    return limit if ranged and side * (bar.low if side > 0 else bar.high) < side * limit else math.nan


@step
def _allowed(
    row: int, column: int, side: int, price: float, begun: int, phase: int, order: Resting, frame: Frame
) -> float:
    # How much of an order may trade: no more than is held and may be sold, or than the margin covers.
    dated, terms, state = dated_in(frame), terms_in(frame), state_in(frame)
    held, wanted = state[QUANTITY, column], abs(order[WANTED])
    if order[REDUCES] > 0.0 or (side < 0 and terms[SHORTS] == 0.0):
        # what is bought inside a bar is not sold inside it: nobody knows which price came first
        fresh = _traded(column, -side, begun, frame) if phase == INSIDE else 0.0
        wanted = min(wanted, nearest_to(max(0.0, -side * held - fresh), terms[SHARE]))
        order[REASON] = SHORT_NOT_ALLOWED
    if side < 0 and wanted > 0.0:
        kept = withheld(column, wanted, held, 0.0, frame)
        if kept > 0.0:
            wanted = nearest_to(wanted - kept, terms[SHARE])
            order[REASON] = NOT_SELLABLE_YET
    if terms[SHORTS] > 0.0 and wanted > 0.0:
        lot = lot_of(row, class_of_in(frame)[column], dated, terms)
        wanted, reason = allowed(row, side, wanted, held, price, lot, frame)
        if reason != FILLED:
            order[REASON] = reason
    return float(wanted)


@step
def _match(
    row: int,
    met: int,
    column: int,
    side: int,
    wanted: float,
    price: float,
    at_market: bool,
    begun: int,
    phase: int,
    bar: Bar,
    frame: Frame,
) -> Outcome:
    closes, happenings, dated, ladders = closes_in(frame), happenings_in(frame), dated_in(frame), ladders_in(frame)
    terms, kind = terms_in(frame), class_of_in(frame)[column]
    offset = PER_DAY + PER_CLASS * kind
    ladder, limit = ladders[int(dated[row, offset + LADDER])], float(dated[row, offset + LIMIT])
    lot, costs = lot_of(row, kind, dated, terms), costs_of(side, row, kind, dated)
    base = math.nan
    if not math.isnan(limit):
        base = limit_base(closes, happenings, met, row, column, dated)
    cash = NO_LIMIT
    if terms[SHORTS] == 0.0:
        # inside a bar nobody knows whether the money of another order was there in time
        cash = spendable(row, frame) - (_proceeds(begun, frame) if phase == INSIDE else 0)
    volume = bar.volume
    if terms[HAS_VOLUME] > 0.0:
        volume = max(NEXT_TO_NOTHING, volume - taken(row, column, frame) / terms[SHARE_OF_VOLUME])
    if not at_market:
        bar = Bar(bar.open, bar.high, bar.low, bar.close, volume)
        return fill_at(price, side, wanted, cash, bar, base, limit, lot, ladder, costs, terms)
    price *= 1.0 + side * impact(row, column, wanted, met, frame)
    bar = Bar(price, bar.high, bar.low, bar.close, volume)
    return fill(side, wanted, cash, bar, base, limit, lot, ladder, costs, terms)


@step
def _note(outcome: Outcome, order: Resting) -> None:
    # What is left of an order, and why; a part that was cut before keeps its reason.
    order[WANTED] -= math.copysign(outcome.quantity, order[WANTED])
    if outcome.refusal != FILLED:
        order[REASON] = outcome.refusal
    elif outcome.capped > 0.0:
        order[REASON] = VOLUME_CAP
    if outcome.unpaid > 0.0:
        order[REASON] = NO_CASH


@step
def _follow(row: int, column: int, before: float, price: float, met: int, frame: Frame) -> None:
    # Several orders of a name may trade on a row: exits go by the sum of them.
    state = state_in(frame)
    traded = state[TRADED, column] if state[TRADED_ROW, column] == row else 0.0
    follow(row, frame[FIRST], column, before, price, met, frame)
    state[TRADED, column] += traded


@step
def _traded(column: int, side: int, begun: int, frame: Frame) -> float:
    # What was bought, or sold, of a name since the journal had `begun` entries.
    counts, journal, amounts = counts_in(frame), journal_in(frame), amounts_in(frame)
    found = 0.0
    for place in range(begun, counts[ENTRIES]):
        if journal[place, 0] == FILL and journal[place, 2] == column and journal[place, 3] == side:
            found += amounts[place, 0]
    return found


@step
def _proceeds(begun: int, frame: Frame) -> int:
    # What sales brought since the journal had `begun` entries.
    counts, journal = counts_in(frame), journal_in(frame)
    found = 0
    for place in range(begun, counts[ENTRIES]):
        if journal[place, 0] == FILL and journal[place, 3] < 0:
            found += journal[place, 6] - journal[place, 7] - journal[place, 8]
    return found
