"""Evaluations: running, looking, running again, deleting."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app import evaluating, trials
from midas.app.evaluating import EvaluationMade, EvaluationOrder
from midas.app.jobs import moment_and_id, wire_job
from midas.app.jobs import show as show_job
from midas.app.paging import Key, Part, part
from midas.app.parts import is_whole, read_whole
from midas.app.task import Settled, Task
from midas.app.workspace import Workspace
from midas.db.evaluations import SHELF, EvaluationRecord
from midas.marketdata.files import remove
from midas.wire.evaluations import Evaluation, EvaluationRequest
from midas.wire.jobs import Job

if TYPE_CHECKING:
    import polars as pl


async def run(workspace: Workspace, request: EvaluationRequest, wait_s: float) -> Job:
    """Answer a question from the store, or queue its evaluation; return the job.

    Raises
    ------
    NotFound: an unknown strategy, universe or symbol.
    InvalidInput: the question makes no sense, before anything runs.
    """
    order = await to_thread.run_sync(evaluating.order, workspace, request)
    if not request.fresh:
        stored = await workspace.database.read(SHELF.by_identity, order.identity)
        if stored is not None and stored.status == "done" and is_whole(workspace.home.evaluation(order.identity)):
            return wire_job(await workspace.jobs.finished("evaluation", Settled(stored.id, {"cached": True})))
    task = Task(
        "evaluation",
        partial(evaluating.perform, workspace.home.root, order),
        partial(_settle, workspace, order, "done"),
        partial(_keep, workspace, order),
        partial(trials.count_all, workspace),
    )
    record = await workspace.jobs.submit(task)
    return await show_job(workspace, record.id, wait_s)


async def rerun(workspace: Workspace, evaluation: str, wait_s: float) -> Job:
    """Ask the question of a stored evaluation again, of the data there is now.

    Raises
    ------
    NotFound: no such evaluation.
    """
    record = await workspace.database.read(SHELF.show, evaluation)
    return await run(workspace, EvaluationRequest.model_validate({**record.question, "fresh": True}), wait_s)


async def page(workspace: Workspace, limit: int, after: Key | None) -> Part[Evaluation]:
    """Return evaluations, latest first."""
    found = await workspace.database.read(SHELF.page, limit + 1, moment_and_id(after))
    return part(list(map(_wire, found)), limit, lambda item: [item.created_at.isoformat(), item.id])


async def show(workspace: Workspace, evaluation: str) -> Evaluation:
    """Return an evaluation by its id or the beginning of it.

    Raises
    ------
    NotFound: none begins so.
    InvalidInput: several do.
    """
    return _wire(await workspace.database.read(SHELF.show, evaluation))


async def delete(workspace: Workspace, evaluation: str) -> None:
    """Remove an evaluation and its table; what was tried stays counted.

    Raises
    ------
    NotFound: no such evaluation.
    """
    record = await workspace.database.read(SHELF.show, evaluation)
    await workspace.database.write(SHELF.remove, record.identity)
    await to_thread.run_sync(remove, workspace.home.evaluation(record.identity))


async def table(workspace: Workspace, evaluation: str) -> pl.DataFrame:
    """Return symbol, strategy, score and main measures, one row for each pair.

    Raises
    ------
    StorageCorrupt: they are gone or damaged.
    """
    record = await workspace.database.read(SHELF.show, evaluation)
    folder = workspace.home.evaluation(record.identity)
    return await to_thread.run_sync(read_whole, folder, f"The table of evaluation {record.id}")


async def _keep(workspace: Workspace, order: EvaluationOrder) -> Settled | None:
    made = await to_thread.run_sync(evaluating.rescue, workspace.home.root, order)
    return None if made is None else await _settle(workspace, order, "cancelled", made)


async def _settle(workspace: Workspace, order: EvaluationOrder, status: str, made: EvaluationMade) -> Settled:
    request = order.request
    record = EvaluationRecord(
        id=order.identity[:12],
        identity=order.identity,
        status=status,
        universe=request.universe,
        symbols=made.symbols if request.symbols else [],
        start=made.start,
        end=made.end,
        created_at=workspace.clock.now_utc(),
        metric=request.metric,
        strategies=made.strategies,
        results=made.results,
        refused=made.refused,
        warnings=made.warnings,
        settings=made.settings,
        question=request.model_dump(mode="json"),
    )
    await workspace.database.write(SHELF.save, record)
    return Settled(record.id, {"cached": False})


def _wire(record: EvaluationRecord) -> Evaluation:
    return Evaluation.model_validate(record, from_attributes=True)
