"""Many lines to one file: those of one process take turns, and none is kept out."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from midas.core.errors import Busy
from midas.db.file_line import FileLine
from midas.db.sqlite_file import SqliteFile

LINES, ROUNDS = 12, 25


def prepared(path: Path, busy_timeout_s: float = 5.0) -> SqliteFile:
    place = SqliteFile(path, busy_timeout_s)
    place.upgrade()
    return place


def count(connection: Connection) -> None:
    connection.execute(text("UPDATE counted SET n = n + 1"))
    # long enough for the others to come and wait
    time.sleep(0.001)


def test_everyone_gets_a_turn(path: Path) -> None:
    place = prepared(path)
    lines = [FileLine(place, writes=True) for _ in range(LINES)]

    async def write(line: FileLine) -> None:
        for _ in range(ROUNDS):
            await line.transact(count)

    async def live() -> int:
        await lines[0].transact(
            lambda connection: connection.execute(text("CREATE TABLE counted (n INTEGER)")) and None
        )
        await lines[0].transact(lambda connection: connection.execute(text("INSERT INTO counted VALUES (0)")) and None)
        async with asyncio.timeout(60):
            await asyncio.gather(*(write(line) for line in lines))
        reading = FileLine(place, writes=False)
        found: int = await reading.transact(
            lambda connection: connection.execute(text("SELECT n FROM counted")).scalar_one()
        )
        for line in (*lines, reading):
            await line.close()
        return found

    assert asyncio.run(live()) == LINES * ROUNDS


def test_a_turn_that_never_comes_is_busy(path: Path) -> None:
    place = prepared(path, 0.05)
    first, second = FileLine(place, writes=True), FileLine(place, writes=True)

    async def live() -> None:
        slow = asyncio.create_task(first.transact(lambda _connection: time.sleep(0.5)))
        await asyncio.sleep(0.2)
        with pytest.raises(Busy):
            await second.transact(lambda _connection: None)
        await slow
        await second.transact(lambda _connection: None)
        await first.close()
        await second.close()

    asyncio.run(live())


def test_what_raised_is_not_stored_and_the_line_goes_on(path: Path) -> None:
    line = FileLine(prepared(path), writes=True)

    def spoilt(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE spoilt (n INTEGER)"))
        raise ValueError("no")

    async def live() -> list[str]:
        with pytest.raises(ValueError, match="no"):
            await line.transact(spoilt)
        query = text("SELECT name FROM sqlite_master WHERE name = 'spoilt'")
        found = await line.transact(lambda connection: [row[0] for row in connection.execute(query)])
        await line.close()
        return found

    assert asyncio.run(live()) == []
