"""Nothing goes out on a lease that became old, wherever the process was when it was stopped."""

from __future__ import annotations

import asyncio

import pytest
from tests.trading.shop import ACCOUNT, opened
from tests.trading.test_gatekeeper import Place
from tests.trading.virtual_time import VirtualClock, run, stop

from midas.execution.order_row import OrderRow
from midas.risk.verdict import Verdict
from midas.trading.journal import Fenced
from midas.trading.lease import TTL_S, Lease
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership

LONG_S = TTL_S / 2 + 1.0


class TestRenew:
    def test_an_owner_that_hears_nothing_for_a_whole_lease_gives_up(self) -> None:
        class Deaf(MemoryOwnership):
            async def renew(self, account: str, epoch: int) -> None:
                await asyncio.Event().wait()

        async def story() -> float:
            clock = VirtualClock()
            lease = Lease(ACCOUNT, 1, Deaf(MemoryJournal()), clock)
            with pytest.raises(Fenced):
                async with asyncio.timeout(3 * TTL_S):
                    await lease.keep()
            return clock.monotonic_s()

        assert run(story()) == TTL_S


class TestStopped:
    def test_while_an_order_is_judged_it_is_not_sent(self) -> None:
        place = Place()

        async def story() -> None:
            async with place.opened() as office:
                judge = office.gatekeeper.judge

                def slowly(row: OrderRow) -> Verdict:
                    verdict = judge(row)
                    if row.attempt:
                        stop(LONG_S)
                    return verdict

                office.gatekeeper.judge = slowly  # type: ignore[method-assign]
                await place.order()
                await asyncio.sleep(1)

        with pytest.raises(ExceptionGroup) as ended:
            run(story())
        assert ended.group_contains(Fenced)
        assert place.broker.submitted == []

    def test_after_a_cancel_was_stored_it_is_not_sent(self) -> None:
        async def story() -> None:
            shop = await opened()
            row = await shop.order()
            await asyncio.sleep(5)
            shop.desk.reached = lambda name: stop(LONG_S) if name == "after_cancel_asked" else None
            await shop.cancel(row.id)
            with pytest.raises(Fenced):
                async with asyncio.timeout(60):
                    await shop.tasks[1]
            assert shop.broker.cancelled == []

        run(story())
