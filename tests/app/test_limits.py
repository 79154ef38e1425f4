"""Limits of accounts and runs: kept with the line that says so, or not at all."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from tests.app.loop import now, own_loop

from midas.app import accounts, risk
from midas.app.settings import Settings
from midas.app.traders import Owners
from midas.app.workspace import Workspace
from midas.core.clock import ManualClock
from midas.core.errors import InvalidInput, MidasError, NotFound, Refused
from midas.db import accounts as account_rows
from midas.db import risk as rows
from midas.db import runs
from midas.db.runs import RunRecord
from midas.db.trading_tables import RUNS
from midas.wire.accounts import AccountRequest, ResetRequest
from midas.wire.risk import LimitChanges, LimitValues, RunLimitValues

OPEN = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
RUN = "c0ffee"


@pytest.fixture(params=["sqlite", "postgresql"])
def workspace(request, tmp_path):
    database = request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else None
    settings = Settings(home=tmp_path / "home", database=database)
    with own_loop(), Workspace.open(settings, ManualClock(OPEN)) as opened:
        for name in ("alpha", "beta"):
            now(accounts.add(opened, AccountRequest(name=name, capital=Decimal(10_000))))
        record = RunRecord(RUN, "alpha.1", "any", "paper", "", {"request": {"kept": 1}}, OPEN)
        now(opened.database.write(runs.add, record))
        yield opened


def refuse(workspace, deed, table):
    """Let the database refuse to change a table, as a full disk might."""

    def plant(session):
        if session.connection.dialect.name == "postgresql":
            session.connection.exec_driver_sql(
                "CREATE FUNCTION refused() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$ "
                "LANGUAGE plpgsql"
            )
            how = f"BEFORE {deed} ON {table} FOR EACH ROW EXECUTE FUNCTION refused()"
        else:
            how = f"BEFORE {deed} ON {table} BEGIN SELECT RAISE(ABORT, 'refused'); END"
        session.connection.exec_driver_sql(f"CREATE TRIGGER refuses {how}")

    now(workspace.database.write(plant))


def lines(workspace, account="alpha.1"):
    found = now(workspace.database.read(rows.audit_lines, account, 0, 100))
    return [(line["act"], line["subject"]) for line in found if str(line["act"]).startswith("limits")]


class TestSetLimits:
    @pytest.mark.parametrize(("deed", "table"), [("UPDATE", "accounts"), ("INSERT", "audit")])
    def test_both_or_neither_of_an_account(self, workspace, deed, table):
        before = now(risk.limits(workspace, "alpha"))
        refuse(workspace, deed, table)
        with pytest.raises((DBAPIError, MidasError)):
            now(risk.set_limits(workspace, "alpha", LimitValues(max_notional=Decimal(5))))
        assert now(risk.limits(workspace, "alpha")) == before
        assert lines(workspace) == []

    @pytest.mark.parametrize(("deed", "table"), [("UPDATE", "runs"), ("INSERT", "audit")])
    def test_both_or_neither_of_a_run(self, workspace, deed, table):
        before = now(risk.limits(workspace, "alpha", RUN))
        refuse(workspace, deed, table)
        with pytest.raises((DBAPIError, MidasError)):
            now(risk.set_limits(workspace, "alpha", RunLimitValues(max_notional=Decimal(5)), RUN))
        assert now(risk.limits(workspace, "alpha", RUN)) == before
        assert lines(workspace) == []

    def test_of_a_run_and_its_account_are_kept_apart(self, workspace):
        now(risk.set_limits(workspace, "alpha", LimitValues(max_quantity=Decimal(9))))
        told = now(risk.set_limits(workspace, "alpha", RunLimitValues(max_quantity=Decimal(3)), RUN[:4]))
        assert (told.account, told.run, told.limits.max_quantity, told.limits.collar) == ("alpha.1", RUN, 3, None)
        kept = now(risk.limits(workspace, "alpha"))
        assert (kept.run, kept.limits.max_quantity, kept.limits.collar) == (None, 9, 0.05)
        assert lines(workspace) == [("limits.set", "alpha.1"), ("limits.set", RUN)]
        # what else the run's document holds stays
        assert now(workspace.database.read(runs.show, RUN)).document["request"] == {"kept": 1}

    def test_what_is_not_there(self, workspace):
        for name, run in (("nobody", ""), ("alpha", "beef"), ("beta", RUN)):
            with pytest.raises(NotFound):
                now(risk.set_limits(workspace, name, LimitValues(), run))
        assert lines(workspace) + lines(workspace, "beta.1") == []

    @pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
    def test_what_is_no_limit(self, workspace, value):
        with pytest.raises(InvalidInput):
            now(risk.set_limits(workspace, "alpha", LimitValues.model_construct(collar=value)))
        assert lines(workspace) == []

    def test_what_looks_back_further_than_time_goes(self, workspace):
        for name in ("duplicate_window_s", "quote_age_s", "snapshot_age_s", "cooldown_s"):
            with pytest.raises(InvalidInput, match=name):
                now(risk.change_limits(workspace, "alpha", LimitChanges.model_validate({name: 1e30})))
        assert lines(workspace) == []

    def test_names_nobody_knows_restrict_nothing_and_are_refused(self, workspace):
        with pytest.raises(NotFound):
            now(risk.change_limits(workspace, "alpha", LimitChanges(restricted=["AAPL.XNAS", "NOPE"])))
        assert lines(workspace) == []

    def test_a_trader_is_told_both_and_needs_no_other_office(self, workspace):
        owners = Owners(workspace, None)
        [before] = now(owners.wanted())
        now(risk.set_limits(workspace, "alpha", LimitValues(max_quantity=Decimal(9))))
        now(risk.set_limits(workspace, "alpha", RunLimitValues(max_quantity=Decimal(3)), RUN))
        [after] = now(owners.wanted())
        assert {name: one.max_quantity for name, one in after.limits.items()} == {"": 9, RUN: 3}
        assert before.key == after.key
        assert before.limits[""].max_quantity is None
        assert list(before.limits) == [""]

    def test_another_setting_needs_another_office(self, workspace):
        owners = Owners(workspace, None)
        [before] = now(owners.wanted())

        def change(session):
            from sqlalchemy import update

            session.change(update(account_rows.ACCOUNTS).values(settings={"latency_ms": 5}))

        now(workspace.database.write(change))
        [after] = now(owners.wanted())
        assert before.key != after.key


ALL = ("max_quantity", "position", "gross", "daily_loss", "drawdown", "cooldown_s")


def at_once(settings, run, names):
    """Change one limit each, every one in a thread with a connection of its own."""
    start = Barrier(len(names))

    def change(name):
        async def story():
            with Workspace.open(settings, ManualClock(OPEN)) as own:
                await risk.limits(own, "alpha")
                start.wait(30)
                await risk.change_limits(own, "alpha", LimitChanges.model_validate({name: 0.5}), run)

        asyncio.run(story())

    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(change, names))


class TestChangeLimits:
    @pytest.mark.parametrize("run", ["", RUN])
    def test_of_many_at_once_none_is_lost(self, workspace, run):
        at_once(workspace.settings, run, ALL)
        told = now(risk.limits(workspace, "alpha", run)).limits
        assert {name: float(getattr(told, name)) for name in ALL} == dict.fromkeys(ALL, 0.5)
        assert lines(workspace) == [("limits.set", run or "alpha.1")] * len(ALL)

    def test_null_takes_one_away_and_what_is_not_named_stays(self, workspace):
        now(risk.set_limits(workspace, "alpha", LimitValues(max_quantity=Decimal(9), gross=2.0)))
        told = now(risk.change_limits(workspace, "alpha", LimitChanges(max_quantity=None))).limits
        assert (told.max_quantity, told.gross, told.collar) == (None, 2.0, 0.05)

    def test_what_is_no_limit_changes_nothing(self, workspace):
        with pytest.raises(InvalidInput):
            now(risk.change_limits(workspace, "alpha", LimitChanges.model_construct({"collar"}, collar=-1.0)))
        assert lines(workspace) == []

    def test_those_of_an_account_that_is_closed_stay(self, workspace):
        now(workspace.database.write(lambda session: session.change(update(RUNS).values(state="stopped"))))
        now(accounts.reset(workspace, "alpha", ResetRequest()))
        with pytest.raises(Refused):
            now(risk.change_limits(workspace, "alpha.1", LimitChanges(gross=1.0)))
