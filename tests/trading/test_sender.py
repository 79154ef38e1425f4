"""Each order is sent once, after it is stored, and only while everything allows it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.trading.shop import ACCOUNT, NAME, again, new_order, opened
from tests.trading.virtual_time import run

from midas.core.order import OrderState, Side
from midas.execution.broker import ClientIds, Ticket
from midas.execution.order_row import OrderRow
from midas.risk.kill import KillLevel
from midas.risk.verdict import Allow, Denial, Deny, Verdict
from midas.trading.journal import NOBODY, AskCancel, Fenced, StoreOrder

IDS = list(ClientIds)
PASSES = {
    "not_reconciled", "stale_snapshot", "stale_quote", "missing_data", "market_closed", "halted", "order_rate",
    "sell_locked",
}  # fmt: skip


class TestSend:
    def test_nothing_is_sent_when_the_gate_says_no(self) -> None:
        async def story() -> None:
            shop = await opened()
            shop.guard.answer = lambda _row: Deny(Denial.MAX_NOTIONAL, "")
            row = await shop.order()
            await asyncio.sleep(5)
            assert shop.broker.submitted == []
            assert shop.state(row.id) is OrderState.REJECTED
            assert (await shop.journal.order(row.id)).reason == "max_notional"

        run(story())

    @pytest.mark.parametrize("ids", IDS)
    def test_several_that_send_at_once_send_each_order_once(self, ids: ClientIds) -> None:
        async def story() -> None:
            shop = await opened(ids)
            rows = [await shop.order(n) for n in range(1, 4)]
            await asyncio.gather(*(shop.sender.drain() for _ in range(3)), *(shop.sender.send(row.id) for row in rows))
            await asyncio.sleep(5)
            assert sorted(ticket.id for _, ticket in shop.broker.submitted) == sorted(row.id for row in rows)

        run(story())

    def test_who_drains_waits_for_what_another_is_sending(self) -> None:
        # a replay would go on meanwhile, and what is on its way would come too late for the bar it is for
        async def story() -> None:
            shop = await opened()
            row = await shop.order()
            slow = shop.broker.submit

            async def submit(ticket: Ticket) -> str:
                await asyncio.sleep(1)
                return await slow(ticket)

            shop.broker.submit = submit
            first = asyncio.create_task(shop.sender.drain())
            await asyncio.sleep(0.5)
            await shop.sender.drain()
            assert shop.state(row.id) is OrderState.OPEN
            await first
            assert len(shop.broker.submitted) == 1

        run(story())

    def test_the_gate_is_asked_again_at_the_socket(self) -> None:
        async def story() -> None:
            shop = await opened()
            answers = iter([None, Deny(Denial.KILLED, "")])
            allow = shop.guard.judge
            shop.guard.judge = lambda each: next(answers) or allow(each)  # type: ignore[method-assign]
            row = await shop.order()
            await asyncio.sleep(5)
            assert shop.broker.submitted == []
            assert shop.state(row.id) is OrderState.REJECTED

        run(story())

    @pytest.mark.parametrize("denial", list(Denial))
    @pytest.mark.parametrize("at_the_socket", [False, True])
    def test_a_reason_that_passes_by_itself_is_waited_for_and_any_other_is_the_end(
        self, denial: Denial, at_the_socket: bool
    ) -> None:
        async def story() -> None:
            shop = await opened()
            deny, gone = Deny(denial, ""), False

            def answer(row: OrderRow) -> Verdict:
                return Allow() if gone or (at_the_socket and row.state is not OrderState.SENDING) else deny

            shop.guard.answer = answer
            kept, late = await shop.order(1, 600), await shop.order(2, 3)
            await asyncio.sleep(10)
            assert shop.broker.submitted == []
            waits = denial in PASSES
            assert shop.state(kept.id) is (OrderState.NEW if waits else OrderState.REJECTED)
            assert shop.state(late.id) is (OrderState.EXPIRED if waits else OrderState.REJECTED)
            reason = (await shop.journal.order(late.id)).reason
            assert reason == denial if not waits else reason.startswith("not sent in time")
            gone = True
            await asyncio.sleep(5)
            assert [ticket.id for _, ticket in shop.broker.submitted] == [kept.id] * waits

        run(story())

    def test_what_was_ordered_and_executed_before_a_crash_counts_for_rates_and_runaways(self) -> None:
        async def story() -> None:
            shop = await opened()
            for sequence in range(3):
                await shop.order(sequence)
                await asyncio.sleep(1)
            shop.broker.fill(next(iter(shop.broker.book)), Decimal(10), Decimal(99))
            await asyncio.sleep(1)
            before = shop.desk.recent.of(shop.desk.now_utc, whole_day=True)
            shop = await again(shop)
            after = shop.desk.recent.of(shop.desk.now_utc, whole_day=True)
            assert [(each.order, each.executions) for each in after] == [
                (each.order, each.executions) for each in before
            ]
            assert [each.executions for each in after] == [1, 0, 0]

        run(story())

    def test_an_order_waits_until_the_books_are_compared_and_is_dropped_when_that_takes_too_long(self) -> None:
        async def story() -> None:
            shop = await opened()
            shop.guard.answer = lambda _row: Deny(Denial.NOT_RECONCILED, "")
            kept, late = await shop.order(1, 600), await shop.order(2, 60)
            await asyncio.sleep(120)
            assert shop.state(kept.id) is OrderState.NEW
            assert shop.state(late.id) is OrderState.EXPIRED
            assert (await shop.journal.order(late.id)).reason == "not sent in time: not_reconciled"
            shop.guard.answer = None
            await asyncio.sleep(5)
            assert [ticket.id for _, ticket in shop.broker.submitted] == [kept.id]

        run(story())

    def test_an_old_lease_sends_nothing(self) -> None:
        async def story() -> None:
            shop = await opened()
            await asyncio.sleep(3)
            shop.tasks[5].cancel()
            await asyncio.sleep(6)
            await shop.order()
            with pytest.raises(Fenced):
                await shop.tasks[0]
            assert shop.broker.submitted == []

        run(story())

    @pytest.mark.parametrize("ids", IDS)
    def test_it_is_stored_before_it_is_sent_and_open_after(self, ids: ClientIds) -> None:
        async def story() -> None:
            shop = await opened(ids)
            submit, seen = shop.broker.submit, []

            async def watched(ticket):
                seen.append(shop.state(ticket.id))
                return await submit(ticket)

            shop.broker.submit = watched  # type: ignore[method-assign]
            row = await shop.order()
            await asyncio.sleep(5)
            assert seen == [OrderState.SENDING]
            assert shop.state(row.id) is OrderState.OPEN

        run(story())

    def test_what_never_left_is_sent_again(self) -> None:
        async def story() -> None:
            shop = await opened(ClientIds.NONE)
            shop.broker.faults.extend(["not_sent", "not_sent"])
            row = await shop.order()
            await asyncio.sleep(10)
            assert len(shop.broker.submitted) == 1
            assert shop.state(row.id) is OrderState.OPEN

        run(story())

    def test_one_of_a_kind_at_a_time_where_the_broker_keeps_no_id(self) -> None:
        async def story() -> None:
            shop = await opened(ClientIds.NONE, late_horizon_s=60.0)
            shop.broker.faults.append("before")
            await shop.order(1)
            await shop.order(2)
            other = await shop.order(3, side=Side.SELL)
            await asyncio.sleep(30)
            assert [ticket.id for _, ticket in shop.broker.submitted][1:] == [other.id]
            await asyncio.sleep(60)
            assert len(shop.broker.submitted) == 3

        run(story())

    def test_the_brokers_rate_is_kept(self) -> None:
        async def story() -> None:
            shop = await opened(orders_per_s=2.0)
            for sequence in range(12):
                await shop.order(sequence)
            await asyncio.sleep(20)
            times = [at_s for at_s, _ in shop.broker.submitted]
            assert len(times) == 12
            assert all(later - earlier >= 0.99 for earlier, later in zip(times, times[3:], strict=False))

        run(story())


class TestCrash:
    @pytest.mark.parametrize("ids", IDS)
    @pytest.mark.parametrize("fault", ["before", "after"])
    def test_while_sending(self, ids: ClientIds, fault: str) -> None:
        async def story() -> None:
            shop = await opened(ids, late_horizon_s=30.0)
            hangs = asyncio.Event()
            submit = shop.broker.submit

            async def hang(ticket):
                if fault == "after":
                    await submit(ticket)
                await hangs.wait()
                return ""

            shop.broker.submit = hang  # type: ignore[method-assign]
            row = await shop.order(valid_s=20)
            await asyncio.sleep(1)
            shop.broker.submit = submit  # type: ignore[method-assign]
            await shop.kill()
            assert shop.state(row.id) is not OrderState.NEW
            shop = await again(shop)
            await asyncio.sleep(100)
            placed = fault == "after" or ids is ClientIds.UNIQUE
            assert len(shop.broker.book) == placed
            assert shop.state(row.id) is (OrderState.OPEN if placed else OrderState.NOT_PLACED)

        run(story())


class TestCancel:
    def test_one_not_sent_yet_is_over_at_once(self) -> None:
        async def story() -> None:
            shop = await opened()
            shop.guard.answer = lambda _row: Deny(Denial.NOT_RECONCILED, "")
            row = await shop.order()
            await shop.cancel(row.id)
            await asyncio.sleep(1)
            assert shop.state(row.id) is OrderState.CANCELED
            assert shop.broker.submitted == shop.broker.cancelled == []

        run(story())

    def test_a_queue_of_orders_does_not_hold_it_up(self) -> None:
        async def story() -> None:
            shop = await opened(orders_per_s=1.0, cancels_per_s=10.0)
            first = await shop.order(0)
            await asyncio.sleep(2)
            for sequence in range(1, 30):
                await shop.order(sequence)
            begun_s = shop.broker.clock.monotonic_s()
            await shop.cancel(first.id)
            await asyncio.sleep(2)
            assert shop.broker.cancelled[0][0] - begun_s < 1
            assert shop.state(first.id) is OrderState.CANCELED

        run(story())

    def test_one_that_filled_meanwhile_stays_filled(self) -> None:
        async def story() -> None:
            shop = await opened()
            row = await shop.order()
            await asyncio.sleep(1)
            shop.broker.fill(shop.broker.number_of(row.id), Decimal(10), Decimal(99), tell=False)
            await shop.cancel(row.id)
            await asyncio.sleep(90)
            assert shop.state(row.id) is OrderState.FILLED
            assert shop.desk.held(NAME) == 10

        run(story())

    def test_unanswered_cancels_are_asked_again(self) -> None:
        async def story() -> None:
            shop = await opened()
            row = await shop.order()
            await asyncio.sleep(1)
            cancel, times = shop.broker.cancel, []

            async def flaky(number):
                times.append(number)
                if len(times) < 3:
                    raise TimeoutError
                await cancel(number)

            shop.broker.cancel = flaky  # type: ignore[method-assign]
            await shop.cancel(row.id)
            await asyncio.sleep(10)
            assert len(times) == 3
            assert shop.state(row.id) is OrderState.CANCELED

        run(story())


class TestKillSwitch:
    def test_nothing_is_sent_from_then_on_and_everything_open_is_cancelled(self, tmp_path) -> None:
        async def story() -> None:
            shop = await opened(flag=tmp_path / "KILL")
            row = await shop.order(1)
            await asyncio.sleep(1)
            (tmp_path / "KILL").write_text("PAUSE for a test")
            other = await shop.order(2)
            await asyncio.sleep(5)
            assert [ticket.id for _, ticket in shop.broker.submitted] == [row.id]
            assert shop.state(other.id) is OrderState.REJECTED

        run(story())

    def test_it_holds_while_the_database_is_down(self) -> None:
        async def story() -> None:
            shop = await opened()
            await asyncio.sleep(1)
            shop.switch.signal()
            assert shop.switch.level is KillLevel.CANCEL_ALL
            row = await shop.order()
            await asyncio.sleep(1)
            assert shop.broker.submitted == []
            assert [kill.level for kill in await shop.journal.kills("paper")] == [KillLevel.CANCEL_ALL]
            shop = await again(shop)
            assert shop.state(row.id) is OrderState.REJECTED
            await asyncio.sleep(1)
            assert shop.switch.level is KillLevel.CANCEL_ALL

        run(story())

    def test_three_orders_without_an_answer_pause_the_account(self) -> None:
        async def story() -> None:
            shop = await opened()
            shop.broker.faults.extend(["after"] * 3)
            for sequence in range(3):
                await shop.order(sequence)
            await asyncio.sleep(5)
            assert shop.switch.level is KillLevel.PAUSE

        run(story())

    @pytest.mark.parametrize("jump_s", [300, -300, -3600, 3, -3])
    def test_a_clock_that_jumps_pauses_the_account(self, jump_s: int) -> None:
        async def story() -> None:
            shop = await opened()
            await asyncio.sleep(1)
            assert shop.switch.level is KillLevel.NONE
            shop.broker.clock.skew = timedelta(seconds=jump_s)
            await asyncio.sleep(1)
            assert shop.switch.level is KillLevel.PAUSE

        run(story())


def test_the_same_intent_is_one_order() -> None:
    async def story() -> None:
        shop = await opened()
        first = await shop.order(1)
        assert first.id == new_order(shop.broker, 1, stamp_utc=first.intent.stamp_utc).id

    run(story())


class TestWakes:
    def test_what_others_store_goes_out_and_is_cancelled_though_bells_ring_all_the_time(self) -> None:
        async def story() -> None:
            shop = await opened()
            await asyncio.sleep(1)

            async def ring() -> None:
                while True:
                    shop.desk.ring()
                    await asyncio.sleep(0.01)

            ringing = asyncio.create_task(ring())
            row = new_order(shop.broker)
            await shop.journal.commit(ACCOUNT, NOBODY, [StoreOrder(row)])
            await asyncio.sleep(0.6)
            assert shop.state(row.id) is OrderState.OPEN
            await shop.journal.commit(ACCOUNT, NOBODY, [AskCancel(row.id, "a person")])
            await asyncio.sleep(0.6)
            assert shop.state(row.id) is OrderState.CANCELED
            ringing.cancel()

        run(story())
