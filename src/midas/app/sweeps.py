"""Sweeps: running, looking, deleting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app import sweeping, trials, walking
from midas.app.jobs import moment_and_id, wire_job
from midas.app.jobs import show as show_job
from midas.app.paging import Key, Part, part
from midas.app.parts import is_whole, read_whole
from midas.app.sweeping import SweepMade, SweepOrder
from midas.app.task import Settled, Task
from midas.app.workspace import Workspace
from midas.db.sweeps import SHELF, SweepRecord
from midas.marketdata.files import remove
from midas.wire.jobs import Job
from midas.wire.sweeps import Sweep, SweepRequest

if TYPE_CHECKING:
    import polars as pl

Json = dict[str, object]


async def run(workspace: Workspace, request: SweepRequest, wait_s: float) -> Job:
    """Answer a question from the store, or queue its sweep; return the job.

    Raises
    ------
    NotFound: an unknown strategy, universe or symbol.
    InvalidInput: the question makes no sense, before anything runs.
    """
    found = await sweeping.subject(workspace, request)
    order = await to_thread.run_sync(sweeping.order, workspace, request, found)
    if not request.fresh:
        stored = await workspace.database.read(SHELF.by_identity, order.identity)
        if stored is not None and stored.status == "done" and is_whole(workspace.home.sweep(order.identity)):
            return wire_job(await workspace.jobs.finished("sweep", Settled(stored.id, {"cached": True})))
    task = Task(
        "sweep",
        partial(sweeping.perform, workspace.home.root, order),
        partial(_settle, workspace, order, "done"),
        partial(_keep, workspace, order),
        partial(trials.count_all, workspace),
    )
    record = await workspace.jobs.submit(task)
    return await show_job(workspace, record.id, wait_s)


async def page(workspace: Workspace, limit: int, after: Key | None) -> Part[Sweep]:
    """Return sweeps, latest first, with the luck they had when they were made; without heat maps and walk-forwards."""
    found = await workspace.database.read(SHELF.page, limit + 1, moment_and_id(after))
    shown = [_wire(record).model_copy(update={"heat": None, "walk_forward": None}) for record in found]
    return part(shown, limit, lambda item: [item.created_at.isoformat(), item.id])


async def show(workspace: Workspace, sweep: str) -> Sweep:
    """Return a sweep by its id or the beginning of it, weighed by what has been tried up to now.

    Raises
    ------
    NotFound: none begins so.
    InvalidInput: several do.
    """
    record = await workspace.database.read(SHELF.show, sweep)
    if record.evidence is None:
        return _wire(record)
    tried = (await trials.counts(workspace, [record.hypothesis])).get(record.hypothesis, 1)
    frame = await to_thread.run_sync(_read, workspace, record)
    luck = _weighed(record.evidence, tried, frame["sharpe"].drop_nulls().to_list(), record.pbo)
    return Sweep.model_validate({**_wire(record).model_dump(), "luck": luck})


async def delete(workspace: Workspace, sweep: str) -> None:
    """Remove a sweep and its trials; what was tried stays counted.

    Raises
    ------
    NotFound: no such sweep.
    """
    record = await workspace.database.read(SHELF.show, sweep)
    await workspace.database.write(SHELF.remove, record.identity)
    await to_thread.run_sync(remove, workspace.home.sweep(record.identity))


async def table(workspace: Workspace, sweep: str) -> pl.DataFrame:
    """Return the trials of a sweep: parameters, score and main measures, one row each.

    Raises
    ------
    StorageCorrupt: they are gone or damaged.
    """
    record = await workspace.database.read(SHELF.show, sweep)
    return await to_thread.run_sync(_read, workspace, record)


def _read(workspace: Workspace, record: SweepRecord) -> pl.DataFrame:
    return read_whole(workspace.home.sweep(record.identity), f"The table of sweep {record.id}")


async def _keep(workspace: Workspace, order: SweepOrder) -> Settled | None:
    made = await to_thread.run_sync(sweeping.rescue, workspace.home.root, order)
    return None if made is None else await _settle(workspace, order, "cancelled", made)


async def _settle(workspace: Workspace, order: SweepOrder, status: str, made: SweepMade) -> Settled:
    tried = await trials.count(workspace, made.hypothesis)
    luck = None if made.evidence is None else _weighed(made.evidence, tried, made.sharpes, made.pbo)
    request = order.request
    record = SweepRecord(
        id=order.identity[:12],
        identity=order.identity,
        status=status,
        strategy=order.subject.name,
        universe=request.universe,
        symbols=made.symbols if request.symbols else [],
        start=made.start,
        end=made.end,
        created_at=workspace.clock.now_utc(),
        metric=request.metric,
        sampler=request.sampler,
        seed=request.seed,
        axes=made.axes,
        fixed=dict(order.subject.fixed),
        trials=made.trials,
        skipped=made.skipped,
        skipped_because=made.skipped_because,
        best=made.best,
        summary=made.summary,
        flatness=made.flatness,
        heat=made.heat,
        warnings=made.warnings,
        settings=made.settings,
        hypothesis=made.hypothesis,
        evidence=made.evidence,
        pbo=made.pbo,
        luck=luck,
        walk_forward=await walking.weighed(workspace, made.hypothesis, order.identity, made.walked),
    )
    await workspace.database.write(SHELF.save, record)
    return Settled(record.id, {"cached": False})


def _weighed(evidence: Json, tried: int, sharpes: Sequence[float], pbo: float | None) -> Json:
    from midas.backtest.evidence import Evidence
    from midas.backtest.luck import weigh

    return weigh(Evidence.from_json(evidence), max(1, tried), trial_sharpes=sharpes, pbo=pbo).to_json()


def _wire(record: SweepRecord) -> Sweep:
    return Sweep.model_validate(record, from_attributes=True)
