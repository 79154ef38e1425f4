"""Orders nobody knows of whether the broker has them: looked for until found, or until they cannot be there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from midas.core.order import OrderState
from midas.execution.broker import Ambiguous, Broker, BrokerOrder, ClientIds
from midas.execution.order_events import Acknowledged, FoundLate, GaveUp, Lost, OrderEvent
from midas.execution.order_row import OrderRow
from midas.trading.bell import Bell
from midas.trading.claiming import SKEW, claims, possible
from midas.trading.desk import Desk
from midas.trading.draft import Decide
from midas.trading.patience import answered
from midas.trading.reports import Reports
from midas.trading.sender import Sender

EVERY_S = 2.0
LATE = timedelta(days=1)
"""For so long an order that was given up may still show up."""

LISTS = 3
LISTS_OVER_S = 60.0
"""So many full lists over so long must not show a labelled order before it may be sent again."""


@dataclass(slots=True)
class _Search:
    # When an order was looked for, by the monotonic clock, without being found.
    begun_s: float
    misses_s: list[float] = field(default_factory=list)


class Resolver:
    """Finds out what became of UNKNOWN orders, in the way the broker's capabilities allow.

    resend_labelled : whether an order that three full lists did not show is sent again where the broker keeps our id as
    a label only; off unless the owner asked for it.
    """

    def __init__(
        self, desk: Desk, broker: Broker, reports: Reports, sender: Sender, resend_labelled: bool = False
    ) -> None:
        self.resolved = Bell()
        self._desk = desk
        self._broker = broker
        self._reports = reports
        self._sender = sender
        self._resend_labelled = resend_labelled
        self._searches: dict[str, _Search] = {}

    async def begin(self) -> None:
        """Take up what a process that died left: what it was sending is UNKNOWN."""
        if self._broker.capabilities.client_ids is ClientIds.NONE:
            await self._remember_given_up()
        await self._take_orphans()
        # one that died in the middle of a basket says nothing of the broker: no runaway is counted from it
        self._desk.unknowns_s.clear()

    async def run(self) -> None:
        """Look for ever.

        Raises
        ------
        Fenced: the account has another owner.
        """
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> int:
        """Look for every UNKNOWN order once; return how many are still unknown."""
        await self._take_orphans()
        unknown = self.unknown()
        if not unknown:
            self._searches.clear()
            return 0
        try:
            if self._broker.capabilities.client_ids is ClientIds.UNIQUE:
                for row in unknown:
                    await self._find(row)
            else:
                await self.match(list(await answered(self._broker.orders())))
        except Ambiguous:
            # no answer is no information
            return len(unknown)
        for row in unknown:
            await self._judge(row.id)
        return len(self.unknown())

    def unknown(self) -> list[OrderRow]:
        return [row for row in self._desk.rows.values() if row.state is OrderState.UNKNOWN]

    async def match(self, told: list[BrokerOrder]) -> None:
        """Find unknown and given-up orders in a full list of the broker's."""
        if self._broker.capabilities.client_ids is not ClientIds.NONE:
            for order in told:
                if order.client_id:
                    await self._reports.take(order)
            return
        horizon = timedelta(seconds=self._broker.capabilities.late_horizon_s)
        # one that is being sent may be what is seen, and its answer, or the lack of it, will say so
        awaited = [row for row in self._desk.rows.values() if row.state in (OrderState.SENDING, OrderState.UNKNOWN)]
        found = claims(awaited, told, self._desk.numbers, horizon)
        unknown = {row.id for row in awaited if row.state is OrderState.UNKNOWN}
        await self._claim({order: seen for order, seen in found.items() if order in unknown}, late=False)
        # of those given up nobody knows how late they can be; who still waits comes before them
        free = [order for order in told if order.number not in possible(awaited, told, horizon)]
        late = claims(self._desk.given_up.values(), free, self._desk.numbers, LATE)
        await self._claim(late, late=True)

    async def _claim(self, found: dict[str, BrokerOrder], late: bool) -> None:
        for order, told in found.items():
            event = FoundLate(told.number) if late else Acknowledged(told.number)
            await self._desk.move("found_late" if late else "found", order, _always(event))
            await self._reports.take(told)
            await self._reports.linked(told.number)

    async def _find(self, row: OrderRow) -> None:
        self._desk.reached("before_find")
        told = await answered(self._broker.find(row.id))
        self._desk.reached("after_find")
        if told is not None:
            await self._reports.take(told)

    async def _judge(self, order: str) -> None:
        row = self._desk.rows.get(order)
        if row is None or row.state is not OrderState.UNKNOWN:
            self._searches.pop(order, None)
            self.resolved.ring()
            return
        now_s = self._desk.clock.monotonic_s()
        search = self._searches.setdefault(order, _Search(now_s))
        search.misses_s.append(now_s)
        if await self._wanted(row) and self._may_resend(search):
            if await self._sender.send(order):
                self._searches.pop(order, None)
                return
            if not self._sender.is_refused(row):
                return
        # one that is refused for good, as what it closed is gone, is over as well once it cannot be there any more
        if now_s - search.begun_s >= self._broker.capabilities.late_horizon_s:
            await self._desk.move("gave_up", order, _if_unknown)
            self._searches.pop(order, None)
            self.resolved.ring()

    async def _wanted(self, row: OrderRow) -> bool:
        if self._desk.market.now_utc() >= row.intent.valid_until_utc:
            return False
        return all(each.id != row.id for each in await self._desk.journal.cancels(self._desk.account))

    def _may_resend(self, search: _Search) -> bool:
        match self._broker.capabilities.client_ids:
            case ClientIds.UNIQUE:
                return True
            case ClientIds.LABEL:
                spread_s = search.misses_s[-1] - search.misses_s[0]
                return self._resend_labelled and len(search.misses_s) >= LISTS and spread_s >= LISTS_OVER_S
            case _:
                return False

    async def _take_orphans(self) -> None:
        # whoever was sending it died, or could not store what came of it
        for row in list(self._desk.rows.values()):
            if row.state is OrderState.SENDING and not self._sender.is_sending(row.id):
                await self._desk.move("orphaned", row.id, _if_sending)

    async def _remember_given_up(self) -> None:
        # what was placed beside the oldest that is looked for must be known as another's, however long ago that was
        given_up_utc = self._desk.now_utc - LATE
        unclear = (OrderState.SENDING, OrderState.UNKNOWN)
        looked_for = [row.sent_utc for row in self._desk.rows.values() if row.sent_utc and row.state in unclear]
        since_utc = min((given_up_utc, *looked_for)) - 2 * SKEW
        for row in await self._desk.journal.orders(self._desk.account, active=False, sent_utc=since_utc):
            if row.number:
                self._desk.numbers[row.number] = row.id
            if row.state is OrderState.NOT_PLACED and row.sent_utc is not None and row.sent_utc >= given_up_utc:
                self._desk.keep(row)


def _always(event: OrderEvent) -> Decide:
    return lambda _now: (event,)


def _if_sending(row: OrderRow) -> tuple[Lost, ...]:
    return (Lost(),) if row.state is OrderState.SENDING else ()


def _if_unknown(row: OrderRow) -> tuple[GaveUp, ...]:
    return (GaveUp(),) if row.state is OrderState.UNKNOWN else ()
