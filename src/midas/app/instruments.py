"""Instruments and their bars."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app.paging import Key, Part, part
from midas.app.workspace import Workspace
from midas.core.errors import DataBlocked, InvalidInput, NotFound, did_you_mean
from midas.core.instrument import Instrument
from midas.core.timeframe import Timeframe
from midas.marketdata.book import Book
from midas.wire import instruments as wire

if TYPE_CHECKING:
    import polars as pl

    from midas.marketdata.lake import Lake

_PRICES = ("open", "high", "low", "close", "volume", "turnover")


async def page(
    workspace: Workspace, query: str | None, dataset: str | None, limit: int, after: Key | None
) -> Part[wire.Instrument]:
    """Return instruments by id; `query` is part of an id, a name or an alias."""
    return await to_thread.run_sync(_page, workspace, query, dataset, limit, after)


async def show(workspace: Workspace, instrument: str) -> wire.Instrument:
    """Return an instrument by id or display symbol.

    Raises
    ------
    NotFound: no dataset holds it.
    InvalidInput: the symbol is, or was, that of several.
    """
    return await to_thread.run_sync(_show, workspace, instrument)


async def bars(
    workspace: Workspace,
    instrument: str,
    dataset: str | None,
    start: date | None,
    end: date | None,
    limit: int,
    after: Key | None,
) -> Part[wire.Bar]:
    """Return bars, oldest first, of `dataset` or else of the best that holds the instrument."""
    if start is not None and end is not None and end < start:
        raise InvalidInput(f"The end {end} is before the start {start}.", hint="Swap them.", code="end_before_start")
    if after is not None:
        start = date.fromisoformat(str(after[0]))
    frame = await to_thread.run_sync(_bars, workspace, instrument, dataset, start, end)
    skip = 0 if after is None else bisect_right(frame["ts"].to_list(), start)
    found = _rows(frame.slice(skip, limit + 1))
    return part(found, limit, lambda bar: [bar.ts.isoformat()])


async def latest(
    workspace: Workspace, instrument: str, dataset: str | None, until: date | None = None, length: str | None = None
) -> wire.Bar:
    """Return the last bar of `dataset`, or else of all that hold the instrument, up to and including a day.

    Of ticks it is the last bar of that length, or the last tick where none is said.

    Raises
    ------
    NotFound: no dataset holds the instrument.
    """
    return await to_thread.run_sync(_latest, workspace, instrument, dataset, until, length)


def find(workspace: Workspace, instrument: str) -> tuple[Instrument, wire.Bar | None]:
    """Return an instrument by id or display symbol with its last bar, None where it has none; for a thread.

    Raises
    ------
    NotFound: no dataset holds it.
    """
    wanted = _show(workspace, instrument).id
    [one] = [each for each, _ in _all(workspace, None) if str(each.id) == wanted]
    try:
        return one, _latest(workspace, wanted, None)
    except DataBlocked:
        return one, None


def _page(
    workspace: Workspace, query: str | None, dataset: str | None, limit: int, after: Key | None
) -> Part[wire.Instrument]:
    wanted = (query or "").casefold()
    found = [
        (one, datasets)
        for one, datasets in _all(workspace, dataset)
        if any(wanted in text.casefold() for text in _texts(one))
    ]
    ids = [str(one.id) for one, _ in found]
    first = 0 if after is None else bisect_right(ids, str(after[0]))
    shown = [_wire(one, datasets) for one, datasets in found[first : first + limit + 1]]
    return part(shown, limit, lambda each: [each.id])


def _show(workspace: Workspace, instrument: str) -> wire.Instrument:
    known = _all(workspace, None)
    book = Book([one for one, _ in known])
    if not book.find(instrument):
        hint = (
            did_you_mean(instrument.upper(), list(book.names))
            if known
            else "There is no data yet: pull or import some."
        )
        raise NotFound(f"No dataset holds {instrument[:64]!r}.", hint=hint, code="unknown_symbol")
    wanted = book.require(instrument)
    return next(_wire(one, datasets) for one, datasets in known if one.id == wanted)


def _bars(
    workspace: Workspace, instrument: str, dataset: str | None, start: date | None, end: date | None
) -> pl.DataFrame:
    from midas.marketdata.universe import select

    known = next((one for one in workspace.lake.datasets() if one.name == dataset), None)
    if known is not None and (known.timeframe.is_tick or known.timeframe.is_intraday):
        kind = "ticks" if known.timeframe.is_tick else f"{known.timeframe} bars"
        raise DataBlocked(
            f"Dataset {dataset!r} has {kind}; only bars of whole sessions are listed.",
            hint="Name a dataset of daily bars.",
            code="timeframe_unsupported",
        )
    chosen = select(workspace.lake, dataset, [instrument])
    return workspace.lake.bars(chosen.panel.dataset, chosen.symbols, start, end)


def _latest(
    workspace: Workspace, instrument: str, dataset: str | None, until: date | None = None, length: str | None = None
) -> wire.Bar:
    from midas.marketdata.universe import select

    lake, known = workspace.lake, _show(workspace, instrument)
    if dataset in known.datasets:
        names = [dataset]
    elif dataset is not None:
        names = [select(lake, dataset, [instrument]).panel.dataset]
    else:
        with suppress(NotFound):
            # the best of several on the same day comes first, and max keeps the first
            known.datasets.insert(0, select(lake, None, [instrument]).panel.dataset)
        names = known.datasets
    last = [_last(lake, name, known.id, until, length) for name in names]
    last = [frame for frame in last if not frame.is_empty()]
    if not last:
        raise DataBlocked(f"{instrument} has no bars.", hint="Pull or import some.", code="empty")
    return _rows(max(last, key=lambda frame: frame["ts"][0]))[0]


def _last(lake: Lake, name: str, symbol: str, until: date | None, length: str | None) -> pl.DataFrame:
    # the last bar, by its session
    from midas.marketdata.trading_day import trading_days
    from midas.venues.catalogue import venue

    dataset = lake.dataset(name)
    if dataset.timeframe.is_tick and length is None:
        return _last_tick(lake, name, symbol, until)
    frame = lake.bars(name, [symbol], None, until, None if length is None else Timeframe.parse(length)).tail(1)
    return frame.with_columns(trading_days(frame["ts"], venue(dataset.venue, dataset.currency).timezone))


def _last_tick(lake: Lake, name: str, symbol: str, until: date | None) -> pl.DataFrame:
    import polars as pl

    for day in reversed(lake.tick_days(name)):
        if until is None or day <= until:
            ticks = lake.ticks(name, day).filter(pl.col("symbol") == symbol).sort("ts", maintain_order=True).tail(1)
            if ticks.height:
                return ticks.select(ts=pl.lit(day), close="price")
    return pl.DataFrame()


def _all(workspace: Workspace, dataset: str | None) -> list[tuple[Instrument, list[str]]]:
    lake = workspace.lake
    names = [each.name for each in lake.datasets()] if dataset is None else [lake.dataset(dataset).name]
    merged: dict[str, tuple[Instrument, list[str]]] = {}
    for name in names:
        for one in lake.instruments(name):
            merged.setdefault(str(one.id), (one, []))[1].append(name)
    return [merged[text] for text in sorted(merged)]


def _texts(one: Instrument) -> Iterable[str]:
    yield str(one.id)
    yield one.name
    yield from (alias.symbol for alias in one.aliases)


def _wire(one: Instrument, datasets: list[str]) -> wire.Instrument:
    return wire.Instrument(
        id=str(one.id),
        symbol=one.id.symbol,
        venue=one.id.venue,
        name=one.name,
        currency=one.currency,
        board=one.board,
        kind=one.kind,
        aliases=[
            wire.Alias(symbol=each.symbol, valid_from=each.valid_from, valid_to=each.valid_to) for each in one.aliases
        ],
        datasets=datasets,
    )


def _rows(frame: pl.DataFrame) -> list[wire.Bar]:
    columns = ["ts", *(name for name in _PRICES if name in frame.columns)]
    missing = dict.fromkeys(_PRICES)
    return [wire.Bar(**{**missing, **row}) for row in frame.select(columns).iter_rows(named=True)]
