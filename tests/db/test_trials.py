from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from midas.core.errors import MidasError
from midas.db import trials
from midas.db.migrating import upgrade
from midas.db.revision import revision
from midas.db.tables import TRIALS

NOW = datetime(2026, 1, 2, tzinfo=UTC)
REFUSED = (MidasError, DBAPIError, sqlite3.DatabaseError)


def seen(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM trials ORDER BY hypothesis, configuration").fetchall()


class TestItOnlyGrows:
    @pytest.mark.parametrize(
        "statement",
        [
            lambda session: session.change(delete(TRIALS)),
            lambda session: session.change(delete(TRIALS).where(TRIALS.c.configuration == "a")),
            lambda session: session.change(update(TRIALS).values(hypothesis="other")),
        ],
    )
    def test_through_the_platform(self, database, path, statement):
        database.write(trials.record, "idea", ["a", "b"], NOW)
        before = seen(path)
        with pytest.raises(REFUSED):
            database.write(statement)
        assert seen(path) == before

    @pytest.mark.parametrize(
        "statement",
        ["DELETE FROM trials", "UPDATE trials SET configuration = 'z'", "UPDATE trials SET first_seen_utc = NULL"],
    )
    def test_through_any_other_program(self, database, path, statement):
        database.write(trials.record, "idea", ["a", "b"], NOW)
        with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.DatabaseError, match="only grows"):
            connection.execute(statement)
        assert len(seen(path)) == 2


class TestCounting:
    def test_each_configuration_counts_once_for_each_idea(self, database):
        assert database.write(trials.record, "one", ["a"], NOW) == 1
        assert database.write(trials.record, "one", ["a", "b", "b"], NOW) == 2
        assert database.write(trials.record, "two", ["a"], NOW) == 1
        assert database.write(trials.record, "one", [], NOW) == 2
        assert database.read(trials.counts, ["one", "two", "three"]) == {"one": 2, "two": 1, "three": 0}

    def test_the_first_time_is_kept(self, database, path):
        database.write(trials.record, "one", ["a"], NOW)
        before = seen(path)
        database.write(trials.record, "one", ["a"], NOW + timedelta(days=1))
        assert seen(path) == before

    def test_a_sweep_at_once(self, database):
        every = [f"{n:064x}" for n in range(10_000)]
        assert database.write(trials.record, "one", every[:7_000], NOW) == 7_000
        assert database.write(trials.record, "one", every, NOW) == 10_000


def test_a_database_of_before_there_was_a_ledger_keeps_its_results(path):
    upgrade(path, "0001")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO backtests VALUES ('i', 'identity', 'done', 's', '{}', '{}', NULL, '[]', NULL, NULL, "
            "'2026-01-02 00:00:00.000000', '{}', '{}', '[]', '{}', '{}')"
        )
        connection.commit()
    upgrade(path)
    assert revision(path) != "0001"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id, hypothesis, evidence FROM backtests").fetchall() == [("i", None, None)]
