"""An order nobody knows of is found, given up at the horizon, or adopted when it shows up after all."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from tests.trading.shop import NAME, again, new_order, opened
from tests.trading.virtual_time import run

from midas.core.order import OrderState
from midas.execution.broker import BrokerState, ClientIds, Ticket
from midas.risk.kill import KillLevel
from midas.risk.verdict import Denial, Deny

IDS = list(ClientIds)


class TestUnknown:
    @pytest.mark.parametrize("ids", IDS)
    def test_one_the_broker_has_is_found(self, ids: ClientIds) -> None:
        async def story() -> None:
            shop = await opened(ids)
            shop.broker.faults.append("after")
            row = await shop.order()
            await asyncio.sleep(1)
            await asyncio.sleep(30)
            assert shop.state(row.id) is OrderState.OPEN
            assert len(shop.broker.book) == len(shop.broker.submitted) == 1

        run(story())

    @pytest.mark.parametrize("ids", [ClientIds.LABEL, ClientIds.NONE])
    def test_one_it_does_not_have_is_never_sent_again(self, ids: ClientIds) -> None:
        async def story() -> None:
            shop = await opened(ids, late_horizon_s=120.0)
            shop.broker.faults.append("before")
            row = await shop.order(valid_s=3600)
            await asyncio.sleep(60)
            assert shop.state(row.id) is OrderState.UNKNOWN
            await asyncio.sleep(120)
            assert shop.state(row.id) is OrderState.NOT_PLACED
            assert len(shop.broker.submitted) == 1

        run(story())

    def test_a_unique_id_is_sent_again_while_valid(self) -> None:
        async def story() -> None:
            shop = await opened(ClientIds.UNIQUE)
            shop.broker.faults.extend(["before", "before"])
            row = await shop.order()
            await asyncio.sleep(60)
            assert shop.state(row.id) is OrderState.OPEN
            assert len(shop.broker.submitted) == 3
            assert len(shop.broker.book) == 1

        run(story())

    def test_a_basket_that_a_dead_process_was_sending_stops_nobody(self) -> None:
        async def story() -> None:
            shop = await opened(ClientIds.UNIQUE)
            submit = shop.broker.submit

            async def silent(_ticket: Ticket) -> str:
                await asyncio.Event().wait()
                return ""

            shop.broker.submit = silent  # type: ignore[method-assign]
            wishes = [new_order(shop.broker, number) for number in range(5)]
            await shop.desk.store("store", wishes)
            await asyncio.sleep(1)
            assert {shop.state(row.id) for row in wishes} == {OrderState.SENDING}
            shop.broker.submit = submit  # type: ignore[method-assign]
            shop = await again(shop)
            await asyncio.sleep(60)
            assert shop.switch.level is KillLevel.NONE
            assert {shop.state(row.id) for row in wishes} == {OrderState.OPEN}

        run(story())

    def test_one_that_is_to_be_cancelled_is_not_sent_again(self) -> None:
        async def story() -> None:
            shop = await opened(ClientIds.UNIQUE, late_horizon_s=60.0)
            await asyncio.sleep(1)
            shop.broker.faults.append("before")
            shop.broker.reading_fails = True
            row = await shop.order()
            await asyncio.sleep(15)
            assert shop.state(row.id) is OrderState.UNKNOWN
            await shop.cancel(row.id)
            shop.broker.reading_fails = False
            await asyncio.sleep(120)
            assert shop.state(row.id) is OrderState.NOT_PLACED
            assert len(shop.broker.submitted) == 1
            assert not await shop.journal.cancels("paper")

        run(story())

    @pytest.mark.parametrize(
        ("code", "end"), [(Denial.BEYOND_LIMIT, OrderState.NOT_PLACED), (Denial.MARKET_CLOSED, OrderState.UNKNOWN)]
    )
    def test_one_that_is_refused_for_good_is_over_at_the_horizon(self, code: Denial, end: OrderState) -> None:
        async def story() -> None:
            shop = await opened(ClientIds.UNIQUE, late_horizon_s=60.0)
            await asyncio.sleep(1)
            shop.broker.faults.append("before")
            shop.broker.reading_fails = True
            row = await shop.order(valid_s=36_000)
            await asyncio.sleep(15)
            assert shop.state(row.id) is OrderState.UNKNOWN
            shop.guard.answer = lambda _row: Deny(code, "")
            shop.broker.reading_fails = False
            await asyncio.sleep(45)
            assert shop.state(row.id) is OrderState.UNKNOWN
            await asyncio.sleep(45)
            assert shop.state(row.id) is end
            shop.guard.answer = None
            await asyncio.sleep(5)
            assert len(shop.broker.submitted) == (1 if end is OrderState.NOT_PLACED else 2)

        run(story())

    def test_a_label_is_sent_again_after_three_lists_only_where_the_owner_asked_for_it(self) -> None:
        async def story() -> None:
            shop = await opened(ClientIds.LABEL, late_horizon_s=300.0)
            shop.resolver._resend_labelled = True
            shop.broker.faults.append("before")
            row = await shop.order()
            await asyncio.sleep(60)
            assert len(shop.broker.submitted) == 1
            await asyncio.sleep(30)
            assert len(shop.broker.submitted) == 2
            assert shop.state(row.id) is OrderState.OPEN

        run(story())

    @pytest.mark.parametrize("ids", IDS)
    def test_no_answer_is_no_information(self, ids: ClientIds) -> None:
        async def story() -> None:
            shop = await opened(ids, late_horizon_s=20.0)
            shop.broker.faults.append("after")
            submit = shop.broker.submit

            async def then_dark(ticket):
                shop.broker.reading_fails = True
                return await submit(ticket)

            shop.broker.submit = then_dark  # type: ignore[method-assign]
            row = await shop.order(valid_s=5)
            await asyncio.sleep(200)
            assert shop.state(row.id) is OrderState.UNKNOWN
            shop.broker.reading_fails = False
            await asyncio.sleep(30)
            assert shop.state(row.id) is OrderState.OPEN

        run(story())

    def test_an_order_of_a_stranger_is_not_taken_for_ours(self) -> None:
        async def story() -> None:
            shop = await opened(ClientIds.NONE, late_horizon_s=60.0)
            row = await shop.order(1)
            await asyncio.sleep(1)
            # someone places the very same by hand, before ours is sent and lost
            known = shop.broker.accept(shop.broker.submitted[0][1])
            shop.broker.faults.append("before")
            lost = await shop.order(2)
            await asyncio.sleep(120)
            assert shop.state(row.id) is OrderState.OPEN
            assert shop.state(lost.id) is OrderState.NOT_PLACED
            assert known not in shop.desk.numbers
            assert str(NAME) in shop.desk.quarantined

        run(story())


class TestLate:
    @pytest.mark.parametrize("ids", IDS)
    @pytest.mark.parametrize("crash", [False, True])
    def test_one_that_shows_up_after_the_horizon_is_cancelled(self, ids: ClientIds, crash: bool) -> None:
        async def story() -> None:
            shop = await opened(ids, late_horizon_s=30.0)
            await asyncio.sleep(0.5)
            shop.broker.faults.append(90.0)
            row = await shop.order(valid_s=1)
            await asyncio.sleep(60)
            assert shop.state(row.id) is OrderState.NOT_PLACED
            if crash:
                shop = await again(shop)
            await asyncio.sleep(120)
            assert [order.state for order in shop.broker.book.values()] == [BrokerState.CANCELED]
            assert shop.state(row.id) is OrderState.CANCELED
            assert any(audit.act == "alert.adopted_late" for audit in shop.journal.audits("paper"))

        run(story())

    @pytest.mark.parametrize("ids", IDS)
    def test_one_that_filled_is_booked(self, ids: ClientIds) -> None:
        async def story() -> None:
            shop = await opened(ids, late_horizon_s=30.0)
            await asyncio.sleep(0.5)
            shop.broker.faults.append(45.0)
            row = await shop.order(valid_s=1)
            await asyncio.sleep(46.5)
            shop.broker.fill(next(iter(shop.broker.book)), Decimal(10), Decimal(99))
            await asyncio.sleep(100)
            assert shop.state(row.id) is OrderState.FILLED
            assert shop.desk.held(NAME) == 10
            assert not shop.desk.quarantined

        run(story())

    def test_one_is_not_found_in_an_order_that_is_being_sent(self) -> None:
        async def story() -> None:
            shop = await opened(ClientIds.NONE)
            shop.broker.faults.append("before")
            lost = await shop.order()
            await asyncio.sleep(120)
            assert shop.state(lost.id) is OrderState.NOT_PLACED
            # one of the same look reaches the broker, and its answer takes a while
            accept = shop.broker.accept
            answers = asyncio.Event()

            async def slowly(ticket: Ticket) -> str:
                number = accept(ticket)
                await answers.wait()
                return number

            shop.broker.submit = slowly  # type: ignore[method-assign]
            twin = await shop.order(sequence=1)
            await asyncio.sleep(1)
            assert shop.state(twin.id) is OrderState.SENDING
            await shop.resolver.match(list(await shop.broker.orders()))
            assert shop.state(lost.id) is OrderState.NOT_PLACED
            answers.set()
            await asyncio.sleep(1)
            assert shop.state(twin.id) is OrderState.OPEN
            assert shop.state(lost.id) is OrderState.NOT_PLACED

        run(story())
