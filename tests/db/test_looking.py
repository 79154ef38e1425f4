"""What the journal on a server looks up without a transaction is one statement: it sees one moment by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import event
from tests.postgres import Postgres

from midas.db.database import place_of
from midas.db.journal import SqlJournal

LOOKS: list[Callable[[SqlJournal], Awaitable[object]]] = [
    lambda journal: journal.revision("a"),
    lambda journal: journal.order("q1"),
    lambda journal: journal.numbered("a", "N1"),
    lambda journal: journal.orders("a"),
    lambda journal: journal.cancels("a"),
    lambda journal: journal.booked("a", "x1"),
    lambda journal: journal.fills("a", "q1"),
    lambda journal: journal.checkpoint("r"),
    lambda journal: journal.kills("a"),
    lambda journal: journal.quarantined("a"),
]


def test_each_is_one_statement(postgres: Postgres) -> None:
    async def said(look: Callable[[SqlJournal], Awaitable[object]]) -> tuple[int, int]:
        journal = SqlJournal(place_of(where))
        counted = {"looking": 0, "reading": 0}
        for name, line in (("looking", journal._looking), ("reading", journal._reading)):

            def count(*_told: object, name: str = name) -> None:
                counted[name] += 1

            event.listen(line._engine.sync_engine, "before_cursor_execute", count)  # type: ignore[attr-defined]
        await look(journal)
        await journal.close()
        return counted["looking"], counted["reading"]

    where = postgres.fresh()
    assert [asyncio.run(said(look)) for look in LOOKS] == [(1, 0)] * len(LOOKS)
    assert asyncio.run(said(lambda journal: journal.balance("a"))) == (0, 2)
