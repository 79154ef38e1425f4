"""Price histories of the most traded names, with their fills."""

from __future__ import annotations

import numpy as np
import polars as pl

from midas.reports.figures import button, figure
from midas.reports.layout import note, nothing, section
from midas.reports.markup import Html, clean, element
from midas.reports.numbers import money_digits
from midas.reports.packing import Arrays, Json, decimals
from midas.reports.sheet import TearSheetInput

MOST_NAMES = 12
MOST_BARS = 60_000
"""Of all names together; histories longer than a name's share are drawn with several bars merged into one."""
MOST_FILLS = 3_000
"""Of each name; the largest by value are kept."""

_COARSE = 10.0
"""Bars of names at least this dear are rounded to the currency's smallest unit; of others they are exact."""
_TITLE = "Price and fills"
_BASES = {"raw": "Prices are as quoted: splits show as jumps.", "close_only": "The data has closes only."}
_BARS = {"open": "first", "high": "max", "low": "min", "close": "last"}


def most_traded(fills: pl.DataFrame, count: int = MOST_NAMES) -> tuple[str, ...]:
    """Return the symbols with the largest traded value, largest first: those whose prices a tear sheet can show."""
    value = pl.col("quantity").cast(pl.Float64) * pl.col("price").cast(pl.Float64)
    ranked = fills.group_by("symbol").agg(value.sum().alias("value"))
    ordered = ranked.sort(["value", "symbol"], descending=[True, False])
    return tuple(ordered["symbol"].cast(pl.String).head(count).to_list())


def prices_html(sheet: TearSheetInput, prices: pl.DataFrame | None) -> Html:
    """Return the section of prices with fills."""
    names = _names(sheet, prices)
    if not names or prices is None:
        why = "There are no fills to show." if sheet.fills.is_empty() else "No price history was at hand."
        return nothing("prices", _TITLE, why)
    options = [element("option", name, value=str(order)) for order, name in enumerate(names)]
    picker = element("label", "Instrument ", element("select", *options, data_instrument=""))
    return section(
        "prices",
        _TITLE,
        figure(
            "price",
            "Price of one instrument with buys and sells",
            picker,
            button("Log scale", "log", "price", pressed=False),
        ),
        note("", data_fill="", aria_live="polite"),
        note(" ".join(_notes(sheet, prices, names))),
    )


def prices_data(sheet: TearSheetInput, prices: pl.DataFrame | None, arrays: Arrays) -> Json:
    """Return bars and fills by instrument, the most traded first."""
    if prices is None:
        return []
    names = _names(sheet, prices)
    return [_instrument(sheet, prices, name, _share(names), arrays) for name in names]


def _names(sheet: TearSheetInput, prices: pl.DataFrame | None) -> list[str]:
    if prices is None or sheet.equity.is_empty():
        return []
    known = set(_measured(sheet, prices)["symbol"].cast(pl.String).unique())
    return [name for name in most_traded(sheet.fills, sheet.fills.height) if name in known][:MOST_NAMES]


def _measured(sheet: TearSheetInput, prices: pl.DataFrame) -> pl.DataFrame:
    first, last = sheet.equity["ts"].item(0), sheet.equity["ts"].item(-1)
    return prices.filter(pl.col("ts").is_between(first, last) & pl.col("close").is_not_nan())


def _notes(sheet: TearSheetInput, prices: pl.DataFrame, names: list[str]) -> list[str]:
    told = _BASES.get(sheet.basis, f"Prices are {sheet.basis.replace('_', ' ')}, not as quoted.")
    notes = [f"▲ bought, ▼ sold, at the exact price of the fill. {told}"]
    if "open" in prices.columns:
        notes.append("Zoom in for candles; hollow ones closed higher than they opened.")
    traded = sheet.fills["symbol"].n_unique()
    if len(names) < traded:
        notes.append(f"Shown: {len(names)} of {traded:,} traded names, those with the largest traded value.")
    shown = pl.col("symbol").cast(pl.String).is_in(names)
    if _longest(_measured(sheet, prices).filter(shown)) > _share(names):
        notes.append(f"Histories of more than {_share(names):,} bars are drawn with neighbouring bars merged.")
    if _longest(sheet.fills.filter(shown)) > MOST_FILLS:
        notes.append(f"At most {MOST_FILLS:,} fills of a name are drawn, the largest.")
    return notes


def _longest(frame: pl.DataFrame) -> int:
    return max(frame.group_by("symbol").len()["len"].to_list(), default=0)


def _share(names: list[str]) -> int:
    return MOST_BARS // len(names)


def _instrument(sheet: TearSheetInput, prices: pl.DataFrame, name: str, most: int, arrays: Arrays) -> Json:
    bars = _merged(_measured(sheet, prices).filter(pl.col("symbol").cast(pl.String) == name).sort("ts"), most)
    opens, high, low, close = (_floats(bars, field) for field in _BARS)
    digits = money_digits(sheet.currency) if np.median(close) >= _COARSE else decimals(close, 6)
    body = np.fmax(opens, close), np.fmin(opens, close)
    fills = _largest(sheet.fills.filter(pl.col("symbol").cast(pl.String) == name))
    return {
        "symbol": clean(name),
        "times": arrays.times(bars["ts"]),
        "close": arrays.numbers(close, digits),
        "open_above_close": arrays.numbers(opens - close, digits, steps=False),
        "high_above_body": arrays.numbers(high - body[0], digits, steps=False),
        "body_above_low": arrays.numbers(body[1] - low, digits, steps=False),
        "fills": _fills(fills, money_digits(sheet.currency), arrays),
    }


def _merged(bars: pl.DataFrame, most: int) -> pl.DataFrame:
    together = -(-bars.height // most)
    if together <= 1:
        return bars
    numbered = bars.with_columns((pl.int_range(pl.len()) // together).alias("group"))
    ohlc = [
        getattr(pl.col(field).fill_nan(None).drop_nulls(), how)()
        for field, how in _BARS.items()
        if field in bars.columns
    ]
    return numbered.group_by("group", maintain_order=True).agg(pl.col("ts").last(), *ohlc)


def _largest(fills: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("quantity").cast(pl.Float64) * pl.col("price").cast(pl.Float64)
    return fills.filter(value.rank("ordinal", descending=True) <= MOST_FILLS).sort("ts")


def _fills(fills: pl.DataFrame, amount_digits: int, arrays: Arrays) -> Json:
    price, quantity = _floats(fills, "price"), _floats(fills, "quantity")
    return {
        "times": arrays.times(fills["ts"]),
        "bought": arrays.add((fills["side"].cast(pl.String) == "buy").cast(pl.Int64).to_numpy()),
        "price": arrays.numbers(price, decimals(price, 6)),
        "quantity": arrays.numbers(quantity, decimals(quantity, 9)),
        "commission": arrays.numbers(_floats(fills, "commission"), amount_digits),
        "tax": arrays.numbers(_floats(fills, "tax"), amount_digits),
    }


def _floats(frame: pl.DataFrame, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if name not in frame.columns:
        return np.full(frame.height, np.nan)
    return frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
