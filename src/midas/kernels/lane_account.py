"""Many small accounts side by side: each trades one instrument, long only, from cash.

Every account does what `matching.simulate` does for one name without exits, with the same steps; 32 of them are valued
at once, and only those that decide or trade are looked at one by one. What is kept of each is a few sums.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from midas.kernels.compiled import bare_step, kernel
from midas.kernels.fill import BELOW_LOT, FILLED, SCALE, SHARE, Bar, Outcome, Terms, fill
from midas.kernels.price_rules import ULPS, floor_to, half_up, nearest_to
from midas.kernels.world import (
    DELISTING,
    LADDER,
    LANES,
    LIMIT,
    PER_CLASS,
    PER_DAY,
    SPLITTING,
    Dated,
    Happenings,
    costs_of,
    last_close,
    lot_of,
)

Tiles = NDArray[np.float64]

Book = NDArray[np.float64]
"""(BOOK, 32): what 32 accounts hold and have seen; the rows are named below. Money is whole minor units."""

QUANTITY, MARK, MONEY, EQUITY, TARGET, DUE, WANTED, SPENT, BACK, TOP, LOW, PEAK = range(12)
"""`SPENT` and `BACK` are what the open trade cost and brought; `LOW` over `PEAK` is the deepest fall, `TOP` the highest
equity so far."""

SUM, SQUARES, SHORTFALL, HELD, TRADES, WINS, FEES, DONE = range(12, 20)
"""Sums of returns, of their squares, of the squares of those below 0; closes with a position; round trips, those with
a gain; commission; 1 for an account that speaks no more."""

BOOK = 20

OUT = (EQUITY, SUM, SQUARES, SHORTFALL, HELD, TRADES, WINS, FEES, LOW, PEAK)
"""What is kept of each account, in this order."""

MOST = 4.0e15
"""Minor units that are still counted exactly; an account with more has NaN for its last equity."""


_SAME, _TILE, _ANY = range(3)
"""Where the instruments of 32 accounts lie: one for all, one tile of the market, anywhere."""


@kernel
def run_lanes(  # house: function-length: the arrays of a world, and the one loop over rows
    weights: NDArray[np.float64],
    speaks: NDArray[np.int64],
    firsts: NDArray[np.int64],
    columns: NDArray[np.int64],
    begin: int,
    end: int,
    stop: int,
    capital: int,
    by_change: bool,
    once: bool,
    opens: Tiles,
    highs: Tiles,
    lows: Tiles,
    closes: Tiles,
    volumes: Tiles,
    happenings: Happenings,
    class_of: NDArray[np.int64],
    dated: Dated,
    ladders: NDArray[np.float64],
    terms: Terms,
    out: NDArray[np.float64],
) -> None:
    """Run accounts begin..end to row `stop` and write to out[account].

    `weights` is (speaking row, account), given at the close of the rows `speaks`. An account begins on its row of
    `firsts` and trades its instrument of `columns`. `once` hears the first weight alone. The rest as in `simulate`.
    """
    book = np.empty((BOOK, LANES))
    wish, close = np.full(LANES, math.nan), np.empty(LANES)
    queue = np.empty(LANES + 1, np.int64)
    for base in range(begin, end, LANES):
        _live(
            base, min(LANES, end - base), weights, speaks, firsts, columns, stop, capital, by_change, once, opens,
            highs, lows, closes, volumes, happenings, class_of, dated, ladders, terms, book, wish, close, queue,
        )  # fmt: skip
        _tell(base, min(LANES, end - base), book, out)


@bare_step
def _live(  # house: function-length: the one loop over rows
    base: int,
    lanes: int,
    weights: NDArray[np.float64],
    speaks: NDArray[np.int64],
    firsts: NDArray[np.int64],
    columns: NDArray[np.int64],
    stop: int,
    capital: int,
    by_change: bool,
    once: bool,
    opens: Tiles,
    highs: Tiles,
    lows: Tiles,
    closes: Tiles,
    volumes: Tiles,
    happenings: Happenings,
    class_of: NDArray[np.int64],
    dated: Dated,
    ladders: NDArray[np.float64],
    terms: Terms,
    book: Book,
    wish: NDArray[np.float64],
    close: NDArray[np.float64],
    queue: NDArray[np.int64],
) -> None:
    begun = firsts[base]
    for i in range(lanes):
        begun = min(begun, firsts[base + i])
    met = _met(0, begun, happenings)
    _open(base, lanes, begun, met, capital, columns, closes, happenings, book)
    turn = _from(speaks, begun)
    waiting = 0
    layout = _layout(base, lanes, columns)
    for row in range(begun, stop):
        upcoming = _met(met, row, happenings)
        if upcoming > met:
            _meet(met, upcoming, base, lanes, columns, happenings, book, terms)
            met = upcoming
        for place in range(waiting):
            i = queue[place]
            outcome = _match(
                row, i, columns[base + i], met, opens, highs, lows, closes, volumes, happenings, class_of, dated,
                ladders, book, terms,
            )  # fmt: skip
            _settle(i, by_change, outcome, book, terms)
        waiting = 0
        _look(row, base, lanes, layout, columns, closes, close)
        _value(close, book, terms[SCALE])
        if turn < len(speaks) and speaks[turn] == row:
            heard = weights[turn, base : base + lanes]
            turn += 1
            if row + 1 < stop and _any_speaks(heard, wish, by_change, book):
                for i in range(lanes):
                    if row >= firsts[base + i] and _speaks(i, wish[i], by_change, book):
                        kind = class_of[columns[base + i]]
                        queue[waiting] = i
                        waiting += _decide(row, i, by_change, once, wish[i], kind, dated, book, terms)


@bare_step
def _from(speaks: NDArray[np.int64], row: int) -> int:
    turn = 0
    while turn < len(speaks) and speaks[turn] < row:
        turn += 1
    return turn


@bare_step
def _layout(base: int, lanes: int, columns: NDArray[np.int64]) -> int:
    same, ascending = True, columns[base] % LANES == 0
    for i in range(lanes):
        same &= columns[base + i] == columns[base]
        ascending &= columns[base + i] == columns[base] + i
    return _SAME if same else (_TILE if ascending else _ANY)


@bare_step
def _look(
    row: int,
    base: int,
    lanes: int,
    layout: int,
    columns: NDArray[np.int64],
    closes: Tiles,
    close: NDArray[np.float64],
) -> None:
    column = columns[base]
    if layout == _SAME:
        close[:] = closes[column >> 5, row, column & 31]
    elif layout == _TILE:
        prices = closes[column >> 5, row]
        for i in range(LANES):
            close[i] = prices[i]
    else:
        for i in range(lanes):
            column = columns[base + i]
            close[i] = closes[column >> 5, row, column & 31]


@bare_step
def _tell(base: int, lanes: int, book: Book, out: NDArray[np.float64]) -> None:
    for i in range(lanes):
        for place in range(len(OUT)):
            out[base + i, place] = book[OUT[place], i]
        if book[TOP, i] > MOST:
            out[base + i, 0] = math.nan


@kernel
def lay_out(
    series: NDArray[np.float64], which: NDArray[np.int64], begin: int, end: int, tiles: NDArray[np.float64]
) -> None:
    """Put series[which[a]], each a number a row, side by side for the accounts begin..end: (tile, row, lane)."""
    rows = series.shape[1]
    for base in range(begin, end, LANES):
        tile, lanes = tiles[(base - begin) // LANES], min(LANES, end - base)
        same = True
        for i in range(lanes):
            same &= which[base + i] == which[base]
        if same:
            line = series[which[base]]
            for row in range(rows):
                tile[row, :] = line[row]
            continue
        for start in range(0, rows, LANES):
            last = min(start + LANES, rows)
            for i in range(lanes):
                line = series[which[base + i]]
                for row in range(start, last):
                    tile[row, i] = line[row]


@kernel
def lay_steps(firsts: NDArray[np.int64], begin: int, end: int, tiles: NDArray[np.float64]) -> None:
    """Write 0 before the row `firsts[a]` and 1 from it on for the accounts begin..end: (tile, row, lane)."""
    starts = np.zeros(LANES)
    for base in range(begin, end, LANES):
        tile = tiles[(base - begin) // LANES]
        for i in range(min(LANES, end - base)):
            starts[i] = firsts[base + i]
        for row in range(len(tile)):
            line = tile[row]
            for i in range(LANES):
                line[i] = 1.0 if row >= starts[i] else 0.0


@bare_step
def _met(place: int, row: int, happenings: Happenings) -> int:
    while place < len(happenings) and happenings[place, 0] <= row:
        place += 1
    return place


@bare_step
def _open(
    base: int,
    lanes: int,
    row: int,
    met: int,
    capital: int,
    columns: NDArray[np.int64],
    closes: Tiles,
    happenings: Happenings,
    book: Book,
) -> None:
    book[:] = 0.0
    book[MARK] = math.nan
    for place in (MONEY, EQUITY, TOP, LOW, PEAK):
        book[place] = capital
    for i in range(lanes):
        book[MARK, i] = last_close(closes, happenings, met, row, columns[base + i])


@bare_step
def _value(close: NDArray[np.float64], book: Book, scale: float) -> None:
    # The one loop that every row and account goes through. Everything is read before anything is chosen or written:
    # only then does the compiler run it on whole registers, thirty times as fast.
    quantities, marks, money, equities = book[QUANTITY], book[MARK], book[MONEY], book[EQUITY]
    tops, lows, peaks = book[TOP], book[LOW], book[PEAK]
    sums, squares, shortfalls, held = book[SUM], book[SQUARES], book[SHORTFALL], book[HELD]
    for i in range(LANES):
        now, mark, quantity, before = close[i], marks[i], quantities[i], equities[i]
        top, low, peak = tops[i], lows[i], peaks[i]
        mark = now if now == now else mark
        worth = np.floor(quantity * mark * scale * (1.0 + ULPS) + 0.5)
        worth = worth if quantity > 0.0 else 0.0
        equity = money[i] + worth
        divisor = before if before > 0.0 else 1.0
        earned = (equity - before) / divisor
        earned = earned if before > 0.0 else 0.0
        lost = earned if earned < 0.0 else 0.0
        top = equity if equity > top else top
        deeper = equity * peak < low * top
        marks[i] = mark
        equities[i] = equity
        sums[i] += earned
        squares[i] += earned * earned
        shortfalls[i] += lost * lost
        held[i] += 1.0 if worth > 0.0 else 0.0
        tops[i] = top
        lows[i] = equity if deeper else low
        peaks[i] = top if deeper else peak


@bare_step
def _any_speaks(heard: NDArray[np.float64], wish: NDArray[np.float64], by_change: bool, book: Book) -> bool:
    targets, dues, done = book[TARGET], book[DUE], book[DONE]
    if len(heard) == LANES:
        for i in range(LANES):
            wish[i] = heard[i]
    else:
        for i in range(len(heard)):
            wish[i] = heard[i]
    found = 0
    if by_change:
        for i in range(LANES):
            weight, target, due = wish[i], targets[i], dues[i]
            found |= int((due != 0.0) | ((weight - weight == 0.0) & (weight != target)))
    else:
        for i in range(LANES):
            weight, over = wish[i], done[i]
            found |= int((weight - weight == 0.0) & (over == 0.0))
    return found != 0


@bare_step
def _speaks(i: int, weight: float, by_change: bool, book: Book) -> bool:
    if by_change:
        return book[DUE, i] != 0.0 or (weight - weight == 0.0 and weight != book[TARGET, i])
    return weight - weight == 0.0 and book[DONE, i] == 0.0


@bare_step
def _decide(
    row: int, i: int, by_change: bool, once: bool, wish: float, kind: int, dated: Dated, book: Book, terms: Terms
) -> int:
    # Of an account that speaks: 1 when an order waits for the next row.
    due, weight = 0.0, wish
    if by_change:
        due = book[DUE, i]
        book[DUE, i] = 0.0
        if wish - wish == 0.0 and wish != book[TARGET, i]:
            book[TARGET, i] = wish
            due = 0.0
        weight = book[TARGET, i]
    if once:
        book[DONE, i] = 1.0
    if weight <= 0.0:
        return _ask(i, -book[QUANTITY, i], due, book, terms)
    if not book[MARK, i] > 0.0:
        book[DUE, i] = 1.0 if by_change else 0.0
        return 0
    money = book[EQUITY, i] / terms[SCALE]
    target = floor_to(weight * money / book[MARK, i], lot_of(row, kind, dated, terms))
    return _ask(i, target - book[QUANTITY, i], due, book, terms)


@bare_step
def _ask(i: int, gap: float, due: float, book: Book, terms: Terms) -> int:
    size = nearest_to(abs(gap), terms[SHARE])
    if size == 0.0 or due * gap < 0.0:
        return 0
    book[WANTED, i] = math.copysign(size, gap)
    return 1


@bare_step
def _match(
    row: int,
    i: int,
    column: int,
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
    book: Book,
    terms: Terms,
) -> Outcome:
    tile, lane, kind = column // LANES, column % LANES, class_of[column]
    bar = Bar(
        opens[tile, row, lane], highs[tile, row, lane], lows[tile, row, lane], closes[tile, row, lane],
        volumes[tile, row, lane],
    )  # fmt: skip
    offset = PER_DAY + PER_CLASS * kind
    limit = float(dated[row, offset + LIMIT])
    base = math.nan
    if not math.isnan(limit):
        base = last_close(closes, happenings, met, row - 1, column)
    wanted = book[WANTED, i]
    if wanted == 0.0:  # a reverse split left less than a share of it
        return Outcome(BELOW_LOT, 0.0, 0.0, 0, 0, 0, 0.0, 0.0)
    side = 1 if wanted > 0.0 else -1
    ladder = ladders[int(dated[row, offset + LADDER])]
    lot = lot_of(row, kind, dated, terms)
    costs = costs_of(side, row, kind, dated)
    return fill(side, abs(wanted), int(book[MONEY, i]), bar, base, limit, lot, ladder, costs, terms)


@bare_step
def _settle(i: int, by_change: bool, outcome: Outcome, book: Book, terms: Terms) -> None:
    side = 1.0 if book[WANTED, i] > 0.0 else -1.0
    book[WANTED, i] = 0.0
    if by_change and outcome.refusal != BELOW_LOT and (outcome.refusal != FILLED or outcome.capped > 0.0):
        book[DUE, i] = side
    if outcome.refusal != FILLED or outcome.quantity <= 0.0:
        return
    costs = float(outcome.commission + outcome.tax)
    before = book[QUANTITY, i]
    book[MONEY, i] -= side * outcome.value + costs
    book[FEES, i] += outcome.commission
    book[QUANTITY, i] = nearest_to(before + side * outcome.quantity, terms[SHARE])
    if side > 0.0:
        if before == 0.0:
            book[SPENT, i], book[BACK, i] = 0.0, 0.0
        book[SPENT, i] += outcome.value + costs
        return
    book[SPENT, i] += costs
    book[BACK, i] += outcome.value
    _close_when_flat(i, book)


@bare_step
def _close_when_flat(i: int, book: Book) -> None:
    if book[QUANTITY, i] == 0.0:
        book[TRADES, i] += 1.0
        book[WINS, i] += 1.0 if book[BACK, i] > book[SPENT, i] else 0.0


@bare_step
def _meet(
    met: int,
    upcoming: int,
    base: int,
    lanes: int,
    columns: NDArray[np.int64],
    happenings: Happenings,
    book: Book,
    terms: Terms,
) -> None:
    for i in range(lanes):
        before = book[QUANTITY, i]
        for action in range(met, upcoming):
            if int(happenings[action, 1]) != columns[base + i]:
                continue
            if happenings[action, 2] == SPLITTING:
                _split(i, happenings[action, 3], book, terms)
            elif happenings[action, 2] == DELISTING:
                _delist(i, happenings[action, 3], book, terms)
            elif before > 0.0:
                paid = half_up(before * happenings[action, 3] * terms[SCALE])
                book[MONEY, i] += paid
                book[BACK, i] += paid


@bare_step
def _delist(i: int, recovery: float, book: Book, terms: Terms) -> None:
    held = book[QUANTITY, i]
    if held > 0.0:
        paid = half_up(held * book[MARK, i] * recovery * terms[SCALE])
        book[MONEY, i] += paid
        book[BACK, i] += paid
        book[QUANTITY, i] = 0.0
        _close_when_flat(i, book)


@bare_step
def _split(i: int, ratio: float, book: Book, terms: Terms) -> None:
    book[MARK, i] /= ratio
    wanted = book[WANTED, i]
    if wanted != 0.0:
        book[WANTED, i] = math.copysign(floor_to(abs(wanted) * ratio, terms[SHARE]), wanted)
    before = book[QUANTITY, i]
    if before <= 0.0:
        return
    after = floor_to(before * ratio, terms[SHARE])
    book[QUANTITY, i] = after
    paid = half_up(max(0.0, before * ratio - after) * book[MARK, i] * terms[SCALE])
    if paid > 0:
        book[MONEY, i] += paid
        book[BACK, i] += paid
    if after == 0.0:
        _close_when_flat(i, book)
