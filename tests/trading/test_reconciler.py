"""Our books and the broker's agree, or what does not is in quarantine; a second look changes nothing."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.scale import scaled
from tests.trading.faulty_broker import FaultyBroker
from tests.trading.shop import ACCOUNT, Shop, new_order, opened
from tests.trading.virtual_time import run

from midas.core.instrument import InstrumentId
from midas.core.order import OrderKind, OrderState, Side
from midas.execution.broker import BrokerOrder, BrokerState, ClientIds, Holdings
from midas.risk.kill import KillLevel
from midas.trading.sender import ticket_of

NAMES = [InstrumentId(f"A{number}", "XNAS") for number in range(12)]


async def disturbed(rng: random.Random) -> tuple[Shop, set[InstrumentId], bool]:
    """A random account, and what was done to it that nobody can explain: names, and whether to its cash."""
    shop = await opened(rng.choice(list(ClientIds)), late_horizon_s=5.0)
    broker = shop.broker
    for sequence in range(rng.randint(0, 6)):
        name = rng.choice(NAMES)
        await shop.order(sequence, 3600, instrument=name, quantity=Decimal(rng.randint(1, 50)), limit_price=Decimal(50))
        await asyncio.sleep(1)
        if rng.random() < 0.7:
            number = next(reversed(broker.book))
            filled = Decimal(rng.randint(1, int(broker.book[number].quantity)))
            broker.fill(number, filled, Decimal(50), tell=rng.random() < 0.5)
    await shop.reconciler.once()
    wrong: set[InstrumentId] = set()
    cash = False
    for _ in range(rng.choice([0, 0, 1, 2, 3])):
        name = rng.choice(NAMES)
        match rng.randrange(4):
            case 0:
                broker.held[name] = broker.held.get(name, Decimal(0)) + rng.choice([-1, 1]) * rng.randint(1, 9)
                wrong.add(name)
            case 1:
                broker.cash += rng.choice([-1, 1]) * rng.randint(1, 10_000)
                cash = True
            case 2:
                ticket = ticket_of(new_order(broker, 99, instrument=name, side=Side.SELL, kind=OrderKind.MARKET))
                broker.accept(ticket)
                wrong.add(name)
            case _:
                listed = [n for n, order in broker.book.items() if order.state is BrokerState.OPEN]
                if len(listed) > 1:
                    wrong.add(broker.book.pop(rng.choice(listed)).instrument)
    return shop, wrong, cash


class TestReconcile:
    @pytest.mark.figure("R12")
    def test_books_are_equal_or_in_quarantine_and_a_second_look_changes_nothing(self, record_property) -> None:
        pairs = scaled(10_000)
        record_property("pairs", pairs)

        async def story(seed: int) -> None:
            shop, wrong, cash = await disturbed(random.Random(seed))
            before = dict(shop.desk.books.quantities)
            assert await shop.reconciler.once()
            balance = await shop.journal.balance(ACCOUNT)
            theirs = {name: held for name, held in shop.broker.held.items() if held}
            off = {
                name
                for name in NAMES
                if balance.quantities.get(name, Decimal(0)) != theirs.get(name, Decimal(0))
            }  # fmt: skip
            quarantined = {InstrumentId.parse(name) for name in await shop.journal.quarantined(ACCOUNT)}
            assert off <= quarantined <= wrong
            if balance.cash != shop.broker.cash:
                assert cash
                assert shop.switch.level >= KillLevel.PAUSE
            else:
                assert shop.switch.level is KillLevel.NONE
            assert dict(shop.desk.books.quantities) == before
            revision = await shop.journal.revision(ACCOUNT)
            assert await shop.reconciler.once()
            assert await shop.journal.revision(ACCOUNT) == revision
            await shop.kill()

        for seed in range(pairs):
            run(story(seed))

    def test_a_missing_answer_is_never_read_as_flat(self) -> None:
        async def story() -> None:
            shop = await opened()
            row = await shop.order()
            await asyncio.sleep(1)
            shop.broker.fill(shop.broker.number_of(row.id), Decimal(10), Decimal(100))
            await asyncio.sleep(1)
            held, cash, book = shop.broker.held, shop.broker.cash, shop.broker.book
            revision = await shop.journal.revision(ACCOUNT)
            shop.broker.held, shop.broker.cash = {}, 0
            assert not await shop.reconciler.once()
            shop.broker.held, shop.broker.cash, shop.broker.book = held, cash, {}
            assert await shop.reconciler.once()
            shop.broker.book, shop.broker.reading_fails = book, True
            assert not await shop.reconciler.once()
            assert await shop.journal.revision(ACCOUNT) == revision
            assert not shop.desk.quarantined

        run(story())

    @pytest.mark.parametrize("answers", [True, False])
    @pytest.mark.parametrize("what", ["an order", "a fill"])
    def test_what_changes_while_the_broker_answers_holds_nobody_up(self, what: str, answers: bool) -> None:
        async def story() -> None:
            shop = await opened()
            working = await shop.order(1)
            await asyncio.sleep(1)
            await shop.reconciler.once()
            list_orders, holdings = shop.broker.orders, shop.broker.holdings

            async def slow_list() -> list[BrokerOrder]:
                told = list(await list_orders())
                await asyncio.sleep(1)
                return told

            async def slow_holdings() -> Holdings:
                told = await holdings()
                kept = Holdings(told.cash, dict(told.quantities))
                await asyncio.sleep(1)
                return kept

            shop.broker.orders, shop.broker.holdings = slow_list, slow_holdings  # type: ignore[method-assign]
            looking, begun_s = asyncio.create_task(shop.reconciler.once()), shop.broker.clock.monotonic_s()
            if what == "an order":
                await asyncio.sleep(0.5)
                await shop.order(2)
            else:
                await asyncio.sleep(1.5)
                shop.broker.fill(shop.broker.number_of(working.id), Decimal(4), Decimal(100))
            while not looking.done():
                assert shop.reconciler.reconciled
                await asyncio.sleep(0.1)
                # the second look begins two seconds behind the end of the first
                shop.broker.reading_fails = not answers and shop.broker.clock.monotonic_s() - begun_s > 3.0
            assert await looking is answers
            assert shop.reconciler.reconciled is answers
            assert not shop.reconciler.findings

        run(story())

    def test_a_list_that_lost_a_page_ends_no_order(self) -> None:
        async def story() -> None:
            shop = await opened()
            rows = [await shop.order(sequence, instrument=NAMES[sequence]) for sequence in range(2)]
            await asyncio.sleep(1)
            for row in list(shop.desk.rows.values()):
                assert row.changed_utc is not None
                shop.desk.keep(replace(row, changed_utc=row.changed_utc - timedelta(hours=25)))
            whole = shop.broker.book
            lost = shop.broker.number_of(rows[0].id)
            part = {number: order for number, order in whole.items() if number != lost}
            shop.broker.book = part
            look = asyncio.create_task(shop.reconciler.once())
            await asyncio.sleep(1)
            shop.broker.book = whole
            await look
            assert [shop.state(row.id) for row in rows] == [OrderState.OPEN] * 2
            shop.broker.book = part
            assert await shop.reconciler.once()
            assert [shop.state(row.id) for row in rows] == [OrderState.EXPIRED, OrderState.OPEN]

        run(story())

    def test_a_difference_that_passes_is_no_difference(self) -> None:
        async def story() -> None:
            shop = await opened()
            await asyncio.sleep(5)
            shop.broker.held[NAMES[0]] = Decimal(3)
            look = asyncio.create_task(shop.reconciler.once())
            await asyncio.sleep(1)
            del shop.broker.held[NAMES[0]]
            assert await look
            assert not shop.desk.quarantined

        run(story())

    def test_trading_is_locked_until_the_first_answer(self) -> None:
        async def story() -> None:
            shop = await opened()
            assert not shop.reconciler.reconciled
            shop.broker.reading_fails = True
            await asyncio.sleep(20)
            assert not shop.reconciler.reconciled
            shop.broker.reading_fails = False
            await asyncio.sleep(5)
            assert shop.reconciler.reconciled

        run(story())

    def test_a_position_told_twice_is_held_once(self) -> None:
        async def story() -> None:
            broker = FaultyBroker.holdings
            shop = await opened()
            row = await shop.order()
            await asyncio.sleep(1)
            shop.broker.fill(shop.broker.number_of(row.id), Decimal(10), Decimal(100))
            await asyncio.sleep(1)
            for _ in range(2):
                await shop.reconciler.once()
                await broker(shop.broker)
            assert sum(shop.desk.books.quantities.values()) == 10

        run(story())
