"""Values that cannot be, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from midas.marketdata.checks.breach import Breach, error, warning
from midas.marketdata.finding import Severity
from midas.marketdata.snapshot import PRICE_COLUMNS

ROUNDING = 0.005
"""Of the price. No tick of the venues Midas knows is wider at prices that have several of them, so a bar adjusted after
rounding breaks its own range by no more."""


@dataclass(frozen=True, slots=True)
class _Rule:
    code: str
    severity: Severity
    broken: pl.Expr
    detail: str  # may name columns: "high {high}"


def check_values(frame: pl.DataFrame, one_unit: pl.Expr) -> Iterator[Breach]:
    """Check each row of `row symbol ts` and value columns on its own.

    `one_unit` is how far open or close may lie outside [low, high] and still be rounding.
    """
    rules = [*_single_values(frame), *_ranges(frame, one_unit), *_kinds(frame)]
    counts = frame.select(rule.broken.fill_null(value=False).sum().alias(str(at)) for at, rule in enumerate(rules))
    for rule, count in zip(rules, counts.row(0), strict=True):
        if not count:
            continue
        hit = frame.filter(rule.broken)
        details = (
            [rule.detail.format_map(row) for row in hit.iter_rows(named=True)] if "{" in rule.detail else [rule.detail]
        )
        rows = hit["row"].to_numpy().astype(np.int64)
        yield (error if rule.severity is Severity.ERROR else warning)(rule.code, rows, *details)


def is_halt(frame: pl.DataFrame) -> pl.Expr:
    """Tell rows with a close whose open, high and low are all 0 or all absent."""
    traded = [name for name in ("open", "high", "low") if name in frame.columns]
    if not traded:
        return pl.lit(value=False)
    nothing = pl.all_horizontal(((pl.col(name) == 0) | _absent(name)) for name in traded)
    # NaN counts as larger than any number.
    return nothing & (pl.col("close") > 0) & ~pl.col("close").is_nan()


def is_empty(frame: pl.DataFrame) -> pl.Expr:
    """Tell rows without any price, and without volume."""
    prices = [name for name in PRICE_COLUMNS if name in frame.columns]
    empty = pl.all_horizontal(_absent(name) for name in prices)
    if "volume" in frame.columns:
        empty &= _absent("volume") | (pl.col("volume") == 0)
    return empty


def _absent(name: str) -> pl.Expr:
    return pl.col(name).is_null() | pl.col(name).is_nan()


def _single_values(frame: pl.DataFrame) -> Iterator[_Rule]:
    prices = [name for name in PRICE_COLUMNS if name in frame.columns]
    halt, empty = is_halt(frame), is_empty(frame)
    for name in (*prices, *(other for other in ("volume", "turnover", "adj_close") if other in frame.columns)):
        column = pl.col(name)
        excused = empty if name == "close" else empty | halt
        yield _error("infinite", column.is_infinite(), f"{name} is infinite")
        if name in (*prices, "volume"):
            yield _error("nan", _absent(name) & ~excused, f"{name} is missing")
        if name in prices:
            low = (column <= 0) & ~column.is_infinite() & ~excused
            yield _error("non_positive_price", low, f"{name} {{{name}}} is not above zero")
        if name in ("volume", "turnover"):
            negative = (column < 0) & ~column.is_infinite()
            yield _error(f"negative_{name}", negative, f"{name} {{{name}}} is negative")


def _ranges(frame: pl.DataFrame, one_unit: pl.Expr) -> Iterator[_Rule]:
    if not {"high", "low"} <= set(frame.columns):
        return
    ends = [pl.col(name) for name in ("open", "close") if name in frame.columns]
    high, low, halt = pl.col("high"), pl.col("low"), is_halt(frame)
    upside_down = (high < low) & ~halt
    yield _error("high_below_low", upside_down, "high {high} is below low {low}")
    beyond = pl.max_horizontal(*(end - high for end in ends), *(low - end for end in ends))
    outside = (beyond > 1e-9 * pl.col("close").abs()) & beyond.is_finite() & ~upside_down & ~halt
    # A hair above the tolerance: 0.1 + 0.2 must not be an error.
    small = beyond <= one_unit * (1 + 1e-9)
    where = "open {open} or close {close}" if len(ends) == 2 else "close {close}"
    text = f"{where} lies outside low {{low}} to high {{high}}"
    yield _error("outside_range", outside & ~small, text)
    yield _Rule("rounding", Severity.WARNING, outside & small, text)


def _kinds(frame: pl.DataFrame) -> Iterator[_Rule]:
    halt = "no trading that day: there is no open, high or low, the close is carried"
    yield _Rule("halt", Severity.WARNING, is_halt(frame), halt)
    yield _Rule("empty_row", Severity.WARNING, is_empty(frame), "the row has no prices and was left out")


def _error(code: str, broken: pl.Expr, detail: str) -> _Rule:
    return _Rule(code, Severity.ERROR, broken, detail)
