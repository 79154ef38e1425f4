"""A switch that a signal pulled for all accounts, and that a person released."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.trading.virtual_time import VirtualClock, run

from midas.core.errors import MidasError
from midas.risk.kill import Kill, KillLevel
from midas.trading.daemon import Trader, Wanted
from midas.trading.journal import NOBODY, Pull
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership
from midas.trading.no_market import NoMarket
from midas.trading.office import Mission, Surroundings


class Wishes:
    """Accounts that are wanted, each with a run that trades nothing."""

    def __init__(self) -> None:
        self.accounts: list[str] = []

    async def wanted(self) -> Sequence[Wanted]:
        return [Wanted(account, {"r": "paper"}) for account in self.accounts]

    async def mission(self, wanted: Wanted) -> Mission:
        return Mission(wanted.account, "USD", False, lambda _clock: NoMarket(100), 100)

    async def give_up(self, wanted: Wanted, why: MidasError) -> None:
        raise why


def test_does_not_come_back_for_accounts_that_come_later() -> None:
    async def story() -> None:
        clock, journal, wishes = VirtualClock(), MemoryJournal(), Wishes()
        around = Surroundings(journal, MemoryOwnership(journal), clock, lambda: 1.0)
        trader = Trader(wishes, around, lambda _text: None)
        trading = asyncio.create_task(trader.run())
        wishes.accounts = ["first"]
        await asyncio.sleep(2)
        trader.signal(KillLevel.PAUSE)
        await asyncio.sleep(2)
        wishes.accounts = ["first", "second"]
        await asyncio.sleep(2)
        for account in wishes.accounts:
            assert [kill.level for kill in await journal.kills(account)] == [KillLevel.PAUSE]
            released = Kill(KillLevel.NONE, account, "a person", "it was nothing", clock.now_utc())
            await journal.commit(account, NOBODY, [Pull(released)])
        await asyncio.sleep(2)
        wishes.accounts.append("third")
        await asyncio.sleep(2)
        assert [await journal.kills(account) for account in wishes.accounts] == [[], [], []]
        trader.signal(KillLevel.PAUSE)
        await asyncio.sleep(2)
        assert all([await journal.kills(account) for account in wishes.accounts])
        trading.cancel()
        await asyncio.gather(trading, return_exceptions=True)

    run(story())
