"""What the gate goes by is so: how old the look at the broker is, what was heard, what costs, what is locked."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.trading.place import ACCOUNT, APPLE, EASY, MOUTAI, RELIANCE, Place
from tests.trading.virtual_time import run

from midas.core.instrument import InstrumentId
from midas.core.order import OrderKind, OrderState, Side
from midas.risk.kill import Kill, KillLevel
from midas.risk.limits import Limits
from midas.risk.verdict import Denial
from midas.trading.journal import NOBODY, Pull


class TestCompared:
    def test_a_broker_that_is_silent_too_long_stops_new_orders_until_it_answers(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened() as office:
                place.broker.reading_fails = True
                await asyncio.sleep(100)
                assert place.said(place.intent()) is None
                await asyncio.sleep(25)
                assert place.said(place.intent()) is Denial.STALE_SNAPSHOT
                waiting = await place.order()
                await asyncio.sleep(200)
                assert office.reconciler.age_s > 300
                assert place.said(place.intent()) is Denial.NOT_RECONCILED
                assert place.state(waiting) is OrderState.NEW
                assert place.broker.submitted == []
                place.broker.reading_fails = False
                await asyncio.sleep(10)
                assert place.said(place.intent(sequence=1)) is None
                assert place.state(waiting) is OrderState.OPEN

        run(story())

    def test_the_owner_says_how_old_a_look_may_be(self) -> None:
        async def story() -> None:
            place = Place()
            place.limits = {"": Limits(collar=None, quote_age_s=None, snapshot_age_s=7.0)}
            async with place.opened():
                place.broker.reading_fails = True
                assert place.said(place.intent()) is None
                await asyncio.sleep(8)
                assert place.said(place.intent()) is Denial.STALE_SNAPSHOT

        run(story())

    def test_a_lost_connection_stops_new_orders_until_the_next_look(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened() as office:
                await asyncio.sleep(5)
                place.broker.stream.put_nowait(None)
                await asyncio.sleep(0.01)
                assert not office.reconciler.reconciled
                assert place.said(place.intent()) is Denial.NOT_RECONCILED
                await asyncio.sleep(3)
                assert place.broker.connections == 2
                assert place.said(place.intent()) is None

        run(story())

    def test_a_look_that_began_before_the_connection_was_lost_proves_nothing(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened() as office:
                await asyncio.sleep(5)
                place.broker.takes_s = 0.2
                look = asyncio.create_task(office.reconciler.once())
                await asyncio.sleep(0.1)
                place.broker.stream.put_nowait(None)
                assert not await look
                assert not office.reconciler.reconciled
                await asyncio.sleep(5)
                assert office.reconciler.reconciled

        run(story())

    def test_a_difference_stops_new_orders_until_two_looks_told_the_same(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened() as office:
                await asyncio.sleep(5)
                other = InstrumentId.parse("MSFT.XNAS")
                place.broker.held[other] = Decimal(3)
                look = asyncio.create_task(office.reconciler.once())
                await asyncio.sleep(1)
                assert place.said(place.intent()) is Denial.NOT_RECONCILED
                assert await look
                assert str(other) in office.desk.quarantined
                assert place.said(place.intent()) is None
                # what is known and in quarantine stops the others no more
                look = asyncio.create_task(office.reconciler.once())
                await asyncio.sleep(1)
                assert place.said(place.intent()) is None
                assert await look

        run(story())


class TestPrices:
    def test_the_price_an_order_was_decided_at_is_no_price_of_the_market(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened(price=None):
                assert place.said(place.intent()) is Denial.STALE_QUOTE
                near, far = await place.order(sequence=1), await place.order(sequence=2, reference_price=Decimal(90))
                await asyncio.sleep(5)
                assert place.broker.submitted == []
                place.tell(101.0)
                await asyncio.sleep(1)
                assert place.state(near) is OrderState.OPEN
                assert place.state(far) is OrderState.REJECTED
                assert (await place.journal.order(far)).reason == "price_collar"  # type: ignore[union-attr]

        run(story())

    def test_of_what_no_run_trades_is_not_waited_for(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened():
                stranger = place.intent(instrument=InstrumentId.parse("MSFT.XNAS"))
                assert place.said(stranger) is Denial.UNKNOWN_INSTRUMENT

        run(story())


class TestBuyingPower:
    """On NSE 100 shares at 100 take 10,000.00, and 0.36 of fees and 11.50 of STT and stamp duty (0.115 %) with them."""

    COSTS = 36 + 11_50

    @pytest.mark.parametrize(("short_of", "said"), [(0, None), (1, Denial.BUYING_POWER)])
    def test_counts_what_a_purchase_costs(self, short_of: int, said: Denial | None) -> None:
        async def story() -> None:
            place = Place(RELIANCE, 10_000_00 + self.COSTS - short_of)
            async with place.opened():
                assert place.said(place.intent(quantity=100)) is said

        run(story())

    @pytest.mark.parametrize(("short_of", "said"), [(0, None), (1, Denial.BUYING_POWER)])
    def test_counts_what_open_purchases_will_cost(self, short_of: int, said: Denial | None) -> None:
        async def story() -> None:
            place = Place(RELIANCE, 2 * (10_000_00 + self.COSTS) - short_of)
            async with place.opened():
                await place.order(Side.BUY, 100, kind=OrderKind.LIMIT, limit_price=Decimal(100))
                await asyncio.sleep(1)
                assert place.said(place.intent(quantity=100, sequence=1)) is said
                # its own reservation does not stand in its own way
                assert len(place.broker.submitted) == 1

        run(story())

    def test_a_stop_reserves_the_price_it_begins_at(self) -> None:
        async def story() -> None:
            place = Place(APPLE, 10 * 110_00 + 10 * 100_00 - 1)
            place.limits = {"": Limits(collar=None, quote_age_s=None, duplicate_window_s=None)}
            async with place.opened() as office:
                await place.order(Side.BUY, 10, kind=OrderKind.STOP, stop_price=Decimal(110))
                await asyncio.sleep(1)
                assert office.gatekeeper.account().reserved == 1100
                assert place.said(place.intent(sequence=1)) is Denial.BUYING_POWER

        run(story())

    def test_costs_are_no_exposure(self) -> None:
        async def story() -> None:
            place = Place(RELIANCE)
            async with place.opened() as office:
                await place.order(Side.BUY, 100)
                await asyncio.sleep(1)
                account = office.gatekeeper.account()
                assert (account.gross, account.reserved) == (10_000, 10_000 + Decimal(self.COSTS) / 100)

        run(story())


class TestExposure:
    def test_counts_open_sales_of_what_is_not_held(self) -> None:
        async def story() -> None:
            place = Place(APPLE)
            place.limits = {"": Limits(collar=None, quote_age_s=None, duplicate_window_s=None, allow_short=True)}
            async with place.opened() as office:
                await place.bought(10)
                await place.order(Side.SELL, 25, kind=OrderKind.LIMIT, limit_price=Decimal(120))
                await asyncio.sleep(1)
                # ten are held at 100, and ten of the 25 that are for sale at 120 are those
                assert office.gatekeeper.account().gross == 1_000 + 15 * 120

        run(story())


class TestSellLocks:
    MORNING = timedelta(hours=-13)
    """Ten in the morning in Shanghai."""

    def test_what_was_bought_today_is_sold_on_the_next_session(self) -> None:
        async def story() -> None:
            place = Place(MOUTAI)
            place.clock.skew = self.MORNING
            async with place.opened():
                await place.bought(200)
                assert place.said(place.intent(Side.SELL, 100)) is Denial.SELL_LOCKED
                waiting = await place.order(Side.SELL, 100)
                await asyncio.sleep(5)
                assert place.state(waiting) is OrderState.NEW
            # another process knows it from the journal, the same day and the day after
            async with place.opened():
                assert place.said(place.intent(Side.SELL, 100)) is Denial.SELL_LOCKED
            place.clock.skew += timedelta(days=1)
            async with place.opened():
                await asyncio.sleep(2)
                assert place.state(waiting) is OrderState.OPEN
                assert place.said(place.intent(Side.SELL, 100, sequence=5)) is None

        run(story())

    def test_after_the_close_it_would_be_sold_on_the_next_session(self) -> None:
        async def story() -> None:
            place = Place(MOUTAI)
            place.clock.skew = self.MORNING
            async with place.opened():
                await place.bought(200)
            place.clock.skew = timedelta(0)
            async with place.opened():
                assert place.said(place.intent(Side.SELL, 100)) is None

        run(story())

    def test_what_was_held_before_may_go(self) -> None:
        async def story() -> None:
            place = Place(MOUTAI)
            place.clock.skew = self.MORNING
            async with place.opened():
                await place.bought(100)
            place.clock.skew += timedelta(days=1)
            async with place.opened():
                await place.bought(200, sequence=78)
                assert place.said(place.intent(Side.SELL, 100)) is None
                assert place.said(place.intent(Side.SELL, 200)) is Denial.SELL_LOCKED

        run(story())

    def test_other_venues_lock_nothing(self) -> None:
        async def story() -> None:
            place = Place(APPLE)
            async with place.opened():
                await place.bought(200)
                assert place.said(place.intent(Side.SELL, 200)) is None

        run(story())

    @pytest.mark.parametrize(("quantity", "said"), [(37, None), (137, None), (237, None), (36, Denial.OFF_LOT)])
    def test_what_is_left_beside_whole_lots_is_sold_whole(self, quantity: int, said: Denial | None) -> None:
        async def story() -> None:
            place = Place(MOUTAI)
            async with place.opened() as office:
                office.desk.books.quantities[MOUTAI] = Decimal(237)
                assert place.said(place.intent(Side.SELL, quantity)) is said
                assert place.said(place.intent(Side.BUY, 37)) is Denial.OFF_LOT

        run(story())


class TestClock:
    LIMITS = Limits(collar=None, quote_age_s=None, duplicate_window_s=None, daily_loss=0.05, cooldown_s=600.0)

    def test_losses_and_the_quiet_after_them_need_no_bar(self) -> None:
        async def story() -> None:
            place = Place(APPLE, 20_000_00)
            place.limits = {"": self.LIMITS}
            async with place.opened() as office:
                await place.bought(100)
                place.tell(91.0)
                await asyncio.sleep(2)
                # 900 of 20,000 is 4.5 %
                assert office.switch.level is KillLevel.NONE
                place.tell(89.0)
                await asyncio.sleep(2)
                assert office.switch.level is KillLevel.REDUCE_ONLY
                place.tell(100.0)
                await asyncio.sleep(2)
                await self.release(place)
                await asyncio.sleep(2)
                assert office.switch.level is KillLevel.REDUCE_ONLY
                await asyncio.sleep(600)
                await self.release(place)
                await asyncio.sleep(2)
                assert office.switch.level is KillLevel.NONE

        run(story())

    async def release(self, place: Place) -> None:
        kill = Kill(KillLevel.NONE, ACCOUNT, "person", "over", place.clock.now_utc())
        await place.journal.commit(ACCOUNT, NOBODY, [Pull(kill)])


class TestLimits:
    def test_are_obeyed_as_soon_as_they_are_told(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened() as office:
                assert place.said(place.intent()) is None
                office.heeding.limit({"": Limits(collar=None, quote_age_s=None, max_notional=Decimal(999))})
                assert place.said(place.intent()) is Denial.MAX_NOTIONAL
                await asyncio.sleep(1)
                assert [line.act for line in place.journal.audits(ACCOUNT)].count("limits.heard") == 1
                office.heeding.limit(dict(office.gatekeeper.limits))
                await asyncio.sleep(1)
                assert [line.act for line in place.journal.audits(ACCOUNT)].count("limits.heard") == 1

        run(story())

    def test_of_a_run_say_nothing_of_what_others_hold(self) -> None:
        limits = Limits(run="r1", position=0.0, gross=0.0, daily_loss=0.0, drawdown=0.0, max_quantity=Decimal(5))
        kept = limits.of_orders()
        assert (kept.run, kept.max_quantity, kept.collar) == ("r1", Decimal(5), limits.collar)
        assert (kept.position, kept.gross, kept.daily_loss, kept.drawdown) == (None,) * 4

    @pytest.mark.parametrize(("limit", "said"), [({"position": 0.0}, None), ({"max_quantity": Decimal(5)}, "r1")])
    def test_of_a_run_count_its_orders_at_the_socket(self, limit: dict[str, object], said: str | None) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened() as office:
                office.gatekeeper._armed = lambda _run: True
                none = {"collar": None, "quote_age_s": None, "snapshot_age_s": None, "duplicate_window_s": None}
                office.heeding.limit({"": EASY, "r1": Limits(run="r1", **none, **limit)})  # type: ignore[arg-type]
                assert place.said(place.intent(run="r1")) is (Denial.MAX_QUANTITY if said else None)
                assert place.said(place.intent(run="r2")) is None

        run(story())
