"""Closing everything that is held, and saying so where that cannot be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from midas.core.instrument import InstrumentId
from midas.core.order import OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.execution.order_id import order_id
from midas.execution.order_row import OrderRow
from midas.risk.question import FLATTEN_LEG
from midas.trading.desk import Desk
from midas.trading.kill_switch import KillSwitch
from midas.trading.quotes import Quotes

TRIES = 5
"""So often in a row a closing order may be refused before a person is told and nothing more is tried."""

PAUSE_S = (1.0, 30.0)
"""Pause after a closing order that was refused, doubled up to the second."""

STUCK_S = 30.0
"""A position of which nothing was closed for so long is told of."""

NOT_FLATTENED = "alert.not_flattened"
FLATTENED = "kill.flattened"

_VALID = timedelta(days=5)


@dataclass(slots=True)
class _Closing:
    # One position on its way out. last : the closing order that is not judged yet. told : what was last said of it.
    begun_s: float
    attempt: int = 0
    last: str = ""
    refused: int = 0
    reason: str = ""
    after_s: float = 0.0
    told: str = ""


class Flattening:
    """One closing order after the other for each position, of the same ids after a crash, until nothing is held.

    One that was refused is followed by another, later and later and `TRIES` times; a new pull begins again. What is in
    quarantine is left alone and told of: an order by books that may be wrong could open the opposite. Once a person
    released it, it is closed like the others.
    """

    def __init__(self, desk: Desk, switch: KillSwitch, quotes: Quotes) -> None:
        self._desk, self._switch, self._quotes = desk, switch, quotes
        self._closings: dict[InstrumentId, _Closing] = {}
        self._left_alone: dict[str, str] = {}
        self._pull_utc: datetime | None = None

    def forget(self) -> None:
        """Hear that nobody wants this any more."""
        self._closings.clear()
        self._left_alone.clear()
        self._pull_utc = None

    async def go_on(self) -> None:
        """Order what can be ordered now, and tell of what cannot."""
        self._date()
        held = dict(self._desk.books.quantities)
        await self._leave_alone(held)
        busy: defaultdict[InstrumentId, list[OrderRow]] = defaultdict(list)
        for row in self._desk.rows.values():
            busy[row.intent.instrument].append(row)
        for instrument, quantity in held.items():
            if instrument not in self._closings:
                self._closings[instrument] = await self._taken_up(instrument, quantity)
            await self._close(instrument, quantity, self._closings[instrument], busy[instrument])
        if self._closings and not held:
            self._closings.clear()
            left_alone = sorted(self._left_alone)
            await self._say(FLATTENED, self._desk.account, {"left_alone": left_alone} if left_alone else {})

    async def tell(self, why: str) -> None:
        """Tell of everything that is still held, and why it stays so."""
        for instrument, quantity in self._desk.books.quantities.items():
            await self._say(NOT_FLATTENED, str(instrument), {"why": why, "quantity": str(quantity)})

    def _date(self) -> None:
        # the same closing order for the same pull: a process that died in between makes no second one
        pull_utc = self._switch.pulled_utc or self._pull_utc or self._desk.now_utc
        if pull_utc != self._pull_utc:
            self._closings.clear()
            self._left_alone.clear()
            self._pull_utc = pull_utc

    async def _leave_alone(self, held: Mapping[InstrumentId, Decimal]) -> None:
        quarantined, quantities = dict(self._desk.quarantined), {str(name): held[name] for name in held}
        for name in sorted(quarantined.keys() - self._left_alone.keys()):
            detail: dict[str, object] = {
                "why": f"in quarantine, what is held of it is not certain: {quarantined[name]}",
                "quantity": str(quantities.get(name, Decimal(0))),
                "next": f"`midas risk quarantine release {name} --account {self._desk.account}`; it is closed then, "
                "as long as the switch stands at FLATTEN",
            }
            await self._say(NOT_FLATTENED, name, detail)
        self._left_alone = quarantined

    async def _taken_up(self, instrument: InstrumentId, held: Decimal) -> _Closing:
        closing = _Closing(self._now_s)
        while row := await self._desk.journal.order(order_id(self._intent(instrument, held, closing.attempt))):
            closing.attempt += 1
            self._judge(closing, row)
        return closing

    async def _close(self, instrument: InstrumentId, held: Decimal, closing: _Closing, busy: list[OrderRow]) -> None:
        if str(instrument) in self._left_alone:
            # what was refused until then was refused for that
            closing.last, closing.refused, closing.after_s = "", 0, self._now_s
            closing.begun_s, closing.told = self._now_s, ""
            return
        if not busy:
            if closing.last and (row := await self._desk.order(closing.last)) is not None:
                self._judge(closing, row)
            priced = self._quotes.last(instrument) is not None
            if priced and closing.refused < TRIES and self._now_s >= closing.after_s:
                await self._order(instrument, held, closing)
                return
        await self._alert(instrument, held, closing, busy)

    def _judge(self, closing: _Closing, row: OrderRow) -> None:
        closing.last = ""
        if row.filled:
            closing.begun_s, closing.told = self._now_s, ""
        if row.filled or row.state not in (OrderState.REJECTED, OrderState.NOT_PLACED):
            closing.refused = 0
            closing.after_s = self._now_s + PAUSE_S[0]
            return
        closing.refused, closing.reason = closing.refused + 1, row.reason or row.state.value
        closing.after_s = self._now_s + min(PAUSE_S[1], PAUSE_S[0] * 2 ** (closing.refused - 1))

    async def _order(self, instrument: InstrumentId, held: Decimal, closing: _Closing) -> None:
        intent = self._intent(instrument, held, closing.attempt)
        closing.last, closing.attempt = order_id(intent), closing.attempt + 1
        detail: dict[str, object] = {"instrument": str(instrument), "quantity": str(held)}
        audit = self._desk.audit("kill.flatten", closing.last, detail)
        await self._desk.store("flatten", [OrderRow(closing.last, intent, OrderState.NEW)], audit)

    async def _alert(self, instrument: InstrumentId, held: Decimal, closing: _Closing, busy: list[OrderRow]) -> None:
        why = self._obstacle(instrument, closing, busy)
        at_once = closing.refused >= TRIES
        if why and why != closing.told and (at_once or self._now_s - closing.begun_s >= STUCK_S):
            closing.told = why
            await self._say(NOT_FLATTENED, str(instrument), {"why": why, "quantity": str(held)})

    def _obstacle(self, instrument: InstrumentId, closing: _Closing, busy: list[OrderRow]) -> str:
        if closing.refused >= TRIES:
            return f"refused {closing.refused} times, the last time for {closing.reason}"
        if self._quotes.last(instrument) is None:
            return "no price of it was told yet"
        if self._quotes.stale:
            return "the feed tells no prices any more"
        if any(row.state is OrderState.NEW for row in busy):
            return "its closing order cannot be sent yet"
        if any(row.intent.leg != FLATTEN_LEG for row in busy):
            return "what is on order of it is not cancelled yet"
        if any(row.state in (OrderState.SENDING, OrderState.UNKNOWN) for row in busy):
            return "the broker does not say what became of its closing order"
        return "its closing order waits at the broker" if busy else ""

    async def _say(self, act: str, subject: str, detail: dict[str, object]) -> None:
        await self._desk.commit("flatten_told", self._desk.audit(act, subject, detail))

    @property
    def _now_s(self) -> float:
        return self._desk.clock.monotonic_s()

    def _intent(self, instrument: InstrumentId, held: Decimal, attempt: int) -> OrderIntent:
        assert self._pull_utc is not None
        return OrderIntent(
            account=self._desk.account,
            run="",
            instrument=instrument,
            side=Side.SELL if held > 0 else Side.BUY,
            quantity=abs(held),
            kind=OrderKind.MARKET,
            time_in_force=TimeInForce.NEXT,
            stamp_utc=self._pull_utc,
            valid_until_utc=self._desk.market.now_utc() + _VALID,
            leg=FLATTEN_LEG,
            sequence=attempt,
            reference_price=self._quotes.last(instrument),
            reduce_only=True,
        )
