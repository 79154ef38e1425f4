"""The sample market as a source."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from midas.core.basis import Basis
from midas.core.errors import NotFound, did_you_mean
from midas.core.timeframe import Timeframe
from midas.integrations.sample import parse
from midas.marketdata.source import Progress, PullRequest, RawBars, silent

STOCKS, TWENTY = "sample", "sp20"


class SampleSource:
    """Two datasets: `sample` (raw daily bars of five stocks) and `sp20` (adjusted closes of twenty)."""

    name = "sample"
    summary = "Real prices that come with the installation: 5 US stocks 2000-2013, 20 S&P 500 names 1990-2022."

    def fetch(self, request: PullRequest, progress: Progress = silent) -> list[RawBars]:
        """Return the datasets that hold the symbols asked for, both when none are.

        Raises
        ------
        NotFound: a symbol neither has.
        Unavailable: the packages are not installed.
        """
        progress(0.0, "reading the sample market")
        stocks = parse.read_stocks(parse.package_file("bokeh_sampledata", "_data/stocks.csv.gz"))
        twenty = parse.read_adjusted_closes(parse.package_file("skfolio", "datasets/data/sp500_dataset.csv.gz"))
        wanted = _resolve(request.symbols, (stocks, twenty))
        frames = {STOCKS: _cut(stocks, request, wanted), TWENTY: _cut(twenty, request, wanted)}
        progress(1.0, "read the sample market")
        return [_raw(name, frame) for name, frame in frames.items() if not frame.is_empty()]


def _resolve(symbols: Sequence[str], frames: Sequence[pl.DataFrame]) -> frozenset[str]:
    ids = {text for frame in frames for text in frame["symbol"].unique()}
    by_name = {text.rpartition(".")[0]: text for text in ids} | {text: text for text in ids}
    for symbol in symbols:
        if symbol.upper() not in by_name:
            raise NotFound(
                f"The sample market has no {symbol!r}.",
                hint=did_you_mean(symbol.upper(), sorted(by_name)),
                code="unknown_symbol",
            )
    return frozenset(by_name[symbol.upper()] for symbol in symbols) or frozenset(ids)


def _cut(frame: pl.DataFrame, request: PullRequest, wanted: frozenset[str]) -> pl.DataFrame:
    frame = frame.filter(pl.col("symbol").is_in(sorted(wanted)))
    if request.start is not None:
        frame = frame.filter(pl.col("ts") >= request.start)
    if request.end is not None:
        frame = frame.filter(pl.col("ts") <= request.end)
    return frame


def _raw(name: str, frame: pl.DataFrame) -> RawBars:
    raw = name == STOCKS
    return RawBars(
        dataset=name,
        venue="XNAS" if raw else "XNYS",
        timeframe=Timeframe(1, "d"),
        frame=frame,
        basis=Basis.RAW if raw else Basis.CLOSE_ONLY,
        currency="USD",
        source="bokeh-sampledata" if raw else "skfolio",
        instruments=parse.instruments(frame),
    )
