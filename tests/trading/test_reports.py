"""Whatever order a broker tells things in, and however often, the books are the same."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.scale import scaled
from tests.trading.shop import ACCOUNT, NAME, again, new_order, opened
from tests.trading.virtual_time import run

from midas.core.instrument import InstrumentId
from midas.core.order import OrderState, TimeInForce
from midas.execution.broker import BrokerFill, BrokerState, Bust, ClientIds, Ticket
from midas.trading.twins import EXECUTION_TWICE, NUMBER_TWICE

WATCH = 6
"""Which of a shop's tasks watches the clock, among other things."""

OVER = {
    BrokerState.CANCELED: OrderState.CANCELED,
    BrokerState.EXPIRED: OrderState.EXPIRED,
    BrokerState.FILLED: OrderState.EXPIRED,  # with less than was asked for
}


class TestReports:
    def test_a_fill_before_the_answer(self) -> None:
        async def story() -> None:
            shop = await opened()
            submit = shop.broker.submit

            async def slow(ticket):
                number = await submit(ticket)
                shop.broker.fill(number, Decimal(4), Decimal(100))
                await asyncio.sleep(3)
                return number

            shop.broker.submit = slow  # type: ignore[method-assign]
            row = await shop.order()
            await asyncio.sleep(5)
            assert shop.state(row.id) is OrderState.PARTIAL
            assert shop.desk.held(NAME) == 4

        run(story())

    def test_a_bust_takes_money_and_shares_back(self) -> None:
        async def story() -> None:
            shop = await opened()
            cash = shop.desk.books.cash
            row = await shop.order()
            await asyncio.sleep(1)
            fill = shop.broker.fill(shop.broker.number_of(row.id), Decimal(4), Decimal(100))
            await asyncio.sleep(1)
            assert shop.desk.books.cash == cash - 400_00 - 100
            for _ in range(2):
                await shop.reports.take(Bust(fill.execution, fill.number))
            assert shop.desk.books.cash == cash
            assert shop.desk.held(NAME) == 0

        run(story())

    def test_one_that_a_split_made_larger_is_over_when_the_broker_says_so(self) -> None:
        async def story() -> None:
            shop = await opened()
            row = await shop.order()
            await asyncio.sleep(1)
            number = shop.broker.number_of(row.id)
            fill = shop.broker.fill(number, Decimal(12), Decimal(100), tell=False)
            await shop.reports.take(replace(fill, left=Decimal(8)))
            assert shop.state(row.id) is OrderState.PARTIAL
            end = replace(shop.broker.book[number], state=BrokerState.EXPIRED, reason="volume_cap")
            await shop.reports.take(end)
            stored = await shop.journal.order(row.id)
            assert stored is not None
            assert (stored.state, stored.filled, stored.reason) == (OrderState.EXPIRED, 12, "volume_cap")

        run(story())

    @pytest.mark.parametrize("ids", ClientIds)
    @pytest.mark.parametrize("cumulative", [False, True])
    @pytest.mark.parametrize("state", [BrokerState.CANCELED, BrokerState.EXPIRED, BrokerState.FILLED])
    def test_an_end_that_is_told_before_its_executions_waits_for_them(
        self, ids: ClientIds, cumulative: bool, state: BrokerState
    ) -> None:
        async def story() -> None:
            shop = await opened(ids, cumulative_fills=cumulative)
            row = await shop.order()
            await asyncio.sleep(1)
            (number,) = shop.broker.book
            fills = [shop.broker.fill(number, Decimal(size), Decimal(100), tell=False) for size in (3, 4)]
            shop.broker.executions.clear()
            shop.broker.book[number] = replace(shop.broker.book[number], state=state)
            await shop.reports.take(shop.broker.book[number])
            for told, then in zip(
                totals(fills) if cumulative else fills, (OrderState.PARTIAL, OVER[state]), strict=True
            ):
                assert shop.state(row.id) in (OrderState.OPEN, OrderState.PARTIAL)
                await shop.reports.take(told)
                assert shop.state(row.id) is then
            assert shop.desk.held(NAME) == 7
            assert row.id not in shop.desk.rows

        run(story())

    def test_one_told_days_late_is_booked_before_anything_is_called_unexplained(self) -> None:
        async def story() -> None:
            shop = await opened()
            broker = shop.broker
            early, busy = await shop.order(1, 1e6), await shop.order(2, 1e6)
            await asyncio.sleep(1)
            executed = shop.broker.clock.now_utc()
            shop.tasks[WATCH].cancel()
            broker.clock.skew += timedelta(days=3)  # type: ignore[attr-defined]
            broker.fill(broker.number_of(busy.id), Decimal(4), Decimal(100))
            await asyncio.sleep(120)
            # executed three days ago, and told only now, in no stream
            broker.fill(broker.number_of(early.id), Decimal(10), Decimal(100), tell=False)
            broker.executions[-1] = replace(broker.executions[-1], stamp_utc=executed)  # type: ignore[arg-type]
            await asyncio.sleep(180)
            assert shop.desk.held(NAME) == 14
            assert shop.state(early.id) is OrderState.FILLED
            assert not shop.desk.quarantined

        run(story())

    def test_a_look_that_finds_nothing_does_not_read_it_all_again(self) -> None:
        async def story() -> None:
            shop = await opened()
            asked: list[timedelta] = []
            fills = shop.broker.fills

            async def watched(since_utc):
                asked.append(shop.broker.clock.now_utc() - since_utc)
                return await fills(since_utc)

            shop.broker.fills = watched  # type: ignore[method-assign]
            await asyncio.sleep(400)
            assert asked[0] >= timedelta(days=7)
            assert len(asked) > 4
            assert max(asked[1:]) < timedelta(hours=1, minutes=2)

        run(story())

    def test_what_was_missed_while_the_line_was_cut_is_read(self) -> None:
        async def story() -> None:
            shop = await opened()
            row = await shop.order()
            await asyncio.sleep(1)
            shop.broker.stream.put_nowait(None)
            shop.broker.fill(shop.broker.number_of(row.id), Decimal(10), Decimal(100), tell=False)
            await asyncio.sleep(5)
            assert shop.state(row.id) is OrderState.FILLED

        run(story())

    def test_a_line_that_never_holds_is_tried_every_thirty_seconds_at_most(self) -> None:
        async def story() -> None:
            shop = await opened()
            for _ in range(1000):
                shop.broker.stream.put_nowait(None)
            await asyncio.sleep(600)
            assert 20 <= shop.broker.connections <= 30

        run(story())

    @pytest.mark.figure("R7")
    @pytest.mark.parametrize("cumulative", [False, True])
    def test_disorder_and_duplicates_change_nothing(self, cumulative: bool, record_property) -> None:
        streams = scaled(2_000)
        record_property("streams", streams)

        async def story(seed: int) -> None:
            rng = random.Random(seed)
            shop = await opened(cumulative_fills=cumulative)
            row = await shop.order()
            await asyncio.sleep(1)
            number = shop.broker.number_of(row.id)
            told = []
            while (left := 10 - shop.broker.book[number].filled) > 0:
                size = min(left, Decimal(rng.randint(1, 6)))
                told.append(shop.broker.fill(number, size, Decimal(rng.randint(90, 110)), tell=False))
            if cumulative:
                told = list(totals(told))
                shop.broker.executions[:] = told
            sent = told + rng.choices(told, k=5) + [shop.broker.book[number]] * 2
            rng.shuffle(sent)
            cut = rng.random() < 0.3
            for report in sent[: len(sent) // 2] if cut else sent:
                await shop.reports.take(report)
            if cut:
                shop = await again(shop)
                await asyncio.sleep(5)
            assert shop.state(row.id) is OrderState.FILLED
            balance = await shop.journal.balance(ACCOUNT)
            assert balance.quantities == {NAME: Decimal(10)}
            assert balance.cash == shop.broker.cash

        for seed in range(streams):
            run(story(seed))

    @pytest.mark.parametrize("listed", [True, False])
    @pytest.mark.parametrize("never", ["number_twice", "bust", "late"])
    def test_an_end_whose_executions_are_never_booked_is_believed_in_quarantine(self, listed: bool, never: str) -> None:
        async def story() -> None:
            shop = await opened()
            broker, other = shop.broker, InstrumentId("MSFT", "XNAS")
            await shop.order(1, instrument=other)
            row = await shop.order(2, time_in_force=TimeInForce.GTC)
            await asyncio.sleep(1)
            first, number = broker.book
            broker.fill(first, Decimal(10), Decimal(100))
            fill = broker.fill(number, Decimal(4), Decimal(100), tell=False)
            if never == "number_twice":
                broker.executions[-1] = replace(fill, execution=broker.executions[0].execution)  # type: ignore[union-attr]
            elif never == "bust":
                broker.executions.append(Bust(fill.execution, number))
                await shop.reports.take(*broker.executions[-2:])
            else:
                broker.executions.remove(fill)
            await shop.cancel(row.id)
            await asyncio.sleep(5)
            assert broker.book[number].state is BrokerState.CANCELED
            # what is told a little late is no reason to go by a position that nobody knows
            assert shop.state(row.id) in (OrderState.PENDING_CANCEL, OrderState.OPEN)
            if not listed:
                del broker.book[number]
            await asyncio.sleep(300)
            assert shop.state(row.id) is OrderState.CANCELED
            assert row.id not in shop.desk.rows
            assert str(NAME) in shop.desk.quarantined
            assert shop.desk.held(NAME) == 0
            if never == "late":
                broker.stream.put_nowait(fill)
                await asyncio.sleep(5)
                assert shop.state(row.id) is OrderState.CANCELED
                assert shop.desk.held(NAME) == 4
            await shop.kill()

        run(story())


def totals(fills: list[BrokerFill]):
    done = None
    for fill in fills:
        if done is None:
            done = fill
        else:
            quantity = done.quantity + fill.quantity
            price = (done.quantity * done.price + fill.quantity * fill.price) / quantity
            done = replace(
                fill, quantity=quantity, price=price, value=done.value + fill.value,
                commission=done.commission + fill.commission, execution="",
            )  # fmt: skip
        yield done


class TestNumbersThatComeTwice:
    """A broker that numbers two things alike ends nobody's day: the instrument is left alone, and a person told."""

    @pytest.mark.parametrize("ids", list(ClientIds))
    def test_an_execution(self, ids: ClientIds) -> None:
        async def story() -> None:
            shop = await opened(ids)
            other = InstrumentId("MSFT", "XNAS")
            first, second = await shop.order(1), await shop.order(2, instrument=other)
            await asyncio.sleep(1)
            numbers = [(await shop.journal.order(row.id)).number for row in (first, second)]
            shop.broker.fill(numbers[0], Decimal(4), Decimal(100))
            shop.broker.fill(numbers[1], Decimal(3), Decimal(100), tell=False)
            shop.broker.executions[-1] = replace(shop.broker.executions[-1], execution="E1")
            shop.broker.stream.put_nowait(shop.broker.executions[-1])
            # its money would pause the account
            shop.broker.cash += 300_00 + 100
            await asyncio.sleep(200)
            assert set(shop.desk.quarantined) == {str(other)}
            assert shop.desk.held(NAME) == 4
            assert shop.desk.held(other) == 0
            acts = [line.act for line in await shop.journal.trail(ACCOUNT)]
            assert acts.count(EXECUTION_TWICE) == 1
            # the others are traded on
            third = await shop.order(3)
            await asyncio.sleep(5)
            assert shop.state(third.id) is OrderState.OPEN
            assert not any(task.done() for task in shop.tasks)
            await shop.kill()

        run(story())

    @pytest.mark.parametrize("ids", list(ClientIds))
    def test_an_order(self, ids: ClientIds) -> None:
        async def story() -> None:
            shop = await opened(ids)
            other = InstrumentId("MSFT", "XNAS")
            first = await shop.order(1)
            await asyncio.sleep(1)
            number = (await shop.journal.order(first.id)).number
            shop.broker.fill(number, Decimal(10), Decimal(100))
            await asyncio.sleep(1)
            submit = shop.broker.submit

            async def twice(ticket: Ticket) -> str:
                await submit(ticket)
                return number

            shop.broker.submit = twice  # type: ignore[method-assign]
            await shop.order(2, instrument=other)
            await asyncio.sleep(200)
            assert set(shop.desk.quarantined) == {str(NAME), str(other)}
            assert shop.desk.held(NAME) == 10
            acts = [line.act for line in await shop.journal.trail(ACCOUNT)]
            assert acts.count(NUMBER_TWICE) == 1
            assert not any(task.done() for task in shop.tasks)
            # also after a restart
            shop = await again(shop)
            await asyncio.sleep(200)
            assert not any(task.done() for task in shop.tasks)
            await shop.kill()

        run(story())

    def test_an_order_that_is_found_under_the_number_of_another(self) -> None:
        async def story() -> None:
            shop = await opened()
            other = InstrumentId("MSFT", "XNAS")
            first, second = await shop.order(1), new_order(shop.broker, 2, instrument=other)
            await asyncio.sleep(1)
            number = shop.broker.number_of(first.id)
            shop.broker.faults.append("before")
            await shop.desk.store("store", [second])
            await asyncio.sleep(0.5)
            told = replace(shop.broker.book[number], client_id=second.id, instrument=other)
            await shop.reports.take(told)
            assert set(shop.desk.quarantined) == {str(NAME), str(other)}
            assert shop.state(first.id) is OrderState.OPEN
            assert (await shop.journal.order(first.id)).number == number
            await shop.kill()

        run(story())
