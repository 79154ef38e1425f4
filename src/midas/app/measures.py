"""The measures dictionary, and results measured as other libraries do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app import backtests
from midas.app.workspace import Workspace
from midas.wire.backtests import Backtest, Library, Measured, MeasuredValue, MeasureEntry

if TYPE_CHECKING:
    from midas.backtest.artifact import StoredResult

_OWN_FED = "the run itself"


async def entries(library: Library) -> list[MeasureEntry]:
    """Return what every measure of a library is."""
    return await to_thread.run_sync(lambda: list(_own() if library == "midas" else _theirs(library)))


async def measured(workspace: Workspace, row: Backtest, library: Library) -> Measured:
    """Return a result's measures by a library's formulas.

    Raises
    ------
    StorageCorrupt: the series are gone or damaged.
    """
    told = await entries(library)
    if library == "midas":
        return _with_values(row, library, str(row.settings.get("engine") or ""), _OWN_FED, told, row.summary)
    return await backtests.read(workspace, row, lambda result: _measured(row, result, library, told))


def _measured(row: Backtest, result: StoredResult, library: Library, told: list[MeasureEntry]) -> Measured:
    from midas.portfolio.measures.conventions.catalogue import convention

    theirs = convention(library)
    return _with_values(row, library, theirs.version, theirs.fed, told, result.measures(library))


def _with_values(
    row: Backtest,
    library: Library,
    version: str,
    fed: str,
    told: list[MeasureEntry],
    values: dict[str, int | float | None],
) -> Measured:
    measures = [
        MeasuredValue(name=each.name, unit=each.unit, formula=each.formula, value=values.get(each.name))
        for each in told
    ]
    return Measured(id=row.id, library=library, version=version, fed=fed, measures=measures)


def _own() -> Iterator[MeasureEntry]:
    from midas.portfolio.measures.registry import MEASURES

    for each in MEASURES:
        yield MeasureEntry(
            name=each.key,
            label=each.label,
            unit=each.unit,
            formula=each.formula,
            frequency=each.frequency,
            day_count=each.day_count,
            open_trades=each.open_trades,
            source=each.source,
        )


def _theirs(library: Library) -> Iterator[MeasureEntry]:
    from midas.portfolio.measures.conventions.catalogue import convention

    theirs = convention(library)
    for each in theirs.entries:
        yield MeasureEntry(
            name=each.name,
            label=each.name,
            unit=each.unit,
            formula=each.formula,
            frequency=theirs.frequency,
            day_count=theirs.day_count,
            open_trades=theirs.open_trades,
            source=f"{theirs.source}; {theirs.version}",
        )
