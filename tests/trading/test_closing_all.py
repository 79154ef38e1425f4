"""An office that only cancels, and one that closes everything: what goes out, what does not, and what is said."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from tests.trading.place import ACCOUNT, APPLE, Place
from tests.trading.virtual_time import run

from midas.core.order import OrderState, Side
from midas.risk.kill import KillLevel
from midas.risk.question import FLATTEN_LEG
from midas.risk.verdict import Denial
from midas.trading.flattening import FLATTENED, NOT_FLATTENED
from midas.trading.journal import NOBODY, Quarantine


class TestCancelling:
    def test_an_office_that_only_cancels_does_not_send_what_nobody_knows_of_again(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened():
                place.broker.reading_fails = True
                place.broker.faults.append("before")
                lost = await place.order()
                await asyncio.sleep(5)
            assert place.state(lost) is OrderState.UNKNOWN
            place.broker.reading_fails, place.cancelling = False, True
            async with place.opened():
                await asyncio.sleep(60)
                assert len(place.broker.submitted) == 1
            assert place.state(lost) is OrderState.UNKNOWN
            place.cancelling = False
            async with place.opened():
                await asyncio.sleep(60)
            assert place.state(lost) is OrderState.OPEN

        run(story())

    def test_nor_what_closed_a_position_though_everything_is_to_be_closed(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened():
                await place.bought(10)
                place.broker.faults.append("before")
                place.broker.reading_fails = True
                await place.pull(KillLevel.FLATTEN)
                await asyncio.sleep(5)
                [closing] = [ticket.id for ticket in place.sold()]
                assert place.state(closing) is OrderState.UNKNOWN
            place.broker.reading_fails, place.cancelling = False, True
            async with place.opened():
                await asyncio.sleep(50)
            assert [ticket.id for ticket in place.sold()] == [closing]

        run(story())


class TestClosing:
    def test_what_closes_everything_is_good_while_everything_is_to_be_closed(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened():
                await place.bought(10)
                wish = place.intent(Side.SELL, 10, leg=FLATTEN_LEG, reduce_only=True)
                said = {}
                for level in (KillLevel.NONE, KillLevel.REDUCE_ONLY, KillLevel.CANCEL_ALL, KillLevel.FLATTEN):
                    await place.pull(KillLevel.NONE)
                    if level is not KillLevel.NONE:
                        await place.pull(level)
                    await place.office.switch.refresh()
                    said[level.name] = place.said(wish)
                denied = {"NONE": Denial.NOT_ARMED, "REDUCE_ONLY": Denial.NOT_ARMED, "CANCEL_ALL": Denial.KILLED}
                assert said == {**denied, "FLATTEN": None}

        run(story())

    def test_what_is_in_quarantine_is_left_alone_and_told_of_until_it_is_released(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened() as office:
                await place.bought(10)
                await office.desk.quarantine(str(APPLE), "position AAPL.XNAS: 10 by our books, 3 by the broker's")
                await place.pull(KillLevel.FLATTEN)
                await asyncio.sleep(50)
                assert place.sold() == []
                [told] = place.told(NOT_FLATTENED)
                assert told.subject == "AAPL.XNAS"
                assert "quarantine" in str(told.detail["why"])
                assert "3 by the broker's" in str(told.detail["why"])
                assert "midas risk quarantine release AAPL.XNAS --account gate" in str(told.detail["next"])
                assert place.told(FLATTENED) == []
                # a person lets it go, and nobody pulls anything again
                await place.journal.commit(ACCOUNT, NOBODY, [Quarantine(ACCOUNT, str(APPLE), "", released=True)])
                office.heeding.release(frozenset())
                await asyncio.sleep(5)
                assert [ticket.quantity for ticket in place.sold()] == [Decimal(10)]
                place.broker.fill(place.broker.number_of(place.sold()[0].id), Decimal(10), Decimal(100))
                await asyncio.sleep(5)
                assert not office.desk.books.quantities
                assert len(place.told(FLATTENED)) == len(place.told(NOT_FLATTENED)) == 1

        run(story())

    def test_nor_is_it_forgotten_where_the_books_hold_nothing(self) -> None:
        async def story() -> None:
            place = Place()
            async with place.opened() as office:
                place.broker.held[APPLE] = Decimal(7)
                await office.reconciler.once()
                assert str(APPLE) in office.desk.quarantined
                await place.pull(KillLevel.FLATTEN)
                await asyncio.sleep(5)
                [told] = place.told(NOT_FLATTENED)
                assert (told.subject, told.detail["quantity"]) == ("AAPL.XNAS", "0")
                assert "7 by the broker's" in str(told.detail["why"])

        run(story())
