"""The journal in a SQLite file or on a PostgreSQL server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, text

from midas.core.errors import InvalidInput, MidasError, Unavailable
from midas.core.order import Fill
from midas.db import audit, heads, journal_reads, journal_writes
from midas.db.line import Line, line_to
from midas.db.place import Place
from midas.db.server_line import CommitUnheard
from midas.db.sessions import ReadSession, WriteSession
from midas.db.sqlite_file import SqliteFile
from midas.execution.order_row import OrderRow
from midas.risk.kill import Kill
from midas.trading.journal import Audit, Balance, Batch, Checkpoint, Lately, Undecided

Given = ParamSpec("Given")
Outcome = TypeVar("Outcome")

_PATIENCE_S = 10.0
_PAUSE_S = 0.1


@dataclass(slots=True)
class _Wish:
    # A batch that waits for the transaction it will be part of.
    account: str
    epoch: int
    batch: Batch
    done: bool = False
    stored: bool = False
    refusal: MidasError | None = None


@dataclass(slots=True)
class _Group:
    # The batches of one transaction, and where the last of their accounts stands when it is committed.
    wishes: list[_Wish]
    after: heads.Head | None = None


class SqlJournal:
    """A journal of every account, on connections of its own that live as long as the event loop it is used on.

    Batches that wait at the same moment are committed together, each whole or not at all: the disk is waited for
    once.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._reading = line_to(place, writes=False)
        # what is one statement sees one moment by itself
        in_file = isinstance(place, SqliteFile)
        self._looking = self._reading if in_file else line_to(place, writes=False, single=True)
        self._writing = line_to(place, writes=True)
        self._waiting: list[_Wish] = []
        self._spoilers: tuple[type[Exception], ...] = (MidasError, *place.failures)
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Let go of the connections, after what was begun."""
        async with self._turn:
            await self._reading.close()
            await self._looking.close()
            await self._writing.close()

    async def commit(self, account: str, epoch: int, batch: Batch) -> None:
        wish = _Wish(account, epoch, tuple(batch))
        self._waiting.append(wish)
        await asyncio.shield(asyncio.ensure_future(self._stored(wish)))
        if wish.refusal is not None:
            raise wish.refusal
        if not wish.stored:
            raise Unavailable("The batch was not stored, for another of its transaction failed.")

    async def revision(self, account: str) -> int:
        return (await _asked(self._looking, heads.head, account)).revision

    async def order(self, order: str) -> OrderRow | None:
        return await _asked(self._looking, journal_reads.order, order)

    async def numbered(self, account: str, number: str) -> OrderRow | None:
        return await _asked(self._looking, journal_reads.numbered, account, number)

    async def orders(
        self, account: str, *, active: bool = True, sent_utc: datetime | None = None
    ) -> Sequence[OrderRow]:
        return await _asked(self._looking, journal_reads.orders, account, active, sent_utc)

    async def lately(self, account: str, since_utc: datetime | None) -> Lately:
        return await _asked(self._reading, journal_reads.lately, account, since_utc)

    async def outbox(self, account: str, epoch: int) -> Sequence[OrderRow]:
        return await _asked(self._reading, journal_reads.outbox, account, epoch)

    async def cancels(self, account: str) -> Sequence[OrderRow]:
        return await _asked(self._looking, journal_reads.cancels, account)

    async def booked(self, account: str, *references: str) -> frozenset[str]:
        return await _asked(self._looking, journal_reads.booked, account, *references)

    async def fills(self, account: str, order: str | None = None, since_utc: datetime | None = None) -> Sequence[Fill]:
        return await _asked(self._looking, journal_reads.fills, account, order, since_utc)

    async def balance(self, account: str) -> Balance:
        return await _asked(self._reading, journal_reads.balance, account)

    async def checkpoint(self, run: str) -> Checkpoint | None:
        return await _asked(self._looking, journal_reads.checkpoint, run)

    async def kills(self, account: str) -> Sequence[Kill]:
        return await _asked(self._looking, journal_reads.kills, account)

    async def quarantined(self, account: str) -> Mapping[str, str]:
        return await _asked(self._looking, journal_reads.quarantined, account)

    async def trail(self, account: str) -> Sequence[Audit]:
        return await _asked(self._reading, audit.trail, account)

    async def _stored(self, wish: _Wish) -> None:
        async with self._turn:
            if wish.done:
                return
            # by account, so that two processes wait for each other's locks in one order
            wishes, self._waiting = sorted(self._waiting, key=lambda each: each.account), []
            try:
                await self._together(wishes)
            finally:
                for each in wishes:
                    each.done = True

    async def _together(self, wishes: list[_Wish]) -> None:
        try:
            await self._transact(_Group(wishes))
        except Undecided as error:
            for wish in wishes:
                wish.refusal = error
        except self._spoilers as error:
            if len(wishes) > 1:
                # one of them spoilt it, or the way is gone: each finds out for itself
                for wish in wishes:
                    await self._together([wish])
            elif isinstance(error, MidasError):
                wishes[0].refusal = error
            else:
                raise
        else:
            for wish in wishes:
                wish.stored = wish.refusal is None

    async def _transact(self, group: _Group) -> None:
        try:
            await self._writing.transact(lambda connection: _write(WriteSession(connection), group))
        except CommitUnheard as unheard:
            if group.after is None or not await _committed(self._reading, group.after):
                raise Unavailable(unheard.message, code="database_unavailable") from unheard


async def _asked(
    line: Line,
    query: Callable[Concatenate[ReadSession, Given], Outcome],
    *args: Given.args,
    **kwargs: Given.kwargs,
) -> Outcome:
    return await line.transact(lambda connection: query(ReadSession(connection), *args, **kwargs))


async def _committed(reading: Line, after: heads.Head) -> bool:
    query = text("SELECT pg_xact_status(CAST(:number AS xid8))").bindparams(number=after.transaction)

    def look(connection: Connection) -> object:
        # a server that crashed may have given the number to another transaction: then the account does not stand there
        stands = heads.head(ReadSession(connection), after.account).revision >= after.revision
        return connection.execute(query).scalar_one() if stands else "aborted"

    for _ in range(round(_PATIENCE_S / _PAUSE_S)):
        try:
            said = await reading.transact(look)
        except Unavailable:
            said = None
        except InvalidInput:
            # a number it did not give out yet: it crashed before any of this reached its disk
            return False
        if said in ("committed", "aborted"):
            return bool(said == "committed")
        await asyncio.sleep(_PAUSE_S)
    raise Undecided("The database went away during a commit and did not come back.")


def _write(session: WriteSession, group: _Group) -> None:
    if len(group.wishes) == 1:
        [wish] = group.wishes
        group.after = journal_writes.write(session, wish.account, wish.epoch, wish.batch)
        return
    for wish in group.wishes:
        wish.refusal = None
        try:
            with session.connection.begin_nested():
                group.after = journal_writes.write(session, wish.account, wish.epoch, wish.batch)
        except MidasError as refusal:
            wish.refusal = refusal
