"""What a query may do: read, or read and write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Executable, RowMapping, Select


@dataclass(frozen=True, slots=True)
class ReadSession:
    """One transaction that only reads."""

    connection: Connection

    def all(
        self, query: Select[*tuple[object, ...]], given: Mapping[str, object] | None = None
    ) -> Sequence[RowMapping]:
        return self.connection.execute(query, given).mappings().all()

    def first(self, query: Select[*tuple[object, ...]], given: Mapping[str, object] | None = None) -> RowMapping | None:
        return self.connection.execute(query, given).mappings().first()


@dataclass(frozen=True, slots=True)
class WriteSession(ReadSession):
    """One transaction that may also write; it is committed as a whole when the work returns."""

    def change(self, statement: Executable, given: Mapping[str, object] | None = None) -> int:
        """Return how many rows changed; what comes at every order is a statement made once, `given` its values."""
        return self.connection.execute(statement, given).rowcount
