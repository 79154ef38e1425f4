"""Orders out: each is stored as being sent, judged once more, and sent once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set
from contextlib import suppress

from midas.core.order import OrderState
from midas.execution.broker import Ambiguous, Broker, ClientIds, DefiniteNo, NotSent, Ticket
from midas.execution.order_events import Acknowledged, Expired, Lost, OrderEvent, Refused, Sending, Unsent
from midas.execution.order_row import OrderRow
from midas.execution.order_state import reduce
from midas.risk.verdict import Denial, Deny
from midas.trading.bell import Bell
from midas.trading.desk import Desk, outbox_of
from midas.trading.guard import FATES, Fate, Guard
from midas.trading.lease import Lease
from midas.trading.patience import PATIENCE_S, answered
from midas.trading.rate import TokenBucket
from midas.trading.twins import alert_number

POLL_S = 0.25
TOGETHER = 32
"""Orders stored as being sent in one batch, at most; each is still judged and sent by itself."""

REST_S = (1.0, 30.0)
"""Pause after an order that could not leave this machine, doubled up to the second."""

DUPLICATE_ID = "duplicate_id"
"""How a broker's refusal says that it has an order with our id: it is that order, and it is looked up."""


class Sender:
    """The one who sends an account's orders; there is one for each account, and it sends one after the other."""

    def __init__(self, desk: Desk, broker: Broker, guard: Guard, lease: Lease, patience_s: float = PATIENCE_S) -> None:
        self.bell = Bell()
        self._desk = desk
        self._broker = broker
        self._guard = guard
        self._lease = lease
        self._patience_s = patience_s
        self._bucket = TokenBucket(broker.capabilities.orders_per_s, desk.clock)
        self._rest_s = 0.0
        self._rests_until_s = 0.0
        self._unsure = False
        self._claims: list[frozenset[str]] = []
        self._draining = asyncio.Lock()
        self._waited: dict[str, Denial] = {}
        self._after_s: dict[str, float] = {}
        desk.bells.append(self.bell)

    async def run(self) -> None:
        """Send for ever.

        Raises
        ------
        Fenced: the account has another owner.
        """
        due_s = 0.0
        while True:
            # what others store is found by looking; what is stored here is known, and rings
            if self._desk.clock.monotonic_s() >= due_s:
                await self.drain()
                due_s = self._desk.clock.monotonic_s() + POLL_S
            elif self._desk.unsent:
                async with self._draining:
                    await self._drain(outbox_of(self._desk))
            await self.bell.wait(POLL_S)

    async def drain(self) -> int:
        """Send what may be sent now; return how many were sent. Nothing another drain began is under way then."""
        async with self._draining:
            waiting = await self._desk.journal.outbox(self._desk.account, self._desk.epoch)
            return await self._drain([row.id for row in waiting])

    def is_sending(self, order: str) -> bool:
        """Tell whether what becomes of an order is known here only."""
        return any(order in claimed for claimed in self._claims)

    def is_refused(self, row: OrderRow) -> bool:
        """Tell whether an order may not go out any more, not only for now."""
        verdict = self._guard.judge(row)
        return isinstance(verdict, Deny) and FATES[verdict.code] is Fate.REFUSED

    async def _drain(self, waiting: Sequence[str]) -> int:
        sent = 0
        self._remember(set(waiting))
        while waiting:
            # many that wait must not hold up the switch, the lease and the cancels
            await asyncio.sleep(0)
            many = self._at_once
            for order in waiting[:many]:
                if order not in self._desk.rows:
                    await self._desk.take_in(order)
            sent += await self._send(waiting[:many])
            waiting = waiting[many:]
        return sent

    @property
    def _at_once(self) -> int:
        # What is claimed when this process dies has to be looked for: only a broker that refuses a second order with
        # an id lets it be sent again at once. And while answers go missing, what is known decides about each order.
        if self._unsure or self._broker.capabilities.client_ids is not ClientIds.UNIQUE:
            return 1
        return max(1, int(min(TOGETHER, self._bucket.free)))

    def _remember(self, waiting: Set[str]) -> None:
        for known in (self._waited, self._after_s):
            for order in known.keys() - waiting:
                del known[order]

    async def send(self, order: str) -> bool:
        """Send an order that is NEW, or UNKNOWN at a broker that refuses a second one with its id; tell whether.

        Raises
        ------
        Fenced: the lease is too old, or the account has another owner.
        """
        return bool(await self._send([order]))

    async def _send(self, orders: Sequence[str]) -> int:
        rows = [row for order in orders if (row := self._desk.rows.get(order)) is not None]
        ready = [row for row in rows if not self._engaged(row) and await self._may_go(row)]
        seen = await self._numbers_told() if ready else None
        if seen is None:
            return 0
        for _ in ready:
            await self._bucket.take()
        self._lease.require()
        claimed = frozenset(row.id for row in ready)
        self._claims.append(claimed)
        try:
            return await self._send_claimed(await self._claim(ready, tuple(seen)))
        finally:
            self._claims.remove(claimed)

    async def _claim(self, rows: Sequence[OrderRow], seen: Sequence[str]) -> Sequence[OrderRow]:
        sending = Sending(self._desk.epoch, self._desk.now_utc, tuple(seen))
        claims = [_Claim(row, sending) for row in rows]
        # they wait for the same turn, and are stored together
        moves = (self._desk.move("sending", row.id, claim) for row, claim in zip(rows, claims, strict=True))
        found = await asyncio.gather(*moves)
        return [row for row, claim in zip(found, claims, strict=True) if row is not None and claim.made]

    async def _may_go(self, row: OrderRow) -> bool:
        if self._desk.market.now_utc() >= row.intent.valid_until_utc:
            if row.state is OrderState.NEW:
                why = self._waited.pop(row.id, None)
                over = Expired("not sent in time" if why is None else f"not sent in time: {why.value}")
                await self._desk.move("expired", row.id, lambda now: _unless_sent(now, over))
            return False
        verdict = self._guard.judge(row)
        if not isinstance(verdict, Deny):
            after_s = max(self._rests_until_s, self._after_s.get(row.id, 0.0))
            return self._desk.clock.monotonic_s() >= after_s and row.id not in self._desk.unwanted
        if FATES[verdict.code] is Fate.WAITS:
            self._waited[row.id] = verdict.code
        elif row.state is OrderState.NEW:
            await self._desk.move("denied", row.id, lambda now: _unless_sent(now, Refused(verdict.code.value)))
        return False

    async def _send_claimed(self, rows: Sequence[OrderRow]) -> int:
        settling: list[asyncio.Task[bool]] = []
        try:
            stopped = False
            for row in rows:
                _raise_first(settling)
                verdict = self._guard.judge(row)
                # Last, for this process may have been stopped while it judged; nothing is awaited between these checks
                # and the broker's first byte.
                self._lease.require()
                if isinstance(verdict, Deny):
                    settled = self._take_back(row, verdict)
                elif stopped or row.id in self._desk.unwanted:
                    settled = self._settle(row, Unsent())
                else:
                    said = await self._ask(row)
                    stopped = self._unsure = isinstance(said, Lost | Unsent)
                    self._rest(said)
                    settled = self._settle(row, said)
                # what one became is stored while the next is under way
                settling.append(asyncio.create_task(settled))
        finally:
            await asyncio.gather(*settling, return_exceptions=True)
        _raise_first(settling)
        return sum(task.result() for task in settling)

    async def _take_back(self, row: OrderRow, verdict: Deny) -> bool:
        refused = Refused(verdict.code.value) if FATES[verdict.code] is Fate.REFUSED else None
        # it is moved back, which wakes whoever waits for news, the one who sends among them
        self._after_s[row.id] = self._desk.clock.monotonic_s() + POLL_S
        await self._desk.move("denied", row.id, lambda now: self._withdrawn(now, refused))
        return False

    async def _settle(self, row: OrderRow, said: OrderEvent) -> bool:
        self._waited.pop(row.id, None)
        if isinstance(said, Acknowledged):
            await alert_number(self._desk, said.number, row)
        after = await self._desk.move(_STEPS[type(said)], row.id, lambda now: _as_far_as_new(now, said))
        if isinstance(said, Acknowledged):
            # its executions may have been told before its number was known
            await self._desk.linked(said.number)
        return after is not None and not isinstance(said, Unsent)

    def _rest(self, said: OrderEvent) -> None:
        self._rest_s = min(REST_S[1], self._rest_s * 2 or REST_S[0]) if isinstance(said, Unsent) else 0.0
        self._rests_until_s = self._desk.clock.monotonic_s() + self._rest_s

    async def _ask(self, row: OrderRow) -> OrderEvent:
        self._desk.reached("before_submit")
        try:
            number = await answered(self._broker.submit(ticket_of(row)), self._patience_s)
        except NotSent:
            return Unsent()
        except DefiniteNo as no:
            return Lost() if no.code == DUPLICATE_ID else Refused(no.code)
        except Exception:  # house: broad-except: whatever else went wrong, the broker may have it
            return Lost()
        finally:
            self._desk.reached("after_submit")
        return Acknowledged(number) if number else Lost()

    def _withdrawn(self, row: OrderRow, refused: Refused | None) -> Sequence[OrderEvent]:
        if row.state is not OrderState.SENDING:
            return ()
        unsent = reduce(row, Unsent(), self._desk.now_utc)
        return (Unsent(), refused) if refused is not None and unsent.state is OrderState.NEW else (Unsent(),)

    def _engaged(self, row: OrderRow) -> bool:
        # a broker that keeps no id of ours tells orders apart by what they are: one of a kind at a time
        if self._broker.capabilities.client_ids is not ClientIds.NONE:
            return False
        kind = (row.intent.instrument, row.intent.side)
        return any(
            other.id != row.id
            and other.state in (OrderState.SENDING, OrderState.UNKNOWN)
            and (other.intent.instrument, other.intent.side) == kind
            for other in self._desk.rows.values()
        )

    async def _numbers_told(self) -> Sequence[str] | None:
        if self._broker.capabilities.client_ids is not ClientIds.NONE:
            return ()
        with suppress(Ambiguous):
            return [told.number for told in await answered(self._broker.orders(), self._patience_s)]
        return None


class _Claim:
    # Several may want to send an order at once: whoever comes second finds that it moved on since it was looked at.
    def __init__(self, seen: OrderRow, sending: Sending) -> None:
        self.made = False
        self._seen, self._sending = seen, sending

    def __call__(self, now: OrderRow) -> Sequence[OrderEvent]:
        same = (now.state, now.attempt) == (self._seen.state, self._seen.attempt)
        self.made = same and not now.number and now.state in (OrderState.NEW, OrderState.UNKNOWN)
        return (self._sending,) if self.made else ()


_STEPS: dict[type[OrderEvent], str] = {
    Acknowledged: "accepted",
    Refused: "refused",
    Lost: "unknown",
    Unsent: "unsent",
}


def ticket_of(row: OrderRow) -> Ticket:
    """Return an order as its broker sees it."""
    intent = row.intent
    return Ticket(
        id=row.id,
        instrument=intent.instrument,
        side=intent.side,
        quantity=intent.quantity,
        kind=intent.kind,
        time_in_force=intent.time_in_force,
        limit_price=intent.limit_price,
        stop_price=intent.stop_price,
        reduce_only=intent.reduce_only,
    )


def _raise_first(settling: Sequence[asyncio.Task[bool]]) -> None:
    # nothing more goes out where what became of an order cannot be stored
    for task in settling:
        if task.done():
            task.result()


def _unless_sent(row: OrderRow, event: OrderEvent) -> Sequence[OrderEvent]:
    return (event,) if row.state is OrderState.NEW else ()


def _as_far_as_new(row: OrderRow, said: OrderEvent) -> Sequence[OrderEvent]:
    # its stream may have told more than the answer did while that was under way
    return () if isinstance(said, Refused) and row.state is not OrderState.SENDING else (said,)
