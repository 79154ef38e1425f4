"""A quarantine that a person released: the trader hears of it, and what was known to differ stays known."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal

from tests.trading.shop import ACCOUNT, NAME, Shop, again, opened
from tests.trading.virtual_time import run

from midas.trading.compared import compared_key, found_in, judged_in
from midas.trading.heeding import Heeding
from midas.trading.journal import NOBODY, Checkpoint, Quarantine

ODD = Decimal(7)


async def differing() -> Shop:
    """A shop whose broker holds seven shares that no order bought."""
    shop = await opened()
    shop.broker.held[NAME] = ODD
    assert await shop.reconciler.once()
    assert await shop.journal.quarantined(ACCOUNT)
    return shop


async def release(shop: Shop) -> None:
    await shop.journal.commit(ACCOUNT, NOBODY, [Quarantine(ACCOUNT, str(NAME), "", released=True)])


async def heard(shop: Shop) -> None:
    heeding = Heeding(shop.desk, None, {})  # type: ignore[arg-type]  # no limits are set
    telling = asyncio.create_task(heeding.run())
    heeding.release(frozenset(await shop.journal.quarantined(ACCOUNT)))
    await asyncio.sleep(1)
    telling.cancel()


async def held_back(shop: Shop) -> bool:
    known, stored = str(NAME) in shop.desk.quarantined, str(NAME) in await shop.journal.quarantined(ACCOUNT)
    assert known == stored
    return known


class TestRelease:
    def test_is_heard_and_what_was_known_is_left_alone(self) -> None:
        async def story() -> None:
            shop = await differing()
            await release(shop)
            await heard(shop)
            assert not await held_back(shop)
            assert [line.subject for line in shop.journal.audits(ACCOUNT) if line.act == "quarantine.heard"] == [
                str(NAME)
            ]
            for _ in range(3):
                assert await shop.reconciler.once()
            assert not await held_back(shop)
            shop.broker.held[NAME] += 1
            assert await shop.reconciler.once()
            assert await held_back(shop)

        run(story())

    def test_holds_across_a_restart_also_when_nobody_heard_of_it(self) -> None:
        async def story() -> None:
            shop = await differing()
            await shop.kill()
            await release(shop)
            shop = await again(shop)
            await shop.reconciler.open()
            assert await shop.reconciler.once()
            assert not await held_back(shop)

        run(story())

    def test_what_comes_back_after_it_was_put_right_is_new(self) -> None:
        async def story() -> None:
            shop = await differing()
            await release(shop)
            await heard(shop)
            for held, back in ((Decimal(0), False), (ODD, True)):
                shop.broker.held[NAME] = held
                assert await shop.reconciler.once()
                assert await held_back(shop) is back

        run(story())

    def test_an_order_that_is_under_way_makes_nothing_known_new(self) -> None:
        async def story() -> None:
            shop = await differing()
            await release(shop)
            await heard(shop)
            shop.broker.faults.append("before")
            await shop.order()
            await asyncio.sleep(0.5)
            # while nobody knows whether that order is there, the seven shares are not looked at
            assert await shop.reconciler.once()
            await asyncio.sleep(300)
            assert await shop.reconciler.once()
            assert not await held_back(shop)

        run(story())

    def test_one_put_there_since_it_was_looked_at_stays(self) -> None:
        async def story() -> None:
            shop = await opened()
            seen = frozenset(await shop.journal.quarantined(ACCOUNT))
            await shop.desk.quarantine(str(NAME), "odd")
            heeding = Heeding(shop.desk, None, {})  # type: ignore[arg-type]
            telling = asyncio.create_task(heeding.run())
            heeding.release(seen)
            await asyncio.sleep(1)
            telling.cancel()
            assert await held_back(shop)

        run(story())


class TestLastLook:
    def test_is_stored_when_it_changed(self) -> None:
        async def story() -> None:
            shop = await differing()
            stored = await shop.journal.checkpoint(compared_key(ACCOUNT))
            assert stored is not None
            assert found_in(stored) == shop.reconciler.findings != frozenset()
            [text] = [each.text for each in found_in(stored)]
            assert text == f"position {NAME}: 0 by our books, 7 by the broker's"
            shop.broker.held.clear()
            assert await shop.reconciler.once()
            stored = await shop.journal.checkpoint(compared_key(ACCOUNT))
            assert stored is not None
            assert found_in(stored) == frozenset()

        run(story())

    def test_knows_of_a_quarantine_only_if_it_began_after_it_and_is_stored_no_oftener_than_that_changes(self) -> None:
        async def story() -> None:
            shop = await opened()
            assert await shop.reconciler.once()
            assert await judged(shop) == {}
            await shop.desk.quarantine(str(NAME), "odd")
            assert await judged(shop) == {}
            commits = []
            commit = shop.journal.commit

            async def counted(account, epoch, entries):
                commits.extend(each for each in entries if isinstance(each, Checkpoint))
                await commit(account, epoch, entries)

            shop.journal.commit = counted  # type: ignore[method-assign]
            for _ in range(3):
                assert await shop.reconciler.once()
                assert await judged(shop) == {str(NAME): "odd"}
            assert len(commits) == 1
            shop = await again(shop)
            await shop.reconciler.open()
            assert await shop.reconciler.once()
            assert len(commits) == 1

        run(story())

    def test_of_what_is_being_looked_for_says_nothing(self) -> None:
        async def story() -> None:
            shop = await opened()
            await shop.desk.quarantine(str(NAME), "odd")
            shop.broker.reading_fails = True
            shop.broker.faults.extend(["before"] * 100)
            await shop.order()
            await asyncio.sleep(1)
            shop.broker.reading_fails = False
            assert await shop.reconciler.once()
            assert await judged(shop) == {}

        run(story())


async def judged(shop: Shop) -> Mapping[str, str]:
    stored = await shop.journal.checkpoint(compared_key(ACCOUNT))
    return {} if stored is None else judged_in(stored)
