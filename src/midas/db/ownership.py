"""Who may write for an account, told by a lock that dies with its process and an epoch that only grows.

On PostgreSQL the lock is an advisory one on a connection of its own, which the server ends when it was silent for too
long; in a data home it is a locked file.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, text

from midas.core.clock import Clock
from midas.core.errors import Busy, MidasError, Unavailable
from midas.db import heads
from midas.db.life import Life
from midas.db.line import Line, line_to
from midas.db.place import Place
from midas.db.sessions import ReadSession, WriteSession
from midas.marketdata.lock import exclusive
from midas.trading.journal import NOBODY, Fenced

LEASE_S = 10.0
"""How long an owner's word holds; it stops sending by itself at half of it, so that its successor need not wait
longer than that."""

_SILENCE = 0.8
"""Part of a lease after which the server ends the session of an owner that says nothing, stopped or cut off."""

# Sessions that wait for their client in the middle of something. One that was stopped between the parts of a statement
# is "active" to the server, for which none of its timeouts for idle sessions counts.
_END_THE_STUCK = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND application_name = 'midas' AND state <> 'idle' AND wait_event = 'ClientRead' "
    "AND state_change < clock_timestamp() - make_interval(secs => :silent_s) "
    "AND EXISTS (SELECT FROM pg_locks AS held WHERE held.pid = pg_stat_activity.pid AND held.granted "
    "AND (held.locktype = 'advisory' "
    "OR (held.relation = 'account_heads'::regclass AND held.mode <> 'AccessShareLock')))"
)
"""Only who keeps an account from another is ended, by its lock or its row; who reads for long is left alone."""


@dataclass(slots=True)
class _Hold:
    # What dies with the process: a connection, and on SQLite a locked file.
    line: Line
    file: ExitStack

    async def let_go(self) -> None:
        try:
            await self.line.close()
        finally:
            self.file.close()


class SqlOwnership:
    """Ownership of the accounts of a database; `folder` is where a data home keeps the locks of its traders.

    lease_s : how long an owner's word holds. silence_s : after so long without a word a server ends its session.
    """

    def __init__(
        self, place: Place, folder: Path, clock: Clock, lease_s: float = LEASE_S, silence_s: float | None = None
    ) -> None:
        self._place = place
        self._folder = folder
        self._clock = clock
        self._lease_s = lease_s
        self._silence_s = lease_s * _SILENCE if silence_s is None else silence_s
        self._held: dict[str, _Hold] = {}
        # outlives a connection that was lost: until the process is told to end, it may be about to send
        self._lives: list[Life] = []

    async def acquire(self, account: str) -> int:
        if account in self._held:
            raise _owned(account)
        hold = await self._locked(account)
        try:
            await self._outwait(hold, account)
            await self._end_the_stuck(hold)
            epoch = await hold.line.transact(lambda connection: self._take_over(connection, account))
        except (MidasError, asyncio.CancelledError):
            await hold.let_go()
            raise
        self._held[account] = hold
        life = Life(self._folder, account, epoch)
        life.begin()
        self._lives.append(life)
        return epoch

    async def renew(self, account: str, epoch: int) -> None:
        hold = self._held.get(account)
        if hold is None or epoch == NOBODY:
            raise Fenced(f"{account} is not owned from here.")
        try:
            mine = await hold.line.transact(lambda connection: self._extend(connection, account, epoch))
        except Unavailable as error:
            # the lock went with the connection
            await self._lose(account)
            raise Fenced(f"The connection that held {account} is gone.") from error
        if not mine:
            await self._lose(account)
            raise Fenced(f"{account} does not belong to epoch {epoch} any more.")

    async def release(self, account: str, epoch: int) -> None:
        try:
            await self.renew(account, epoch)
            await self._held[account].line.transact(
                lambda connection: heads.lease(WriteSession(connection), account, None)
            )
        finally:
            # also where that could not be stored: it would be taken for another's for ever
            await self._lose(account)

    async def close(self) -> None:
        """Let go of every account without a word, as dying does."""
        for account in [*self._held]:
            await self._lose(account)
        for life in self._lives:
            life.end()
        self._lives.clear()

    async def _lose(self, account: str) -> None:
        hold = self._held.pop(account, None)
        if hold is not None:
            await hold.let_go()

    async def _locked(self, account: str) -> _Hold:
        file = ExitStack()
        line = line_to(self._place, writes=True, once=True, silence_s=self._silence_s)
        hold = _Hold(line, file)
        if self._place.serves:
            key = int.from_bytes(sha256(f"midas account {account}".encode()).digest()[:8], signed=True)
            query = text("SELECT pg_try_advisory_lock(:key)").bindparams(key=key)
            if not await line.transact(lambda connection: bool(connection.execute(query).scalar_one())):
                await self._end_the_stuck(hold)
                await hold.let_go()
                raise _owned(account)
            return hold
        lock = self._folder / f"trader-{account}.lock"
        try:
            file.enter_context(exclusive(lock, account, 0))
        except Busy:
            raise _owned(account) from None
        return hold

    async def _outwait(self, hold: _Hold, account: str) -> None:
        # the owner before may be about to send: it stops at half its lease, and so it has when that is over
        begun_s = self._clock.monotonic_s()
        before = await hold.line.transact(lambda connection: heads.head(ReadSession(connection), account).epoch)
        if Life(self._folder, account, before).is_over():
            return
        while True:
            left_s = await hold.line.transact(lambda connection: self._left_s(connection, account))
            if not self._place.serves:
                # the machine's clock may have been set back since
                left_s = min(left_s, begun_s + self._lease_s / 2 - self._clock.monotonic_s())
            if left_s <= 0:
                return
            await asyncio.sleep(min(left_s, self._silence_s / 2))

    async def _end_the_stuck(self, hold: _Hold) -> None:
        # a transaction that stands still since before the owner's word was over would keep what it locked for ever
        if self._place.serves:
            stuck = _END_THE_STUCK.bindparams(silent_s=self._lease_s / 2)
            await hold.line.transact(lambda connection: connection.execute(stuck).all())

    def _left_s(self, connection: Connection, account: str) -> float:
        until = heads.leased_until(ReadSession(connection), account)
        if until is None:
            return 0.0
        return (until - self._now(connection)).total_seconds() - self._lease_s / 2

    def _take_over(self, connection: Connection, account: str) -> int:
        return heads.take_over(WriteSession(connection), account, self._until(connection))

    def _extend(self, connection: Connection, account: str, epoch: int) -> bool:
        return heads.lease(WriteSession(connection), account, self._until(connection), epoch)

    def _until(self, connection: Connection) -> datetime:
        return self._now(connection) + timedelta(seconds=self._lease_s)

    def _now(self, connection: Connection) -> datetime:
        # machines that share a server may differ on the time: the server's counts
        if not self._place.serves:
            return self._clock.now_utc()
        now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return now


def _owned(account: str) -> Busy:
    return Busy(f"{account} has an owner.", hint="Stop the other trader first.", code="owned")
