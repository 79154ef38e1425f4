"""Jobs that are done once for each session, by the venue's calendar and whatever the machine's clock does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from midas.core.errors import DataBlocked
from midas.trading.checkpoint_key import checkpoint_key
from midas.trading.desk import Desk
from midas.trading.journal import Checkpoint
from midas.trading.market_clock import BEFORE_ALL
from midas.venues.calendar import Calendar

EVERY_S = 30.0
_LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class DailyJob:
    """Work for each session of a calendar, `offset` after it opens or closes.

    It is done again when the process dies while it is at it, so it must do no harm to do it twice. `latest_alone`: what
    is done for a session stands for those before it, so of several that are due only the last is done.
    """

    name: str
    calendar: Calendar
    edge: Literal["open", "close"]
    offset: timedelta
    work: Callable[[date], Awaitable[None]]
    latest_alone: bool = False

    def due_utc(self, session: date) -> datetime:
        """Return when the job of a session is due."""
        opens, closes = self.calendar.hours_utc(session)
        return (opens if self.edge == "open" else closes) + self.offset


def due(job: DailyJob, done: date | None, now_utc: datetime) -> Sequence[date]:
    """Return the sessions whose job is due and not done, oldest first; of a job never done, the last one alone.

    A session counts as done with every one after it, so a clock that goes back makes nothing due twice.
    """
    today = now_utc.astimezone(ZoneInfo(job.calendar.timezone)).date()
    first = today - _LOOK_BACK if done is None else done + timedelta(days=1)
    first, last = max(first, job.calendar.first), min(today + timedelta(days=1), job.calendar.last)
    if first > last:
        return ()
    found = [session for session in job.calendar.sessions(first, last).tolist() if _is_due(job, session, now_utc)]
    return found[-1:] if done is None or job.latest_alone else found


class Scheduler:
    """Does the daily jobs of an account, by its market's time; what was done is in the journal."""

    def __init__(self, desk: Desk, jobs: Sequence[DailyJob]) -> None:
        self._desk = desk
        self._jobs = jobs
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Do what is due, for ever.

        Raises
        ------
        Fenced: the account has another owner.
        """
        while True:
            await self.once()
            await asyncio.sleep(EVERY_S)

    async def once(self) -> int:
        """Do what is due now; return how many jobs that were."""
        count = 0
        if self._desk.market.now_utc() == BEFORE_ALL:
            return count
        async with self._turn:
            for job in self._jobs:
                for session in due(job, await self._done(job), self._desk.market.now_utc()):
                    await job.work(session)
                    await self._note(job, session)
                    count += 1
        return count

    async def _note(self, job: DailyJob, session: date) -> None:
        done = Checkpoint(self._key(job), session.toordinal(), self._desk.now_utc, b"")
        audit = self._desk.audit("job.done", job.name, {"session": session.isoformat()})
        await self._desk.commit("job", done, audit)

    async def _done(self, job: DailyJob) -> date | None:
        kept = await self._desk.journal.checkpoint(self._key(job))
        return None if kept is None else date.fromordinal(kept.row)

    def _key(self, job: DailyJob) -> str:
        return checkpoint_key("job", self._desk.account, job.name)


def _is_due(job: DailyJob, session: date, now_utc: datetime) -> bool:
    try:
        return job.due_utc(session) <= now_utc
    except DataBlocked:
        return False
