"""A switch that a signal pulled for all accounts, and that a person released."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.trading.virtual_time import VirtualClock, run

from midas.core.errors import MidasError
from midas.risk.kill import Kill, KillLevel
from midas.trading.daemon import Trader
from midas.trading.journal import NOBODY, Balance, Checkpoint, Pull
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership
from midas.trading.no_market import NoMarket
from midas.trading.office import Mission, Surroundings
from midas.trading.wishes import Wanted


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


class SlowJournal(MemoryJournal):
    """Takes a second to tell of one thing."""

    def __init__(self, slow: str) -> None:
        super().__init__()
        self._slow = slow

    async def balance(self, account: str) -> Balance:
        await self._wait("balance")
        return await super().balance(account)

    async def kills(self, account: str) -> Sequence[Kill]:
        await self._wait("kills")
        return await super().kills(account)

    async def checkpoint(self, run: str) -> Checkpoint | None:
        await self._wait("checkpoint")
        return await super().checkpoint(run)

    async def _wait(self, what: str) -> None:
        if what == self._slow:
            await asyncio.sleep(1)


@asynccontextmanager
async def trading(journal: MemoryJournal, wishes: Wishes) -> AsyncIterator[Trader]:
    around = Surroundings(journal, MemoryOwnership(journal), VirtualClock(), lambda: 1.0)
    trader = Trader(wishes, around, lambda _text: None)
    task = asyncio.create_task(trader.run())
    yield trader
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def levels(journal: MemoryJournal, wishes: Wishes) -> list[list[KillLevel]]:
    return [[kill.level for kill in await journal.kills(account)] for account in wishes.accounts]


@pytest.mark.parametrize("slow", ["balance", "kills", "checkpoint"])
def test_that_comes_while_an_office_opens_is_for_it_and_for_those_that_come_later(slow: str) -> None:
    # before the switch is read first, while it is, and behind that
    async def story() -> None:
        journal, wishes = SlowJournal(slow), Wishes()
        async with trading(journal, wishes) as trader:
            wishes.accounts = ["first"]
            await asyncio.sleep(0.75)
            trader.signal(KillLevel.CANCEL_ALL)
            await asyncio.sleep(5)
            wishes.accounts = ["first", "second"]
            await asyncio.sleep(5)
            assert await levels(journal, wishes) == [[KillLevel.CANCEL_ALL], [KillLevel.CANCEL_ALL]]

    run(story())


def test_that_is_released_for_one_account_holds_for_those_that_come_later_and_not_again_for_that_one() -> None:
    async def story() -> None:
        journal, wishes = MemoryJournal(), Wishes()
        async with trading(journal, wishes) as trader:
            wishes.accounts = ["first", "second"]
            await asyncio.sleep(2)
            trader.signal(KillLevel.CANCEL_ALL)
            await asyncio.sleep(2)
            released = Kill(KillLevel.NONE, "first", "a person", "it was nothing", VirtualClock().now_utc())
            await journal.commit("first", NOBODY, [Pull(released)])
            await asyncio.sleep(2)
            wishes.accounts = ["second"]
            await asyncio.sleep(2)
            wishes.accounts = ["first", "second", "third"]
            await asyncio.sleep(2)
            assert await levels(journal, wishes) == [[], [KillLevel.CANCEL_ALL], [KillLevel.CANCEL_ALL]]

    run(story())


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
