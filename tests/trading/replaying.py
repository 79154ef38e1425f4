"""Runs on the sample market through the whole office, in this process and at full speed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from midas.app.missions import mission
from midas.core.clock import SystemClock
from midas.db.accounts import AccountRecord
from midas.db.runs import RunRecord
from midas.marketdata.lake import Lake
from midas.strategies.definition import Definition
from midas.trading.flag_file import FlagFile
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership
from midas.trading.office import Office, Surroundings

ACCOUNT = "paper.1"
BEGAN_UTC = datetime(2024, 1, 1, tzinfo=UTC)


class Died(BaseException):
    """Stands for kill -9 inside one process: nothing may run after it."""


@dataclass
class Stage:
    """An account with its runs, and a journal that outlives the offices that trade it."""

    lake: Lake
    definitions: Mapping[str, Definition]
    request: Mapping[str, object]
    capital: int = 100_000_00
    settings: dict[str, object] = field(default_factory=dict)
    flag: Path | None = None
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    reached: Callable[[str], None] = lambda _name: None

    def office(self, epoch: int, ownership: MemoryOwnership) -> Office:
        account = AccountRecord(
            ACCOUNT, "paper", 1, "paper", "paper", "USD", self.capital, "owner", self.settings, BEGAN_UTC
        )  # fmt: skip
        runs: Sequence[RunRecord] = [
            RunRecord(name, ACCOUNT, name, "paper", "", {"request": self._request()}, BEGAN_UTC)
            for name in self.definitions
        ]
        flag = None if self.flag is None else FlagFile(self.flag)
        around = Surroundings(
            self.journal, ownership, SystemClock(), lambda: 1.0, flag, self.reached, lease_s=1000.0
        )  # fmt: skip
        return Office(mission(account, runs, self.lake, self.definitions), around, epoch)

    async def live(self) -> Office:
        """Trade until the feed is over, through one office."""
        ownership = MemoryOwnership(self.journal)
        if self.journal.store.accounts[ACCOUNT].owned:
            ownership.crash(ACCOUNT)
        office = self.office(await ownership.acquire(ACCOUNT), ownership)
        await office.open()
        working = asyncio.create_task(office.work())
        over = asyncio.create_task(office.over.wait())
        await asyncio.wait([working, over], return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not office.over.is_set():
            await working
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return office

    def _request(self) -> dict[str, object]:
        return {"strategy": {"name": "any"}, **self.request}
