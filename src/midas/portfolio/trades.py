"""Round trips: from the first share bought to the last one sold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.core.money import QUANTITY_DIGITS
from midas.kernels import round_trips as kernel
from midas.marketdata.tiles import Tiles
from midas.portfolio.journal import Reals, Rows
from midas.portfolio.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Prices:
    """Raw tiles a round trip is looked at with; close-only data repeats the closes. See `kernels.world`."""

    highs: Tiles
    lows: Tiles
    closes: Tiles
    happenings: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """Trades in the order they began, one entry each; quantities and prices in the shares of the exit or the last row.

    side : 1 bought first, -1 sold short. exit_row : -1 while open. quantity : all that was opened. entry_price,
    exit_price : averages; the last close while open, NaN where a reverse split left only a fraction. value_in,
    value_out, costs, income : minor units; income is dividends and cash for fractions. worst, best : lowest and
    highest price seen over the entry price, less one. trade_of, cost_out, held_after : for each entry of the
    timeline its trade, what it took out of the holding at cost (minor units, below 0 of a short), and the quantity
    held after it.
    """

    column: Rows
    side: Rows
    entry_row: Rows
    exit_row: Rows
    quantity: Reals
    entry_price: Reals
    exit_price: Reals
    value_in: Rows
    value_out: Rows
    costs: Rows
    income: Rows
    worst: Reals
    best: Reals
    trade_of: Rows
    cost_out: Rows
    held_after: Reals

    def __len__(self) -> int:
        return len(self.column)

    @property
    def closed(self) -> NDArray[np.bool_]:
        return self.exit_row >= 0

    @property
    def pnl(self) -> Rows:
        """Gain in minor units, net of costs, with income; open trades are valued at the last close."""
        return self.side * (self.value_out - self.value_in) - self.costs + self.income

    @property
    def returns(self) -> Reals:
        """Gain over the value opened."""
        return np.divide(self.pnl, self.value_in, out=np.zeros(len(self)), where=self.value_in > 0)


def round_trips(entries: Timeline, columns: int, stop: int, scale: float, prices: Prices) -> RoundTrips:
    """Return the round trips of a timeline over `columns` instruments, open ones valued before row `stop`."""
    whole = np.column_stack(
        (entries.kind, entries.row, entries.column, entries.side, entries.value, entries.commission + entries.tax)
    )
    trades, averages, trade_of, cost_out, held_after = kernel.round_trips(
        np.ascontiguousarray(whole),
        np.ascontiguousarray(np.column_stack((entries.quantity, entries.price))),
        columns,
        stop,
        scale,
        prices.highs,
        prices.lows,
        prices.closes,
        prices.happenings,
    )
    return RoundTrips(
        column=trades[:, kernel.COLUMN],
        side=trades[:, kernel.SIDE],
        entry_row=trades[:, kernel.ENTRY_ROW],
        exit_row=trades[:, kernel.EXIT_ROW],
        quantity=averages[:, kernel.OPENED],
        entry_price=averages[:, kernel.ENTRY_PRICE],
        exit_price=averages[:, kernel.EXIT_PRICE],
        value_in=trades[:, kernel.VALUE_IN],
        value_out=trades[:, kernel.VALUE_OUT],
        costs=trades[:, kernel.COSTS],
        income=trades[:, kernel.INCOME],
        worst=averages[:, kernel.WORST],
        best=averages[:, kernel.BEST],
        trade_of=trade_of,
        cost_out=cost_out,
        held_after=np.round(held_after, QUANTITY_DIGITS),
    )
