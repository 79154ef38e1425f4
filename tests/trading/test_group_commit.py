"""Changes that wait together: what each does, and what is stored, is as if it had come alone."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict

import pytest
from tests.trading.faulty_broker import FaultyBroker
from tests.trading.shop import ACCOUNT, new_order
from tests.trading.virtual_time import BEGIN, VirtualClock, run

from midas.core.errors import MidasError
from midas.core.order import OrderState
from midas.execution.order_events import Acknowledged, Canceled, OrderEvent, Sending, Unsent
from midas.execution.order_row import OrderRow
from midas.trading.desk import Desk, outbox_of
from midas.trading.journal import AlreadyStored, Batch, Fenced, Undecided
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership

Wish = tuple[int, str]
"""Of which order, and what: to be stored, or what is to happen to it."""

HAPPENS: dict[str, OrderEvent] = {
    "sending": Sending(1, BEGIN), "unsent": Unsent(), "taken": Acknowledged("n"), "canceled": Canceled(),
}  # fmt: skip


class Disk(MemoryJournal):
    """Takes a while for each batch, as a disk does, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    async def commit(self, account: str, epoch: int, batch: Batch) -> None:
        await asyncio.sleep(0.01)
        await super().commit(account, epoch, batch)
        self.batches += 1


class World:
    def __init__(self, desk: Desk, disk: Disk) -> None:
        self.desk, self.disk = desk, disk
        broker = FaultyBroker(desk.clock)
        self.orders = [new_order(broker, sequence) for sequence in range(4)]

    async def do(self, wish: Wish) -> str:
        order, what = wish
        row = self.orders[order]
        try:
            if what == "store":
                await self.desk.store("store", [row], self.desk.audit("told", row.id, {}))
                return "stored"
            moved = await self.desk.move(what, row.id, lambda _now: (HAPPENS[what],))
        except MidasError as error:
            return type(error).__name__
        return "unknown" if moved is None else moved.state.value

    @property
    def kept(self) -> tuple[dict[str, OrderRow], list[tuple[str, str]]]:
        trail = [(line.act, line.subject) for line in self.disk.audits(ACCOUNT)]
        return dict(self.disk.store.accounts[ACCOUNT].orders), trail


async def world() -> World:
    disk, clock = Disk(), VirtualClock()
    desk = Desk(ACCOUNT, "USD", await MemoryOwnership(disk).acquire(ACCOUNT), disk, clock)
    await desk.open()
    return World(desk, disk)


def by_subject(trail: list[tuple[str, str]]) -> dict[str, list[str]]:
    """What was said of each order, as it came; between orders that wait together there is no order."""
    told: defaultdict[str, list[str]] = defaultdict(list)
    for act, subject in trail:
        told[subject].append(act)
    return told


def wishes_of(seed: int) -> list[Wish]:
    rng = random.Random(seed)
    return [(rng.randrange(4), rng.choice(["store", "store", *HAPPENS])) for _ in range(rng.randint(2, 12))]


class TestGroups:
    def test_each_has_the_outcome_it_would_have_alone_and_the_same_is_stored(self) -> None:
        async def story(seed: int) -> tuple[int, int]:
            wishes = wishes_of(seed)
            alone = await world()
            one_by_one = [await alone.do(wish) for wish in wishes]
            both = await world()
            both.orders = alone.orders
            at_once = await asyncio.gather(*(both.do(wish) for wish in wishes))
            assert list(at_once) == one_by_one, seed
            for order, asked in alone.kept[0].items():
                found = both.kept[0][order]
                assert (found.intent, found.state, found.number, found.attempt) == (
                    asked.intent, asked.state, asked.number, asked.attempt,
                ), seed  # fmt: skip
            assert both.kept[0].keys() == alone.kept[0].keys(), seed
            assert by_subject(both.kept[1]) == by_subject(alone.kept[1]), seed
            assert both.desk.rows.keys() == alone.desk.rows.keys(), seed
            outbox = await both.disk.outbox(ACCOUNT, both.desk.epoch)
            assert outbox_of(both.desk) == [row.id for row in outbox], seed
            return both.disk.batches, alone.disk.batches

        batches = [run(story(seed)) for seed in range(300)]
        assert sum(grouped for grouped, _ in batches) < sum(single for _, single in batches)

    def test_what_waits_for_one_disk_is_stored_at_once(self) -> None:
        async def story() -> None:
            shop = await world()
            await asyncio.gather(*(shop.do((order, "store")) for order in range(4)))
            assert shop.disk.batches == 1

        run(story())

    def test_what_moves_and_what_is_new_are_one_batch(self) -> None:
        async def story() -> None:
            shop = await world()
            await shop.do((0, "store"))
            assert await asyncio.gather(shop.do((1, "store")), shop.do((0, "canceled"))) == ["stored", "canceled"]
            assert shop.disk.batches == 2

        run(story())

    def test_who_is_told_to_stop_before_its_turn_wants_nothing_and_the_others_go_on(self) -> None:
        async def story() -> None:
            shop = await world()
            first = asyncio.create_task(shop.do((0, "store")))
            await asyncio.sleep(0.005)
            later = [asyncio.create_task(shop.do((order, "store"))) for order in (1, 2)]
            await asyncio.sleep(0)
            later[0].cancel()
            assert await asyncio.gather(first, later[1]) == ["stored", "stored"]
            assert list(shop.kept[0]) == [shop.orders[0].id, shop.orders[2].id]

        run(story())

    def test_who_is_told_to_stop_while_it_is_stored_leaves_nothing_half_known(self) -> None:
        async def story() -> None:
            shop = await world()
            both = [asyncio.create_task(shop.do((order, "store"))) for order in (0, 1)]
            await asyncio.sleep(0.005)
            both[0].cancel()
            assert await both[1] == "stored"
            with pytest.raises(asyncio.CancelledError):
                await both[0]
            assert shop.kept[0].keys() == shop.desk.rows.keys() == {row.id for row in shop.orders[:2]}

        run(story())

    def test_runs_hear_of_nothing_twice_though_another_change_cannot_be_stored(self) -> None:
        async def story() -> None:
            shop = await world()
            for order in (0, 1):
                await shop.do((order, "store"))
            heard: list[object] = []
            shop.desk.tell = lambda draft: heard.extend(draft.news)
            told = await asyncio.gather(shop.do((0, "canceled")), shop.do((1, "store")))
            assert len(heard) == 1
            assert told == ["canceled", AlreadyStored.__name__]

        run(story())

    def test_all_hear_that_the_account_has_another_owner(self) -> None:
        async def story() -> None:
            shop = await world()
            shop.disk.store.accounts[ACCOUNT].epoch += 1
            told = await asyncio.gather(*(shop.do((order, "store")) for order in range(3)))
            assert told == [Fenced.__name__] * 3
            assert not shop.kept[0]

        run(story())


class Unheard(Disk):
    """Stores, and nobody hears whether it did, once."""

    async def commit(self, account: str, epoch: int, batch: Batch) -> None:
        await super().commit(account, epoch, batch)
        if self.batches == 2:
            raise Undecided("the database went away during a commit")


class TestUndecided:
    def test_nothing_is_decided_on_what_may_be_older_than_the_journal(self) -> None:
        async def story() -> None:
            disk, clock = Unheard(), VirtualClock()
            desk = Desk(ACCOUNT, "USD", await MemoryOwnership(disk).acquire(ACCOUNT), disk, clock)
            await desk.open()
            shop = World(desk, disk)
            assert await shop.do((0, "store")) == "stored"

            async def later() -> str:
                await asyncio.sleep(0.005)
                return await shop.do((0, "canceled"))

            told = await asyncio.gather(shop.do((0, "sending")), later())
            assert told == ["Undecided", "Undecided"]
            assert disk.store.accounts[ACCOUNT].orders[shop.orders[0].id].state is OrderState.SENDING
            with pytest.raises(Undecided):
                await desk.commit("told", desk.audit("told", "", {}))

        run(story())
