"""Series of a result as rows and as files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from midas.wire.backtests import SeriesName

if TYPE_CHECKING:
    import polars as pl

_COLUMNS: dict[str, tuple[str, ...]] = {
    "equity": ("ts", "equity", "cash", "gross_exposure"),
    "fills": ("ts", "symbol", "side", "quantity", "price", "commission", "tax", "order_id"),
    "trades": (
        "symbol", "side", "entry_ts", "entry_price", "exit_ts", "exit_price", "quantity", "pnl", "return",
        "commission", "tax",
    ),
    "positions": ("ts", "symbol", "quantity", "value"),
}  # fmt: skip

# a spreadsheet runs a cell that begins with one of these
_FORMULA = r"^[=+\-@\t\r\n]"


def exported(what: SeriesName, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a series with the columns, in the order, that outside programs rely on."""
    columns = _COLUMNS.get(what)
    own = [name for name in ("account_equity", "rate") if name in frame.columns]
    return frame if columns is None else frame.select(*columns, *own)


def rows(frame: pl.DataFrame) -> list[dict[str, object]]:
    """Return rows as plain values; NaN and infinity become None."""
    return _finite(frame).to_dicts()


def csv(frame: pl.DataFrame) -> bytes:
    """Return a CSV file in UTF-8; text that a spreadsheet would take for a formula is defused with an apostrophe."""
    import polars as pl
    from polars import selectors

    text = selectors.string() | selectors.categorical() | selectors.enum()
    plain = _finite(frame).with_columns(text.cast(pl.String))
    safe = plain.with_columns(selectors.string().str.replace(_FORMULA, "'${0}"))
    return safe.write_csv().encode()


def parquet(frame: pl.DataFrame) -> bytes:
    """Return a Parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl
    from polars import selectors

    numbers = selectors.float()
    return frame.with_columns(pl.when(numbers.is_finite()).then(numbers).otherwise(None).name.keep())
