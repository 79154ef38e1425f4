"""Pulled as far as FLATTEN, a position is closed, or somebody is told why it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.trading.shop import ACCOUNT, NAME, Shop, again, opened
from tests.trading.virtual_time import run

from midas.core.order import ENDED, OrderState, Side
from midas.execution.broker import BrokerState, Ticket
from midas.execution.order_row import OrderRow
from midas.marketdata.feed import Tick
from midas.risk.kill import Kill, KillLevel
from midas.risk.question import FLATTEN_LEG
from midas.risk.verdict import Allow, Denial, Deny, Verdict
from midas.trading.flattening import FLATTENED, NOT_FLATTENED, STUCK_S, TRIES
from midas.trading.journal import NOBODY, Audit, Pull, Quarantine
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
        shop = await opened(late_horizon_s=60.0)
        submit = shop.broker.submit
        floor = cls(shop, Quotes(shop.broker.clock, stale_after_s))
        floor.fill_at_once()
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

    async def switch_to(self, level: KillLevel) -> None:
        """Release what is pulled, and leave it at a lower level."""
        await self.pull(KillLevel.NONE)
        if level is not KillLevel.NONE:
            await self.pull(level)

    def closings_sent(self) -> int:
        mine = {row.id for row in self.closing()}
        return sum(ticket.id in mine for _, ticket in self.shop.broker.submitted)

    def fill_at_once(self) -> None:
        broker, submit = self.shop.broker, self.shop.broker.submit

        async def at_once(ticket: Ticket) -> str:
            number = await submit(ticket)
            broker.fill(number, ticket.quantity, Decimal(99))
            return number

        broker.submit = at_once  # type: ignore[method-assign]

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

    def test_what_was_refused_for_a_quarantine_is_tried_again_once_that_is_over_also_after_a_restart(self) -> None:
        async def story() -> None:
            floor = await Floor.holding()
            floor.always = Deny(Denial.QUARANTINED, "")
            await floor.pull()
            await asyncio.sleep(300)
            assert len(floor.closing()) == TRIES
            await floor.shop.desk.quarantine(str(NAME), "odd")
            floor = await floor.restarted()
            await asyncio.sleep(60)
            assert len(floor.closing()) == TRIES
            released = Quarantine(ACCOUNT, str(NAME), "", released=True)
            await floor.shop.journal.commit(ACCOUNT, NOBODY, [released])
            await floor.shop.desk.recall_quarantine()
            floor.always = Allow()
            await asyncio.sleep(5)
            assert floor.shop.desk.held(NAME) == 0
            assert len(floor.closing()) == TRIES + 1
            await floor.end()

        run(story())


class TestNoLongerWanted:
    @pytest.mark.parametrize("level", [KillLevel.NONE, KillLevel.CANCEL_ALL])
    def test_one_nobody_knows_of_is_not_sent_again(self, level: KillLevel) -> None:
        async def story() -> None:
            floor = await Floor.holding(fills=False)
            await lost(floor)
            await floor.switch_to(level)
            floor.shop.broker.reading_fails = False
            await asyncio.sleep(30)
            assert floor.closings_sent() == 1
            await asyncio.sleep(120)
            assert [row.state for row in floor.closing()] == [OrderState.NOT_PLACED]
            # pulled again, the position is closed by one order of its own
            floor.fill_at_once()
            await floor.pull()
            await asyncio.sleep(5)
            assert floor.shop.desk.held(NAME) == 0
            assert floor.closings_sent() == 2
            await floor.end()

        run(story())

    @pytest.mark.parametrize("level", [KillLevel.NONE, KillLevel.REDUCE_ONLY, KillLevel.CANCEL_ALL])
    def test_one_at_work_is_cancelled(self, level: KillLevel) -> None:
        async def story() -> None:
            floor = await Floor.holding(fills=False)
            await floor.pull()
            await asyncio.sleep(5)
            [closing] = floor.closing()
            assert closing.state is OrderState.OPEN
            await floor.switch_to(level)
            await asyncio.sleep(5)
            assert [row.state for row in floor.closing()] == [OrderState.CANCELED]
            assert len(floor.shop.broker.cancelled) == 1
            await floor.end()

        run(story())

    def test_one_that_waits_goes_out_no_more(self) -> None:
        async def story() -> None:
            floor = await Floor.holding()
            floor.always = Deny(Denial.MARKET_CLOSED, "")
            await floor.pull()
            await asyncio.sleep(5)
            assert [row.state for row in floor.closing()] == [OrderState.NEW]
            await floor.switch_to(KillLevel.NONE)
            await asyncio.sleep(5)
            floor.always = Allow()
            await asyncio.sleep(60)
            assert [row.state for row in floor.closing()] == [OrderState.CANCELED]
            assert floor.closings_sent() == 0
            await floor.end()

        run(story())

    def test_what_is_long_at_the_broker_without_an_end_is_told_once(self) -> None:
        async def story() -> None:
            floor = await Floor.holding(fills=False)
            await lost(floor)
            await asyncio.sleep(STUCK_S)
            assert [line.detail["why"] for line in floor.told()] == [
                "the broker does not say what became of its closing order"
            ]
            floor.shop.broker.reading_fails = False
            await asyncio.sleep(2 * STUCK_S)
            assert [line.detail["why"] for line in floor.told()[1:]] == ["its closing order waits at the broker"]
            await floor.end()

        run(story())

    def test_a_position_that_goes_piece_by_piece_is_not_told_of(self) -> None:
        async def story() -> None:
            floor = await Floor.holding(fills=False)
            broker, submit = floor.shop.broker, floor.shop.broker.submit

            def one_share(number: str) -> None:
                broker.fill(number, Decimal(1), Decimal(99))
                if broker.book[number].state is BrokerState.OPEN:
                    broker.book[number] = replace(broker.book[number], state=BrokerState.EXPIRED)
                    broker.stream.put_nowait(broker.book[number])

            async def slowly(ticket: Ticket) -> str:
                await asyncio.sleep(1.5)
                number = await submit(ticket)
                asyncio.get_running_loop().call_later(6.0, one_share, number)
                return number

            broker.submit = slowly  # type: ignore[method-assign]
            await floor.pull()
            await asyncio.sleep(20 * STUCK_S)
            assert floor.shop.desk.held(NAME) == 0
            assert len(floor.closing()) == HELD
            assert floor.told() == []
            await floor.end()

        run(story())

    def test_pulled_again_at_once_the_first_is_over_before_a_second_goes_out(self) -> None:
        async def story() -> None:
            floor = await Floor.holding(fills=False)
            await lost(floor)
            await floor.switch_to(KillLevel.NONE)
            await asyncio.sleep(1)
            await floor.pull()
            floor.shop.broker.reading_fails = False
            floor.fill_at_once()
            for _ in range(200):
                await asyncio.sleep(1)
                assert sum(row.state not in ENDED for row in floor.closing()) <= 1
            assert floor.shop.desk.held(NAME) == 0
            assert floor.closings_sent() == 2
            await floor.end()

        run(story())


async def lost(floor: Floor) -> None:
    """Let the closing order be sent, and nobody know what became of it."""
    floor.shop.broker.faults.append("before")
    floor.shop.broker.reading_fails = True
    await floor.pull()
    await asyncio.sleep(15)
    assert [row.state for row in floor.closing()] == [OrderState.UNKNOWN]
    assert floor.closings_sent() == 1
