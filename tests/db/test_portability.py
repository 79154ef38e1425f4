"""What is written for SQLite today must mean the same on PostgreSQL."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateColumn, CreateTable

import midas.db.tables  # noqa: F401
from midas.db.columns import UtcDateTime
from midas.db.metadata import METADATA
from midas.db.revision import MIGRATIONS

NOW = datetime(2026, 1, 2, tzinfo=UTC)
POSTGRESQL = postgresql.dialect()


def written(direction: str) -> str:
    """Return what every revision says to PostgreSQL, going `direction`."""
    out = io.StringIO()
    script = ScriptDirectory(str(MIGRATIONS))
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": out})
    with Operations.context(context):
        for revision in script.walk_revisions():
            getattr(revision.module, direction)()
    return out.getvalue()


def test_every_revision_can_be_said_to_postgresql_both_ways():
    up, down = written("upgrade"), written("downgrade")
    for table in METADATA.tables:
        assert f"CREATE TABLE {table} (" in up
        assert f"DROP TABLE {table}" in down
    assert "TIMESTAMP WITH TIME ZONE" in up
    assert "ON DELETE CASCADE" in up


def test_revisions_and_tables_agree_on_every_column_there():
    up = " ".join(written("upgrade").split())
    for table in METADATA.sorted_tables:
        made = " ".join(str(CreateTable(table).compile(dialect=POSTGRESQL)).split())
        for column in table.columns:
            said = " ".join(str(CreateColumn(column).compile(dialect=POSTGRESQL)).split())
            assert said in made
            assert said in up, f"{table.name}.{column.name}"


@pytest.mark.parametrize("moment", [NOW, NOW.astimezone(timezone(timedelta(hours=9)))])
def test_a_moment_is_the_same_one_there(moment):
    bound = UtcDateTime().process_bind_param(moment, POSTGRESQL)
    assert bound == moment
    assert bound.tzinfo is not None
    assert UtcDateTime().process_result_value(bound.astimezone(timezone(timedelta(hours=-5))), POSTGRESQL) == moment
