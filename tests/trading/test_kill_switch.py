"""From a pulled switch on nothing goes out, whichever of its three forms it was pulled in."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.scale import scaled
from tests.trading.shop import ACCOUNT, Shop, again, opened
from tests.trading.virtual_time import run

from midas.core.errors import Unavailable
from midas.risk.kill import Kill, KillLevel
from midas.trading.flag_file import FlagFile
from midas.trading.journal import NOBODY, Pull

WITHIN_S = 0.25

Pulling = Callable[[Shop, Path], None]


async def by_database(shop: Shop, _flag: Path) -> None:
    kill = Kill(KillLevel.CANCEL_ALL, ACCOUNT, "someone", "test", shop.broker.clock.now_utc())
    await shop.journal.commit(ACCOUNT, NOBODY, [Pull(kill)])


async def by_file(_shop: Shop, flag: Path) -> None:
    flag.touch()


async def by_signal(shop: Shop, _flag: Path) -> None:
    shop.switch.signal()


@pytest.mark.figure("R11")
class TestPulled:
    @pytest.mark.parametrize("pull", [by_database, by_file, by_signal])
    def test_nothing_goes_out(
        self, pull: Callable, tmp_path: Path, record_property: Callable[[str, object], None]
    ) -> None:
        trials = scaled(100)
        record_property("trials", trials)
        late_s: list[float] = []

        async def story(rng: random.Random, flag: Path) -> None:
            shop = await opened(flag=flag)
            await asyncio.sleep(1)

            async def flood() -> None:
                for sequence in range(10_000):
                    await shop.order(sequence)
                    await asyncio.sleep(rng.uniform(0.001, 0.01))

            flooding = asyncio.create_task(flood())
            await asyncio.sleep(rng.uniform(0.1, 1.0))
            await pull(shop, flag)
            accepted_s = shop.broker.clock.monotonic_s()
            await asyncio.sleep(2.0)
            sent = [at_s for at_s, _ in shop.broker.submitted]
            assert len(sent) > 5
            late_s.append(max(sent) - accepted_s)
            assert late_s[-1] <= WITHIN_S
            flooding.cancel()
            before = len(sent)
            shop = await again(shop)
            shop.switch._flag = FlagFile(flag)
            await asyncio.sleep(1.0)
            assert len(shop.broker.submitted) == before
            assert shop.switch.level is KillLevel.CANCEL_ALL
            await shop.kill()

        for trial in range(trials):
            run(story(random.Random(f"{pull.__name__} {trial}"), tmp_path / f"KILL{trial}"))
        of = f"of {trials} in virtual time; goal {WITHIN_S * 1000:.0f} ms"
        record_property(pull.__name__, f"last order {max(late_s) * 1000:.0f} ms after the pull at most, {of}")

    def test_the_file_and_the_signal_need_no_database(self, tmp_path: Path) -> None:
        async def story() -> None:
            shop = await opened(flag=tmp_path / "KILL")
            await asyncio.sleep(1)

            async def gone(*_: object) -> None:
                raise Unavailable("no database")

            shop.journal.commit = gone  # type: ignore[method-assign]
            shop.journal.kills = gone  # type: ignore[method-assign]
            shop.switch.signal()
            await shop.switch.refresh()
            assert shop.switch.level is KillLevel.CANCEL_ALL
            assert shop.switch.untold is KillLevel.CANCEL_ALL
            (tmp_path / "KILL").write_text("HALT now")
            assert shop.switch.level is KillLevel.HALT

        run(story())


class TestHeard:
    def test_one_that_is_pulled_again_as_it_was_let_go_is_heard_again(self) -> None:
        async def story() -> None:
            shop = await opened()

            async def pull(level: KillLevel) -> None:
                kill = Kill(level, ACCOUNT, "someone", "a drill", shop.broker.clock.now_utc())
                await shop.journal.commit(ACCOUNT, NOBODY, [Pull(kill)])

            for _ in range(3):
                await pull(KillLevel.NONE)
                await pull(KillLevel.REDUCE_ONLY)
                await asyncio.sleep(1.0)
            heard = [line.detail["level"] for line in shop.journal.audits(ACCOUNT) if line.act == "kill.heard"]
            assert heard == ["REDUCE_ONLY"] * 3
            await shop.kill()

        run(story())


class TestFlagFile:
    @pytest.mark.parametrize(
        ("text", "level"),
        [
            ("", KillLevel.CANCEL_ALL),
            ("pause", KillLevel.PAUSE),
            ("HALT now", KillLevel.HALT),
            ("?", KillLevel.CANCEL_ALL),
        ],
    )
    def test_says_how_far(self, tmp_path: Path, text: str, level: KillLevel) -> None:
        (tmp_path / "KILL").write_text(text)
        assert FlagFile(tmp_path / "KILL").read() is level

    def test_pulling_less_far_does_not_let_go(self, tmp_path: Path) -> None:
        flag = FlagFile(tmp_path / "run" / "KILL")
        for level in (KillLevel.PAUSE, KillLevel.HALT, KillLevel.REDUCE_ONLY):
            flag.write(level, "test")
        assert flag.read() is KillLevel.HALT

    def test_one_that_is_being_written_never_says_more_than_was_asked_for(self, tmp_path: Path) -> None:
        flag, told, over = FlagFile(tmp_path / "KILL"), set[KillLevel | None](), threading.Event()

        def look() -> None:
            while not over.is_set():
                told.add(flag.read())

        looking = threading.Thread(target=look)
        looking.start()
        for _ in range(2000):
            flag.write(KillLevel.REDUCE_ONLY, "test")
        over.set()
        looking.join()
        assert told <= {None, KillLevel.REDUCE_ONLY}

    def test_one_that_is_not_there_says_nothing(self, tmp_path: Path) -> None:
        assert FlagFile(tmp_path / "KILL").read() is None

    def test_one_that_cannot_be_read_stops(self, tmp_path: Path) -> None:
        (tmp_path / "KILL").mkdir()
        assert FlagFile(tmp_path / "KILL").read() is KillLevel.CANCEL_ALL


class TestReleased:
    def test_is_only_what_was_stored_and_read_again(self) -> None:
        async def story() -> None:
            shop = await opened()
            shop.switch.signal(KillLevel.CANCEL_ALL)
            assert not shop.switch.released(KillLevel.CANCEL_ALL)
            await shop.switch.refresh()
            assert not shop.switch.released(KillLevel.CANCEL_ALL)
            another = await again(shop)
            assert not another.switch.released(KillLevel.CANCEL_ALL)
            await another.switch.refresh()
            assert not another.switch.released(KillLevel.CANCEL_ALL)
            over = Kill(KillLevel.NONE, ACCOUNT, "a person", "over", shop.broker.clock.now_utc())
            await another.journal.commit(ACCOUNT, NOBODY, [Pull(over)])
            await another.switch.refresh()
            assert another.switch.released(KillLevel.CANCEL_ALL)
            await another.kill()

        run(story())
