"""The trader's wishes come from the database, and so does what they mean."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from anyio import to_thread

from midas.app import following, limits, missions
from midas.app.parities import nightly
from midas.app.seals import Sealing
from midas.app.workspace import Workspace
from midas.core.errors import MidasError
from midas.db import accounts, risk
from midas.db import runs as rows
from midas.db.ownership import SqlOwnership
from midas.risk.kill import KillLevel
from midas.trading.crash_point import crash_at, pass_by
from midas.trading.daemon import Trader
from midas.trading.flag_file import FlagFile
from midas.trading.journal import NOBODY, Audit, Fenced, MoveRun
from midas.trading.lifecycle import RUNNING, RunState
from midas.trading.office import Mission, Surroundings
from midas.trading.wishes import Told, Wanted

if TYPE_CHECKING:
    from midas.db.journal import SqlJournal
    from midas.marketdata.told import Told as ToldRows
    from midas.strategies.definition import Definition

FENCED_EXIT = 70
"""Exit code of a trader that lost an account to another one: it ends within the same step."""

GONE_WITHIN_S = 3.0
"""How long such a trader may take to end what is under way; then it ends without."""

_CLOSES = (KillLevel.CANCEL_ALL, KillLevel.FLATTEN)
_RUNNING = [state.value for state in RUNNING]


class Owners:
    """What people asked for, as rows."""

    def __init__(self, workspace: Workspace, journal: SqlJournal) -> None:
        self._workspace, self._journal = workspace, journal

    async def wanted(self) -> Sequence[Wanted]:
        found = await self._workspace.database.read(rows.in_states, _RUNNING)
        known = {each.id: each for each in await self._workspace.database.read(accounts.every)}
        by_account: dict[str, list[rows.RunRecord]] = {}
        for record in found:
            by_account.setdefault(record.account, []).append(record)
        for account in await self._to_close():
            by_account.setdefault(account, [])
        cancelling = set(await self._workspace.database.read(risk.cancelling)) - by_account.keys()
        for account in sorted(cancelling):
            by_account[account] = []
        held_back = await self._workspace.database.read(risk.quarantined)
        found_now = [_wanted(account, known.get(account), runs) for account, runs in by_account.items()]
        return [
            replace(
                each, quarantined=frozenset(held_back.get(each.account, ())), cancels_only=each.account in cancelling
            )
            for each in found_now
        ]

    async def _to_close(self) -> Sequence[str]:
        # where a switch asks for more than to stop, there is something to do without any run
        kills = await self._workspace.database.read(risk.pulled)
        flag = FlagFile(self._workspace.home.kill_flag).read()
        levels = {kill.account: kill.level for kill in kills if kill.level in _CLOSES}
        if not levels and flag not in _CLOSES:
            return ()
        everywhere = flag in _CLOSES or risk.ALL in levels
        exposed = await self._workspace.database.read(risk.exposed)
        return [account for account in exposed if everywhere or account in levels]

    async def mission(self, wanted: Wanted) -> Mission:
        account = await self._workspace.database.read(accounts.find, wanted.account)
        records = await self._workspace.database.read(rows.in_states, _RUNNING, wanted.account)
        runs = [record.id for record in records]
        if not records:
            # the market it traded on last is where it can be closed
            records = (await self._workspace.database.read(rows.of_account, wanted.account))[-1:]
        told = await following.told_to(self._journal, account.id, [record.id for record in records])
        found = await to_thread.run_sync(self._mission, account, records, not runs, told)
        if wanted.cancels_only and not runs:
            return replace(found, closing=False, cancelling=True)
        if not found.venues or found.closing:
            return found
        calendar = next(iter(found.venues.values())).calendar
        return replace(found, jobs=nightly(self._workspace, runs, calendar, replay=found.replay))

    async def give_up(self, wanted: Wanted, why: MidasError) -> None:
        now_utc = self._workspace.clock.now_utc()
        for run in wanted.runs:
            moved = MoveRun(run, RunState.STOPPED.value, str(why))
            line = Audit(wanted.account, "trader", "run.given_up", run, {"why": str(why), "code": why.code}, now_utc)
            await self._journal.commit(wanted.account, NOBODY, [moved, line])
        if not wanted.runs:
            told: dict[str, object] = {"why": str(why), "code": why.code}
            line = Audit(wanted.account, "trader", "alert.cannot_trade", wanted.account, told, now_utc)
            await self._journal.commit(wanted.account, NOBODY, [line])

    def _mission(
        self, account: accounts.AccountRecord, records: Sequence[rows.RunRecord], closing: bool, told: ToldRows | None
    ) -> Mission:
        definitions = {one.id: _definition(one) for one in records}
        made = missions.mission(account, records, self._workspace.lake, definitions, told)
        return replace(made, closing=True, runners=lambda _broker: ()) if closing else made


async def trade(workspace: Workspace, told: Told, *, until_idle: bool, lease_s: float, crash: str = "") -> int:
    """Carry out the runs there are, until told to stop or until nothing is left to do; return an exit code.

    SIGINT and SIGTERM end it, SIGUSR1 pulls the kill switch. `crash` names a crash point of a test.

    Raises
    ------
    Halted: the kill switch says so.
    """
    from midas.db.journal import SqlJournal

    journal = SqlJournal(workspace.database.place)
    ownership = SqlOwnership(workspace.database.place, workspace.home.run, workspace.clock, lease_s)
    around = Surroundings(
        journal, ownership, workspace.clock, random.Random().random, FlagFile(workspace.home.kill_flag),
        crash_at(crash) if crash else pass_by, lease_s=lease_s, fenced=way_out(),
    )  # fmt: skip
    trader = Trader(Owners(workspace, journal), around, told, until_idle=until_idle)
    _hear_signals(trader)
    sealing = Sealing(workspace, told)
    keeping = asyncio.create_task(sealing.keep(), name="seals")
    try:
        await workspace.begin()
        await trader.run()
    except asyncio.CancelledError:
        return 0
    except Fenced as error:
        told(f"{error.message} Another trader is at work, or this one was held up; it ends.")
        return FENCED_EXIT
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await workspace.end()
        await ownership.close()
        await journal.close()
        await sealing.once()
    return 0


def way_out() -> Callable[[], None]:
    """Return what ends this process before long, whatever its loop, its threads and its connections wait for."""
    timer = threading.Timer(GONE_WITHIN_S, os._exit, [FENCED_EXIT])
    timer.daemon = True

    def begin() -> None:
        if not timer.is_alive():
            timer.start()

    return begin


def _hear_signals(trader: Trader) -> None:
    loop, working = asyncio.get_running_loop(), asyncio.current_task()
    assert working is not None
    loop.add_signal_handler(signal.SIGUSR1, trader.signal, KillLevel.CANCEL_ALL)
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, working.cancel)


def _wanted(account: str, record: accounts.AccountRecord | None, runs: Sequence[rows.RunRecord]) -> Wanted:
    states = {run.id: run.state for run in runs}
    if record is None:
        return Wanted(account, states)
    others = {name: value for name, value in record.settings.items() if name != limits.KEY}
    return Wanted(account, states, json.dumps(others, sort_keys=True), limits.limits_by_run(record, runs))


def _definition(record: rows.RunRecord) -> Definition:
    from midas.strategies.definition import Definition

    graph = record.document["graph"]
    assert isinstance(graph, dict)
    return Definition.from_graph_json(graph)
