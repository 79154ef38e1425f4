"""What an account is worth at a close, and whether it may go on."""

from __future__ import annotations

import math

from midas.kernels.account import (
    CASH,
    EQUITY,
    GROSS,
    HELD,
    HOLDINGS,
    IS_HELD,
    MARK,
    QUANTITY,
)
from midas.kernels.compiled import step
from midas.kernels.corporate import seize
from midas.kernels.exit_rules import MARGIN_CALL
from midas.kernels.fill import SCALE, SHORTS
from midas.kernels.frame import CALLED, ENDED, FIRST, RUINED, Frame
from midas.kernels.framed import cash_in, closes_in, counts_in, equity_in, gross_in, lists_in, state_in, terms_in
from midas.kernels.margin import call
from midas.kernels.price_rules import half_up
from midas.kernels.world import LANES

TOO_MUCH = 9.0e18
"""More minor units than a 64-bit integer counts."""


@step
def mark(row: int, until: int, first: int, frame: Frame) -> bool:
    """Value the account at the closes of rows [row, until); False where it outgrows an integer.

    Name by name, so that prices are read in their order. Names sold out leave the list.
    """
    closes, terms, state, lists = closes_in(frame), terms_in(frame), state_in(frame), lists_in(frame)
    counts, equity, cash, gross = counts_in(frame), equity_in(frame), cash_in(frame), gross_in(frame)
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
        last = state[MARK, column]
        size, side = abs(quantity), 1 if quantity > 0.0 else -1
        for at in range(row, until):
            close = closes[tile, at, lane]
            if not math.isnan(close):
                last = close
            worth = size * last * terms[SCALE]
            if worth > most:
                return False
            value = half_up(worth)
            equity[at - first] += side * value
            if shorting:
                gross[at - first] += value
        state[MARK, column] = last
    counts[HOLDINGS] = kept
    return True


@step
def judge(row: int, frame: Frame) -> None:
    """Call a margin account, or end it where its equity is gone."""
    terms, counts, equity = terms_in(frame), counts_in(frame), equity_in(frame)
    cash, gross = cash_in(frame), gross_in(frame)
    if terms[SHORTS] == 0.0:
        return
    place = row - frame[FIRST]
    counts[EQUITY], counts[GROSS] = equity[place], gross[place]
    if equity[place] > 0:
        frame[CALLED] = call(MARGIN_CALL, frame)
        return
    seize(row, frame)
    equity[place:], cash[place:], gross[place:] = 0, 0, 0
    frame[ENDED] = RUINED
