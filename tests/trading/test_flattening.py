"""Pulled as far as FLATTEN, a position is closed, or somebody is told why it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest
from tests.trading.shop import ACCOUNT, NAME, Shop, again, opened
from tests.trading.virtual_time import run

from midas.core.order import OrderState, Side
from midas.execution.broker import BrokerState, Ticket
from midas.execution.order_row import OrderRow
from midas.marketdata.feed import Tick
from midas.risk.kill import Kill, KillLevel
from midas.risk.question import FLATTEN_LEG
from midas.risk.verdict import Allow, Denial, Deny, Verdict
from midas.trading.flattening import FLATTENED, NOT_FLATTENED, STUCK_S, TRIES
from midas.trading.journal import NOBODY, Audit, Pull
from midas.trading.obeying import Obedience
from midas.trading.quotes import Quotes

HELD = Decimal(10)


class Floor:
    """A shop that holds ten shares, with a switch that is obeyed; `fates` is what the gate says of closing orders."""

    def __init__(self, shop: Shop, quotes: Quotes) -> None:
        self.shop, self.quotes = shop, quotes
        self.fates: list[Verdict] = []
        self.always: Verdict = Allow()
        shop.guard.judge = self._judge  # type: ignore[method-assign]
        self.obeying = asyncio.create_task(Obedience(shop.desk, shop.switch, quotes).run())

    @classmethod
    async def holding(cls, priced: bool = True, stale_after_s: float | None = None, fills: bool = True) -> Floor:
        shop = await opened()
        submit = shop.broker.submit

        async def at_once(ticket: Ticket) -> str:
            number = await submit(ticket)
            shop.broker.fill(number, ticket.quantity, Decimal(99))
            return number

        shop.broker.submit = at_once  # type: ignore[method-assign]
        floor = cls(shop, Quotes(shop.broker.clock, stale_after_s))
        await shop.order()
        await asyncio.sleep(1)
        assert shop.desk.held(NAME) == HELD
        if not fills:
            shop.broker.submit = submit  # type: ignore[method-assign]
        if priced:
            floor.price()
        return floor

    async def restarted(self) -> Floor:
        """The same after a crash, with the last price of before."""
        self.obeying.cancel()
        floor = Floor(await again(self.shop), self.quotes)
        floor.always = self.always
        return floor

    def _judge(self, row: OrderRow) -> Verdict:
        if row.intent.leg != FLATTEN_LEG:
            return Deny(Denial.KILLED, "") if self.shop.switch.level else Allow()
        return self.fates.pop(0) if self.fates else self.always

    def price(self, price: float = 100.0) -> None:
        now_utc = self.shop.broker.clock.now_utc()
        self.quotes.hear(Tick(NAME, price, 1.0, now_utc, now_utc), [NAME])

    async def pull(self, level: KillLevel = KillLevel.FLATTEN) -> None:
        kill = Kill(level, ACCOUNT, "a person", "a test", self.shop.broker.clock.now_utc())
        await self.shop.journal.commit(ACCOUNT, NOBODY, [Pull(kill)])

    def closing(self) -> Sequence[OrderRow]:
        rows = self.shop.journal.store.accounts[ACCOUNT].orders.values()
        return [row for row in rows if row.intent.leg == FLATTEN_LEG]

    def told(self, act: str = NOT_FLATTENED) -> Sequence[Audit]:
        return [line for line in self.shop.journal.audits(ACCOUNT) if line.act == act]

    async def end(self) -> None:
        self.obeying.cancel()
        await self.shop.kill()


class TestFlattening:
    def test_a_position_is_closed_once_and_that_is_told(self) -> None:
        async def story() -> None:
            floor = await Floor.holding()
            await floor.pull()
            await asyncio.sleep(60)
            assert [(row.intent.side, row.state) for row in floor.closing()] == [(Side.SELL, OrderState.FILLED)]
            assert floor.shop.desk.held(NAME) == 0
            assert floor.told() == []
            assert len(floor.told(FLATTENED)) == 1
            await floor.end()

        run(story())

    def test_nothing_is_sold_that_a_cancelled_order_sold_before_it_was_told(self) -> None:
        async def story() -> None:
            floor = await Floor.holding(fills=False)
            broker = floor.shop.broker
            selling = await floor.shop.order(1, side=Side.SELL, quantity=Decimal(6))
            await asyncio.sleep(1)
            executed = broker.fill(broker.number_of(selling.id), Decimal(4), Decimal(99), tell=False)
            broker.executions.remove(executed)
            await floor.pull()
            await asyncio.sleep(2)
            assert broker.book[executed.number].state is BrokerState.CANCELED
            assert floor.closing() == []
            broker.stream.put_nowait(executed)
            await asyncio.sleep(1)
            assert [row.intent.quantity for row in floor.closing()] == [Decimal(6)]
            await floor.end()

        run(story())

    @pytest.mark.parametrize("denial", [Denial.PRICE_COLLAR, Denial.REPEATED_EXECUTION, Denial.REDUCE_ONLY])
    def test_one_that_was_refused_for_what_passed_is_followed_by_another(self, denial: Denial) -> None:
        async def story() -> None:
            floor = await Floor.holding()
            floor.fates = [Deny(denial, "")] * (TRIES - 1)
            await floor.pull()
            await asyncio.sleep(2**TRIES)
            states = [row.state for row in floor.closing()]
            assert states == [OrderState.REJECTED] * (TRIES - 1) + [OrderState.FILLED]
            assert floor.shop.desk.held(NAME) == 0
            assert floor.told() == []
            await floor.end()

        run(story())

    def test_one_that_is_always_refused_is_told_of_and_given_up_also_after_a_restart_until_it_is_pulled_again(
        self,
    ) -> None:
        async def story() -> None:
            floor = await Floor.holding()
            floor.always = Deny(Denial.QUARANTINED, "")
            await floor.pull()
            await asyncio.sleep(300)
            assert len(floor.closing()) == TRIES
            [told] = floor.told()
            assert told.subject == str(NAME)
            assert told.detail["why"] == f"refused {TRIES} times, the last time for quarantined"
            floor = await floor.restarted()
            await asyncio.sleep(300)
            assert len(floor.closing()) == TRIES
            floor.always = Allow()
            await floor.pull()
            await asyncio.sleep(5)
            assert floor.shop.desk.held(NAME) == 0
            assert len(floor.closing()) == TRIES + 1
            await floor.end()

        run(story())

    def test_a_crash_makes_no_second_closing_order(self) -> None:
        async def story() -> None:
            floor = await Floor.holding()
            floor.always = Deny(Denial.HALTED, "")
            await floor.pull()
            await asyncio.sleep(5)
            assert [row.state for row in floor.closing()] == [OrderState.NEW]
            floor = await floor.restarted()
            await asyncio.sleep(STUCK_S + 5)
            assert len(floor.closing()) == 1
            assert [line.detail["why"] for line in floor.told()] == ["its closing order cannot be sent yet"]
            floor.always = Allow()
            await asyncio.sleep(5)
            assert floor.shop.desk.held(NAME) == 0
            assert len(floor.closing()) == 1
            await floor.end()

        run(story())

    def test_without_a_price_it_waits_and_says_so(self) -> None:
        async def story() -> None:
            floor = await Floor.holding(priced=False)
            await floor.pull()
            await asyncio.sleep(STUCK_S - 1)
            assert floor.told() == []
            await asyncio.sleep(200)
            assert [line.detail["why"] for line in floor.told()] == ["no price of it was told yet"]
            assert floor.closing() == []
            floor.price()
            await asyncio.sleep(5)
            assert floor.shop.desk.held(NAME) == 0
            assert len(floor.told(FLATTENED)) == 1
            await floor.end()

        run(story())

    def test_a_feed_that_died_is_named(self) -> None:
        async def story() -> None:
            floor = await Floor.holding(stale_after_s=10.0)
            await asyncio.sleep(60)
            floor.always = Deny(Denial.STALE_QUOTE, "")
            await floor.pull()
            await asyncio.sleep(200)
            assert [line.detail["why"] for line in floor.told()] == ["the feed tells no prices any more"]
            floor.always = Allow()
            floor.price()
            await asyncio.sleep(5)
            assert floor.shop.desk.held(NAME) == 0
            await floor.end()

        run(story())

    def test_released_nothing_more_is_closed(self) -> None:
        async def story() -> None:
            floor = await Floor.holding(priced=False)
            await floor.pull()
            await asyncio.sleep(5)
            await floor.pull(KillLevel.NONE)
            await asyncio.sleep(5)
            floor.price()
            await asyncio.sleep(200)
            assert floor.shop.desk.held(NAME) == HELD
            assert floor.closing() == floor.told() == []
            await floor.end()

        run(story())
