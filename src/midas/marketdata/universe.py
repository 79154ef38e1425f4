"""Which instruments a run is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from midas.core.basis import Basis
from midas.core.errors import InvalidInput, NotFound, did_you_mean
from midas.core.instrument import InstrumentId
from midas.core.timeframe import Timeframe
from midas.marketdata.book import Book
from midas.marketdata.dataset import Dataset
from midas.marketdata.lake import Lake
from midas.marketdata.panel import Panel
from midas.marketdata.tick_bars import require_length

_BEST_FIRST = (Basis.RAW, Basis.SPLIT_ADJUSTED, Basis.TOTAL_RETURN, Basis.CLOSE_ONLY)
_RECENT = 20
DAILY = Timeframe(1, "d")
_LONG_ENOUGH = 252


@dataclass(frozen=True, slots=True)
class Selection:
    """A panel of exactly the instruments asked for.

    `label` names the universe for people and for a run's identity; `symbols` are texts of ids, in column order.
    """

    panel: Panel
    label: str
    symbols: tuple[str, ...]
    warnings: tuple[str, ...]


def select(lake: Lake, universe: str | None, symbols: Sequence[str], timeframe: Timeframe | None = None) -> Selection:
    """Find the dataset that answers a request and open its panel.

    `universe` is a dataset's name, or a MIC: then every instrument of the dataset of that venue imported last.
    `symbols` are ids or display symbols, also of a day (`FB@2015-01-02`); the dataset that holds all of them is taken,
    the best basis first (raw, split_adjusted, total_return, close_only), then the latest import. Both together: those
    symbols of that universe.
    `timeframe` None is a day, or whatever a dataset that is named by its own name has. A dataset of ticks is taken by
    its own name alone, and gives the bars of `timeframe` that are made of them.

    Raises
    ------
    InvalidInput: neither was given, or a display symbol is ambiguous.
    NotFound: no such dataset, venue or symbol.
    """
    if timeframe is not None and timeframe.is_tick:
        raise InvalidInput(
            "A strategy decides on bars, not on ticks.",
            hint="Say how long the bars made of them are, e.g. --timeframe 1m.",
            code="timeframe_needed",
        )
    if universe is None and not symbols:
        raise InvalidInput(
            "No universe and no symbols were given.",
            hint="Name a dataset or venue with --universe, or instruments with --symbols.",
            code="no_universe",
        )
    if universe is None:
        return _of_symbols(lake, symbols, timeframe or DAILY)
    dataset, warnings = _of_universe(lake, universe, timeframe)
    if symbols:
        return _chosen(lake, dataset, Book(lake.instruments(dataset.name)), symbols, warnings)
    return _select_all(lake, dataset, universe, warnings)


def _of_universe(lake: Lake, universe: str, timeframe: Timeframe | None) -> tuple[Dataset, tuple[str, ...]]:
    every = lake.datasets()
    for dataset in every:
        if dataset.name == universe:
            return _of_timeframe(dataset, timeframe), ()
    wanted = timeframe or DAILY
    datasets = [dataset for dataset in every if dataset.timeframe == wanted]
    of_venue = sorted((one for one in datasets if one.venue == universe), key=_latest_first)
    if not of_venue:
        known = [one.name for one in datasets] + sorted({one.venue for one in datasets})
        hint = did_you_mean(universe, known) if known else "There is no data yet: pull or import some first."
        bars = "" if wanted == DAILY else f" with {wanted} bars"
        raise NotFound(f"There is no dataset or venue {universe!r}{bars}.", hint=hint, code="unknown_universe")
    chosen, others = of_venue[0], [one.name for one in of_venue[1:]]
    if not others:
        return chosen, ()
    return chosen, (
        f"{universe} has {len(of_venue)} datasets; using {chosen.name!r}, imported last (also: {', '.join(others)}).",
    )


def _select_all(lake: Lake, dataset: Dataset, universe: str, warnings: tuple[str, ...]) -> Selection:
    panel = lake.panel(dataset.name, dataset.timeframe)
    if universe != dataset.name:
        here = [column for column, one in enumerate(panel.instruments) if one.id.venue == universe]
        panel = panel.select(here) if here else panel
    symbols = tuple(str(one.id) for one in panel.instruments)
    return Selection(panel, universe, symbols, (*warnings, *_survivorship(panel, universe)))


def _of_timeframe(dataset: Dataset, timeframe: Timeframe | None) -> Dataset:
    if dataset.timeframe.is_tick:
        return replace(dataset, timeframe=require_length(dataset.name, timeframe))
    if timeframe is not None and dataset.timeframe != timeframe:
        raise InvalidInput(
            f"Dataset {dataset.name!r} has {dataset.timeframe} bars, not {timeframe}.",
            hint=f"Leave the timeframe out, or name a dataset of {timeframe} bars.",
            code="other_timeframe",
        )
    return dataset


def _of_symbols(lake: Lake, symbols: Sequence[str], timeframe: Timeframe) -> Selection:
    every = lake.datasets()
    datasets = [dataset for dataset in every if dataset.timeframe == timeframe]
    if not datasets and timeframe != DAILY:
        there = sorted({str(one.timeframe) for one in every if not one.timeframe.is_tick})
        raise NotFound(
            f"There is no dataset of {timeframe} bars.",
            hint=f"There are bars of: {', '.join(there)}." if there else "There is no data yet: import some first.",
            code="unknown_timeframe",
        )
    books = {dataset.name: Book(lake.instruments(dataset.name)) for dataset in datasets}
    _require_known(symbols, books)
    holding = [dataset for dataset in datasets if all(books[dataset.name].find(symbol) for symbol in symbols)]
    if not holding:
        places = {symbol: [name for name, book in books.items() if book.find(symbol)] for symbol in symbols}
        raise NotFound(
            "No dataset holds all of these: "
            + "; ".join(f"{symbol} is in {' and '.join(names)}" for symbol, names in places.items())
            + ".",
            hint="Import them into one dataset, or run them apart.",
            code="no_common_dataset",
        )
    chosen, *others = sorted(holding, key=lambda one: (_BEST_FIRST.index(one.basis), *_latest_first(one)))
    same = [one.name for one in others if one.basis is chosen.basis]
    warnings: tuple[str, ...] = ()
    if same:
        warnings = (f"Several {chosen.basis} datasets hold these; using {chosen.name!r} (also: {', '.join(same)}).",)
    return _chosen(lake, chosen, books[chosen.name], symbols, warnings)


def _chosen(lake: Lake, dataset: Dataset, book: Book, symbols: Sequence[str], warnings: tuple[str, ...]) -> Selection:
    ids = {_member(book, symbol) for symbol in symbols}
    panel = lake.panel(dataset.name, dataset.timeframe)
    panel = panel.select([column for column, one in enumerate(panel.instruments) if one.id in ids])
    return Selection(panel, dataset.name, tuple(str(one.id) for one in panel.instruments), warnings)


def _member(book: Book, symbol: str) -> InstrumentId:
    if not book.find(symbol):
        raise NotFound(
            f"{symbol!r} is not in this universe.", hint=did_you_mean(symbol, list(book.names)), code="unknown_symbol"
        )
    return book.require(symbol)


def _require_known(symbols: Sequence[str], books: Mapping[str, Book]) -> None:
    for symbol in symbols:
        if not any(book.find(symbol) for book in books.values()):
            known = sorted({name for book in books.values() for name in book.names})
            hint = did_you_mean(symbol, known) if known else "There is no data yet: pull or import some first."
            raise NotFound(f"No dataset holds {symbol!r}.", hint=hint, code="unknown_symbol")


def _latest_first(dataset: Dataset) -> tuple[float, str]:
    return -dataset.imported_at_utc.timestamp(), dataset.name


def _survivorship(panel: Panel, label: str) -> tuple[str, ...]:
    # When no name ever stops trading, the list was made with hindsight.
    if panel.columns < 2 or panel.rows < _LONG_ENOUGH:
        return ()
    recent = panel.tiles("raw_close")[:, -_RECENT:, :]
    alive = int((~np.isnan(recent)).any(axis=1).sum())
    if alive < panel.columns:
        return ()
    return (
        f"Survivorship: all {panel.columns} names of {label!r} trade to the end of the data, so the list was made "
        "with hindsight and results are likely too good.",
    )
