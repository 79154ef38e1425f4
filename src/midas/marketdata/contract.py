"""The contract every bar must keep before anything is computed from it.

Errors keep data out: `nan infinite non_positive_price high_below_low outside_range negative_volume negative_turnover
duplicate out_of_order closed_day future_date stale spike decimal_shift unadjusted_split`, and what a file's reader adds
to them: `bad_number bad_date naive_time wrong_time_zone wrong_symbol mixed_currency truncated_file encoding`. Warnings
are only told: `halt rounding gap descending empty_row move_after_pause`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl
import polars.selectors as cs
from numpy.typing import NDArray

from midas.core.basis import Basis
from midas.core.timeframe import Timeframe
from midas.marketdata.checks.breach import Breach, Rows, findings, left_out
from midas.marketdata.checks.frozen import check_frozen
from midas.marketdata.checks.jumps import check_jumps
from midas.marketdata.checks.order import check_order
from midas.marketdata.checks.series import series_of
from midas.marketdata.checks.sessions import check_sessions
from midas.marketdata.checks.values import ROUNDING, check_values, is_empty, is_halt
from midas.marketdata.derive import Derived, decimals
from midas.marketdata.finding import Finding, Severity
from midas.marketdata.grid import largest_ticks, price_limits
from midas.marketdata.snapshot import CASH_DIVIDEND
from midas.venues.venue import Venue


@dataclass(frozen=True, slots=True)
class Terms:
    """What bars are held against.

    `now` is the venue's date, or the present as aware UTC for intraday bars. `dated` says the venue has dated rules.
    """

    venue: Venue
    basis: Basis
    now: date | datetime
    dated: bool
    timeframe: Timeframe


@dataclass(frozen=True, slots=True)
class Checked:
    """Bars that keep the contract, in (symbol, ts) order, halts without open, high and low; and what was found.

    `left_out` counts the rows that errors took away, `skipped` names them.
    """

    bars: pl.DataFrame
    findings: tuple[Finding, ...]
    left_out: int
    skipped: tuple[str, ...]
    derived: Derived

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.is_error)


def check_bars(
    frame: pl.DataFrame,
    terms: Terms,
    derive: Callable[[pl.DataFrame], Derived],
    earlier: pl.DataFrame | None = None,
) -> Checked:
    """Check `symbol ts` and value columns in the order the source gave them.

    `derive` finds corporate actions in the bars that pass the checks of single rows; what they explain is no jump.
    `earlier` are bars the new ones continue: they are compared with, neither judged nor returned.
    """
    known = 0 if earlier is None else earlier.height
    numbered = _numbered(frame if earlier is None else pl.concat([earlier, frame], how="diagonal"))
    by_row = [*check_order(numbered, terms.now), *check_values(numbered, _one_unit(numbered, terms))]
    clean = _normalised(_without(numbered, by_row))
    derived = derive(clean)
    by_neighbour = list(_check_series(clean, terms, derived)) if clean.height else []
    kept = _without(clean, by_neighbour).filter(pl.col("row") >= known).drop("row")
    if kept.height < clean.height - known:
        derived = derive(kept)
    breaches = [breach.since(known) for breach in (*by_row, *by_neighbour)]
    found, named = findings(breaches, numbered), left_out(breaches, numbered)
    return Checked(kept, found, len(np.unique(_dropped(breaches))), named, derived)


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def _check_series(clean: pl.DataFrame, terms: Terms, derived: Derived) -> Iterator[Breach]:
    series = series_of(clean, _explained(clean, derived.actions), _limits(clean, terms))
    yield from check_jumps(series)
    yield from check_frozen(series, daily=terms.timeframe.unit in "dw")
    if terms.timeframe.is_daily:
        yield from check_sessions(clean, terms.venue.calendar, dated=terms.dated)


def _one_unit(frame: pl.DataFrame, terms: Terms) -> pl.Expr:
    closes = frame["close"].fill_null(float("nan")).to_numpy().astype(np.float64)
    usable = closes[np.isfinite(closes)]
    smallest = 10.0 ** -decimals(usable) if len(usable) else 0.0
    some = np.maximum(smallest, ROUNDING * np.abs(closes))
    if not terms.basis.is_raw:
        return pl.lit(pl.Series(some))
    days = frame["ts"].cast(pl.Date).to_numpy().astype("datetime64[D]")
    ticks = largest_ticks(terms.venue, days, closes)
    return pl.lit(pl.Series(np.where(np.isnan(ticks), some, ticks)))


def _limits(bars: pl.DataFrame, terms: Terms) -> NDArray[np.float64]:
    return price_limits(terms.venue, bars["ts"].cast(pl.Date).to_numpy().astype("datetime64[D]"))


def _dropped(breaches: Iterable[Breach]) -> Rows:
    rows = [breach.dropped for breach in breaches if breach.severity is Severity.ERROR]
    return np.concatenate(rows) if rows else np.empty(0, np.int64)


def _without(frame: pl.DataFrame, breaches: Iterable[Breach]) -> pl.DataFrame:
    dropped = _dropped(breaches)
    return frame.filter(~pl.col("row").is_in(dropped)) if len(dropped) else frame


def _normalised(frame: pl.DataFrame) -> pl.DataFrame:
    bars = frame.filter(~is_empty(frame)).sort("symbol", "ts").with_columns(cs.float().fill_nan(None))
    traded = [name for name in ("open", "high", "low") if name in bars.columns]
    halt = is_halt(bars)
    changes = [pl.when(halt).then(None).otherwise(pl.col(name)).alias(name) for name in traded]
    if "volume" in bars.columns:
        changes.append(pl.when(halt).then(pl.col("volume").fill_null(0)).otherwise(pl.col("volume")))
    return bars.with_columns(changes)


def _explained(bars: pl.DataFrame, actions: pl.DataFrame) -> NDArray[np.float64]:
    if actions.is_empty():
        return np.ones(bars.height)
    place = bars.select("symbol", day=pl.col("ts").cast(pl.Date), previous=pl.col("close").shift(1).over("symbol"))
    # An ex-date without a bar takes effect on the next one.
    hit = (
        actions.sort("ts")
        .join_asof(
            place.with_row_index("place").sort("day"),
            left_on="ts",
            right_on="day",
            by="symbol",
            strategy="forward",
            check_sortedness=False,
        )
        .drop_nulls("place")
    )
    value, previous = pl.col("value"), pl.col("previous")
    paid = previous / (previous - value)
    factor = pl.when(pl.col("kind") != CASH_DIVIDEND).then(value).when(value < previous).then(paid).otherwise(1.0)
    hit = hit.select("place", factor=factor.fill_null(1.0))
    explained = np.ones(bars.height)
    np.multiply.at(explained, hit["place"].to_numpy().astype(np.int64), hit["factor"].to_numpy())
    return explained
