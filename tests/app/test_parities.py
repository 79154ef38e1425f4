"""Runs beside their backtests: told when asked, kept by the trader after a session, harmless when done again."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text, update
from tests.app.loop import now, own_loop

from midas.app import jobs, parities, runs
from midas.app.journaling import journal
from midas.app.settings import Settings
from midas.app.traders import trade
from midas.app.workspace import Workspace
from midas.backtest import identity
from midas.core.clock import ManualClock
from midas.core.errors import NotFound, Refused, StorageCorrupt
from midas.db.ownership import SqlOwnership
from midas.db.trading_tables import TAPES
from midas.integrations.sample.source import SampleSource
from midas.marketdata.importing import pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.trading.desk import Desk
from midas.trading.scheduler import Scheduler
from midas.venues.catalogue import venue
from midas.wire.runs import RunRequest

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
LAST = date(2001, 3, 30)
WITHIN_S = 120


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A data home with a market."""
    home = tmp_path_factory.mktemp("parities") / "home"
    pull_bars(Lake(home / "lake", ManualClock(NOW)), SampleSource(), PullRequest(("AAPL", "JPM")))
    return home


@pytest.fixture(scope="module")
def lake(home):
    return home / "lake"


def traded(home, database=None):
    """Trade a run to the end of its replay in a home of its own."""
    with own_loop(), Workspace.open(Settings(home=home, database=database)) as opened:
        run, told = begun(opened), []
        assert now(asyncio.wait_for(trade(opened, told.append, until_idle=True, lease_s=30), WITHIN_S)) == 0, told
    return home, database, run


@pytest.fixture(scope="module")
def in_a_file(home):
    return traded(home)


@pytest.fixture(scope="module")
def on_a_server(tmp_path_factory, lake, request):
    home = tmp_path_factory.mktemp("served") / "home"
    home.mkdir()
    (home / "lake").symlink_to(lake)
    return traded(home, request.getfixturevalue("postgres").fresh())


@pytest.fixture(params=["in_a_file", "on_a_server"])
def seen(request):
    """A workspace for those who look on, and the run that was traded in it."""
    home, database, run = request.getfixturevalue(request.param)
    with own_loop(), Workspace.open(Settings(home=home, database=database)) as opened:
        yield opened, run


@pytest.fixture
def own(in_a_file, tmp_path):
    """A copy for those who change something."""
    home, _, run = in_a_file
    shutil.copytree(home, tmp_path / "home", symlinks=True)
    with own_loop(), Workspace.open(Settings(home=tmp_path / "home")) as opened:
        yield opened, run


def begun(workspace):
    request = RunRequest(
        account="alpha", strategy={"name": "sma_cross"}, params={"fast": 3, "slow": 8}, symbols=["AAPL", "JPM"],
        feed=f"replay:2001-01-02..{LAST}",
    )  # fmt: skip
    return now(runs.start(workspace, request)).id


def acts(workspace, run, *wanted):
    return [line for line in now(runs.logs(workspace, run, 0, 1000)) if line.act in wanted]


async def once(workspace, run, session):
    """Do the job of a session as a trader does, at a quarter to midnight of it."""
    clock = ManualClock(datetime(session.year, session.month, session.day, 23, 45, tzinfo=UTC))
    ownership = SqlOwnership(workspace.database.place, workspace.home.run, workspace.clock, 30)
    await workspace.begin()
    async with journal(workspace) as book:
        epoch = await ownership.acquire("alpha.1")
        desk = Desk("alpha.1", "USD", epoch, book, clock)
        made = parities.nightly(workspace, [run], venue("XNAS").calendar, replay=False)(desk)
        count = await Scheduler(desk, made).once()
        await ownership.release("alpha.1", epoch)
    await workspace.end()
    await ownership.close()
    return count


class TestRefusals:
    def test_an_unknown_run(self, seen):
        with pytest.raises(NotFound):
            now(parities.tell(seen[0], "nobody", None))

    def test_a_run_that_met_no_bar(self, own):
        workspace, _ = own
        with pytest.raises(Refused) as refusal:
            now(parities.tell(workspace, begun(workspace), None))
        assert refusal.value.code == "no_tape"

    def test_a_session_before_its_first(self, seen):
        with pytest.raises(Refused) as refusal:
            now(parities.tell(*seen, date(2000, 12, 29)))
        assert refusal.value.code == "no_tape"


class TestReplay:
    def test_is_told_and_kept_when_its_last_session_closed(self, seen):
        workspace, run = seen
        told = now(parities.tell(workspace, run, None))
        assert told.trades > 5
        assert (told.differing, told.total, told.unexplained, told.totals) == (0, 0, 0, {})
        assert (told.through, told.run_money, told.notes) == (LAST, told.twin_money, [])
        assert told.sentence == f"All {told.trades} trades of the run are those of the backtest, to the cent."
        kept = now(runs.status(workspace, run))
        assert (kept.parity.through, kept.parity.sentence) == (LAST, told.sentence)
        assert [each.parity for each in now(runs.page(workspace, 10, None)).items] == ["same"]
        [line] = acts(workspace, run, "parity.told")
        assert (line.subject, line.detail["told"]) == (run, told.sentence)
        assert [each.detail["session"] for each in acts(workspace, run, "job.done")][-1] == str(LAST)
        assert {(each.kind, each.state) for each in now(jobs.page(workspace, 10, None)).items} >= {("parity", "done")}

    def test_can_be_looked_at_through_any_session(self, seen):
        for through in (date(2001, 1, 8), date(2001, 2, 28)):
            told = now(parities.tell(*seen, through))
            assert told.through <= through
            assert (told.differing, told.run_money) == (0, told.twin_money)


class TestOtherwise:
    def test_a_commission_no_backtest_had_is_seen_in_the_ledger(self, own):
        workspace, run = own
        now(workspace.database.write(lambda session: tampered(session, "commission + 7")))
        told = now(parities.tell(workspace, run, None))
        assert {name: str(amount) for name, amount in told.totals.items()} == {"cost": "-0.07"}
        assert told.differing == 1
        assert "0.07 USD less" in told.sentence
        assert "Nothing is unexplained" in told.sentence
        now(workspace.database.write(lambda session: tampered(session, "commission - 7")))

    def test_an_order_whose_tape_is_of_another_engine_is_told_so(self, own, monkeypatch):
        monkeypatch.setattr(identity, "engine_version", lambda: "9.9")
        told = now(parities.tell(*own, None))
        [note] = told.notes
        assert "its twin ran on 9.9" in note


def tampered(session, commission):
    first = "SELECT MIN(place) FROM bookings WHERE order_id IS NOT NULL"
    session.connection.exec_driver_sql("DROP TRIGGER IF EXISTS bookings_no_update")
    session.connection.exec_driver_sql(f"UPDATE bookings SET commission = {commission} WHERE place = ({first})")


class TestNightly:
    def test_is_done_once_for_a_session_and_replaces_what_it_said(self, own):
        workspace, run = own
        before = len(acts(workspace, run, "job.done"))
        assert now(once(workspace, run, LAST)) == 0, "the trader did that one already"
        later = date(2001, 4, 3)
        assert [now(once(workspace, run, later)) for _ in range(3)] == [1, 0, 0]
        assert now(once(workspace, run, date(2001, 4, 2))) == 0, "a clock that goes back makes nothing due"
        assert len(acts(workspace, run, "job.done")) == before + 1
        assert counted(workspace, "parities") == 1, "nothing was recorded since"

    def test_a_tape_that_cannot_be_read_ends_no_trader(self, own):
        workspace, run = own
        now(workspace.database.write(lambda session: session.change(update(TAPES).values(data=b"torn"))))
        with pytest.raises(StorageCorrupt) as refusal:
            now(parities.tell(workspace, run, None))
        assert refusal.value.code == "tape_corrupt"
        assert now(once(workspace, run, date(2001, 4, 3))) == 1
        [line] = acts(workspace, run, "parity.failed")
        assert line.detail["code"] == "tape_corrupt"

    def test_a_tape_that_lost_a_part_says_so(self, own):
        workspace, run = own
        assert counted(workspace, "tapes") > 2
        now(workspace.database.write(lambda session: session.change(text("DELETE FROM tapes WHERE n = 1"))))
        with pytest.raises(StorageCorrupt, match="a part is missing"):
            now(parities.tell(workspace, run, None))


def counted(workspace, table):
    count = text(f"SELECT COUNT(*) FROM {table}")
    return now(workspace.database.read(lambda session: session.connection.execute(count).scalar_one()))
