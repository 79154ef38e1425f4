"""Rows of one table that are named by their id or the beginning of their identity."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

from sqlalchemy import ColumnElement, RowMapping, Table, delete, insert, select

from midas.core.errors import InvalidInput, NotFound
from midas.db.older import older
from midas.db.sessions import ReadSession, WriteSession

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_SHORTEST_PREFIX = 4


class Shelved(Protocol):
    """What every row has; `id` begins `identity`."""

    @property
    def id(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


Row = TypeVar("Row", bound=Shelved)


@dataclass(frozen=True, slots=True)
class Shelf(Generic[Row]):
    """The queries such a table is asked; `noun` is what people call a row."""

    table: Table
    row: type[Row]
    noun: str

    def by_identity(self, session: ReadSession, identity: str) -> Row | None:
        """Return the answer to exactly this question, if it is stored."""
        found = session.first(select(self.table).where(self.table.c.identity == identity))
        return None if found is None else self._row(found)

    def show(self, session: ReadSession, ref: str) -> Row:
        """Return the row whose id or identity begins with `ref`.

        Raises
        ------
        NotFound: none does.
        InvalidInput: several do.
        """
        found = session.all(select(self.table).where(self._begins(ref)).limit(2))
        exact = [row for row in found if row["id"] == ref]
        if len(found) > 1 and not exact:
            raise InvalidInput(
                f"Several {self.noun}s begin with {ref!r}.", hint="Write more of the id.", code="ambiguous_id"
            )
        if not found:
            raise NotFound(
                f"There is no {self.noun} {ref[:64]!r}.",
                hint=f"A list of {self.noun}s shows the ones there are.",
                code=f"unknown_{self.noun}",
            )
        return self._row((exact or found)[0])

    def page(self, session: ReadSession, limit: int, after: tuple[datetime, str] | None = None) -> list[Row]:
        """Return rows, latest first, from the one after `after` (created_at, id)."""
        columns = self.table.c
        query = select(self.table).order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
        if after is not None:
            query = query.where(older(self.table, after))
        return [self._row(row) for row in session.all(query)]

    def save(self, session: WriteSession, record: Row) -> None:
        """Store a row in place of the one of the same identity, if there is one."""
        self.remove(session, record.identity)
        session.change(insert(self.table).values(**asdict(cast("DataclassInstance", record))))

    def remove(self, session: WriteSession, identity: str) -> None:
        """Forget a row; nothing happens when there is none."""
        session.change(delete(self.table).where(self.table.c.identity == identity))

    def _begins(self, ref: str) -> ColumnElement[bool]:
        # a prefix comparison as a range: no wildcard characters to escape, and the index is used
        columns = self.table.c
        if len(ref) < _SHORTEST_PREFIX:
            return columns.id == ref
        return (columns.identity >= ref) & (columns.identity < ref + "\U0010ffff")

    def _row(self, found: RowMapping) -> Row:
        return self.row(**found)
