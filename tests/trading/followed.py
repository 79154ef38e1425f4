"""Runs that follow a dataset, through the whole trader on a real database, in this process; it dies when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tests.marketdata.growing import NAME, clock, gone_by_hand, snapshot_of
from tests.trading.replaying import Died

from midas.app import parities, runs
from midas.app.settings import Settings
from midas.app.traders import Owners
from midas.app.workspace import Workspace
from midas.backtest.result import Result
from midas.backtest.run import run_spec
from midas.backtest.spec import spec_of
from midas.client.reference import reference
from midas.core.clock import ManualClock
from midas.core.order import Fill
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.execution.dealing import Dealing
from midas.marketdata.panel import Panel
from midas.portfolio.journal import CAUSES
from midas.strategies.definition import Definition
from midas.trading.crash_point import Reached, pass_by
from midas.trading.daemon import Trader
from midas.trading.office import Surroundings
from midas.wire.runs import RunRequest, RunStatus

LIFE_S = 180.0
LEASE_S = 20.0

T = TypeVar("T")


@dataclass
class Follows:
    """A data home whose dataset holds the first rows of a market, and the traders that come and go on it."""

    home: Path
    database: str | None
    market: Panel
    time: ManualClock = field(default_factory=clock)

    def grow(self, stop: int) -> None:
        """Let the dataset hold so many rows."""
        self.inside(lambda workspace: _written(workspace, self.market, range(stop)))

    def start(self, definition: Definition, feed: str = "follow", **more: object) -> str:
        """Store a run and return its id."""
        asked = {"strategy": reference(definition), "universe": NAME, "feed": feed, **more}
        return self.inside(lambda workspace: runs.start(workspace, RunRequest.model_validate(asked))).id

    def live(self, reached: Reached = pass_by) -> list[str]:
        """Trade until nothing is left to do; return what the trader said."""
        said: list[str] = []
        self.inside(lambda workspace: self._live(workspace, reached, said))
        return said

    def die(self, steps: int) -> bool:
        """Trade, and die at the n-th step; tell whether it came to that."""
        left = steps

        def reached(_place: str) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                raise Died

        with suppress(Died, BaseExceptionGroup):
            self.live(reached)
        return left <= 0

    def status(self, run: str) -> RunStatus:
        return self.inside(lambda workspace: runs.status(workspace, run))

    def parity(self, run: str) -> Any:
        return self.inside(lambda workspace: parities.tell(workspace, run, None))

    def acts(self, run: str) -> list[str]:
        return [line.act for line in self.inside(lambda workspace: runs.logs(workspace, run, 0, 1000))]

    def fills(self) -> Sequence[Fill]:
        async def read(workspace: Workspace) -> Sequence[Fill]:
            journal = SqlJournal(workspace.database.place)
            try:
                return await journal.fills("paper.1")
            finally:
                await journal.close()

        return self.inside(read)

    def panel(self) -> Panel:
        """Return the dataset as it is now, with the names that are gone as they came to be known."""
        with self._workspace() as workspace:
            panel = workspace.lake.panel(NAME)
        return replace(panel, gone=gone_by_hand(panel))

    def _workspace(self) -> Workspace:
        return Workspace.open(Settings(home=self.home, database=self.database), clock=self.time)  # type: ignore[arg-type]

    def inside(self, work: Callable[[Workspace], Awaitable[T]]) -> T:
        """Do something in the data home, while no trader is at work."""

        async def bounded(workspace: Workspace) -> T:
            async with asyncio.timeout(LIFE_S):
                return await work(workspace)

        with self._workspace() as workspace:
            return asyncio.run(bounded(workspace))

    async def _live(self, workspace: Workspace, reached: Reached, said: list[str]) -> None:
        place = workspace.database.place
        journal = SqlJournal(place)
        ownership = SqlOwnership(place, workspace.home.run, workspace.clock, LEASE_S)
        around = Surroundings(journal, ownership, workspace.clock, lambda: 1.0, None, reached, lease_s=LEASE_S)
        await workspace.begin()
        try:
            await Trader(Owners(workspace, journal), around, said.append, until_idle=True).run()
        finally:
            await workspace.end()
            await ownership.close()
            await journal.close()


def backtested(definition: Definition, panel: Panel, start: Any, dealing: Mapping[str, object]) -> Result:
    """Return the backtest of a market that is whole."""
    return run_spec(spec_of(definition, panel, start=start, dealing=Dealing(**dealing)), panel)  # type: ignore[arg-type]


def told_of_run(fills: Sequence[Fill]) -> list[tuple[object, ...]]:
    return [
        (
            str(fill.instrument), fill.side.value, float(fill.quantity), float(fill.price), fill.value,
            fill.commission, fill.tax, fill.cause,
        )
        for fill in fills
    ]  # fmt: skip


def told_of_test(result: Result, panel: Panel) -> list[tuple[object, ...]]:
    fills, names = result.simulation.journal.fills, [str(one.id) for one in panel.instruments]
    return [
        (
            names[fills.column[k]], "buy" if fills.side[k] > 0 else "sell", float(fills.quantity[k]),
            float(fills.price[k]), int(fills.value[k]), int(fills.commission[k]), int(fills.tax[k]),
            CAUSES[fills.cause[k] - 1] if fills.cause[k] else None,
        )
        for k in np.arange(len(fills))
    ]  # fmt: skip


async def _written(workspace: Workspace, market: Panel, rows: range) -> None:
    await asyncio.to_thread(workspace.lake.write, NAME, snapshot_of(market, rows))
