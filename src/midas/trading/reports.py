"""What a broker tells, booked: each execution once, in whatever order it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from midas.core.order import Fill
from midas.execution.broker import Ambiguous, Broker, BrokerFill, BrokerOrder, Bust, CashMove, Report
from midas.execution.executions import Executions, executed, execution_of_total, taken_back, totalled
from midas.execution.order_events import Executed
from midas.execution.order_reports import OVER, end_of, events_of
from midas.execution.order_row import OrderRow
from midas.trading.bell import Bell
from midas.trading.desk import Desk
from midas.trading.draft import Decide, Draft
from midas.trading.origin import adopted
from midas.trading.patience import answered
from midas.trading.twins import draft_execution, draft_number, other_with

OVERLAP = timedelta(hours=1)
"""How far before the last look that found the books equal is read again: clocks differ."""

FAR_BACK = timedelta(days=7)
"""How far before the oldest open order is read at the start, and where the books differ: some is told late."""

LIST_S = 30.0
"""How long a broker may take to tell a list."""

BACK_OFF_S = (0.5, 30.0)


class Reports:
    """Follows a broker; what was missed while the connection was lost is read afterwards."""

    def __init__(self, desk: Desk, broker: Broker, jitter: Callable[[], float]) -> None:
        self.reconnected = Bell()
        self.lost: Callable[[], None] = _nobody
        self._desk = desk
        self._broker = broker
        self._jitter = jitter
        self._early: dict[str, tuple[BrokerFill | Bust, ...]] = {}
        self._ends: dict[str, BrokerOrder] = {}
        self._known: dict[str, Executions] = {}
        self._booked: frozenset[str] = frozenset()
        self._agreed_utc: datetime | None = None
        self._looked_utc: datetime | None = None
        self._taking = asyncio.Lock()
        desk.linked = self.linked

    async def follow(self) -> None:
        """Take what the broker tells, for ever; a lost connection is made again, later and later up to 30 s.

        `lost` hears when it went, `reconnected` when it is there again.
        """
        pause_s = BACK_OFF_S[0]
        while True:
            try:
                async for report in self._broker.reports():
                    await self.take(report)
                    pause_s = BACK_OFF_S[0]
            except (Ambiguous, TimeoutError, OSError):
                pass
            self.lost()
            await asyncio.sleep(pause_s * (0.5 + self._jitter() / 2))
            pause_s = min(BACK_OFF_S[1], pause_s * 2)
            self.reconnected.ring()

    async def catch_up(self, *, far_back: bool = False) -> list[BrokerOrder]:
        """Read what was missed and return today's orders.

        far_back : not from the last look that found the books equal, but from long before the oldest open order.

        Raises
        ------
        Ambiguous: the broker did not answer; nothing follows from that.
        """
        self._desk.reached("before_catch_up")
        looked_utc = self._desk.market.now_utc()
        orders = list(await answered(self._broker.orders(), LIST_S))
        for told in orders:
            await self.take(told)
        since_utc = self._far_back_utc()
        if self._agreed_utc is not None and not far_back:
            since_utc = max(since_utc, self._agreed_utc - OVERLAP)
        for report in await answered(self._broker.fills(since_utc), LIST_S):
            await self.take(report)
        self._looked_utc = looked_utc
        self._desk.reached("after_catch_up")
        return orders

    def agreed(self) -> None:
        """Hear that the last look found the books equal: whatever was told by then is booked."""
        self._agreed_utc = self._looked_utc

    async def believe(self, order: str) -> None:
        """Hear that look after look told nothing of what is missing of an order that ended: it is over without that.

        What is told of it later is booked all the same.
        """
        told, row = self._ends.get(order), self._desk.rows.get(order)
        if told is not None and row is not None:
            await self._desk.move("end_believed", order, lambda _now: (end_of(told),))
            self._forget()

    async def take(self, *reports: Report, step: str = "report", then: Callable[[Draft], None] | None = None) -> None:
        """Book reports, all in one batch with what `then` adds; one that was booked before changes nothing."""
        # one group at a time: what a total adds depends on what was booked before it
        async with self._taking:
            known, early, ends = dict(self._known), dict(self._early), dict(self._ends)
            self._booked = await self._booked_of(reports)
            stored = False
            try:
                async with self._desk.change(step) as draft:
                    for report in reports:
                        await self._take(draft, report)
                    if then is not None:
                        then(draft)
                stored = True
            finally:
                if not stored:
                    self._known, self._early, self._ends = known, early, ends
            self._forget()

    async def _take(self, draft: Draft, report: Report) -> None:
        match report:
            case BrokerOrder():
                await self._take_order(draft, report)
            case BrokerFill() | Bust():
                await self._take_execution(draft, report)
            case CashMove():
                if report.reference not in self._booked:
                    draft.pay(report)

    @property
    def unattributed(self) -> dict[str, tuple[BrokerFill | Bust, ...]]:
        """Executions of orders nobody knows, by the broker's number."""
        return dict(self._early)

    async def row_of(self, told: BrokerOrder) -> OrderRow | None:
        """Return our order that a broker tells of; None where it is none of ours, or a second one with our id."""
        row = await self._desk.numbered(told.number)
        if told.client_id and (row is None or row.id != told.client_id):
            named = await self._desk.order(told.client_id)
            return named if named is not None and named.number in ("", told.number) else row
        return row

    async def linked(self, number: str) -> None:
        """Book what was told of an order before its number was known to be ours."""
        if self._early.get(number):
            await self.take(*self._early.pop(number))

    async def _take_order(self, draft: Draft, told: BrokerOrder) -> None:
        row = draft.numbered(told.number)
        if row is None or told.client_id not in ("", row.id):
            row = await self.row_of(told)
        if row is None and told.origin is not None:
            row = adopted(told, told.origin, self._desk.account)
            draft.adopt(row, told.origin)
        if row is None:
            return
        other = await other_with(self._desk, told.number, row)
        if other is not None:
            draft_number(self._desk, draft, told.number, row, other)
        draft.move("reported", row, _reported(told))
        if told.state in OVER:
            # where its executions are still to come, the last of them ends it
            self._ends[row.id] = told
        for early in self._early.pop(told.number, ()):
            await self._execute(draft, row, early)

    async def _take_execution(self, draft: Draft, told: BrokerFill | Bust) -> None:
        row = draft.numbered(told.number) or await self._desk.numbered(told.number)
        if row is not None:
            await self._execute(draft, row, told)
        elif told not in (waiting := self._early.get(told.number, ())):
            self._early[told.number] = (*waiting, told)

    async def _execute(self, draft: Draft, row: OrderRow, told: BrokerFill | Bust) -> None:
        known = self._known.get(row.id)
        if known is None:
            known = Executions.of(await self._desk.journal.fills(self._desk.account, row.id))
        account = self._desk.account
        if isinstance(told, Bust):
            known, fill = taken_back(known, told)
        elif self._broker.capabilities.cumulative_fills:
            known, fill = totalled(known, told, account, row.id)
        else:
            known, fill = executed(known, told, account, row.id)
        if fill is not None and (fill.execution in self._booked or draft.books(fill.execution)):
            draft_execution(self._desk, draft, fill)
            return
        self._known[row.id] = known
        if fill is not None:
            draft.fill(fill)
            draft.move("fill" if fill.quantity > 0 else "bust", row, _executed(fill, told))
        if row.id in self._ends:
            draft.move("reported", row, _reported(self._ends[row.id]))

    async def _booked_of(self, reports: Sequence[Report]) -> frozenset[str]:
        # what is booked already, of all that these reports may book
        wanted = {each.reference for each in reports if isinstance(each, CashMove)}
        orders = {each.number for each in reports if isinstance(each, BrokerOrder)}
        early = [told for number in orders & self._early.keys() for told in self._early[number]]
        for fill in (each for each in (*reports, *early) if isinstance(each, BrokerFill)):
            totals = self._broker.capabilities.cumulative_fills
            wanted.add(execution_of_total(fill.number, fill.quantity) if totals else fill.execution)
        return await self._desk.journal.booked(self._desk.account, *wanted) if wanted else frozenset()

    def _forget(self) -> None:
        # what ended is read again from the journal if it is told of once more
        for order in [each for each in self._known if each not in self._desk.rows]:
            if not self._known[order].taken_back:
                del self._known[order]
        self._ends = {order: told for order, told in self._ends.items() if order in self._desk.rows}

    def _far_back_utc(self) -> datetime:
        sent = [row.sent_utc for row in self._desk.rows.values() if row.sent_utc is not None]
        return min((self._desk.filled_utc or self._desk.market.now_utc(), *sent)) - FAR_BACK


def _executed(fill: Fill, told: BrokerFill | Bust) -> Decide:
    left = told.left if isinstance(told, BrokerFill) else Decimal(0)
    return lambda _now: (Executed(fill.quantity, left),)


def _reported(told: BrokerOrder) -> Decide:
    return lambda now: events_of(told, now.filled)


def _nobody() -> None:
    pass
