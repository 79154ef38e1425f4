"""What a journal keeps when processes, sessions and servers die under it."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.db.cluster import cluster
from tests.db.workload import assert_holds, pay_in, trade, trade_until_killed
from tests.postgres import asked
from tests.scale import FULL, scale, scaled
from tests.trading.entries import ACCOUNT, audit, new_row

from midas.core.clock import SystemClock
from midas.core.errors import Busy, Unavailable
from midas.db.database import place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import LEASE_S, SqlOwnership
from midas.execution.order_row import OrderRow
from midas.trading.journal import NOBODY, Audit, Fenced, StoreOrder

Progress = Callable[[], Coroutine[Any, Any, None]]
Trouble = Callable[[Progress], Coroutine[Any, Any, None]]
MOST_S = 10.0
"""Longest time until another process has taken over."""


@pytest.fixture(scope="module")
def quick():
    """Processes that begin in milliseconds, for everything is imported where they are forked from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.db.workload"])
    return context


def _tell(pipe, where, folder):
    trade_until_killed(where, folder, pipe.send_bytes)


@pytest.mark.figure("B5")
def test_a_file_whose_writer_is_killed_at_any_moment_keeps_everything_it_said(quick, path, record_property):
    place_of(path).upgrade()
    luck, told, kills = random.Random(5), set(), scaled(500)
    for _ in range(kills):
        ours, theirs = quick.Pipe(duplex=False)
        process = quick.Process(target=_tell, args=(theirs, path, path.parent))
        process.start()
        theirs.close()
        for _ in range(luck.randint(2, 6)):
            told.add(ours.recv_bytes().decode())
        time.sleep(luck.uniform(0, 0.02))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with suppress(EOFError):
            while True:
                told.add(ours.recv_bytes().decode())
        ours.close()
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert_holds(path, told)
    assert len(told) > kills
    record_property("kills", kills)
    record_property("batches told", len(told))


def _traded(where: str, workers: int, trouble: Trouble) -> dict[str, set[str]]:
    # several accounts traded at once, on connections of their own, for as long as `trouble` goes on
    told: dict[str, set[str]] = {f"paper.{n}": set() for n in range(workers)}

    async def one(account: str, begun: asyncio.Barrier, ended: asyncio.Event) -> None:
        journal, ownership = SqlJournal(place_of(where)), SqlOwnership(place_of(where), Path(), SystemClock(), 60)
        epoch = await ownership.acquire(account)
        await ownership.close()
        await pay_in(journal, account, epoch, told[account].add)
        await begun.wait()
        orders = itertools.takewhile(lambda _: not ended.is_set(), itertools.count())
        await trade(journal, account, epoch, told[account].add, orders)
        await journal.close()

    async def troubled(begun: asyncio.Barrier, ended: asyncio.Event) -> None:
        await begun.wait()
        await trouble(progress)
        ended.set()

    async def progress() -> None:
        # something new was stored, so that trouble never outruns the work it troubles
        before = sum(len(each) for each in told.values())
        while sum(len(each) for each in told.values()) == before:
            await asyncio.sleep(0.002)

    async def live() -> None:
        begun, ended = asyncio.Barrier(workers + 1), asyncio.Event()
        await asyncio.gather(troubled(begun, ended), *(one(account, begun, ended) for account in told))

    asyncio.run(live())
    return told


@pytest.mark.figure("B2")
def test_sessions_ended_at_any_moment_lose_and_double_nothing(postgres, record_property):
    where, luck, wanted = postgres.fresh(), random.Random(2), scaled(2_000)

    async def end_sessions(progress: Progress) -> None:
        mine, ended = await asyncpg.connect(where), 0
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'midas'"
        while ended < wanted:
            alive = [row["pid"] for row in await mine.fetch(query)]
            if alive:
                ended += await mine.fetchval("SELECT pg_terminate_backend($1)::int", luck.choice(alive))
            await progress()
            await asyncio.sleep(luck.uniform(0, 0.01))
        await mine.close()

    told = _traded(where, 4, end_sessions)
    for account, acknowledged in told.items():
        assert_holds(where, acknowledged, account)
    batches = sum(len(each) for each in told.values())
    assert batches > wanted
    record_property("sessions ended", wanted)
    record_property("batches told", batches)


@pytest.mark.figure("B1")
def test_a_server_that_crashes_in_the_middle_loses_and_doubles_nothing(record_property):
    luck, wanted = random.Random(1), scaled(10)
    with cluster() as server:
        place_of(server.address).upgrade()

        async def crash(progress: Progress) -> None:
            for _ in range(wanted):
                await progress()
                await asyncio.sleep(luck.uniform(0.1, 0.4))
                await asyncio.to_thread(server.crash)
            await progress()

        told = _traded(server.address, 4, crash)
        for account, acknowledged in told.items():
            assert_holds(server.address, acknowledged, account)
        batches = sum(len(each) for each in told.values())
        assert batches > 20
        record_property("crashes", wanted)
        record_property("batches told", batches)


def _own(pipe: Connection[Any, Any], where: str, folder: Path, lease_s: float) -> None:
    # an owner that stores one order after the other until it is told that it is not the owner any more
    async def live() -> None:
        journal = SqlJournal(place_of(where))
        ownership = SqlOwnership(place_of(where), folder, SystemClock(), lease_s)
        epoch = await ownership.acquire(ACCOUNT)
        pipe.send(epoch)
        for number in itertools.count(epoch * 10**6):
            try:
                await ownership.renew(ACCOUNT, epoch)
                row = new_row(number)
                await journal.commit(ACCOUNT, epoch, [StoreOrder(row), audit(row.id, epoch=epoch)])
            except Fenced:
                pipe.send("fenced")
                return
            except Unavailable:
                continue  # nothing was stored: the connection was ended before the commit got through

    asyncio.run(live())


@contextmanager
def _owner(quick: Any, where: str, folder: Path, lease_s: float) -> Iterator[tuple[Any, Connection[Any, Any]]]:
    ours, theirs = quick.Pipe()
    first = quick.Process(target=_own, args=(theirs, where, folder, lease_s))
    first.start()
    theirs.close()
    try:
        yield first, ours
    finally:
        # one that was left stopped would be waited for when the suite ends
        first.kill()
        first.join()


@pytest.mark.figure("R10")
@pytest.mark.parametrize("cut", ["its session is ended", "it falls silent"])
def test_an_owner_that_was_stopped_writes_nothing_once_it_is_followed(quick, postgres, tmp_path, record_property, cut):
    trials, slowest_s, luck = max(3, scaled(10)), 0.0, random.Random(10)
    lease_s = LEASE_S if scale() == FULL else 1.0
    for _ in range(trials):
        where = postgres.fresh()
        with _owner(quick, where, tmp_path, lease_s) as (first, ours):
            assert ours.poll(60), "the first never owned anything"
            old = ours.recv()
            _until_something_is_stored(where)
            # anywhere in a transaction, and in the first ones also between the parts of a statement
            time.sleep(luck.uniform(0.1, 0.4))
            os.kill(first.pid, signal.SIGSTOP)
            begun = time.monotonic()
            if cut == "its session is ended":
                asked(
                    where,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND application_name = 'midas'",
                )
            epoch = asyncio.run(_followed(where, tmp_path, lease_s))
            slowest_s = max(slowest_s, time.monotonic() - begun)
            stored = asked(where, "SELECT count(*) AS n FROM orders")[0]["n"]
            os.kill(first.pid, signal.SIGCONT)
            assert ours.poll(60), "the first neither wrote nor stopped"
            assert ours.recv() == "fenced"
            first.join(60)
            assert first.exitcode == 0
        assert asked(where, "SELECT count(*) AS n FROM orders")[0]["n"] == stored > 0
        assert epoch == old + 1
        assert slowest_s <= MOST_S
        postgres.drop(where)
    record_property("trials", trials)
    record_property(
        cut, f"followed within {slowest_s:.1f} s at most, with a lease of {lease_s:.0f} s; goal {MOST_S:.0f} s"
    )


def _until_something_is_stored(where: str) -> None:
    until_s = time.monotonic() + 60
    while not asked(where, "SELECT count(*) AS n FROM orders")[0]["n"]:
        assert time.monotonic() < until_s, "the first never stored anything"
        time.sleep(0.05)


async def _followed(where: str, folder: Path, lease_s: float) -> int:
    ownership = SqlOwnership(place_of(where), folder, SystemClock(), lease_s)
    patience = time.monotonic() + 3 * MOST_S
    while time.monotonic() < patience:
        try:
            epoch = await ownership.acquire(ACCOUNT)
        except Busy:
            await asyncio.sleep(0.05)
        else:
            await ownership.close()
            return epoch
    raise AssertionError("the account stayed with an owner that was stopped")


def test_who_gives_up_waiting_stops_nothing(where):
    place_of(where).upgrade()

    async def live() -> tuple[int, list[OrderRow], list[Audit]]:
        journal, luck, kept = SqlJournal(place_of(where)), random.Random(3), 0
        for number in range(40):
            row = new_row(number)
            commit = asyncio.ensure_future(journal.commit(ACCOUNT, NOBODY, [StoreOrder(row), audit(row.id)]))
            await asyncio.sleep(luck.uniform(0, 0.01))
            commit.cancel()
            with suppress(asyncio.CancelledError):
                await commit
                kept += 1  # it was done before it was given up
        await journal.commit(ACCOUNT, NOBODY, [StoreOrder(new_row(40)), audit("last")])
        orders, lines = await journal.orders(ACCOUNT), await journal.trail(ACCOUNT)
        await journal.close()
        return kept, orders, lines

    kept, orders, lines = asyncio.run(live())
    assert kept < 40, "nobody gave up"
    assert len(orders) == len(lines) == 41


def test_a_clock_that_was_set_back_keeps_nobody_out(path):
    place_of(path).upgrade()

    class Behind(SystemClock):
        def now_utc(self) -> datetime:
            return super().now_utc() - timedelta(hours=1)

    async def follow() -> int:
        before = SqlOwnership(place_of(path), path.parent, SystemClock(), 0.02)
        await before.acquire(ACCOUNT)
        await before.close()
        after = SqlOwnership(place_of(path), path.parent, Behind(), 0.02)
        async with asyncio.timeout(5.0):
            epoch = await after.acquire(ACCOUNT)
        await after.close()
        return epoch

    assert asyncio.run(follow()) == 2


def test_a_file_has_one_owner_until_it_dies(quick, path):
    place_of(path).upgrade()
    ours, theirs = quick.Pipe(duplex=False)
    process = quick.Process(target=_tell, args=(theirs, path, path.parent))
    process.start()
    ours.recv_bytes()

    async def follow() -> int:
        ownership = SqlOwnership(place_of(path), path.parent, SystemClock(), 0.02)
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(Busy):
            await ownership.acquire(ACCOUNT)
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.join)
        epoch = await ownership.acquire(ACCOUNT)
        await ownership.close()
        return epoch

    assert asyncio.run(follow()) == 2


class TestWhoFollows:
    """Who can prove that the owner before is dead need not wait for its word to be over; who cannot, waits."""

    LEASE_S = 4.0

    def follow_s(self, where, folder: Path) -> float:
        async def follow() -> float:
            ownership = SqlOwnership(place_of(where), folder, SystemClock(), self.LEASE_S)
            begun_s = time.monotonic()
            async with asyncio.timeout(20):
                await ownership.acquire(ACCOUNT)
            took_s = time.monotonic() - begun_s
            await ownership.close()
            return took_s

        return asyncio.run(follow())

    @pytest.mark.parametrize("machine", ["the same", "another"])
    def test_one_that_was_killed(self, quick, where, tmp_path, machine) -> None:
        place_of(where).upgrade()
        ours, theirs = quick.Pipe()
        process = quick.Process(target=_hold, args=(theirs, where, tmp_path, self.LEASE_S))
        process.start()
        assert ours.poll(60)
        assert ours.recv() == 1
        process.kill()
        process.join(60)
        folder = tmp_path
        if machine == "another":
            [life] = tmp_path.glob("*.life")
            life.write_text("the boot of another machine")
        took_s = self.follow_s(where, folder)
        waited = took_s >= self.LEASE_S / 2 - 1.0
        assert waited is (machine == "another"), took_s
        assert not list(tmp_path.glob("*-1.life")) or machine == "another"


def _hold(pipe: Connection[Any, Any], where: str, folder: Path, lease_s: float) -> None:
    async def hold() -> None:
        pipe.send(await SqlOwnership(place_of(where), folder, SystemClock(), lease_s).acquire(ACCOUNT))
        await asyncio.sleep(60)

    asyncio.run(hold())


class TestRelease:
    def test_that_was_given_up_half_way_leaves_the_account_free(self, postgres, tmp_path) -> None:
        where = postgres.fresh()

        async def story() -> int:
            ownership = SqlOwnership(place_of(where), tmp_path, SystemClock(), 0.2)
            epoch = await ownership.acquire(ACCOUNT)
            other = await asyncpg.connect(where)
            async with other.transaction():
                await other.execute("SELECT 1 FROM account_heads FOR UPDATE")
                leaving = asyncio.create_task(ownership.release(ACCOUNT, epoch))
                await asyncio.sleep(0.2)
                leaving.cancel()
            await asyncio.wait([leaving])
            assert leaving.cancelled()
            await other.close()
            try:
                async with asyncio.timeout(MOST_S):
                    return await ownership.acquire(ACCOUNT)
            finally:
                await ownership.close()

        assert asyncio.run(story()) == 2
