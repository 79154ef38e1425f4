"""One run: what happens goes into its loop, and what it wants becomes part of the same batch."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from midas.core.instrument import InstrumentId
from midas.core.order import OrderState
from midas.execution.loop_events import Command, Denied, Limited, LoopEvent, Submit, Switched, Withdraw
from midas.execution.order_row import OrderRow
from midas.marketdata.feed import BarRow, CorporateAction
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.risk.verdict import Denial
from midas.trading.draft import Draft
from midas.trading.journal import AskCancel, Checkpoint
from midas.trading.recorder import Recorder

_BEFORE = struct.Struct(">iiq")
"""What is kept before a loop's state: corporate actions heard since the row, parts and bytes of the tape."""


Holding = Callable[[InstrumentId], Decimal]
"""What a run's own account holds of an instrument."""


class Looping(Protocol):
    """What a runner needs of a trading loop."""

    @property
    def row(self) -> int: ...

    @property
    def waits(self) -> bool: ...

    def on(self, event: LoopEvent) -> Sequence[Command]: ...

    def snapshot(self) -> bytes: ...

    def restore(self, state: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Decided:
    """How many orders a run stored, withdrew and was refused."""

    submitted: int = 0
    withdrawn: int = 0
    denied: int = 0


class Runner:
    """A run in this process. `paused` hears the market and orders nothing. `recorder` makes its tape."""

    def __init__(
        self, run: str, strategy: str, loop: Looping, first: int, holding: Holding, recorder: Recorder | None = None
    ) -> None:
        self.run = run
        self.loop = loop
        self.first = first
        self.paused = False
        self._silent = False
        self._strategy = strategy
        self._holding = holding
        self._level = KillLevel.NONE
        self._acted = 0
        self._recorder = recorder

    def resume(self, kept: Checkpoint | None) -> None:
        """Go on where the last batch left off."""
        if kept is not None:
            self._acted, parts, size = _BEFORE.unpack_from(kept.state)
            self.loop.restore(kept.state[_BEFORE.size :])
            if self._recorder is not None:
                self._recorder.resume(parts, size, kept.row)

    def hears(self, event: BarRow) -> bool:
        """Tell whether a row is news."""
        return event.row > self.loop.row

    def switch(self, draft: Draft, level: KillLevel, stamp_utc: datetime) -> None:
        """Tell it how the kill switch stands, if that changed."""
        self._silent = self.paused and level < KillLevel.PAUSE
        level = max(level, KillLevel.PAUSE) if self.paused else level
        if level is not self._level:
            self._level = level
            self._obey(draft, self.loop.on(Switched(level, stamp_utc)), stamp_utc)

    def limit(self, limits: Sequence[Limits]) -> None:
        """Go by these limits from here on."""
        self.loop.on(Limited(tuple(limits)))

    def hear(self, draft: Draft, events: Sequence[LoopEvent], stamp_utc: datetime) -> Decided:
        """Tell it what happened, and draft what it wants."""
        commands = [command for event in events for command in self.loop.on(event)]
        for event in events:
            if isinstance(event, BarRow):
                self._acted = 0
                self._record(event)
        return self._obey(draft, commands, stamp_utc)

    def keep(self, draft: Draft, stamp_utc: datetime) -> None:
        """Store where it is with everything else that is drafted."""
        if self.loop.row >= self.first:
            parts, size = self._keep_tape(draft)
            # corporate actions are told again after a restart
            state = _BEFORE.pack(self._acted, parts, size) + self.loop.snapshot()
            draft.entries.append(Checkpoint(self.run, self.loop.row, stamp_utc, state))

    def act(self, action: CorporateAction, number: int) -> None:
        """Tell it a corporate action, the `number`-th since the last row, once."""
        if number > self._acted:
            self.loop.on(action)
            self._acted = number
            self._record(action)

    def held(self, instrument: InstrumentId | None) -> Decimal:
        """Return what the run itself holds; of no instrument it holds one part of the account."""
        return Decimal(1) if instrument is None else self._holding(instrument)

    def _obey(self, draft: Draft, commands: Sequence[Command], stamp_utc: datetime) -> Decided:
        submitted = withdrawn = denied = 0
        for command in commands:
            match command:
                case Submit():
                    draft.store(OrderRow(command.id, command.intent, OrderState.NEW, changed_utc=stamp_utc))
                    draft.audit("order.stored", command.id, self._why(command), self.run)
                    submitted += 1
                case Withdraw():
                    draft.entries.append(AskCancel(command.order, command.reason))
                    draft.audit("order.withdrawn", command.order, {"why": command.reason}, self.run)
                    withdrawn += 1
                case Denied():
                    verdict, intent = command.verdict, command.intent
                    detail = {"code": verdict.code.value, "why": verdict.detail, "side": intent.side.value}
                    # what a paused run would have ordered is said once, where it was paused
                    if not (self._silent and verdict.code is Denial.KILLED):
                        draft.audit("order.denied", str(intent.instrument), detail, self.run)
                    self._record(command)
                    denied += 1
        return Decided(submitted, withdrawn, denied)

    def _record(self, what: BarRow | CorporateAction | Denied) -> None:
        if self._recorder is not None:
            self._recorder.note(what)

    def _keep_tape(self, draft: Draft) -> tuple[int, int]:
        recorder = self._recorder
        if recorder is None:
            return 0, 0
        was_full = recorder.full
        draft.entries += recorder.cut()
        if recorder.full and not was_full:
            draft.audit("tape.full", self.run, {"row": self.loop.row, "bytes": recorder.size}, self.run)
        return recorder.parts, recorder.size

    def _why(self, command: Submit) -> dict[str, object]:
        intent = command.intent
        return {
            "run": self.run, "strategy": self._strategy, "instrument": str(intent.instrument),
            "side": intent.side.value, "quantity": str(intent.quantity), "kind": intent.kind.value,
            "leg": intent.leg, "decided": intent.stamp_utc.isoformat(), "last": str(intent.reference_price),
        }  # fmt: skip
