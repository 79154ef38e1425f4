"""Bookings of a database from before they were chained: chained as they are, and what changes later is found."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from tests.db.blocking import Blocking
from tests.postgres import asked
from tests.trading.entries import ACCOUNT, NOW, audit, bought, new_row, paid_in

from midas.core.errors import Busy, Refused
from midas.db import heads, journal_writes, ledger
from midas.db.database import Database
from midas.db.migrating import move, upgrade
from midas.db.revision import HEAD
from midas.trading.journal import StoreOrder

BEFORE = "0006"
OTHER = "other.1"
MOMENT = {"sqlite": "2026-03-02 06:30:00.000000", "postgresql": "2026-03-02 15:30:00+09:00"}
OLD = (
    "INSERT INTO account_heads (account, epoch, revision, cash, audit_n, audit_hash) "
    "VALUES ('{whose}', 0, 2, 8994, 0, '{none}')",
    "INSERT INTO bookings (place, account, reference, kind, stamp_utc) "
    "VALUES ({first}, '{whose}', 'capital', 'capital', '{at}')",
    "INSERT INTO bookings (place, account, reference, kind, instrument, quantity, stamp_utc, order_id, execution, "
    "side, fill_quantity, price, value, commission, tax, fill_stamp_utc) VALUES ({second}, '{whose}', 'x1', 'fill', "
    "'AAPL.XNAS', '10', '{at}', 'q{first}', 'x1', 'buy', '10', '100.50', 1005, 1, 0, '{at}')",
    "INSERT INTO postings (booking, line, account, ledger, amount, currency) VALUES "
    "({first}, 0, '{whose}', 0, 10000, 'USD'), ({first}, 1, '{whose}', 2, -10000, 'USD'), "
    "({second}, 0, '{whose}', 0, -1006, 'USD'), ({second}, 2, '{whose}', 6, 1, 'USD')",
    "INSERT INTO postings (booking, line, account, ledger, instrument, amount, currency) "
    "VALUES ({second}, 1, '{whose}', 1, 'AAPL.XNAS', 1005, 'USD')",
    "INSERT INTO positions VALUES ('{whose}', 'AAPL.XNAS', '10', 1005)",
)


def say(where: Path | str, *statements: str) -> None:
    if isinstance(where, str):
        asked(where, *statements)
        return
    with closing(sqlite3.connect(where)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def to_revision(where: Path | str, revision: str) -> None:
    if not isinstance(where, str):
        upgrade(where, revision)
        return

    async def go() -> None:
        engine = create_async_engine(where.replace("postgresql://", "postgresql+asyncpg://"))
        try:
            async with engine.begin() as connection:
                await connection.run_sync(move, revision)
        finally:
            await engine.dispose()

    asyncio.run(go())


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """A database with two bookings of each of two accounts, from before they were chained."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    where = tmp_path / "midas.db" if server is None else server.empty()
    to_revision(where, BEFORE)
    for whose, first, second in ((ACCOUNT, 1, 3), (OTHER, 2, 4)):
        facts = {"whose": whose, "first": first, "second": second, "at": MOMENT[request.param], "none": "0" * 64}
        say(where, *(statement.format(**facts) for statement in OLD))
    yield where
    if server is not None:
        server.drop(where)


def faults(database: Blocking, account: str = ACCOUNT) -> list[tuple[str, str]]:
    found = database.read(ledger.faults, account)
    # the orders themselves were left out of the story
    return [(each.code, each.detail) for each in found if each.code != "order"]


class TestOlder:
    def test_is_chained_as_it_is_and_goes_on(self, older: Path | str) -> None:
        database = Blocking(Database.open(older))
        try:
            assert faults(database) == faults(database, OTHER) == []
            row = new_row()
            fresh = [paid_in(5, "more"), StoreOrder(row), bought("x9", row.id), audit(row.id)]
            epoch = database.write(heads.take_over, ACCOUNT, NOW)
            if isinstance(older, str):
                # numbers were given by hand
                say(older, "SELECT setval(pg_get_serial_sequence('bookings', 'place'), 100)")
            database.write(journal_writes.write, ACCOUNT, epoch, fresh)
            assert faults(database) == []
            wrong = "UPDATE postings SET ledger = 7 WHERE ledger = 6 AND account = 'paper.1' AND booking = 3"
            if isinstance(older, str):
                say(older, f"DO $$ BEGIN SET LOCAL session_replication_role = replica; {wrong}; END $$")
            else:
                say(older, "DROP TRIGGER postings_no_update", wrong)
            why = "booking 2 (x1): it does not follow from the line before, or was changed"
            assert faults(database) == [("booking", why)]
            assert faults(database, OTHER) == []
        finally:
            database.close()


class TestRest:
    def test_nothing_is_upgraded_while_a_trader_is_at_work(self, older: Path | str) -> None:
        def lease(year: int) -> None:
            zone = "" if isinstance(older, Path) else "+00:00"
            say(older, f"UPDATE account_heads SET lease_until = '{year}-01-01 00:00:00.000000{zone}'")

        lease(2999)
        with pytest.raises(Busy, match="Stop every trader first") as refused:
            to_revision(older, HEAD)
        assert refused.value.code == "traders_at_work"
        lease(2001)
        to_revision(older, HEAD)


class TestWayBack:
    def test_it_is_refused_once_a_line_speaks_of_bookings(self, older: Path | str) -> None:
        database = Blocking(Database.open(older))
        try:
            epoch = database.write(heads.take_over, ACCOUNT, NOW)
            database.write(journal_writes.write, ACCOUNT, epoch, [audit("q1")])
        finally:
            database.close()
        with pytest.raises(Refused, match=f"Line 1 of the audit trail of account {ACCOUNT} says") as refused:
            to_revision(older, "base")
        assert refused.value.code == "trail_speaks_of_bookings"
        database = Blocking(Database.open(older))
        try:
            assert faults(database) == faults(database, OTHER) == []
        finally:
            database.close()

    def test_bookings_alone_are_chained_alike_when_they_come_again(self, older: Path | str) -> None:
        to_revision(older, HEAD)
        to_revision(older, BEFORE)
        to_revision(older, HEAD)
        database = Blocking(Database.open(older))
        try:
            assert faults(database) == faults(database, OTHER) == []
        finally:
            database.close()
