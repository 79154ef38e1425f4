"""A connection that goes while a commit is on its way: the journal finds out what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest
from sqlalchemy import make_url, text
from tests.postgres import asked
from tests.trading.entries import ACCOUNT, audit, new_row

from midas.core.errors import Unavailable
from midas.db.database import place_of
from midas.db.heads import Head
from midas.db.journal import SqlJournal, _committed
from midas.db.line import line_to
from midas.trading.journal import NOBODY, StoreOrder


@dataclass
class Cutter:
    """Stands between us and the server, and cuts the line at the next commits: before or after it got through."""

    host: str
    port: int
    cut: str = ""
    times: int = 0

    async def serve(self, ours: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        theirs, onward = await asyncio.open_connection(self.host, self.port)
        replies = asyncio.ensure_future(self._pass(theirs, back))
        with suppress(ConnectionError):
            while chunk := await ours.read(65536):
                if self.cut and self.times and b"COMMIT" in chunk:
                    self.times -= 1
                    replies.cancel()
                    if self.cut == "after":
                        onward.write(chunk)
                        await asyncio.wait([replies])
                        await theirs.read(65536)
                    break
                onward.write(chunk)
        for line in (onward, back):
            line.close()
        with suppress(asyncio.CancelledError, ConnectionError):
            await replies

    async def _pass(self, theirs: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await theirs.read(65536):
                back.write(chunk)


@asynccontextmanager
async def cutting(url: str) -> AsyncIterator[tuple[Cutter, str]]:
    address = make_url(url)
    cutter = Cutter(address.host or "127.0.0.1", address.port or 5432)
    server = await asyncio.start_server(cutter.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield cutter, address.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)


def stored(url: str) -> int:
    return asked(url, "SELECT count(*) AS n FROM orders")[0]["n"]


@pytest.mark.figure("B2")
@pytest.mark.parametrize("together", [1, 5])
def test_a_commit_that_got_through_is_not_told_to_have_failed(postgres, together):
    url = postgres.fresh()

    async def live() -> None:
        async with cutting(url) as (cutter, address):
            journal = SqlJournal(place_of(address))
            await journal.commit(ACCOUNT, NOBODY, [StoreOrder(new_row(0)), audit("first")])
            cutter.cut, cutter.times = "after", 1
            batches = [[StoreOrder(new_row(n)), audit("next")] for n in range(1, together + 1)]
            await asyncio.gather(*(journal.commit(ACCOUNT, NOBODY, batch) for batch in batches))
            assert cutter.times == 0
            await journal.close()

    asyncio.run(live())
    assert stored(url) == together + 1


@pytest.mark.figure("B2")
def test_a_commit_that_did_not_get_through_is_told_so(postgres):
    url = postgres.fresh()

    async def live() -> None:
        async with cutting(url) as (cutter, address):
            journal = SqlJournal(place_of(address))
            await journal.commit(ACCOUNT, NOBODY, [StoreOrder(new_row(0)), audit("first")])
            cutter.cut, cutter.times = "before", 1
            with pytest.raises(Unavailable):
                await journal.commit(ACCOUNT, NOBODY, [StoreOrder(new_row(1)), audit("next")])
            await journal.commit(ACCOUNT, NOBODY, [StoreOrder(new_row(1)), audit("again")])
            await journal.close()

    asyncio.run(live())
    assert stored(url) == 2


@pytest.mark.figure("B1")
@pytest.mark.parametrize(
    ("ahead", "revision", "committed"),
    [(0, 1, True), (0, 2, False), (1_000_000, 1, False)],
    ids=["it was", "its number is another's", "its number was not given out yet"],
)
def test_what_a_server_forgot_when_it_crashed_was_not_committed(postgres, ahead, revision, committed):
    place = place_of(postgres.fresh())

    async def live() -> bool:
        journal = SqlJournal(place)
        await journal.commit(ACCOUNT, NOBODY, [StoreOrder(new_row(0)), audit("first")])
        await journal.close()
        reading = line_to(place, writes=False)
        stored = "SELECT xmin::text::bigint FROM account_heads"
        number = await reading.transact(lambda connection: connection.execute(text(stored)).scalar_one())
        after = Head(ACCOUNT, revision=revision, transaction=str(number + ahead))
        said = await _committed(reading, after)
        await reading.close()
        return said

    assert asyncio.run(live()) is committed
