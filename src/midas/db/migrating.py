"""Running Alembic from code."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from midas.db.failures import meaning
from midas.db.revision import HEAD, MIGRATIONS


def known_revisions() -> tuple[str, ...]:
    """Return every revision of this version, latest first."""
    script = ScriptDirectory.from_config(_config())
    return tuple(each.revision for each in script.walk_revisions())


def upgrade(path: Path, to: str = HEAD) -> None:
    """Bring the SQLite file at `path` to a revision, in one transaction."""
    # None: Python must not begin and commit around DDL by itself, or a broken upgrade would be left half done
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        _prefer_wal(path)
        with engine.begin() as connection:
            move(connection, to)
    except sqlite3.Error as error:
        raise meaning(error, path) from error
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise meaning(error.orig, path) from error
        raise
    finally:
        engine.dispose()


def move(connection: Connection, to: str) -> None:
    """Upgrade or downgrade whatever `connection` is connected to; the caller's transaction holds it together."""
    config = _config()
    config.attributes["connection"] = connection
    if to == "base" or _is_behind(to, MigrationContext.configure(connection).get_current_revision()):
        command.downgrade(config, to)
    else:
        command.upgrade(config, to)


def _is_behind(to: str, at: str | None) -> bool:
    known = known_revisions()
    return at in known and to in known and known.index(to) > known.index(at)


def _prefer_wal(path: Path) -> None:
    # outside any transaction; the mode stays with the file
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def _config() -> Config:
    config = Config()
    # '%' begins an interpolation in Alembic's settings, and a home may contain one
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
