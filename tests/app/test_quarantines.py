"""Letting an instrument go that nobody could explain."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError
from tests.app.loop import now, own_loop
from tests.app.test_limits import refuse

from midas.app import accounts, quarantines, risk
from midas.app.settings import Settings
from midas.app.workspace import Workspace
from midas.core.clock import ManualClock
from midas.core.errors import InvalidInput, MidasError, NotFound, Refused
from midas.db import heads, journal_reads, journal_writes
from midas.db import risk as rows
from midas.trading.compared import kept
from midas.trading.journal import NOBODY, Quarantine
from midas.trading.reconcile import Difference, Finding
from midas.wire.accounts import AccountRequest
from midas.wire.quarantines import QuarantineRelease
from midas.wire.risk import KillRequest

OPEN = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
ALPHA, NAME = "alpha.1", "AAPL.XNAS"
FOUND = Finding(Difference.POSITION, NAME, NAME, "0", "7", Decimal(7))
WISH = QuarantineRelease(account="alpha", instrument="AAPL", why="the broker explained it")


@pytest.fixture(params=["sqlite", "postgresql"])
def workspace(request, tmp_path):
    database = request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else None
    settings = Settings(home=tmp_path / "home", database=database)
    with own_loop(), Workspace.open(settings, ManualClock(OPEN)) as opened:
        for name in ("alpha", "beta"):
            now(accounts.add(opened, AccountRequest(name=name, capital=Decimal(10_000))))
        hold(opened, NAME)
        yield opened


def hold(workspace, name, account=ALPHA, why="odd"):
    now(workspace.database.write(journal_writes.write, account, NOBODY, [Quarantine(account, name, why)]))


def look(workspace, *found):
    """Store what a trader's last look found, that knew of what is in quarantine."""

    def store(session):
        epoch = heads.take_over(session, ALPHA, OPEN)
        known = journal_reads.quarantined(session, ALPHA)
        journal_writes.write(session, ALPHA, epoch, [kept(ALPHA, found, OPEN, known)])

    now(workspace.database.write(store))


def held(workspace, account=None):
    return [each.instrument for each in now(quarantines.page(workspace, account))]


def lines(workspace):
    found = now(workspace.database.read(rows.audit_lines, ALPHA, 0, 100))
    return [(line["subject"], json.loads(line["detail"])) for line in found if line["act"] == "quarantine.released"]


class TestRelease:
    def test_where_the_books_agree(self, workspace):
        look(workspace)
        hold(workspace, "IBM.XNYS")
        hold(workspace, NAME, "beta.1")
        left = now(quarantines.release(workspace, WISH))
        assert [each.instrument for each in left] == ["IBM.XNYS"] == held(workspace, "alpha")
        assert held(workspace, "beta") == [NAME]
        assert lines(workspace) == [(NAME, {"why": WISH.why, "was": "odd", "differs": []})]

    @pytest.mark.parametrize("found", [(FOUND,), None])
    def test_is_refused_where_they_differ_or_nobody_looked(self, workspace, found):
        if found:
            look(workspace, *found)
        with pytest.raises(Refused) as refused:
            now(quarantines.release(workspace, WISH))
        assert (FOUND.text if found else "no trader") in refused.value.message
        assert "--yes" in refused.value.hint
        assert held(workspace) == [NAME]
        assert lines(workspace) == []
        now(quarantines.release(workspace, WISH.model_copy(update={"anyway": True})))
        assert held(workspace) == []
        [(_, detail)] = lines(workspace)
        assert detail["differs"] == ([FOUND.text] if found else [])

    @pytest.mark.parametrize(("name", "why"), [("IBM.XNYS", "odd"), (NAME, "odd once more")])
    def test_is_refused_by_a_look_that_is_older_than_the_quarantine(self, workspace, name, why):
        look(workspace)
        hold(workspace, name, why=why)
        wish = WISH.model_copy(update={"instrument": name})
        with pytest.raises(Refused) as refused:
            now(quarantines.release(workspace, wish))
        assert "no trader" in refused.value.message
        assert "since" in refused.value.message
        assert name in held(workspace)
        look(workspace)
        now(quarantines.release(workspace, wish))
        assert name not in held(workspace)

    def test_what_differs_elsewhere_does_not_matter(self, workspace):
        look(workspace, replace(FOUND, subject="IBM.XNYS", instrument="IBM.XNYS"))
        now(quarantines.release(workspace, WISH))
        assert held(workspace) == []

    @pytest.mark.parametrize(("deed", "table"), [("DELETE", "quarantines"), ("INSERT", "audit")])
    def test_both_the_release_and_its_line_or_neither(self, workspace, deed, table):
        look(workspace)
        refuse(workspace, deed, table)
        with pytest.raises((DBAPIError, MidasError)):
            now(quarantines.release(workspace, WISH))
        assert held(workspace) == [NAME]
        assert lines(workspace) == []

    def test_of_what_is_not_there(self, workspace):
        with pytest.raises(NotFound):
            now(quarantines.release(workspace, WISH.model_copy(update={"instrument": "MSFT"})))
        with pytest.raises(NotFound):
            now(quarantines.release(workspace, WISH.model_copy(update={"account": "gamma"})))

    def test_of_a_symbol_that_two_have(self, workspace):
        look(workspace)
        hold(workspace, "AAPL.XKRX")
        with pytest.raises(InvalidInput):
            now(quarantines.release(workspace, WISH))
        now(quarantines.release(workspace, WISH.model_copy(update={"instrument": NAME.lower()})))
        assert held(workspace) == ["AAPL.XKRX"]


class TestPage:
    def test_tells_what_the_last_look_found(self, workspace):
        [before] = now(quarantines.page(workspace, None))
        assert (before.account, before.why, before.differs, before.compared_at) == (ALPHA, "odd", [], None)
        look(workspace, FOUND)
        [after] = now(quarantines.page(workspace, "alpha"))
        assert (after.differs, after.compared_at) == ([FOUND.text], OPEN)


class TestFlatten:
    def test_who_pulls_it_is_told_what_it_leaves_alone(self, workspace):
        hold(workspace, "MSFT.XNAS", "beta.1")
        [pulled] = now(risk.kill(workspace, KillRequest(level="FLATTEN", account="alpha", why="a test")))
        assert [(each.instrument, each.why) for each in pulled.not_flattened] == [(NAME, "odd")]
        every = now(risk.kill(workspace, KillRequest(level="FLATTEN", why="all")))
        [file] = [each for each in every if each.where == "file"]
        assert {each.instrument for each in file.not_flattened} == {NAME, "MSFT.XNAS"}

    def test_another_level_leaves_nothing_alone(self, workspace):
        [pulled] = now(risk.kill(workspace, KillRequest(level="CANCEL_ALL", account="alpha", why="a test")))
        assert pulled.not_flattened == []
