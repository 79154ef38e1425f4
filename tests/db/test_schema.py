from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import midas.db.tables  # noqa: F401
from midas.core.errors import Busy, StorageCorrupt, Unavailable
from midas.db import migrating, schema
from midas.db.database import Database
from midas.db.metadata import METADATA
from midas.db.migrating import known_revisions, move, upgrade
from midas.db.revision import HEAD, revision

OPEN = "import sys, pathlib; from midas.db.database import Database; Database.open(pathlib.Path(sys.argv[1])).close()"


def tables(path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    return {name: sql for name, sql in rows if name != "alembic_version"}


class TestRefusals:
    def test_a_file_that_is_no_database(self, path):
        path.write_bytes(b"once upon a time " * 1000)
        with pytest.raises(StorageCorrupt) as refusal:
            Database.open(path)
        assert str(path) in refusal.value.message
        assert "backup" in refusal.value.hint
        assert path.read_bytes().startswith(b"once upon"), "what is damaged must be left as it is"

    def test_a_database_whose_pages_were_overwritten(self, path):
        Database.open(path).close()
        content = bytearray(path.read_bytes())
        content[100:4000] = b"\xff" * 3900
        path.write_bytes(content)
        with pytest.raises(StorageCorrupt, match="damaged"):
            Database.open(path)

    def test_a_database_of_a_later_version(self, path):
        Database.open(path).close()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
        with pytest.raises(StorageCorrupt) as refusal:
            Database.open(path)
        assert refusal.value.code == "database_newer"

    def test_a_folder_in_its_place(self, path):
        path.mkdir()
        with pytest.raises(Unavailable):
            Database.open(path)

    def test_another_process_holds_the_lock(self, path, monkeypatch):
        monkeypatch.setattr(schema, "_PATIENCE_S", 0.1)
        hold = (
            "import sys, pathlib; from midas.marketdata.lock import exclusive\n"
            "with exclusive(pathlib.Path(sys.argv[1]), 'x', 1): print('held', flush=True); sys.stdin.read()"
        )
        lock = path.with_name(path.name + ".lock")
        with subprocess.Popen(
            [sys.executable, "-c", hold, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout.readline() == "held\n"
            with pytest.raises(Busy):
                Database.open(path)
            other.stdin.close()


class TestMigrations:
    def test_head_is_the_latest_revision(self):
        assert known_revisions()[0] == HEAD

    def test_up_down_up_gives_the_same_tables(self, path):
        upgrade(path)
        first = tables(path)
        assert {"strategies", "strategy_versions", "backtests", "jobs"} <= set(first)
        upgrade(path, "base")
        assert tables(path) == {}
        upgrade(path)
        assert tables(path) == first

    def test_the_tables_are_those_the_queries_expect(self, path):
        upgrade(path)
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, METADATA) == []

    def test_an_upgrade_that_fails_leaves_nothing_behind(self, path, monkeypatch):
        def dies_late(connection, to):
            move(connection, to)
            raise ZeroDivisionError

        monkeypatch.setattr(migrating, "move", dies_late)
        with pytest.raises(ZeroDivisionError):
            upgrade(path)
        assert tables(path) == {}
        assert revision(path) is None


class TestOpening:
    def test_a_database_at_head_costs_no_import_of_alembic(self, path):
        Database.open(path).close()
        code = f"{OPEN}; assert 'alembic' not in sys.modules"
        subprocess.run([sys.executable, "-c", code, str(path)], check=True)

    def test_four_processes_make_the_same_database_at_once(self, path):
        others = [subprocess.Popen([sys.executable, "-c", OPEN, str(path)]) for _ in range(4)]
        assert [other.wait(60) for other in others] == [0] * 4
        assert revision(path) == HEAD

    def test_it_keeps_a_write_ahead_log(self, path):
        Database.open(path).close()
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    def test_a_home_whose_name_has_a_percent_sign(self, tmp_path):
        folder = tmp_path / "50%(x)s"
        folder.mkdir()
        Database.open(folder / "midas.db").close()
