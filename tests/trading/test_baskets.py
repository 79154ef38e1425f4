"""Many orders at once: claimed together where that does no harm, and stopped as soon as one alone would be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.trading.shop import Shop, new_order, opened
from tests.trading.virtual_time import run

from midas.core.errors import Unavailable
from midas.core.order import OrderState
from midas.execution.broker import ClientIds, Ticket
from midas.execution.order_row import OrderRow
from midas.risk.kill import KillLevel
from midas.risk.verdict import Allow, Denial, Deny
from midas.trading.journal import Batch

COMMIT_S, ANSWER_S = 0.01, 0.2


async def slow(ids: ClientIds = ClientIds.UNIQUE) -> Shop:
    """A shop whose disk and broker take their time."""
    shop = await opened(ids)
    commit, submit = shop.journal.commit, shop.broker.submit

    async def written(account: str, epoch: int, batch: Batch) -> None:
        await asyncio.sleep(COMMIT_S)
        await commit(account, epoch, batch)

    async def answered(ticket: Ticket) -> str:
        number = await submit(ticket)
        await asyncio.sleep(ANSWER_S)
        return number

    shop.journal.commit, shop.broker.submit = written, answered  # type: ignore[method-assign]
    return shop


async def basket(shop: Shop, count: int) -> Sequence[OrderRow]:
    rows = [new_order(shop.broker, sequence, leg=f"leg{sequence}") for sequence in range(count)]
    await shop.desk.store("store", rows)
    return rows


def sent(shop: Shop) -> list[str]:
    return [ticket.id for _, ticket in shop.broker.submitted]


class TestBaskets:
    @pytest.mark.parametrize("ids", list(ClientIds))
    def test_many_are_claimed_at_once_only_where_an_id_cannot_be_used_twice(self, ids: ClientIds) -> None:
        async def story() -> None:
            shop = await opened(ids)
            claimed: list[int] = []

            def count(row: OrderRow) -> None:
                sending = [each for each in shop.desk.rows.values() if each.state is OrderState.SENDING]
                claimed.append(len(sending) if row.state is OrderState.SENDING else 0)

            judge = shop.guard.judge
            shop.guard.judge = lambda row: (count(row), judge(row))[1]  # type: ignore[method-assign, func-returns-value]
            rows = await basket(shop, 8)
            await asyncio.sleep(30)
            assert sent(shop) == [row.id for row in rows]
            assert (max(claimed) > 1) == (ids is ClientIds.UNIQUE)

        run(story())

    def test_orders_behind_one_that_could_not_leave_are_not_tried_and_none_is_lost(self) -> None:
        async def story() -> None:
            shop = await opened()
            shop.broker.faults.append("not_sent")
            rows = await basket(shop, 5)
            await asyncio.sleep(0.1)
            assert {shop.state(row.id) for row in rows} == {OrderState.NEW}
            await asyncio.sleep(30)
            assert sent(shop) == [row.id for row in rows]
            assert {shop.state(row.id) for row in rows} == {OrderState.OPEN}

        run(story())

    def test_answers_that_go_missing_stop_it_before_many_more_went_out(self) -> None:
        async def story() -> None:
            shop = await slow()
            shop.broker.faults.extend(["before"] * 60)
            await basket(shop, 60)
            await asyncio.sleep(5)
            assert shop.switch.level >= KillLevel.PAUSE
            assert 3 <= len(shop.broker.submitted) < 10

        run(story())

    def test_nothing_more_goes_out_where_what_became_of_one_cannot_be_stored(self) -> None:
        async def story() -> None:
            shop = await slow()
            commit = shop.journal.commit

            async def failing(account: str, epoch: int, batch: Batch) -> None:
                if shop.broker.submitted:
                    raise Unavailable("gone", code="database_unavailable")
                await commit(account, epoch, batch)

            shop.journal.commit = failing  # type: ignore[method-assign]
            await basket(shop, 10)
            await asyncio.sleep(10)
            assert len(shop.broker.submitted) <= 2

        run(story())

    def test_what_is_cancelled_while_those_before_it_are_sent_stays_here(self) -> None:
        async def story() -> None:
            shop = await slow()
            rows = await basket(shop, 20)
            await asyncio.sleep(0.3)
            await shop.cancel(rows[-1].id)
            await asyncio.sleep(30)
            assert sent(shop) == [row.id for row in rows[:-1]]
            assert shop.state(rows[-1].id) is OrderState.CANCELED

        run(story())

    def test_one_that_has_to_wait_holds_up_nobody(self) -> None:
        async def story() -> None:
            shop = await opened()
            shop.broker.faults.append("not_sent")
            waits, goes = await basket(shop, 2)
            await asyncio.sleep(0.5)
            shop.guard.answer = lambda row: Deny(Denial.MARKET_CLOSED, "") if row.id == waits.id else Allow()
            await asyncio.sleep(10)
            assert sent(shop) == [goes.id]
            assert shop.state(waits.id) is OrderState.NEW

        run(story())

    def test_what_could_not_leave_before_a_pause_does_not_leave_after_it(self) -> None:
        async def story() -> None:
            shop = await opened()
            shop.broker.faults.extend(["not_sent"] * 5)
            rows = await basket(shop, 6)
            await asyncio.sleep(20)
            shop.guard.answer = lambda _row: Deny(Denial.KILLED, "")
            await asyncio.sleep(8)
            shop.guard.answer = None
            await asyncio.sleep(60)
            assert sent(shop) == []
            assert {shop.state(row.id) for row in rows} == {OrderState.REJECTED}

        run(story())
