"""A job while it runs."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import replace

from midas.core.errors import MidasError
from midas.db import jobs
from midas.db.database import Database
from midas.db.jobs import JobRecord

LOG = logging.getLogger("midas.jobs")

_NOTE_EVERY_S = 1.0


class Stopped(Exception):
    """Raised inside a job that was asked to stop."""


class RunningJob:
    """What is known of a job at this moment; the database learns it now and then.

    `report` and `pulse` are called from the thread that works; all else belongs to the event loop.
    """

    def __init__(self, record: JobRecord) -> None:
        self.record = record
        self.stop = threading.Event()
        self.over = asyncio.Event()

    def report(self, fraction: float, message: str) -> None:
        """Take note of how far it is.

        Raises
        ------
        Stopped: it should not go on.
        """
        progress = min(max(fraction, 0.0), 1.0)
        self.record = replace(self.record, state="running", progress=progress, message=message)
        self.pulse()

    def pulse(self) -> None:
        """Go on, or stop.

        Raises
        ------
        Stopped: it should not go on.
        """
        if self.stop.is_set():
            raise Stopped

    async def note(self, database: Database) -> None:
        """Tell the database how far it is, and learn there whether to stop."""
        if self.record.state == "queued":
            self.record = replace(self.record, state="running", message="started")
        if await database.write(jobs.report, self.record.id, self.record.progress, self.record.message):
            self.stop.set()

    async def keep_noted(self, database: Database) -> None:
        """Do so until cancelled."""
        while True:
            await asyncio.sleep(_NOTE_EVERY_S)
            try:
                await self.note(database)
            except MidasError as error:
                LOG.warning("progress of job %s could not be noted: %s", self.record.id, error)

    async def ended_within(self, seconds: float) -> bool:
        """Return whether it was over before the time was."""
        try:
            await asyncio.wait_for(self.over.wait(), seconds)
        except TimeoutError:
            return False
        return True
