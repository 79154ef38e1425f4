"""A journal of any kind with those who may own its account."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tests.trading.entries import ACCOUNT, NOW

from midas.core.order import OrderState
from midas.db import journal_reads
from midas.db.sessions import ReadSession
from midas.trading.memory_journal import MemoryJournal, MemoryOwnership

T = TypeVar("T")


@dataclass
class Case:
    """A journal, two processes that may own the account, the epoch of the one that does, and a loop to wait on."""

    journal: Any
    ownership: Any
    rival: Any
    runner: asyncio.Runner
    epoch: int = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def commit(self, *batch: Any, epoch: int | None = None, account: str = ACCOUNT) -> None:
        self.run(self.journal.commit(account, self.epoch if epoch is None else epoch, batch))

    def crash(self) -> None:
        """End the owner as the system ends a process."""
        if isinstance(self.ownership, MemoryOwnership):
            self.ownership.crash(ACCOUNT)
        else:
            self.run(self.ownership.close())

    def tape(self, run: str) -> list[Any]:
        """Return the parts of a tape, which whoever owns it has no need to read."""
        if isinstance(self.journal, MemoryJournal):
            return [*self.journal.tape(run)]
        look = self.journal._reading.transact
        return self.run(look(lambda connection: journal_reads.tape(ReadSession(connection), run)))

    def everything(self) -> tuple[Any, ...]:
        """Return all that the journal can be asked, to see that nothing changed."""
        ask = self.journal
        questions = (
            ask.orders(ACCOUNT, active=False),
            ask.orders(ACCOUNT),
            ask.cancels(ACCOUNT),
            ask.fills(ACCOUNT),
            ask.lately(ACCOUNT, None),
            ask.balance(ACCOUNT),
            ask.kills(ACCOUNT),
            ask.quarantined(ACCOUNT),
            ask.checkpoint("r1"),
            ask.revision(ACCOUNT),
            ask.trail(ACCOUNT),
        )
        return tuple(self.run(each) for each in questions)


def sent(row: Any, epoch: int) -> Any:
    return replace(
        row, state=OrderState.SENDING, attempt=1, epoch=epoch, sent_utc=NOW, seen=("7", "9"), changed_utc=NOW
    )
