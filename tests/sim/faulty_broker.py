"""The broker as it is met over a bad wire: every call may fail on the way there or back, every report go astray."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from random import Random

from tests.sim.chance import CALM, CANCEL_FAULTS, SUBMIT_FAULTS, Chances
from tests.sim.exchange import NOTHING, Exchange, Placed
from tests.sim.hiding import Hiding
from tests.sim.virtual_loop import VirtualClock, VirtualLoop

from midas.execution.broker import (
    Ambiguous,
    BrokerFill,
    BrokerOrder,
    BrokerState,
    Bust,
    Capabilities,
    ClientIds,
    DefiniteNo,
    Holdings,
    NotSent,
    Report,
    Ticket,
)

FOR_EVER_S = 1e6


class FaultyBroker:
    """Answers as the chances say; `calm` ends all trouble. Time passes on the wire, both ways.

    takes_all : whoever wants to trade finds the other side. hiding : what it has and does not show; who is hidden is
    drawn from `of_late`, so that a day until the first of them is as it would be without.
    """

    def __init__(
        self, loop: VirtualLoop, rng: Random, of_late: Random, capabilities: Capabilities, chances: Chances
    ) -> None:
        self.capabilities = capabilities
        self.chances = chances
        self.exchange = Exchange(capabilities.client_ids, capabilities.cumulative_fills, self._emit)
        self.hiding = Hiding(loop, of_late, self.exchange, self._tell)
        self.log: list[str] = []
        self.refused: set[str] = set()
        self.takes_all = False
        self.left_s: dict[str, float] = {}
        self._loop = loop
        self._clock = VirtualClock(loop)
        self._rng = rng
        self._of_late = of_late
        self._streams: list[asyncio.Queue[Report | None]] = []
        self._last_late_s = 0.0

    def calm(self) -> None:
        self.chances = CALM

    @property
    def quiet_from_s(self) -> float:
        """When the last order that is still on its way arrives."""
        return self._last_late_s

    # -- orders in

    async def submit(self, ticket: Ticket) -> str:
        fault = self._draw(self.chances.submit, SUBMIT_FAULTS)
        fault = self._hidden_or(fault)
        self._say(f"submit {ticket.id} {fault}")
        if fault != "not_sent":
            self.left_s[ticket.id] = self._loop.now_s
        await self._wire()
        match fault:
            case "not_sent":
                raise NotSent("no_route")
            case "reject":
                self.refused.add(ticket.id)
                raise DefiniteNo("no_cash")
            case "lost":
                raise Ambiguous("timed out")
            case "lost_slowly":
                await asyncio.sleep(FOR_EVER_S)
            case "reset":
                if self._rng.random() < 0.5:
                    self._place(ticket)
                raise ConnectionResetError
            case "too_many":
                raise Ambiguous("429")
            case "late" | "too_late":
                horizon_s = self.capabilities.late_horizon_s
                bounds = (1.0, 30.0) if fault == "late" else (horizon_s + 1.0, horizon_s + 90.0)
                self._later(self._rng.uniform(*bounds), self._place_late, ticket)
                raise Ambiguous("timed out")
        number = self._accepted(ticket, fault == "hidden")
        return await self._answer(fault, number)

    async def _answer(self, fault: str, number: str) -> str:
        match fault:
            case "hidden":
                raise Ambiguous("timed out")
            case "accepted_no_answer":
                await asyncio.sleep(FOR_EVER_S)
            case "accepted_500":
                raise Ambiguous("500")
            case "accepted_garbage":
                raise ValueError("<html>")
            case "accepted_no_number":
                return ""
            case "slow":
                await asyncio.sleep(self._rng.uniform(3.0, 9.0))
        await self._wire()
        return number

    def _accepted(self, ticket: Ticket, hidden: bool) -> str:
        placed = self._place(ticket, hidden)
        if placed is None:
            raise DefiniteNo("duplicate_id")
        return placed.told.number

    def _place(self, ticket: Ticket, hidden: bool = False) -> Placed | None:
        if self.capabilities.client_ids is ClientIds.UNIQUE and self.exchange.with_id(ticket.id):
            return None
        lag_s = self._rng.uniform(0.0, 2.0) if self.chances.read else 0.0
        placed = self.exchange.accept(ticket, self._clock.now_utc(), self._loop.now_s + lag_s, hidden)
        self._say(f"accepted {ticket.id} as {placed.told.number}")
        if hidden:
            self.hiding.hide(placed)
        self._live(placed)
        return placed

    def _place_late(self, ticket: Ticket) -> None:
        self._say(f"late {ticket.id}")
        self._place(ticket)

    def _live(self, placed: Placed) -> None:
        # What becomes of it: filled in parts, refused after all, or nothing until it is cancelled or the day is over.
        draw = self._rng.random()
        if self.takes_all:
            self._later(draw, self._fill, placed, placed.told.quantity, 0.0)
        elif draw < 0.07:
            self._later(self._rng.uniform(0.05, 2.0), self._refuse, placed)
        elif draw < 0.85:
            after_s = 0.0
            for _part in range(self._rng.randint(1, 4)):
                after_s += self._rng.choice((0.0, 0.02, self._rng.uniform(0.0, 15.0)))
                quantity = Decimal(self._rng.randint(1, int(placed.told.quantity)))
                self._later(after_s, self._fill, placed, quantity, 0.0)

    def _refuse(self, placed: Placed) -> None:
        if not placed.told.filled:
            self.refused.add(placed.ticket.id)
            self.exchange.end(placed, BrokerState.REJECTED, "no_margin")

    def _fill(self, placed: Placed, quantity: Decimal, late_s: float) -> None:
        if placed.told.state is not BrokerState.OPEN:
            return
        price = self._rng.randint(90, 110)
        if self._rng.random() < self.chances.behind:
            late_s = max(late_s, self._rng.uniform(1.0, 5.0))
        execution = self.exchange.fill(placed, quantity, price, self._clock.now_utc(), self._loop.now_s, late_s)
        self._say(f"filled {placed.told.number} {quantity} at {price}")
        if execution and not self.capabilities.cumulative_fills and self._rng.random() < self.chances.bust:
            self._later(self._rng.uniform(0.0, 10.0), self.exchange.bust, execution, self._loop.now_s)

    async def cancel(self, number: str) -> None:
        fault = self._draw(self.chances.cancel, CANCEL_FAULTS)
        self._say(f"cancel {number} {fault}")
        await self._wire()
        if fault == "not_sent":
            raise NotSent("no_route")
        if fault in ("lost", "too_many"):
            raise Ambiguous(fault)
        placed = self.exchange.placed[number]
        before = placed.told.filled
        if fault in ("fill_slips_in", "fill_untold"):
            self._fill(placed, Decimal(1), self._rng.uniform(1.0, 5.0))
        untold = placed.told.filled - before if fault == "fill_untold" else NOTHING
        if placed.executions_s > self._loop.now_s:
            untold = placed.told.filled
        if not self.exchange.end(placed, BrokerState.CANCELED, untold=untold):
            raise DefiniteNo("too_late")
        if fault == "done_no_answer":
            await asyncio.sleep(FOR_EVER_S)
        if fault == "slow":
            await asyncio.sleep(self._rng.uniform(3.0, 9.0))
        await self._wire()

    def close_session(self) -> None:
        """End the day: what is open expires."""
        for placed in self.exchange.open():
            self.exchange.end(placed, BrokerState.EXPIRED, "day")

    # -- reading

    async def find(self, client_id: str) -> BrokerOrder | None:
        await self._read()
        assert self.capabilities.client_ids is not ClientIds.NONE
        seen = [each.told for each in self._visible() if each.ticket.id == client_id]
        return self.hiding.as_told(seen[-1]) if seen else None

    async def orders(self) -> Sequence[BrokerOrder]:
        await self._read()
        if self._rng.random() < self.chances.empty:
            return []
        return [self.hiding.as_told(each.told) for each in self._visible()]

    async def fills(self, since_utc: datetime) -> Sequence[BrokerFill | Bust]:
        await self._read()
        # what was executed this moment may not be in the list yet
        until_s = self._loop.now_s - (self._rng.uniform(0.0, 2.0) if self.chances.read else 0.0)
        from_s = {number: placed.executions_s for number, placed in self.exchange.placed.items()}
        told = [one for at_s, one in self.exchange.history if max(at_s, from_s[one.number]) <= until_s]
        return [one for one in told if isinstance(one, Bust) or one.stamp_utc >= since_utc]

    async def holdings(self) -> Holdings:
        await self._read()
        return self.exchange.holdings(self._loop.now_s)

    def _visible(self) -> list[Placed]:
        return [each for each in self.exchange.placed.values() if each.visible_s <= self._loop.now_s]

    async def _read(self) -> None:
        await self._wire()
        if self._rng.random() < self.chances.read:
            if self._rng.random() < 0.3:
                await asyncio.sleep(FOR_EVER_S)
            raise Ambiguous("no answer")

    # -- what it tells by itself

    async def reports(self) -> AsyncIterator[Report]:
        queue: asyncio.Queue[Report | None] = asyncio.Queue()
        if self.capabilities.streams:
            self._streams.append(queue)
        life_s = self._rng.expovariate(1.0 / self.chances.disconnect_s)
        self._later(life_s, queue.put_nowait, None)
        while (report := await queue.get()) is not None:
            yield report
        if queue in self._streams:
            self._streams.remove(queue)
        if self._rng.random() < 0.5:
            raise ConnectionResetError

    def _tell(self, report: Report) -> None:
        self._say(f"shows {report}")
        self._emit(report, 0.0)

    def _emit(self, report: Report, late_s: float) -> None:
        if not self.hiding.is_told_of(report):
            return
        if isinstance(report, BrokerOrder):
            report = self.hiding.as_told(report)
        rng, chances = self._rng, self.chances
        for _copy in range(2 if rng.random() < chances.double else 1):
            if rng.random() < chances.drop:
                continue
            delay_s = rng.uniform(0.0, 4.0) if rng.random() < chances.delay else 0.01
            self._later(late_s + delay_s, self._deliver, report)

    def _deliver(self, report: Report) -> None:
        for queue in self._streams:
            queue.put_nowait(report)

    # -- the wire

    async def _wire(self) -> None:
        await asyncio.sleep(self._rng.uniform(0.005, 0.1))

    def _later(self, after_s: float, act: object, *arguments: object) -> None:
        self._loop.call_later(after_s, act, *arguments)  # type: ignore[arg-type]
        if after_s < 1e5:
            self._last_late_s = max(self._last_late_s, self._loop.now_s + after_s)

    def _hidden_or(self, fault: str) -> str:
        hidden = self.chances.hidden
        return "hidden" if hidden and self._of_late.random() < hidden else fault

    def _draw(self, chance: float, faults: Sequence[str]) -> str:
        return self._rng.choice(faults) if self._rng.random() < chance else "ok"

    def _say(self, what: str) -> None:
        self.log.append(f"{self._loop.now_s:.6f} {what}")
