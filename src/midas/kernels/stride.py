"""Many rows at once for a market's account and a run's own: met, told, closed and decided on in turn.

Row by row the market's account meets the bars, the run's is told what filled, hears the closes and decides, and what it
wants is placed in the market's for the next bar: the steps of `matching` and `following`, in the order in which a loop
and a broker take them. Only what needs no words is done: orders at the open that fill on the next bar, whole or as far
as the cash goes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.account import CAUSE, ENTRIES, FILL, ORDERED, ORDERS, QUANTITY, REFUSED, WANTED, WEIGHT
from midas.kernels.compiled import kernel, step
from midas.kernels.deciding import first_to_decide
from midas.kernels.fill import NO_CASH
from midas.kernels.following import close, take
from midas.kernels.frame import BY_CHANGE, DONE, ENDED, NEXT, Frame
from midas.kernels.framed import (
    amounts_in,
    cash_in,
    closes_in,
    counts_in,
    equity_in,
    gross_in,
    journal_in,
    lists_in,
    state_in,
    weights_in,
)
from midas.kernels.lanes import LANES
from midas.kernels.matching import proceed

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]

HEARD = 1
"""Flag of a row whose weights are heard at its close."""
LAST = 2
"""Flag of a row at whose close nothing may be ordered here."""

_PARTS = 1e9
_MOST = 2.0**50

BEFORE, NOW = 0, 1


@kernel
def stride(
    paper: Frame,
    book: Frame,
    weights: Doubles,
    flags: Integers,
    columns: Integers,
    sizes: Doubles,
    own: Integers,
    orders: Integers,
    wanted: Doubles,
    fills: Integers,
    amounts: Doubles,
    begins: Integers,
    tally: Integers,
) -> bool:
    """Take rows by what weights ask for, or where there are none, up to and with the one that meets given orders.

    weights : (row, instrument), flags : by row; as many rows as there are flags. columns, sizes : without weights, what
    is ordered at the close of the last but one of the rows, signed, each name once; with nothing all rows are quiet.

    Written are `own`, the equity of the run's own account at each close; `orders` as (row, column) and `wanted`, their
    signed quantities and the last prices; `fills` as (row, order, value, commission, tax, 1 where the cash did not
    last) and `amounts`, their quantity and price; `begins` as (row, equity), the rows on which something was decided.
    tally : rows, orders, fills and decisions so far, which are counted on, and the row at which it stopped.

    False where it could not take all rows, the accounts are beyond those it tells of then: put them back and, with
    weights, take as many again as are tallied.
    """
    if len(weights):
        return _by_weights(paper, book, weights, flags, own, orders, wanted, fills, amounts, begins, tally)
    return _by_orders(
        paper, book, len(flags), columns, sizes, own, orders, wanted, fills, amounts, begins, tally
    )  # fmt: skip


@step
def _by_weights(
    paper: Frame,
    book: Frame,
    weights: Doubles,
    flags: Integers,
    own: Integers,
    orders: Integers,
    wanted: Doubles,
    fills: Integers,
    amounts: Doubles,
    begins: Integers,
    tally: Integers,
) -> bool:
    k = asked = fed = begun = placed = 0
    while k < len(flags):
        tally[4] = k
        silent = _silent(k, weights, flags, book) if placed == 0 else k
        if silent > k:
            if not _pass(k, silent, paper, book, own, tally):
                return False
            k = tally[0]
            continue
        if not _met(k, asked - placed, placed, paper, book, orders, wanted, fills, amounts, fed):
            return False
        fed += placed
        _close(paper, book)
        if book[ENDED] != DONE:
            return False
        own[k] = equity_in(book)[NOW]
        placed = 0
        if flags[k] & HEARD:
            spoke = _decide(k, weights, book)
            placed = counts_in(book)[ORDERED]
            if placed > 0 or spoke:
                begins[begun, 0], begins[begun, 1] = k, own[k]
                begun += 1
            if placed > 0 and (flags[k] & LAST or asked + placed > len(orders) or not _sound(paper, book)):
                return False
            _place(k, asked, paper, book, orders, wanted)
            asked += placed
        _roll(NOW, book)
        k += 1
        if placed == 0:
            tally[0], tally[1], tally[2], tally[3] = k, asked, fed, begun
    tally[4] = len(flags)
    return bool(tally[0] == len(flags))


@step
def _by_orders(
    paper: Frame,
    book: Frame,
    rows: int,
    columns: Integers,
    sizes: Doubles,
    own: Integers,
    orders: Integers,
    wanted: Doubles,
    fills: Integers,
    amounts: Doubles,
    begins: Integers,
    tally: Integers,
) -> bool:
    first, count, stop = tally[1], len(columns), tally[0] + rows
    k = stop - 1 if count else stop
    if not _pass(tally[0], k, paper, book, own, tally) or count == 0:
        return bool(tally[0] == stop)
    for place in range(count):
        column = columns[place]
        price, size = _last(column, book), told(sizes[place])
        if not _is_sound(column, size, price, paper, book):
            return False
        orders[first + place, 0], orders[first + place, 1] = k - 1, column
        wanted[first + place, 0], wanted[first + place, 1] = size, price
        _order(place, column, size, paper)
    counts_in(paper)[ORDERED] = count
    begins[tally[3], 0], begins[tally[3], 1] = k - 1, own[k - 1]
    if not _met(k, first, count, paper, book, orders, wanted, fills, amounts, tally[2]):
        return False
    _close(paper, book)
    own[k] = equity_in(book)[NOW]
    _roll(NOW, book)
    if book[ENDED] != DONE:
        return False
    tally[0], tally[4] = stop, stop
    tally[1], tally[2], tally[3] = first + count, tally[2] + count, tally[3] + 1
    return True


@step
def _silent(k: int, weights: Doubles, flags: Integers, book: Frame) -> int:
    # The first row from k on at whose close something is decided, as long as nothing is till then.
    by_change, state, columns = book[BY_CHANGE] > 0, state_in(book), weights.shape[1]
    while k < len(flags) and (flags[k] & HEARD == 0 or first_to_decide(k, by_change, weights, state) == columns):
        k += 1
    return k


@step
def _pass(k: int, stop: int, paper: Frame, book: Frame, own: Integers, tally: Integers) -> bool:
    # Rows from k up to before `stop`, on which nothing is met and nothing decided.
    tally[4] = k
    if stop == k:
        return True
    first, counts = paper[NEXT], counts_in(paper)
    if proceed(paper, first + stop - k, -1) != DONE or counts[ENTRIES] > 0 or counts[ORDERED] > 0:
        tally[0] = tally[4] = max(k, k + paper[NEXT] - first - 1)
        return False
    theirs, mine, equity, cash, gross = (
        closes_in(paper),
        closes_in(book),
        equity_in(book),
        cash_in(book),
        gross_in(book),
    )
    while k < stop:
        rows = min(stop - k, mine.shape[1] - NOW)
        mine[:, NOW : NOW + rows] = theirs[:, first : first + rows]
        close(book, NOW + rows, False)
        counts_in(book)[ENTRIES] = 0
        if book[ENDED] != DONE:
            return False
        own[k : k + rows] = equity[NOW : NOW + rows]
        equity[NOW], cash[NOW], gross[NOW] = equity[rows], cash[rows], gross[rows]
        for row in range(NOW, NOW + rows):
            _roll(row, book)
        mine[:, NOW] = mine[:, rows]
        k, first = k + rows, first + rows
        tally[0], tally[4] = k, k
    return True


@step
def told(quantity: float) -> float:
    """Return the number that a quantity is once it was written down to the last place that is kept; 0 for none."""
    size = abs(quantity)
    if size == math.floor(size):
        return quantity
    parts = np.rint(size * _PARTS)
    if not parts < _MOST or abs(size * _PARTS - parts) > 0.25:
        return 0.0
    return math.copysign(parts / _PARTS, quantity)


@step
def _met(
    k: int,
    first: int,
    placed: int,
    paper: Frame,
    book: Frame,
    orders: Integers,
    wanted: Doubles,
    fills: Integers,
    amounts: Doubles,
    fed: int,
) -> bool:
    # The bars of a row: whether each order filled, and nothing else happened; then the run's account knows.
    if proceed(paper, paper[NEXT] + 1, -1) != DONE:
        return False
    counts, journal, written = counts_in(paper), journal_in(paper), amounts_in(paper)
    entries, at = counts[ENTRIES], 0
    if entries < placed or counts[ORDERED] > 0:
        return False
    for place in range(placed):
        entry, order = journal[at], first + place
        if at == entries or entry[0] != FILL or entry[CAUSE] != 0 or entry[2] != orders[order, 1]:
            return False
        size, price, asked = told(written[at, 0]), written[at, 1], abs(wanted[order, 0])
        at += 1
        short = at < entries and journal[at, 0] == REFUSED + NO_CASH and journal[at, 2] == entry[2]
        if size == 0.0 or (size >= asked if short else size != asked):
            return False
        at += short
        fill = fills[fed + place]
        fill[0], fill[1], fill[2], fill[3], fill[4], fill[5] = k, order, entry[6], entry[7], entry[8], short
        amounts[fed + place, 0], amounts[fed + place, 1] = size, price
        take(book, entry[2], entry[3] * size, price, entry[3] * entry[6] + entry[7] + entry[8], False)
    counts[ENTRIES] = 0
    return bool(at == entries)


@step
def _close(paper: Frame, book: Frame) -> None:
    theirs, mine, row = closes_in(paper), closes_in(book), paper[NEXT] - 1
    for tile in range(mine.shape[0]):
        for lane in range(mine.shape[2]):
            mine[tile, NOW, lane] = theirs[tile, row, lane]
    close(book, NOW + 1, False)
    counts_in(book)[ENTRIES] = 0


@step
def _decide(k: int, weights: Doubles, book: Frame) -> bool:
    # Whether a schedule spoke; what is wanted is on order in the run's own account then.
    heard, spoke, by_change = weights_in(book), False, book[BY_CHANGE] > 0
    if first_to_decide(k, by_change, weights, state_in(book)) == weights.shape[1]:
        return False
    for column in range(weights.shape[1]):
        heard[0, column] = weights[k, column]
        spoke = spoke or math.isfinite(weights[k, column])
    proceed(book, NOW + 1, 0)
    counts_in(book)[ENTRIES] = 0
    return spoke and not by_change


@step
def _sound(paper: Frame, book: Frame) -> bool:
    # Whether nobody could say no to any of the orders: sizes that can be told, prices that are known, sales of what
    # is held.
    state, lists = state_in(book), lists_in(book)
    for place in range(counts_in(book)[ORDERED]):
        column = lists[ORDERS, place]
        if not _is_sound(column, told(state[WANTED, column]), _last(column, book), paper, book):
            return False
    return True


@step
def _is_sound(column: int, size: float, price: float, paper: Frame, book: Frame) -> bool:
    if size == 0.0 or not (price > 0.0 and math.isfinite(price)):
        return False
    held = min(state_in(paper)[QUANTITY, column], told(state_in(book)[QUANTITY, column]))
    return size > 0.0 or -size <= held


@step
def _last(column: int, book: Frame) -> float:
    closes = closes_in(book)
    price = closes[column // LANES, NOW, column % LANES]
    return float(closes[column // LANES, BEFORE, column % LANES] if math.isnan(price) else price)


@step
def _place(k: int, asked: int, paper: Frame, book: Frame, orders: Integers, wanted: Doubles) -> None:
    mine, counts = state_in(book), counts_in(book)
    for place in range(counts[ORDERED]):
        column = lists_in(book)[ORDERS, place]
        orders[asked + place, 0], orders[asked + place, 1] = k, column
        size = told(mine[WANTED, column])
        wanted[asked + place, 0], wanted[asked + place, 1] = size, _last(column, book)
        _order(place, column, size, paper)
        mine[WANTED, column] = 0.0
    counts_in(paper)[ORDERED] = counts[ORDERED]
    counts[ORDERED] = 0


@step
def _order(place: int, column: int, size: float, paper: Frame) -> None:
    state = state_in(paper)
    state[WANTED, column], state[WEIGHT, column] = size, math.nan
    lists_in(paper)[ORDERS, place] = column


@step
def _roll(row: int, book: Frame) -> None:
    # Let time go on: what was known before is the close of a row, where there is one.
    closes = closes_in(book)
    for tile in range(closes.shape[0]):
        for lane in range(closes.shape[2]):
            if not math.isnan(closes[tile, row, lane]):
                closes[tile, BEFORE, lane] = closes[tile, row, lane]
