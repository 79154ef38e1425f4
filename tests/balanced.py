"""The journals a test opened, and whether their books balance, added up without the code that wrote them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from midas.trading.memory_journal import MemoryJournal

ADD_UP = (
    "SELECT booking, currency, SUM(amount) AS total FROM postings GROUP BY booking, currency HAVING SUM(amount) <> 0"
)


@contextmanager
def journals() -> Iterator[list[Any]]:
    """Yield a list to which every journal is added that is made, in memory or in a database."""
    from midas.db.journal import SqlJournal

    opened: list[Any] = []
    patch = pytest.MonkeyPatch()
    for kind in (MemoryJournal, SqlJournal):
        patch.setattr(kind, "__init__", _noted(kind.__init__, opened))
    yield opened
    patch.undo()


def _noted(make: Any, opened: list[Any]) -> Any:
    def made(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        opened.append(self)

    return made


def assert_balanced(journal: Any) -> None:
    """Check a journal; one whose database is gone by now is left alone."""
    if isinstance(journal, MemoryJournal):
        for account, stored in journal.store.accounts.items():
            for book in stored.books.values():
                assert _off(book) == {}, f"{account}: {book}"
        return
    assert _unbalanced(journal._place) == []


def _off(book: Any) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for posting in book.postings:
        totals[posting.currency] += posting.amount
    return {currency: total for currency, total in totals.items() if total}


def _unbalanced(place: Any) -> list[Any]:
    if not place.serves:
        if not place.path.exists():
            return []
        with closing(sqlite3.connect(place.path)) as connection:
            return connection.execute(ADD_UP).fetchall()
    import asyncpg
    from tests.postgres import asked

    address = place.url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return list(asked(address, ADD_UP))
    except (OSError, asyncpg.InvalidCatalogNameError):
        return []
