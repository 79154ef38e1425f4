"""A run beside its backtest: told when somebody asks, and by the trader after each session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app.accounts import major
from midas.app.seats import Report
from midas.app.task import Settled, Task
from midas.app.workspace import Workspace
from midas.core.errors import Refused
from midas.db import parities
from midas.db import runs as rows
from midas.db.parities import ParityRecord, Recording
from midas.wire.jobs import FINISHED
from midas.wire.parities import Parity, ParityDifference, ParityTrade
from midas.wire.problem import Problem

if TYPE_CHECKING:
    from midas.trading.desk import Desk
    from midas.trading.parity import Difference
    from midas.trading.parity import Parity as Compared
    from midas.trading.scheduler import DailyJob
    from midas.trading.tape import Tape
    from midas.trading.twin import Trade
    from midas.venues.calendar import Calendar

JOB = "parity"
SHOWN = 1000
"""So many differences are told one by one; all of them are counted and added up."""

AFTER_CLOSE = timedelta(minutes=30)
"""Late executions of a session are told by then; a replay has none."""

_LOOK_AGAIN_S = 60.0

Json = dict[str, object]


async def tell(workspace: Workspace, run: str, through: date | None) -> Parity:
    """Compare a run with its backtest, up to a session or to the last bar it met.

    Raises
    ------
    NotFound: no such run.
    Refused: it has not met a bar it may decide on.
    StorageCorrupt: its tape cannot be read.
    """
    record = await workspace.database.read(rows.show, run)
    kept = await workspace.database.read(parities.recording, record.id, record.account)
    return await to_thread.run_sync(_compare, record.id, kept, through, workspace.clock.now_utc())


def nightly(
    workspace: Workspace, runs: Sequence[str], calendar: Calendar, *, replay: bool
) -> Callable[[Desk], Sequence[DailyJob]]:
    """Return the trader's job for an account: its runs are compared after each session, and the outcome kept."""
    from midas.trading.scheduler import DailyJob

    def jobs(desk: Desk) -> Sequence[DailyJob]:
        async def work(session: date) -> None:
            for run in runs:
                await _tonight(workspace, desk, run, session)

        return [DailyJob(JOB, calendar, "close", timedelta(0) if replay else AFTER_CLOSE, work, latest_alone=True)]

    return jobs


async def _tonight(workspace: Workspace, desk: Desk, run: str, session: date) -> None:
    # a job of its own: whatever goes wrong in it, trading goes on
    kept = await workspace.database.read(parities.recording, run, desk.account)
    work = partial(_perform, run, kept, session, workspace.clock.now_utc())
    job = await workspace.jobs.submit(Task(JOB, work, partial(_keep, workspace)))
    while job.state not in FINISHED:
        job = await workspace.jobs.wait(job.id, _LOOK_AGAIN_S)
    told: dict[str, object] = {"session": session.isoformat(), "job": job.id}
    if isinstance(job.result, dict):
        told |= {"trades": job.result["trades"], "differing": job.result["differing"], "told": job.result["sentence"]}
        await desk.commit(JOB, desk.audit("parity.told", run, told))
    elif job.error is not None:
        error = Problem.model_validate(job.error).error()
        await desk.commit(JOB, desk.audit("parity.failed", run, told | {"code": error.code, "why": error.message}))


def _perform(run: str, kept: Recording, through: date, told_at: datetime, report: Report) -> Json | None:
    report(0.0, f"run {run}")
    try:
        return _compare(run, kept, through, told_at).model_dump(mode="json")
    except Refused:
        return None  # it met no bar yet


async def _keep(workspace: Workspace, made: Json | None) -> Settled:
    if made is None:
        return Settled(None, None)
    told = Parity.model_validate(made)
    await workspace.database.write(parities.store, ParityRecord(told.run, told.through, told.told_at, made))
    return Settled(None, {name: made[name] for name in ("run", "through", "trades", "differing", "sentence")})


def _compare(run: str, kept: Recording, through: date | None, told_at: datetime) -> Parity:
    from midas.trading.parity import parity
    from midas.trading.tape import Tape
    from midas.trading.verdict import verdict

    tape = Tape.of(kept.parts, kept.orders, kept.fills)
    tape = tape if through is None else tape.until(through)
    found = parity(tape)
    currency = str(tape.head.ground["currency"])
    return Parity(
        run=run,
        through=found.through,
        told_at=told_at,
        identity=tape.head.identity,
        currency=currency,
        trades=found.trades,
        differing=len(found.differences),
        run_money=major(found.lived, currency),
        twin_money=major(found.tested, currency),
        total=major(found.total, currency),
        totals={bucket.value: major(amount, currency) for bucket, amount in found.totals.items()},
        unexplained=major(found.unexplained, currency),
        sentence=verdict(found, currency),
        notes=_notes(tape, found),
        differences=[_difference(each, currency) for each in found.differences[:SHOWN]],
    )


def _notes(tape: Tape, found: Compared) -> list[str]:
    from midas.backtest.identity import engine_version

    notes = []
    engines = dict.fromkeys((tape.head.engine, *tape.engines))
    if [*engines] != [engine_version()]:
        notes.append(f"It was traded by {', '.join(engines)}; its twin ran on {engine_version()}.")
    tables = tape.head.market().venue.table_version
    if tables != tape.head.tables:
        notes.append(f"The venue's tables changed since it began: {tape.head.tables} then, {tables} now.")
    gaps = [row for row in tape.rows if row.gap]
    if gaps:
        notes.append(f"Bars are missing before {len(gaps)} of {len(tape.rows)} rows, first in {gaps[0].session}.")
    if tape.is_full:
        notes.append(f"The tape is full: what came after {found.through} was not recorded.")
    return notes


def _difference(one: Difference, currency: str) -> ParityDifference:
    return ParityDifference(
        instrument=one.instrument,
        session=one.session,
        side=one.side,
        run=_trade(one.lived, currency),
        twin=_trade(one.tested, currency),
        parts={bucket.value: major(amount, currency) for bucket, amount in one.parts.items()},
        total=major(one.total, currency),
    )


def _trade(trade: Trade | None, currency: str) -> ParityTrade | None:
    if trade is None:
        return None
    return ParityTrade(quantity=trade.quantity, price=trade.price, money=major(trade.money, currency))
