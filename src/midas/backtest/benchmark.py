"""What a result is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midas.backtest.window import Days, Window, closes_of, dates_of
from midas.core.errors import InvalidInput, NotFound, did_you_mean
from midas.execution.conditions import read_only
from midas.kernels.benchmark import equal_weight
from midas.marketdata.panel import Panel


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Growth of 1 at each close, without costs, dividends reinvested; `label` says of what.

    `market_change` is the mean over the traded names of last over first close, less one; None where none has a close.
    `names_seen` is how many of them have a close at all.
    """

    label: str
    growth: NDArray[np.float64]
    market_change: float | None
    names_seen: int


def benchmark(panel: Panel, rows: Window, symbol: str | None, other: Panel | None = None) -> Benchmark:
    """Return equal-weight buy and hold of the panel's names with a close at the first row, or one instrument.

    The last known close counts where there is none. `symbol` is looked up in `other`, else in the panel.

    Raises
    ------
    NotFound: no such instrument.
    InvalidInput: it has no price yet at the first row.
    """
    growth, names, changed, seen = equal_weight(read_only(panel.tiles("close")), panel.columns, rows.first, rows.stop)
    change = changed / seen if seen else None
    if symbol is not None:
        source = panel if other is None else other
        return Benchmark(symbol, _single(source, symbol, panel, rows), change, seen)
    flat = growth / names if names else np.ones(len(growth))
    return Benchmark(f"equal weight of {names} names, bought on the first day and held", flat, change, seen)


def column_of(panel: Panel, symbol: str) -> int:
    """Return the column of an id or of a display symbol.

    Raises
    ------
    NotFound: the panel does not hold it.
    """
    wanted = symbol.strip().upper()
    for column, instrument in enumerate(panel.instruments):
        if wanted in (str(instrument.id), instrument.id.symbol):
            return column
    raise NotFound(
        f"There is no benchmark {symbol!r} in dataset {panel.dataset!r}.",
        hint=did_you_mean(wanted, [instrument.id.symbol for instrument in panel.instruments]),
        code="unknown_symbol",
    )


def _single(source: Panel, symbol: str, panel: Panel, rows: Window) -> NDArray[np.float64]:
    closes = source.series("close", column_of(source, symbol))
    known = np.flatnonzero(~np.isnan(closes))
    times, asked = _times(source, panel, rows)
    place = np.searchsorted(times[known], asked, side="right") - 1
    if not len(place) or place[0] < 0:
        raise InvalidInput(
            f"Benchmark {symbol!r} has no price by {asked[0]}.", hint="Choose another or a later start.",
            code="benchmark_too_short",
        )  # fmt: skip
    values = closes[known[place]]
    return np.asarray(values / values[0])


def _times(source: Panel, panel: Panel, rows: Window) -> tuple[Days, Days]:
    if source.stamps is not None and panel.stamps is not None:
        return source.stamps, panel.stamps[rows.first : rows.stop]
    asked = panel.sessions[rows.first : rows.stop].copy()
    asked[:1] = dates_of(panel, closes_of(panel, rows))[:1]
    return source.sessions, asked
