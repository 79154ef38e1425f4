"""Backtests: running, looking, comparing, exporting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from anyio import to_thread

from midas.app import running, trials
from midas.app.home import Home
from midas.app.jobs import moment_and_id, wire_job
from midas.app.jobs import show as show_job
from midas.app.paging import Key, Part, part
from midas.app.resolving import resolve
from midas.app.running import Made, Order, saving
from midas.app.series import exported
from midas.app.task import Settled, Task
from midas.app.workspace import Workspace
from midas.core.errors import InvalidInput, NotFound, StorageCorrupt
from midas.db import backtests as rows
from midas.db.backtests import BacktestRecord
from midas.marketdata.files import remove
from midas.wire.backtests import Backtest, BacktestRequest, ComparedMeasure, Comparison, SeriesName
from midas.wire.jobs import Job
from midas.wire.luck import Luck

if TYPE_CHECKING:
    import polars as pl

    from midas.backtest.artifact import StoredResult

_MOST_COMPARED = 20

Outcome = TypeVar("Outcome")


async def run(workspace: Workspace, request: BacktestRequest, wait_s: float) -> Job:
    """Answer a question from the store, or queue its run; return the job.

    Raises
    ------
    NotFound: an unknown strategy, universe or symbol.
    InvalidInput: the question makes no sense, before anything runs.
    """
    found = await resolve(workspace.database, request.strategy, request.params)
    order = await to_thread.run_sync(running.order, workspace, request, found)
    if not request.fresh:
        stored = await workspace.database.read(rows.by_identity, order.identity)
        if stored is not None and await to_thread.run_sync(_complete, workspace.home, stored):
            return wire_job(await workspace.jobs.finished("backtest", Settled(stored.id, {"cached": True})))
    # before it runs: a try that fails was one all the same
    await trials.count(workspace, order.hypothesis, [order.configuration])
    work = partial(running.perform, workspace.home.root, order)
    record = await workspace.jobs.submit(Task("backtest", work, partial(settle, workspace, order)))
    return await show_job(workspace, record.id, wait_s)


async def page(workspace: Workspace, strategy: str | None, limit: int, after: Key | None) -> Part[Backtest]:
    """Return results, latest first."""
    found = await workspace.database.read(rows.page, limit + 1, moment_and_id(after), strategy)
    return part(await _weighed(workspace, found), limit, lambda item: [item.created_at.isoformat(), item.id])


async def show(workspace: Workspace, backtest: str) -> Backtest:
    """Return a result by its id or the beginning of it.

    Raises
    ------
    NotFound: none begins so.
    InvalidInput: several do.
    """
    record = await workspace.database.read(rows.show, backtest)
    return (await _weighed(workspace, [record]))[0]


async def delete(workspace: Workspace, backtest: str) -> None:
    """Remove a result and its series.

    Raises
    ------
    NotFound: no such result.
    """
    record = await workspace.database.read(rows.show, backtest)
    # the row first: series without a row are never found, a row without series would be a broken promise
    await workspace.database.write(rows.remove, record.identity)
    await to_thread.run_sync(remove, workspace.home.result(record.identity))


async def compare(workspace: Workspace, backtests: list[str]) -> Comparison:
    """Return the measures of several results side by side; null where a result lacks one."""
    if not 1 <= len(backtests) <= _MOST_COMPARED:
        raise InvalidInput(f"Compare 1 to {_MOST_COMPARED} backtests.", hint="Name their ids.", code="bad_ids")
    found = [await show(workspace, each) for each in backtests]
    return await to_thread.run_sync(_compared, found)


async def read(workspace: Workspace, row: Backtest, work: Callable[[StoredResult], Outcome]) -> Outcome:
    """Return what `work` makes of a result's series.

    Raises
    ------
    StorageCorrupt: the series are gone or damaged.
    """
    return await to_thread.run_sync(_read, workspace.home.result(row.identity), row.id, work)


async def series(workspace: Workspace, row: Backtest, what: SeriesName) -> pl.DataFrame:
    """Return one series of a result, with the columns that outside programs rely on.

    Raises
    ------
    StorageCorrupt: the series are gone or damaged.
    """
    return await read(workspace, row, lambda result: exported(what, _frame(result, what)))


def _complete(home: Home, record: BacktestRecord) -> bool:
    try:
        _read(home.result(record.identity), record.id, _look_at_series)
    except StorageCorrupt:
        return False
    return True


def _look_at_series(result: StoredResult) -> None:
    import polars as pl

    from midas.backtest.artifact import SERIES

    # the end of a Parquet file says what is in it: one that was cut short shows here
    for name in SERIES:
        try:
            pl.read_parquet_schema(result.folder / f"{name}.parquet")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise StorageCorrupt(f"{name} of {result.folder} cannot be read.") from error


def _read(folder: Path, backtest: str, work: Callable[[StoredResult], Outcome]) -> Outcome:
    from midas.backtest.artifact import load

    try:
        return work(load(folder))
    except (NotFound, StorageCorrupt) as error:
        if not folder.parent.is_dir():
            raise _corrupt(backtest) from error
    try:
        # someone may be replacing it by the same result made anew: wait for them, then look again
        with saving(folder):
            return work(load(folder))
    except (NotFound, StorageCorrupt) as error:
        raise _corrupt(backtest) from error


def _frame(result: StoredResult, what: SeriesName) -> pl.DataFrame:
    read: dict[SeriesName, Callable[[], pl.DataFrame]] = {
        "equity": result.equity_frame,
        "fills": result.fills,
        "trades": result.trades,
        "positions": result.positions,
        "rejects": result.rejects,
        "contributions": result.contributions,
    }
    return read[what]()


def _corrupt(backtest: str) -> StorageCorrupt:
    return StorageCorrupt(
        f"The series of backtest {backtest} are gone or damaged.",
        hint="Run it again: the same question gives the same numbers.",
        code="series_corrupt",
    )


async def settle(workspace: Workspace, order: Order, made: Made) -> Settled:
    """Store what a run left beside its series."""
    record = BacktestRecord(
        id=made.identity[:12],
        identity=made.identity,
        status="done",
        strategy=order.name,
        definition=made.definition,
        params=made.params,
        universe=order.request.universe,
        symbols=made.symbols,
        start=made.start,
        end=made.end,
        created_at=workspace.clock.now_utc(),
        summary=made.summary,
        costs=made.costs,
        warnings=made.warnings,
        rejects=made.rejects,
        settings=made.settings,
        hypothesis=order.hypothesis,
        evidence=made.evidence,
    )
    await workspace.database.write(rows.save, record)
    return Settled(record.id, {"cached": False})


def _compared(found: list[Backtest]) -> Comparison:
    from midas.portfolio.measures.registry import by_key

    units = {key: measure.unit for key, measure in by_key().items()}
    names = dict.fromkeys(name for each in found for name in each.summary)
    rows = [
        ComparedMeasure(measure=name, unit=units.get(name, ""), values=[each.summary.get(name) for each in found])
        for name in names
    ]
    return Comparison(ids=[each.id for each in found], rows=rows)


async def _weighed(workspace: Workspace, found: list[BacktestRecord]) -> list[Backtest]:
    # by the tries there are now: what was tried since counts against a result of before
    tried = await trials.counts(workspace, [each.hypothesis for each in found if each.hypothesis is not None])
    return [_wire(each, tried.get(each.hypothesis or "", 0)) for each in found]


def _wire(record: BacktestRecord, tried: int) -> Backtest:
    from midas.backtest.evidence import Evidence
    from midas.backtest.luck import weigh

    row = Backtest.model_validate(record, from_attributes=True)
    if record.evidence is None:
        return row
    told = weigh(Evidence.from_json(record.evidence), max(1, tried)).to_json()
    return row.model_copy(update={"luck": Luck.model_validate(told)})
