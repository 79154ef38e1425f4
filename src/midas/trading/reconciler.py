"""Keeping our books and the broker's the same: the broker is the truth for orders, positions and cash."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from midas.core.instrument import InstrumentId
from midas.core.order import OrderState, TimeInForce
from midas.execution.broker import Ambiguous, Broker, BrokerOrder, BrokerState, Holdings
from midas.execution.order_events import Expired
from midas.execution.order_row import OrderRow
from midas.risk.kill import KillLevel
from midas.trading.bell import Bell
from midas.trading.compared import compared_key, found_in, judged_in, kept
from midas.trading.desk import Desk
from midas.trading.journal import AskCancel
from midas.trading.kill_switch import KillSwitch
from midas.trading.patience import answered
from midas.trading.reconcile import Difference, Finding, Ours, Theirs, compare
from midas.trading.reports import Reports
from midas.trading.resolving import Resolver

EVERY_S = 60.0
AGREE_AFTER_S = 2.0
"""Pause between the two looks that must agree before anything is done."""

LAPSES_AFTER_S = 300.0
"""After so long without a look that told anything, the books count as never compared, whatever the limits say."""

CANCEL_AGAIN = timedelta(seconds=30)
LISTED = timedelta(days=1)
"""Orders for one session are not looked for after it."""


class Reconciler:
    """Looks at start, after each reconnect, after each UNKNOWN order, and every minute.

    Nothing of the ledger is ever changed to fit: what cannot be explained is put in quarantine, and money that does not
    agree pauses the account. That they agree lapses when the connection is lost, when a look tells of a difference
    nobody knew, and with time; the next look that agrees, with the broker or with the look before it, brings it back.
    """

    def __init__(self, desk: Desk, broker: Broker, reports: Reports, resolver: Resolver, switch: KillSwitch) -> None:
        self.findings: frozenset[Finding] = frozenset()
        self._kept: tuple[frozenset[Finding], Mapping[str, str]] | None = None
        self.agreed_s: float | None = None
        self.compared = asyncio.Event()
        self._desk = desk
        self._broker = broker
        self._reports = reports
        self._resolver = resolver
        self._switch = switch
        self._due = Bell()
        self._unlisted: set[str] = set()
        self._lapses = 0
        self._looking = asyncio.Lock()
        reports.lost = self.lapse
        reports.reconnected = self._due
        resolver.resolved = self._due

    @property
    def reconciled(self) -> bool:
        """Whether the books are known to agree, but for what is in quarantine."""
        return self.age_s <= LAPSES_AFTER_S

    @property
    def age_s(self) -> float:
        """Seconds since the look by which they agree began; infinite where none does."""
        return math.inf if self.agreed_s is None else self._desk.clock.monotonic_s() - self.agreed_s

    def lapse(self) -> None:
        """Count what was seen for nothing, what is being looked at with it."""
        self.agreed_s = None
        self._lapses += 1

    async def open(self) -> None:
        """Take up what the last look before found: what a person released stays so, as long as nothing is new."""
        stored = await self._desk.journal.checkpoint(compared_key(self._desk.account))
        if stored is not None:
            self.findings = found_in(stored)
            self._kept = self.findings, judged_in(stored)

    async def run(self) -> None:
        """Compare for ever.

        Raises
        ------
        Fenced: the account has another owner.
        """
        while True:
            done = await self.once()
            await self._due.wait(EVERY_S if done else AGREE_AFTER_S)

    async def once(self) -> bool:
        """Compare, and act on what two looks agree on; False where they still are not known to agree."""
        async with self._looking:
            return await self._once()

    async def _once(self) -> bool:
        lapses, begun_s = self._lapses, self._desk.clock.monotonic_s()
        quarantined, begun_utc = dict(self._desk.quarantined), self._desk.now_utc
        found = await self._look()
        if found:
            if not all(self._moved(each, begun_utc) for each in found - self.findings):
                self.agreed_s = None
            await asyncio.sleep(AGREE_AFTER_S)
            begun_s = self._desk.clock.monotonic_s()
            # something that is told late may be all there is to what was not there before
            again = await self._look(far_back=found != self.findings)
            found = None if again is None else found & again
            if found is None:
                self.agreed_s = None
        if found is None:
            return False
        await self._end(found & self.findings)
        unclear = self._unclear()
        # of what cannot be judged now, what was known before still is
        found |= {each for each in self.findings if each.instrument in unclear}
        await self._act(found)
        self.findings = found
        await self._keep(quarantined | self._put_there(found), unclear)
        if lapses != self._lapses:
            return False
        self.agreed_s = begun_s
        self.compared.set()
        self._desk.ring()
        return True

    async def _look(self, *, far_back: bool = False) -> frozenset[Finding] | None:
        try:
            orders = await self._reports.catch_up(far_back=far_back)
            await self._resolver.match(orders)
            await self._tidy(orders)
            self._desk.reached("before_holdings")
            holdings = await answered(self._broker.holdings())
        except Ambiguous:
            return None
        if self._says_nothing(holdings):
            return None
        found = compare(await self._ours(orders), Theirs(orders, holdings))
        if not found:
            self._reports.agreed()
        return self._explained(found, bool(orders))

    def _moved(self, found: Finding, since_utc: datetime) -> bool:
        # Whether it is of an order, a position or cash that changed here while the broker answered: its answer may be
        # from before that. The second look will tell, and nothing has to wait for it.
        if found.kind in (Difference.MISSING_ORDER, Difference.FILLED):
            row = self._desk.rows.get(found.subject)
            return row is not None and row.changed_utc is not None and row.changed_utc >= since_utc
        booked_utc = self._desk.booked_utc.get(found.instrument)
        return (
            found.kind in (Difference.POSITION, Difference.CASH) and booked_utc is not None and booked_utc >= since_utc
        )

    def _says_nothing(self, holdings: Holdings) -> bool:
        ours = self._desk.books
        return not holdings.cash and not holdings.quantities and bool(ours.cash or ours.quantities)

    async def _ours(self, orders: list[BrokerOrder]) -> Ours:
        rows, numbers = dict(self._desk.rows), {}
        for told in orders:
            row = await self._desk.numbered(told.number)
            if row is not None:
                rows[row.id] = row
                numbers[told.number] = row.id
        early = self._reports.unattributed
        unattributed = {number: getattr(told[0], "instrument", None) for number, told in early.items()}
        books = self._desk.books
        return Ours(rows, numbers, books.cash, dict(books.quantities), unattributed)

    def _explained(self, found: frozenset[Finding], listed: bool) -> frozenset[Finding]:
        # what is being sent or looked for may be all there is to a difference; an empty list says nothing of any order
        open_questions = self._unclear()
        return frozenset(
            each
            for each in found
            if each.instrument not in open_questions
            and not (each.kind is Difference.CASH and open_questions)
            and (listed or each.kind is not Difference.MISSING_ORDER)
        )

    def _unclear(self) -> set[str]:
        unclear = (OrderState.SENDING, OrderState.UNKNOWN)
        return {str(row.intent.instrument) for row in self._desk.rows.values() if row.state in unclear}

    def _put_there(self, found: frozenset[Finding]) -> dict[str, str]:
        named = {each.instrument for each in found}
        return {name: why for name, why in self._desk.quarantined.items() if name in named}

    async def _keep(self, quarantined: Mapping[str, str], unclear: set[str]) -> None:
        judged = {name: why for name, why in quarantined.items() if name not in unclear}
        if (self.findings, judged) != self._kept:
            # also where nothing differs: a quarantine may be released by a look that knew of it, and by no older one
            await self._desk.commit("compared", kept(self._desk.account, self.findings, self._desk.now_utc, judged))
            self._kept = self.findings, judged

    async def _act(self, found: frozenset[Finding]) -> None:
        for each in sorted(found, key=lambda one: (one.kind, one.subject)):
            if each.instrument and each in self.findings:
                # it is in quarantine, or a person released it knowing of it
                continue
            if each.instrument:
                await self._desk.quarantine(str(InstrumentId.parse(each.instrument)), each.text)
            elif self._switch.level < KillLevel.PAUSE:
                self._switch.pull(KillLevel.PAUSE, each.text)
                await self._switch.refresh()

    async def _end(self, known: frozenset[Finding]) -> None:
        # an execution that is never booked, or was taken back, would keep its order at work for ever; by now the
        # instrument is in quarantine, or a person let it go knowing that this differs
        for each in sorted(known, key=lambda one: one.subject):
            if each.kind in (Difference.FILLED, Difference.MISSING_ORDER):
                await self._reports.believe(each.subject)

    async def _tidy(self, orders: list[BrokerOrder]) -> None:
        told = {order.number: order for order in orders}
        now_utc = self._desk.now_utc
        cancels = {row.id for row in await self._desk.journal.cancels(self._desk.account)}
        rows = list(self._desk.rows.values())
        # one list may have lost a page
        before, self._unlisted = self._unlisted, {row.id for row in rows if told and row.number not in told}
        for row in rows:
            order = told.get(row.number)
            since = now_utc - (row.changed_utc or now_utc)
            if row.id in before & self._unlisted and _of_an_earlier_session(row) and since > LISTED:
                await self._desk.move("expired", row.id, lambda _now: (Expired("not listed any more"),))
            at_work = order is not None and order.state is BrokerState.OPEN
            if at_work and row.state is OrderState.PENDING_CANCEL and row.id not in cancels and since > CANCEL_AGAIN:
                await self._desk.commit("cancel_again", AskCancel(row.id, "still at work after it was cancelled"))


def _of_an_earlier_session(row: OrderRow) -> bool:
    at_work = row.state in (OrderState.OPEN, OrderState.PARTIAL, OrderState.PENDING_CANCEL)
    return at_work and row.intent.time_in_force is not TimeInForce.GTC
