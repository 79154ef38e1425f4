"""Instruments and their bars."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app.paging import Key, Part, part
from midas.app.workspace import Workspace
from midas.core.errors import DataBlocked, InvalidInput, NotFound, did_you_mean
from midas.core.instrument import Instrument
from midas.marketdata.book import Book
from midas.wire import instruments as wire

if TYPE_CHECKING:
    import polars as pl

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


async def latest(workspace: Workspace, instrument: str, dataset: str | None, until: date | None = None) -> wire.Bar:
    """Return the last bar of `dataset`, or else of all that hold the instrument, up to and including a day.

    Raises
    ------
    NotFound: no dataset holds the instrument.
    """
    return await to_thread.run_sync(_latest, workspace, instrument, dataset, until)


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

    chosen = select(workspace.lake, dataset, [instrument])
    return workspace.lake.bars(chosen.panel.dataset, chosen.symbols, start, end)


def _latest(workspace: Workspace, instrument: str, dataset: str | None, until: date | None = None) -> wire.Bar:
    last = [_bars(workspace, instrument, dataset, None, until).tail(1)]
    if dataset is None:
        # the best of several on the same day comes first, and max keeps the first
        known = _show(workspace, instrument)
        barred = [name for name in known.datasets if not workspace.lake.dataset(name).timeframe.is_tick]
        last += [workspace.lake.bars(name, [known.id], None, until).tail(1) for name in barred]
    last = [frame for frame in last if not frame.is_empty()]
    if not last:
        raise DataBlocked(f"{instrument} has no bars.", hint="Pull or import some.", code="empty")
    return _rows(max(last, key=lambda frame: frame["ts"][0]))[0]


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
