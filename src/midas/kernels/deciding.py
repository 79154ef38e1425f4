"""From target weights to orders: what an account wants to trade at the next bar."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import (
    BUYS,
    DUE,
    IS_HELD,
    LEAVING,
    MARK,
    ORDERED,
    ORDERS,
    QUANTITY,
    REFUSED,
    SORTED,
    TARGET,
    WANTED,
    WEIGHT,
    State,
)
from midas.kernels.compiled import step
from midas.kernels.entry import note
from midas.kernels.fill import BELOW_LOT, NO_BAR, SHARE, SHORT_NOT_ALLOWED, SHORTS
from midas.kernels.frame import Frame
from midas.kernels.framed import (
    class_of_in,
    closes_in,
    counts_in,
    dated_in,
    happenings_in,
    lists_in,
    state_in,
    terms_in,
    weights_in,
)
from midas.kernels.price_rules import floor_to, nearest_to
from midas.kernels.world import LANES, last_close, lot_of


@step
def first_to_decide(turn: int, by_change: bool, weights: NDArray[np.float64], state: State) -> int:
    """Return the first column that a row of weights may trade, or how many columns there are: silence.

    A scheduled row with any weight at all speaks for every name.
    """
    columns = int(weights.shape[1])
    for column in range(columns):
        weight = weights[turn, column]
        if by_change:
            if state[DUE, column] != 0.0 or (math.isfinite(weight) and weight != state[TARGET, column]):
                return column
        elif math.isfinite(weight):
            return 0
    return columns


@step
def decide(row: int, met: int, money: float, by_change: bool, begin: int, turn: int, frame: Frame) -> None:
    """Turn one row of weights into the orders of the next row, sells first, then buys by falling weight."""
    terms, weights, state = terms_in(frame), weights_in(frame), state_in(frame)
    buys = 0
    _look_up(row, turn, frame)
    for column in range(begin, weights.shape[1]):
        weight = weights[turn, column]
        due = 0.0
        if by_change:
            changed = math.isfinite(weight) and weight != state[TARGET, column]
            if state[DUE, column] == 0.0 and not changed:
                continue
            due = _hear(column, weight, state)
            weight = state[TARGET, column]
        elif not math.isfinite(weight):
            weight = 0.0
        if weight < 0.0 and terms[SHORTS] == 0.0:
            _refuse(row, column, -1, SHORT_NOT_ALLOWED, frame)
            weight = 0.0
        if (weight == 0.0 and state[QUANTITY, column] == 0.0) or state[LEAVING, column] > 0.0:
            continue  # a name whose exit is in the market may be bought again once it is out
        target = 0.0
        if weight != 0.0:
            target = _target(row, met, column, weight, money, frame)
        if due * (target - state[QUANTITY, column]) < 0.0:
            continue  # the price went past the target meanwhile: turning round is a trade nobody asked for
        if by_change and math.isnan(target):
            state[DUE, column] = math.copysign(1.0, weight)
        buys += _order(row, column, weight, target, buys, frame)
    _arrange(buys, frame)


@step
def _look_up(row: int, turn: int, frame: Frame) -> None:
    # Closes of names that are wanted but not held, all at once: reads that do not wait for each other are far faster.
    closes, weights, state, lists = closes_in(frame), weights_in(frame), state_in(frame), lists_in(frame)
    for column in range(weights.shape[1]):
        wanted = abs(weights[turn, column]) > 0.0 or state[TARGET, column] != 0.0
        if wanted and lists[IS_HELD, column] == 0:
            state[MARK, column] = closes[column // LANES, row, column % LANES]


@step
def _hear(column: int, weight: float, state: State) -> float:
    # The side on which the name was due; 0 where the weight is a new one.
    due = state[DUE, column]
    state[DUE, column] = 0.0
    if math.isfinite(weight) and weight != state[TARGET, column]:
        state[TARGET, column] = weight
        state[LEAVING, column] = 0.0
        return 0.0
    return float(due)


@step
def _target(row: int, met: int, column: int, weight: float, money: float, frame: Frame) -> float:
    # NaN where no price has ever been known.
    closes, happenings, class_of = closes_in(frame), happenings_in(frame), class_of_in(frame)
    dated, terms, state = dated_in(frame), terms_in(frame), state_in(frame)
    price = state[MARK, column]
    if math.isnan(price):
        price = last_close(closes, happenings, met, row, column)
    if not price > 0.0:
        return math.nan
    lot = lot_of(row, class_of[column], dated, terms)
    return math.copysign(floor_to(abs(weight) * money / price, lot), weight)


@step
def _order(row: int, column: int, weight: float, target: float, buys: int, frame: Frame) -> int:
    # 1 for a buy, which waits to be sorted; sells join the orders at once, in the order of the columns.
    terms, state, lists, counts = terms_in(frame), state_in(frame), lists_in(frame), counts_in(frame)
    if math.isnan(target):
        _refuse(row, column, 1 if weight > 0.0 else -1, NO_BAR, frame)
        return 0
    gap = target - state[QUANTITY, column]
    size = nearest_to(abs(gap), terms[SHARE])
    if size == 0.0:
        if weight != 0.0 and target == 0.0:
            _refuse(row, column, 1 if weight > 0.0 else -1, BELOW_LOT, frame)
        return 0
    state[WANTED, column] = math.copysign(size, gap)
    state[WEIGHT, column] = weight
    if gap > 0.0:
        lists[BUYS, buys] = column
        return 1
    lists[ORDERS, counts[ORDERED]] = column
    counts[ORDERED] += 1
    return 0


@step
def _refuse(row: int, column: int, side: int, reason: int, frame: Frame) -> None:
    # A wish that never became an order: it has no number and no quantity.
    note(REFUSED + reason, row, column, side, row, -1, math.nan, math.nan, frame)


@step
def _arrange(buys: int, frame: Frame) -> None:
    # The buys go behind the sells by falling weight, equal weights by column: a stable merge sort.
    lists, counts = lists_in(frame), counts_in(frame)
    source, spare = BUYS, SORTED
    width = 1
    while width < buys:
        for left in range(0, buys, 2 * width):
            _merge(source, spare, left, min(left + width, buys), min(left + 2 * width, buys), frame)
        source, spare = spare, source
        width *= 2
    for place in range(buys):
        lists[ORDERS, counts[ORDERED] + place] = lists[source, place]
    counts[ORDERED] += buys


@step
def _merge(source: int, into: int, left: int, middle: int, right: int, frame: Frame) -> None:
    state, lists = state_in(frame), lists_in(frame)
    one, two = left, middle
    for place in range(left, right):
        first = two >= right
        if one < middle and two < right:
            ahead, behind = lists[source, one], lists[source, two]
            first = state[WEIGHT, ahead] >= state[WEIGHT, behind]
        if first:
            lists[into, place] = lists[source, one]
            one += 1
        else:
            lists[into, place] = lists[source, two]
            two += 1
