"""A trader process with a full account, by the clock on the wall: how soon it is back, and how soon it stops."""

from __future__ import annotations

import asyncio
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from tests.postgres import Postgres, asked
from tests.scale import scale, scaled
from tests.trading.crowded import ACCOUNT, HALTED_EXIT, OPEN, POSITIONS, fill, log_of

from midas.app.traders import FENCED_EXIT, GONE_WITHIN_S
from midas.core.clock import SystemClock
from midas.core.errors import Busy
from midas.db.database import Database, place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.risk.kill import Kill, KillLevel
from midas.trading.flag_file import FlagFile
from midas.trading.journal import NOBODY, Pull

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0
BUSY = 6.0 if scale() == 1 else 1.0
"""Beside the rest of the suite a machine has little time for a process: the goals hold for one that has nothing else to
do, as `make verify` has not."""

RESTART_S, COMPARE_S, TAKEN_OVER_S, STOPPED_S, CANCELLED_S = (BUSY * goal for goal in (5.0, 2.0, 10.0, 0.25, 25.0))
GONE_S = BUSY * (GONE_WITHIN_S + 3.0)
"""Ending a process takes a moment more."""

WHERE = ["sqlite", "postgresql"] if scale() > 1 else ["sqlite"]
"""Where the switch is pulled: what differs is how soon a database tells of it."""

ALL_THERE_IS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
ITS_LOCK = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
SLOW_COMMITS = (
    "CREATE FUNCTION slow() RETURNS trigger AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END' LANGUAGE plpgsql",
    "CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION slow()",
)

Record = Callable[[str, object], None]


@dataclass
class Trading:
    """A process that trades, and what it says as it says it."""

    where: Path | str
    folder: Path
    lease_s: float = 10.0
    pace_s: float = 0.0
    begun_s: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        words = [str(self.where), str(self.folder), str(self.lease_s), str(self.pace_s)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.trading.crowded", *words],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._lines: queue.Queue[str] = queue.Queue()
        self._heard: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            for line in said:
                self._heard.append(line)
                self._lines.put(line)

    def said(self, words: str) -> tuple[float, str]:
        """Wait until it says something, and return when it did and the line."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            try:
                line = self._lines.get(timeout=0.5)
            except queue.Empty:
                assert self.process.poll() is None, self._everything()
                continue
            if words in line:
                return float(line.split()[0]), line
        raise AssertionError(self._everything())

    def ended(self, within_s: float) -> int:
        """Wait until it ended by itself, and return its exit code; one that hangs says what it waits for."""
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGUSR2)
            time.sleep(1.0)
            raise AssertionError(self._everything()) from None

    def _everything(self) -> str:
        return "".join(self._heard)

    def kill(self) -> None:
        """End it, if it did not end by itself."""
        self.process.kill()
        self.process.wait(30)
        self._reader.join(30)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A database that nobody used."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.fresh()
    Database.open(tmp_path / "crowded.db").close()
    return tmp_path / "crowded.db"


@pytest.fixture
def trading(where: Path | str, tmp_path: Path) -> Iterator[Callable[..., Trading]]:
    """Starts traders, and ends those that are left."""
    made: list[Trading] = []

    def start(**more: float) -> Trading:
        made.append(Trading(where, tmp_path, **more))
        return made[-1]

    yield start
    for each in made:
        each.kill()


def wait_until(seen: Callable[[], object]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < until_s
        time.sleep(0.05)


def p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def percentiles(values: list[float]) -> str:
    ordered = sorted(values)
    return (
        f"p50 {ordered[len(ordered) // 2]:.3f} s, p99 {p99(values):.3f} s, most {ordered[-1]:.3f} s of {len(ordered)}"
    )


class TestRestart:
    @pytest.mark.figure("R5b")
    def test_after_kill_nine_it_is_soon_back(
        self, where: Path | str, trading: Callable[..., Trading], tmp_path: Path, record_property: Record
    ) -> None:
        history = scaled(50_000)
        asyncio.run(fill(where, tmp_path, history))
        took, worked, compared = [], [], []
        for _ in range(1 + scaled(25)):
            trader = trading()
            _, line = trader.said("compared in")
            compared.append(float(line.split()[3]))
            assert "0 differences" in line
            ready_s, line = trader.said("reconciled, ready")
            took.append(ready_s - trader.begun_s)
            worked.append(float(line.split()[-1]))
            trader.kill()
        # the first has nobody to follow; those after it follow one that was killed
        record_property("kills", len(took) - 1)
        name = "SQLite" if isinstance(where, Path) else "PostgreSQL"
        record_property(
            f"restart on {name}, {OPEN} open orders, {POSITIONS} positions, {history} orders before",
            percentiles(took[1:]),
        )
        record_property(f"of which the processor worked, on {name}", percentiles(worked[1:]))
        record_property(f"comparing them on {name}", percentiles(compared))
        assert p99(compared) <= COMPARE_S
        assert p99(took[1:]) <= RESTART_S


class TestTakenOver:
    # a file's lock lives as long as its process, also one that is stopped
    @pytest.mark.figure("R10")
    @pytest.mark.parametrize("where", ["postgresql"], indirect=True)
    def test_a_trader_that_was_stopped_sends_nothing_once_it_is_followed(
        self, where: Path | str, trading: Callable[..., Trading], tmp_path: Path, record_property: Record
    ) -> None:
        asyncio.run(fill(where, tmp_path, 0, 10))
        took, gone, luck = [], [], random.Random(10)
        first = trading(pace_s=0.01)
        first.said("reconciled, ready")
        for _ in range(scaled(20)):
            wait_until(partial(self.sent, tmp_path, first))
            # anywhere on an order's way
            time.sleep(luck.uniform(0.0, 0.5))
            os.kill(first.process.pid, signal.SIGSTOP)
            begun_s = time.monotonic()
            asked(str(where), ALL_THERE_IS)
            second = trading(pace_s=0.01)
            ready_s, _ = second.said("reconciled, ready")
            took.append(ready_s - begun_s)
            sent = self.sent(tmp_path, first)
            woken_s = time.monotonic()
            os.kill(first.process.pid, signal.SIGCONT)
            assert first.ended(GONE_S) == FENCED_EXIT
            gone.append(time.monotonic() - woken_s)
            assert self.sent(tmp_path, first) == sent
            first = second
        ids = [line.order for line in log_of(tmp_path) if line.what == "submit"]
        assert len(ids) == len(set(ids))
        record_property("taken over from a trader that was stopped", percentiles(took))
        record_property("woken, that one was gone within", percentiles(gone))
        assert max(took) <= TAKEN_OVER_S

    @pytest.mark.figure("R10")
    @pytest.mark.parametrize("where", ["postgresql"], indirect=True)
    @pytest.mark.parametrize("cut", ["all that it is connected by", "its lock"])
    def test_a_trader_whose_account_was_taken_while_it_stored_something_is_gone(
        self, where: Path | str, trading: Callable[..., Trading], tmp_path: Path, cut: str
    ) -> None:
        asyncio.run(fill(where, tmp_path, 0, 10))
        # it looks after its lock long after what it stores came to nothing; or long before that
        lease_s = 60.0 if cut.startswith("all") else 5.0
        first = trading(pace_s=0.01, lease_s=lease_s)
        first.said("reconciled, ready")
        asked(str(where), *SLOW_COMMITS)
        wait_until(lambda: asked(str(where), "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        asked(str(where), ALL_THERE_IS if cut.startswith("all") else ITS_LOCK)

        async def story() -> int:
            ownership = SqlOwnership(place_of(where), tmp_path, SystemClock(), lease_s)
            following = asyncio.create_task(self.follow(ownership))
            try:
                return await asyncio.to_thread(first.ended, BUSY * (GONE_WITHIN_S + 5.0))
            finally:
                # what the one that is gone left under way holds up whoever follows
                await asyncio.to_thread(asked, str(where), ALL_THERE_IS)
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
                await ownership.close()

        assert asyncio.run(story()) == FENCED_EXIT

    def sent(self, folder: Path, trader: Trading) -> int:
        return len([line for line in log_of(folder) if line.pid == trader.process.pid])

    async def follow(self, ownership: SqlOwnership) -> None:
        while True:
            with suppress(Busy):
                await ownership.acquire(ACCOUNT)
                return
            await asyncio.sleep(0.02)


class TestKilled:
    @pytest.mark.figure("R11")
    @pytest.mark.parametrize("where", WHERE, indirect=True)
    def test_the_last_order_goes_out_soon_after_the_switch_was_pulled(
        self, where: Path | str, trading: Callable[..., Trading], tmp_path: Path, record_property: Record
    ) -> None:
        asyncio.run(fill(where, tmp_path, 0, 10))
        # a hundred trials of more a second would leave it with ten thousand open orders
        trader = trading(pace_s=0.02)
        trader.said("reconciled, ready")
        journal, flag, late = SqlJournal(place_of(where)), FlagFile(tmp_path / "KILL"), []

        async def pull(level: KillLevel) -> None:
            kill = Kill(level, ACCOUNT, "a person", "a test", SystemClock().now_utc())
            await journal.commit(ACCOUNT, NOBODY, [Pull(kill)])

        async def story() -> None:
            for trial in range(max(3, scaled(100))):
                begun = len(log_of(tmp_path))
                # it sends again, however long that took a busy machine that has cancels to send as well
                wait_until(lambda begun=begun: any(line.what == "submit" for line in log_of(tmp_path)[begun:]))
                await asyncio.sleep(0.5 + trial % 7 / 50)
                match trial % 3:
                    case 0:
                        await pull(KillLevel.PAUSE)
                    case 1:
                        flag.write(KillLevel.PAUSE, "a test")
                    case _:
                        os.kill(trader.process.pid, signal.SIGUSR1)
                accepted_s = time.monotonic()
                await asyncio.sleep(1.0)
                sent = [line.at_s for line in log_of(tmp_path)[begun:] if line.what == "submit"]
                assert sent, "nothing was sent before"
                late.append(max(0.0, sent[-1] - accepted_s))
                flag.remove()
                await pull(KillLevel.NONE)
                await asyncio.sleep(0.3)
            await journal.close()

        asyncio.run(story())
        name = "SQLite" if isinstance(where, Path) else "PostgreSQL"
        record_property(f"from the pull to the last order, on {name}", percentiles(late))
        assert p99(late) <= STOPPED_S

    @pytest.mark.figure("R11")
    @pytest.mark.parametrize("where", ["sqlite"], indirect=True)
    def test_halted_it_ends_and_sends_nothing_on_its_way_out(
        self, where: Path | str, trading: Callable[..., Trading], tmp_path: Path, record_property: Record
    ) -> None:
        asyncio.run(fill(where, tmp_path, 0, 10))
        trader = trading(pace_s=0.005)
        trader.said("reconciled, ready")
        time.sleep(1.0)
        FlagFile(tmp_path / "KILL").write(KillLevel.HALT, "a test")
        accepted_s = time.monotonic()
        assert trader.ended(60) == HALTED_EXIT
        lines = log_of(tmp_path)
        assert lines
        late_s = max(0.0, lines[-1].at_s - accepted_s)
        record_property("from HALT to the last order or cancel", f"{late_s:.3f} s")
        assert late_s <= STOPPED_S
        assert not [line for line in lines if line.what == "cancel"]

    @pytest.mark.figure("R11")
    @pytest.mark.parametrize("where", WHERE, indirect=True)
    def test_two_hundred_orders_are_cancelled_as_fast_as_the_broker_allows(
        self, where: Path | str, trading: Callable[..., Trading], tmp_path: Path, record_property: Record
    ) -> None:
        orders = 200 if scale() > 1 else 15
        asyncio.run(fill(where, tmp_path, 0, orders))
        trader = trading()
        trader.said("reconciled, ready")
        begun_s = time.monotonic()
        FlagFile(tmp_path / "KILL").write(KillLevel.CANCEL_ALL, "a test")
        while len(cancelled := [line for line in log_of(tmp_path) if line.what == "cancel"]) < orders:
            assert time.monotonic() - begun_s < PATIENCE_S
            time.sleep(0.1)
        took_s = cancelled[-1].at_s - begun_s
        name = "SQLite" if isinstance(where, Path) else "PostgreSQL"
        record_property(f"{orders} cancels at 10/s on {name}", f"{took_s:.1f} s")
        assert len({line.number for line in cancelled}) == orders
        assert took_s <= CANCELLED_S * orders / 200
