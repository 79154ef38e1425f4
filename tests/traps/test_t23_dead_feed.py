"""T23: a feed that is connected and tells no prices. Entries are blocked while it is; what closes is not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.trading.shop import NAME, Shop, new_order, opened
from tests.trading.virtual_time import run

from midas.core.instrument import Instrument
from midas.core.order import OrderKind, OrderState, Side
from midas.marketdata.feed import Heartbeat, Tick
from midas.risk.limits import Limits
from midas.risk.verdict import Allow, Denial, Deny, Verdict
from midas.trading.gatekeeper import Gatekeeper
from midas.trading.quotes import Quotes
from midas.venues.catalogue import venue

STALE_AFTER_S = 10.0
LIMITS = Limits(duplicate_window_s=None, collar=None, quote_age_s=None, snapshot_age_s=None)


class Compared:
    """Books that agree."""

    reconciled = True
    age_s = 0.0


class Desk:
    """A shop whose gate goes by a feed that may die."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.clock = shop, shop.broker.clock
        self.quotes = Quotes(self.clock, STALE_AFTER_S)
        self.gate = Gatekeeper(
            shop.desk, shop.switch, self.quotes, Compared, limits={"": LIMITS}, armed=lambda _run: True
        )  # fmt: skip
        self.gate.instruments[NAME] = Instrument(NAME)
        self.gate.venues["XNAS"] = venue("XNAS")
        self.gate.cuts_purchases = True
        shop.desk.books.cash = shop.broker.cash = 1_000_000_00
        self.gate.mark(self.clock.now_utc().date())
        self.wanted = 0

    def tick(self) -> None:
        self.quotes.hear(Tick(NAME, 100.0, 1.0, self.clock.now_utc(), self.clock.now_utc()), [NAME])

    def ping(self) -> None:
        self.quotes.hear(Heartbeat(self.clock.now_utc()), [NAME])

    def asked(self, **more: object) -> Verdict:
        self.wanted += 1
        row = new_order(self.shop.broker, self.wanted, **more)
        return self.gate.ask(row.id, row.intent)


async def passing(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


class TestDeadFeed:
    def test_pings_without_prices_block_what_opens(self) -> None:
        async def story() -> None:
            desk = Desk(await opened())
            assert desk.quotes.stale, "before the first price nothing is known"
            desk.tick()
            assert isinstance(desk.asked(), Allow)
            for _ in range(12):
                await passing(1.0)
                desk.ping()
            assert desk.quotes.stale
            refused = desk.asked()
            assert isinstance(refused, Deny)
            assert refused.code is Denial.STALE_QUOTE
            assert "no prices" in refused.detail
            desk.tick()
            assert isinstance(desk.asked(), Allow), "with the first price it is over"

        run(story())

    def test_it_is_flagged_within_the_second(self) -> None:
        async def story() -> None:
            desk = Desk(await opened())
            desk.tick()
            await passing(STALE_AFTER_S)
            assert not desk.quotes.stale
            await passing(1.0)
            assert desk.quotes.stale

        run(story())

    def test_the_time_of_day_has_no_say(self) -> None:
        async def story() -> None:
            desk = Desk(await opened())
            desk.tick()
            desk.clock.skew = timedelta(hours=-1)
            await passing(STALE_AFTER_S + 1.0)
            assert desk.quotes.stale
            desk.tick()
            desk.clock.skew = timedelta(hours=5)
            assert not desk.quotes.stale

        run(story())

    def test_what_closes_a_position_may_go(self) -> None:
        async def story() -> None:
            desk = Desk(await opened())
            desk.tick()
            desk.shop.desk.books.quantities[NAME] = desk.shop.broker.held[NAME] = Decimal(10)
            await passing(STALE_AFTER_S + 5.0)
            leaving = desk.asked(side=Side.SELL, kind=OrderKind.MARKET, limit_price=None, reduce_only=True)
            assert isinstance(leaving, Allow), leaving

        run(story())

    def test_nothing_reaches_the_broker(self) -> None:
        async def story() -> None:
            shop = await opened()
            desk = Desk(shop)
            shop.guard.answer = desk.gate.judge
            desk.tick()
            await passing(STALE_AFTER_S + 1.0)
            row = await shop.order(1)
            await passing(2.0)
            assert shop.state(row.id) is not OrderState.OPEN
            assert shop.broker.book == {}

        run(story())


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_price_keeps_no_feed_alive(price: float) -> None:
    async def story() -> None:
        desk = Desk(await opened())
        desk.quotes.hear(Tick(NAME, price, 1.0, desk.clock.now_utc(), desk.clock.now_utc()), [NAME])
        assert desk.quotes.stale

    run(story())
