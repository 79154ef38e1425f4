"""A run's series as tables; their first columns are fixed, outside programs rely on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from midas.backtest.window import dates_of
from midas.core.order import Side
from midas.execution.conditions import happenings, read_only
from midas.kernels.account import FILL
from midas.kernels.holdings import worth
from midas.marketdata.panel import Panel
from midas.portfolio.journal import CAUSES, REASONS, Fills, Reals, Refusals, Rows
from midas.portfolio.timeline import Timeline
from midas.portfolio.trades import RoundTrips

_SIDES = pl.Series([Side.BUY.value, Side.SELL.value])
_TARGET = "target"
_CAUSES = pl.Series([_TARGET, *(cause.value for cause in CAUSES)])
_REASONS = pl.Series([reason.value for reason in REASONS])

_PRICE_DIGITS = 9
_DAY, _MINUTE = "%Y-%m-%d", "%Y-%m-%dT%H:%MZ"


@dataclass(frozen=True, slots=True)
class Names:
    """What rows, columns and minor units are called outside: dates or the stamps of bars, ids, currency."""

    times: pl.Series
    ids: pl.Series
    scale: float

    @classmethod
    def of(cls, panel: Panel, scale: float) -> Names:
        ids = [str(instrument.id) for instrument in panel.instruments]
        return cls(_times(panel), pl.Series(ids, dtype=pl.String), scale)

    def time(self, rows: Rows) -> pl.Series:
        return self.times.gather(pl.Series(rows, dtype=pl.Int64))

    def id(self, columns: Rows) -> pl.Series:
        """Ids of columns; null for -1, which is no instrument."""
        found = self.ids.gather(pl.Series(np.maximum(columns, 0), dtype=pl.Int64))
        return (
            found
            if (columns >= 0).all()
            else found.zip_with(pl.Series(columns >= 0), pl.Series([None], dtype=pl.String))
        )

    def money(self, minor: Rows) -> Reals:
        return minor / self.scale

    def order_id(self, decided: Rows, number: Rows) -> pl.Series:
        """Time of the decision and place among its orders, from 1; null where there was no order."""
        order = pl.Series(number + 1, dtype=pl.Int64)
        decided_at = self.time(decided)
        text = decided_at.dt.strftime(_DAY if decided_at.dtype == pl.Date else _MINUTE) + "-" + order.cast(pl.String)
        return text.zip_with(order > 0, pl.Series([None], dtype=pl.String))


def equity(
    sessions: NDArray[np.datetime64], equity: Reals, cash: Reals, gross: Reals, benchmark: Reals
) -> pl.DataFrame:
    """Return ts, equity, cash, gross_exposure, benchmark."""
    columns = {"equity": equity, "cash": cash, "gross_exposure": gross, "benchmark": benchmark}
    return pl.DataFrame({"ts": _days(sessions), **columns})


def fills(entries: Fills, names: Names) -> pl.DataFrame:
    """Return ts, symbol, side, quantity, price, commission, tax, order_id, cause: an exit, or target."""
    return pl.DataFrame(
        {
            "ts": names.time(entries.row),
            "symbol": names.id(entries.column),
            "side": _side(entries.side),
            "quantity": entries.quantity,
            "price": entries.price,
            "commission": names.money(entries.commission),
            "tax": names.money(entries.tax),
            "order_id": names.order_id(entries.decided, entries.number),
            "cause": _CAUSES.gather(pl.Series(entries.cause, dtype=pl.Int64)),
        }
    )


def rejects(entries: Refusals, names: Names) -> pl.DataFrame:
    """Return ts, symbol, side, quantity, reason, order_id, cause: the exit whose order it was, or target."""
    return pl.DataFrame(
        {
            "ts": names.time(entries.row),
            "symbol": names.id(entries.column),
            "side": _side(entries.side),
            "quantity": pl.Series(entries.quantity, dtype=pl.Float64).fill_nan(None),
            "reason": _REASONS.gather(pl.Series(entries.reason - 1, dtype=pl.Int64)),
            "order_id": names.order_id(entries.decided, entries.number),
            "cause": _CAUSES.gather(pl.Series(entries.cause, dtype=pl.Int64)),
        }
    )


def trades(trips: RoundTrips, entries: Timeline, names: Names) -> pl.DataFrame:
    """Return symbol, side, entry, exit, quantity, pnl, return, commission, tax, income, worst, best, cause; by entry.

    Quantities and prices are in the shares of the exit, or of the last row. While a trade is open its exit is null and
    its gain is that at the last close. `worst` and `best` are the lowest and highest price over the entry price, less
    one; `income` is dividends and cash for fractions, part of the pnl; `cause` is what closed it: an exit, or target.
    """
    closed = pl.Series(trips.closed)
    nothing = pl.Series([None], dtype=names.times.dtype)
    # a mean of several fills may miss the price they all had by the last bit
    exit_price = pl.Series(np.round(trips.exit_price, _PRICE_DIGITS), dtype=pl.Float64).fill_nan(None)
    return pl.DataFrame(
        {
            "symbol": names.id(trips.column),
            "side": pl.Series(["long", "short"]).gather(pl.Series(trips.side < 0).cast(pl.Int64)),
            "entry_ts": names.time(trips.entry_row),
            "entry_price": np.round(trips.entry_price, _PRICE_DIGITS),
            "exit_ts": names.time(np.maximum(trips.exit_row, 0)).zip_with(closed, nothing),
            "exit_price": exit_price.zip_with(closed, pl.Series([None], dtype=pl.Float64)),
            "quantity": trips.quantity,
            "pnl": names.money(trips.pnl),
            "return": trips.returns,
            "commission": names.money(_per_trade(trips, entries, entries.commission)),
            "tax": names.money(_per_trade(trips, entries, entries.tax)),
            "income": names.money(trips.income),
            "worst": trips.worst,
            "best": trips.best,
            "cause": _CAUSES.gather(_last_cause(trips, entries)).zip_with(closed, pl.Series([None], dtype=pl.String)),
        }
    )


def positions(trips: RoundTrips, entries: Timeline, panel: Panel, closes: Rows, scale: float) -> pl.DataFrame:
    """Return ts, symbol, quantity, value at each close of a session, by ts and symbol.

    The last known close values a name; `closes` are the rows, ascending.
    """
    places, columns, quantities, values = _valued(trips, entries, panel, closes, scale)
    order = np.lexsort((columns, places))
    names = Names.of(panel, scale)
    return pl.DataFrame(
        {
            "ts": _days(dates_of(panel, closes)).gather(pl.Series(places[order], dtype=pl.Int64)),
            "symbol": names.id(columns[order]),
            "quantity": quantities[order],
            "value": names.money(values[order]),
        }
    )


def carried(trips: RoundTrips, entries: Timeline, panel: Panel, closes: Rows, scale: float) -> Rows:
    """Return the value of all that is held, both ways, at each close, in minor units."""
    places, _, _, values = _valued(trips, entries, panel, closes, scale)
    found = np.zeros(len(closes), np.int64)
    np.add.at(found, places, np.abs(values))
    return found


def _valued(
    trips: RoundTrips, entries: Timeline, panel: Panel, closes: Rows, scale: float
) -> tuple[Rows, Rows, Reals, Rows]:
    places, columns, quantities = _held(trips, entries, closes)
    rows = closes[places]
    actions = read_only(happenings(panel.actions))
    met = np.searchsorted(panel.actions.row, rows, side="right")
    return (
        places,
        columns,
        quantities,
        worth(rows, columns, quantities, met, scale, read_only(panel.tiles("raw_close")), actions),
    )


def _held(trips: RoundTrips, entries: Timeline, closes: Rows) -> tuple[Rows, Rows, Reals]:
    # Each entry's quantity lasts from the close after it to the next entry of its name, or to the end; of the entries
    # before one close the last one counts.
    place, stop = np.searchsorted(closes, entries.row), len(closes)
    order = np.lexsort((np.arange(len(entries)), place, entries.column))
    row, column, quantity = place[order], entries.column[order], trips.held_after[order]
    follows = np.append(column[1:] == column[:-1], False)[: len(order)]
    until = np.where(follows, np.append(row[1:], stop)[: len(order)], stop)
    length = np.where(quantity != 0, until - row, 0)
    begin = np.repeat(np.cumsum(length) - length, length)
    rows = np.repeat(row, length) + np.arange(int(length.sum())) - begin
    return rows, np.repeat(column, length), np.repeat(quantity, length)


def _per_trade(trips: RoundTrips, entries: Timeline, amount: Rows) -> Rows:
    fills = entries.kind == FILL
    total = np.zeros(len(trips), np.int64)
    np.add.at(total, trips.trade_of[fills], amount[fills])
    return total


def _last_cause(trips: RoundTrips, entries: Timeline) -> pl.Series:
    fills = entries.kind == FILL
    last = np.zeros(len(trips), np.int64)
    np.maximum.at(last, trips.trade_of[fills], np.flatnonzero(fills))
    return pl.Series(entries.cause[last] if len(entries) else last, dtype=pl.Int64)


def _side(side: Rows) -> pl.Series:
    return _SIDES.gather(pl.Series(side < 0).cast(pl.Int64))


def _times(panel: Panel) -> pl.Series:
    if panel.stamps is None:
        return _days(panel.sessions)
    seconds = pl.Series(panel.stamps.astype("datetime64[s]").astype(np.int64))
    return (seconds * 1000).cast(pl.Datetime("ms", "UTC"))


def _days(sessions: NDArray[np.datetime64]) -> pl.Series:
    return pl.Series(sessions.astype("datetime64[D]").astype(np.int32)).cast(pl.Date)
