from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import StaticPool
from tests.db.blocking import Blocking

from midas.core.errors import Busy, InvalidInput, StorageCorrupt, StorageFull
from midas.db import strategies
from midas.db.columns import UtcDateTime
from midas.db.database import Database
from midas.db.failures import meaning
from midas.db.sqlite_file import SqliteFile
from midas.db.tables import JOBS, STRATEGIES

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class TestSessions:
    def test_a_read_session_cannot_write(self, database):
        def sneak(session):
            session.connection.execute(insert(STRATEGIES).values(name="a", latest=1, created_at=NOW))

        with pytest.raises(Exception, match=r"readonly|read-only|query_only"):
            database.read(sneak)
        assert database.read(strategies.latest) == []

    def test_nothing_is_stored_when_the_work_raises(self, database):
        def half(session):
            strategies.create(session, "a", "text", NOW)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            database.write(half)
        assert database.read(strategies.latest) == []

    def test_many_write_at_once_without_losing_anything(self, where):
        async def both(database):
            names = [f"s{n}" for n in range(40)]
            await asyncio.gather(*(database.write(strategies.create, name, "text", NOW) for name in names))
            return await database.read(strategies.latest)

        database = Database.open(where)
        assert len(asyncio.run(both(database))) == 40
        database.close()

    def test_a_version_is_never_given_twice(self, where):
        async def revise(database):
            await database.write(strategies.create, "a", "text", NOW)
            changes = (database.write(strategies.revise, "a", "text", None, NOW) for _ in range(24))
            return [each.version for each in await asyncio.gather(*changes)]

        database = Database.open(where)
        assert sorted(asyncio.run(revise(database))) == list(range(2, 26))
        database.close()

    def test_the_event_loop_goes_on_while_a_query_waits(self, path):
        async def beats(database, other):
            other.execute("BEGIN IMMEDIATE")
            query, count = asyncio.create_task(database.write(strategies.create, "a", "text", NOW)), 0
            while not query.done():
                await asyncio.sleep(0.01)
                count += 1
                if count == 20:
                    other.execute("COMMIT")
            return count, await query

        database = Database.open(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            count, stored = asyncio.run(beats(database, other))
        assert (count >= 20, stored.version) == (True, 1)
        database.close()

    def test_nan_is_not_stored(self, database):
        def store(session):
            row = {"id": "j", "kind": "x", "state": "queued", "progress": 0.0, "message": "", "owner": "o"}
            session.change(insert(JOBS).values(**row, result={"x": float("nan")}, stop_asked=False, created_at=NOW))

        with pytest.raises(StatementError):
            database.write(store)


class TestFailures:
    def test_another_writer_keeps_the_database(self, path):
        Database.open(path).close()
        impatient = Blocking(Database(SqliteFile(path, busy_timeout_s=0.05)))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Busy) as refusal:
                impatient.write(strategies.create, "a", "text", NOW)
            assert impatient.read(strategies.latest) == [], "readers go on while someone writes"
        assert str(path) in refusal.value.message
        impatient.close()

    def test_a_database_damaged_while_open(self, path):
        database = Blocking(Database.open(path))
        for n in range(200):
            database.write(strategies.create, f"s{n}", "y" * 2000, NOW)
        database.close()
        content = bytearray(path.read_bytes())
        content[8192:] = b"\x5a" * (len(content) - 8192)
        path.write_bytes(content)
        damaged = Blocking(Database(SqliteFile(path)))
        with pytest.raises(StorageCorrupt):
            damaged.read(strategies.latest)
        damaged.close()

    def test_a_full_disk(self, tmp_path):
        with closing(sqlite3.connect(tmp_path / "small.db")) as connection:
            connection.execute("CREATE TABLE t (x)")
            connection.execute("PRAGMA max_page_count = 2")
            with pytest.raises(sqlite3.OperationalError) as full:
                connection.execute("INSERT INTO t VALUES (?)", ["y" * 100_000])
        assert isinstance(meaning(full.value, tmp_path), StorageFull)


MOMENTS = Table("moments", MetaData(), Column("at", UtcDateTime))


class TestUtcDateTime:
    @given(
        st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
        st.integers(-14 * 60, 14 * 60),
    )
    @settings(max_examples=40)
    def test_the_moment_survives_whatever_zone_it_was_said_in(self, naive, offset):
        said = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
        engine = create_engine("sqlite://", poolclass=StaticPool)
        with engine.begin() as connection:
            MOMENTS.create(connection)
            connection.execute(insert(MOMENTS).values(at=said))
            kept = connection.execute(select(MOMENTS.c.at)).scalar_one()
        engine.dispose()
        assert kept == said
        assert kept.tzinfo is UTC

    def test_a_naive_moment_is_refused(self):
        engine = create_engine("sqlite://", poolclass=StaticPool)
        with engine.begin() as connection:
            MOMENTS.create(connection)
            with pytest.raises((InvalidInput, StatementError), match="time zone"):
                connection.execute(insert(MOMENTS).values(at=NOW.replace(tzinfo=None)))
        engine.dispose()
