"""What a query may do: read, or read and write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Executable, RowMapping, Select


@dataclass(frozen=True, slots=True)
class ReadSession:
    """One transaction that only reads."""

    connection: Connection

    def all(self, query: Select[*tuple[object, ...]]) -> Sequence[RowMapping]:
        return self.connection.execute(query).mappings().all()

    def first(self, query: Select[*tuple[object, ...]]) -> RowMapping | None:
        return self.connection.execute(query).mappings().first()


@dataclass(frozen=True, slots=True)
class WriteSession(ReadSession):
    """One transaction that may also write; it is committed as a whole when the work returns."""

    def change(self, statement: Executable) -> int:
        """Return how many rows changed."""
        return self.connection.execute(statement).rowcount
