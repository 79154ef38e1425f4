"""An account whose orders are to be cancelled or closed, and whose market's data is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.trading.virtual_time import VirtualClock, run

from midas.core.errors import MidasError, NotFound
from midas.trading.daemon import Trader
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership
from midas.trading.no_market import NoMarket
from midas.trading.office import Mission, Surroundings
from midas.trading.wishes import Wanted


class Lacking:
    """Wants cancels sent, and finds no data to make a mission of."""

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}
        self.why = "The dataset is gone."
        self.asked = 0
        self.told: list[str] = []

    async def wanted(self) -> Sequence[Wanted]:
        return [Wanted("a", dict(self.runs), cancels_only=not self.runs)]

    async def mission(self, wanted: Wanted) -> Mission:
        self.asked += 1
        if self.why:
            raise NotFound(self.why)
        return Mission(wanted.account, "USD", False, lambda _clock: NoMarket(100), 100)

    async def give_up(self, wanted: Wanted, why: MidasError) -> None:
        assert not wanted.runs
        self.told.append(str(why))


def trader_of(owners: Lacking, said: list[str], *, until_idle: bool) -> Trader:
    journal = MemoryJournal()
    around = Surroundings(journal, MemoryOwnership(journal), VirtualClock(), lambda: 1.0)
    return Trader(owners, around, said.append, until_idle=until_idle)


def test_is_not_waited_for() -> None:
    async def story() -> None:
        owners = Lacking()
        async with asyncio.timeout(60):
            await trader_of(owners, [], until_idle=True).run()
        assert owners.told == [owners.why]

    run(story())


def test_is_told_once_for_each_reason_and_taken_up_when_a_run_comes_or_the_data_is_back() -> None:
    async def story(come_back: bool) -> None:
        owners, said = Lacking(), list[str]()
        trading = asyncio.create_task(trader_of(owners, said, until_idle=False).run())
        await asyncio.sleep(60)
        assert owners.told == [owners.why]
        assert 2 < owners.asked < 20
        owners.why = "Now it is damaged."
        await asyncio.sleep(60)
        assert owners.told == ["The dataset is gone.", "Now it is damaged."]
        owners.why = ""
        if not come_back:
            owners.runs = {"r": "paper"}
        await asyncio.sleep(10 if come_back else 1)
        assert said[-1] == "a: reconciled, ready"
        trading.cancel()
        await asyncio.gather(trading, return_exceptions=True)

    run(story(come_back=True))
    run(story(come_back=False))
