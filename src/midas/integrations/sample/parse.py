"""The files of the two packages as bars."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from midas.core.errors import Unavailable
from midas.core.instrument import Instrument, InstrumentId

NASDAQ = frozenset({"AAPL", "AMD", "FB", "GOOG", "MSFT", "PEP"})
_VALUES = ("open", "high", "low", "close", "volume", "adj_close")


def package_file(package: str, path: str) -> Path:
    """Return a file of an installed package without importing the package.

    Raises
    ------
    Unavailable: the package or the file is not there.
    """
    found = find_spec(package)
    for folder in (found.submodule_search_locations or ()) if found else ():
        file = Path(folder) / path
        if file.is_file():
            return file
    raise Unavailable(
        f"The sample market needs the package {package!r}, which is not installed here.",
        hint="Run `make setup`, or install it with pip.",
        code="sample_missing",
    )


def read_stocks(file: Path) -> pl.DataFrame:
    """Read bokeh-sampledata's daily OHLCV with adj_close, one row per ticker and date."""
    text = gzip.decompress(file.read_bytes())
    frame = pl.read_csv(text, schema_overrides={"Date": pl.Date}, infer_schema_length=None)
    frame = frame.rename({name: name.lower().replace(" ", "_") for name in frame.columns})
    return frame.select(symbol=_id("ticker"), ts="date", **{name: pl.col(name).cast(pl.Float64) for name in _VALUES})


def read_adjusted_closes(file: Path) -> pl.DataFrame:
    """Read skfolio's adjusted closes, one column per name, as one row per name and date."""
    wide = pl.read_csv(gzip.decompress(file.read_bytes()), schema_overrides={"Date": pl.Date})
    long = wide.unpivot(index="Date", variable_name="ticker", value_name="close").drop_nulls("close")
    return long.select(symbol=_id("ticker"), ts="Date", close=pl.col("close").cast(pl.Float64))


def instruments(frame: pl.DataFrame) -> tuple[Instrument, ...]:
    """Return one instrument for each symbol of a frame."""
    ids = (InstrumentId.parse(text) for text in frame["symbol"].unique().sort())
    return tuple(Instrument(one, currency="USD") for one in ids)


def _id(column: str) -> pl.Expr:
    venue = pl.when(pl.col(column).is_in(sorted(NASDAQ))).then(pl.lit("XNAS")).otherwise(pl.lit("XNYS"))
    return pl.concat_str([pl.col(column), pl.lit("."), venue])
