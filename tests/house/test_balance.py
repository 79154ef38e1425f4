"""What looks at every journal after every test sees books that do not balance."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.balanced import assert_balanced, journals
from tests.trading.entries import ACCOUNT, audit, bought, paid_in

from midas.core.clock import SystemClock
from midas.db.database import place_of
from midas.db.journal import SqlJournal
from midas.db.ownership import SqlOwnership
from midas.trading.journal import Book
from midas.trading.memory_journal import MemoryJournal


def crooked(what: str) -> Book:
    """Return a booking with a cent too many, or with one side in another currency."""
    book = bought("x1", "", commission=100)
    first, *others = book.postings
    wrong = replace(first, amount=first.amount + 1) if what == "a cent" else replace(first, currency="KRW")
    return replace(book, fill=None, postings=(wrong, *others))


@pytest.mark.figure("R14")
@pytest.mark.parametrize("what", ["a cent", "a currency"])
class TestCrooked:
    def test_books_in_memory_are_seen(self, what: str, record_property: Callable[[str, object], None]) -> None:
        with journals() as opened:
            journal = MemoryJournal()
        stored = journal.store.accounts[ACCOUNT]
        stored.books["capital"] = paid_in(1_000_000)
        assert opened == [journal]
        assert_balanced(journal)
        stored.books["x1"] = crooked(what)
        with pytest.raises(AssertionError, match="x1"):
            assert_balanced(journal)
        del stored.books["x1"]
        record_property("planted", 1)

    def test_books_in_a_file_are_seen(
        self, what: str, tmp_path: Path, record_property: Callable[[str, object], None]
    ) -> None:
        place = place_of(tmp_path / "midas.db")
        place.upgrade()

        async def store(journal: SqlJournal) -> None:
            ownership = SqlOwnership(place, tmp_path, SystemClock())
            epoch = await ownership.acquire(ACCOUNT)
            await journal.commit(ACCOUNT, epoch, [paid_in(1_000_000), audit()])
            await ownership.close()
            await journal.close()

        with journals() as opened:
            journal = SqlJournal(place)
        asyncio.run(store(journal))
        assert opened == [journal]
        assert_balanced(journal)
        _tamper(tmp_path / "midas.db", what)
        with pytest.raises(AssertionError):
            assert_balanced(journal)
        # or it would be seen once more, behind this test
        (tmp_path / "midas.db").unlink()
        record_property("planted", 1)


def _tamper(file: Path, what: str) -> None:
    change = "amount = amount + 1" if what == "a cent" else "currency = 'KRW'"
    with closing(sqlite3.connect(file)) as connection:
        for deed in ("update", "delete"):
            connection.execute(f"DROP TRIGGER postings_no_{deed}")
        connection.execute(f"UPDATE postings SET {change} WHERE rowid = (SELECT MIN(rowid) FROM postings)")
        connection.commit()
