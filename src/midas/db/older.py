"""The next page of a list whose latest rows come first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Table, tuple_


def older(table: Table, after: tuple[datetime, str]) -> ColumnElement[bool]:
    """Return the condition of the rows that come after `after` (created_at, id)."""
    columns = (table.c.created_at, table.c.id)
    # said with the columns' types: PostgreSQL would take an aware moment for a naive one
    return tuple_(*columns) < tuple_(*after, types=[column.type for column in columns])
