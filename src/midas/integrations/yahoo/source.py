"""Yahoo Finance as a source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl

from midas.core.basis import Basis
from midas.core.clock import Clock, SystemClock
from midas.core.errors import DataBlocked, DataInvalid, InvalidInput, NotFound
from midas.core.instrument import Instrument
from midas.core.timeframe import Timeframe
from midas.integrations.yahoo.client import BASE_URL, YahooClient
from midas.integrations.yahoo.parse import Chart, dividend_actions, parse_chart
from midas.integrations.yahoo.symbols import Listing, candidates, listing
from midas.marketdata.source import Progress, PullRequest, RawBars, silent

_EARLIEST = date(1960, 1, 1)


class YahooSource:
    """Daily bars from Yahoo's chart endpoint: one dataset for America, one for Korea, one for each other venue.

    Prices are split_adjusted as Yahoo sends them; dividends are stated. The option `base_url` points elsewhere.
    """

    name = "yahoo"
    summary = "Yahoo Finance daily history, split-adjusted; unofficial, for personal use. Needs a connection."

    def __init__(self, base_url: str = BASE_URL, *, pause_s: float = 1.0, clock: Clock | None = None) -> None:
        self._base_url = base_url
        self._pause_s = pause_s
        self._clock = clock or SystemClock()

    def fetch(self, request: PullRequest, progress: Progress = silent) -> list[RawBars]:
        """Fetch the symbols asked for, written Yahoo's way (005930.KS) or as ids (005930.XKRX).

        Raises
        ------
        InvalidInput: no symbols, or one of a market Midas cannot name.
        NotFound: Yahoo does not know a symbol.
        DataBlocked: it has no bars in the range.
        Unavailable: it does not answer as it should.
        """
        if not request.symbols:
            raise InvalidInput(
                "Yahoo needs to know which symbols.", hint="Name them with --symbols AAPL,MSFT.", code="no_symbols"
            )
        charts: list[tuple[Chart, Listing]] = []
        url = request.options.get("base_url", self._base_url)
        with YahooClient(url, pause_s=self._pause_s) as client:
            for done, symbol in enumerate(request.symbols):
                progress(0.3 * done / len(request.symbols), f"asking Yahoo for {symbol}")
                chart = self._chart(client, symbol, request)
                charts.append((chart, listing(chart.symbol, chart.exchange)))
        groups = dict.fromkeys(where.group for _, where in charts)
        return [_raw([(chart, where) for chart, where in charts if where.group == group]) for group in groups]

    def _chart(self, client: YahooClient, symbol: str, request: PullRequest) -> Chart:
        *others, last = candidates(symbol)
        for name in others:
            try:
                return self._ask(client, name, request)
            except NotFound:
                continue
        return self._ask(client, last, request)

    def _ask(self, client: YahooClient, name: str, request: PullRequest) -> Chart:
        now = self._clock.now_utc()
        first, last = request.start or _EARLIEST, request.end or now.date()
        # A day's bar is stamped at its open in its own time zone: ask for a day more on both sides.
        result = client.chart(name, _unix(first - timedelta(days=1)), _unix(last + timedelta(days=2)))
        return _between(parse_chart(result, name, now), request)


def _unix(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _between(chart: Chart, request: PullRequest) -> Chart:
    bars = chart.bars
    if request.start is not None:
        bars = bars.filter(pl.col("ts") >= request.start)
    if request.end is not None:
        bars = bars.filter(pl.col("ts") <= request.end)
    if bars.is_empty():
        raise DataBlocked(
            f"Yahoo has no bars of {chart.symbol} in that range.", hint="Ask for other dates.", code="empty"
        )
    return replace(chart, bars=bars)


def _raw(charts: Sequence[tuple[Chart, Listing]]) -> RawBars:
    currencies = sorted({chart.currency for chart, _ in charts})
    if len(currencies) > 1:
        raise DataInvalid(
            f"Yahoo quotes these in {' and '.join(currencies)}.", hint="Pull them apart.", code="mixed_currency"
        )
    frames = [chart.bars.select(pl.lit(str(where.id)).alias("symbol"), pl.all()) for chart, where in charts]
    return RawBars(
        dataset=charts[0][1].group,
        venue=charts[0][1].venue,
        timeframe=Timeframe(1, "d"),
        frame=pl.concat(frames, how="diagonal"),
        basis=Basis.SPLIT_ADJUSTED,
        currency=currencies[0],
        source="Yahoo Finance",
        instruments=tuple(Instrument(where.id, currency=currencies[0], board=where.board) for _, where in charts),
        actions=pl.concat([dividend_actions(str(where.id), chart.dividends) for chart, where in charts]),
        warnings=tuple(_warnings([chart for chart, _ in charts])),
    )


def _warnings(charts: Sequence[Chart]) -> Iterator[str]:
    splits = [f"{chart.symbol} {ratio} on {day}" for chart in charts for day, ratio in chart.splits]
    if splits:
        yield f"Prices already include these splits: {'; '.join(splits)}."
    live = [chart.symbol for chart in charts if chart.dropped_live_bar]
    if live:
        yield f"Today's bar was left out, the session is still running: {', '.join(live)}."
