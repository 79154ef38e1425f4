"""Orders at the broker that nobody sees until they were given up: then in its list, by its executions, or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

from tests.sim.exchange import NEVER_S, Exchange, Placed
from tests.sim.virtual_loop import VirtualLoop

from midas.execution.broker import BrokerFill, BrokerOrder, BrokerState, Bust, Report

LONGEST_S = 300.0
"""One that nobody gives up is found all the same: a broker that refuses its id for good has it."""


class Hiding:
    """Keeps orders out of sight; `tell` hears of what there is to tell when they show up.

    shown_s : when the last of those that began to show up is told of in full.
    """

    def __init__(self, loop: VirtualLoop, rng: Random, exchange: Exchange, tell: Callable[[Report], None]) -> None:
        self.shown_s = -NEVER_S
        self._loop = loop
        self._rng = rng
        self._exchange = exchange
        self._tell = tell
        self._hidden: dict[str, Placed] = {}

    @property
    def over_s(self) -> float:
        """From when on nothing is hidden any more; infinite where nobody knows yet."""
        return NEVER_S if self._hidden else self.shown_s

    def hide(self, placed: Placed) -> None:
        # what it moves may be seen in what the account holds all the time
        placed.held_s = self._rng.choice((0.0, NEVER_S))
        self._hidden[placed.ticket.id] = placed
        self._loop.call_later(LONGEST_S, self._show, placed, (0.0,))

    def given_up(self, order: str) -> float | None:
        """Hear that an order was given up; return when it will show up, None where it is not hidden."""
        placed = self._hidden.get(order)
        if placed is None:
            return None
        after_s = self._rng.uniform(0.5, 60.0)
        self._loop.call_later(after_s, self._show, placed, (0.0, 0.0, 0.0, 0.0, NEVER_S))
        return self._loop.now_s + after_s

    def is_told_of(self, report: Report) -> bool:
        """Tell whether the broker says this by itself now."""
        match report:
            case BrokerOrder():
                return self._exchange.placed[report.number].visible_s < NEVER_S
            case BrokerFill() | Bust():
                return self._exchange.placed[report.number].executions_s <= self._loop.now_s
        return True

    def as_told(self, order: BrokerOrder) -> BrokerOrder:
        """Return an order as it looks without the executions that are not told yet."""
        if self._exchange.placed[order.number].executions_s <= self._loop.now_s:
            return order
        state = BrokerState.OPEN if order.state is BrokerState.FILLED else order.state
        return replace(order, filled=Decimal(0), state=state)

    def _show(self, placed: Placed, much_later_s: Sequence[float]) -> None:
        if self._hidden.pop(placed.ticket.id, None) is None:
            return
        rng, list_s, executions_s = self._rng, 0.0, 0.0
        match rng.choice(("list", "executions", "both")):
            case "list":
                executions_s = rng.uniform(0.0, 40.0)
            case "executions":
                list_s = rng.choice(much_later_s) + rng.uniform(0.0, 60.0)
        for after_s, show in ((list_s, self._list), (executions_s, self._execute)):
            if after_s < NEVER_S:
                self._loop.call_later(after_s, show, placed)
                self.shown_s = max(self.shown_s, self._loop.now_s + after_s)

    def _list(self, placed: Placed) -> None:
        placed.visible_s = self._loop.now_s
        self._tell(placed.told)

    def _execute(self, placed: Placed) -> None:
        placed.executions_s = self._loop.now_s
        placed.held_s = min(placed.held_s, self._loop.now_s)
        for _, one in self._exchange.history:
            if one.number == placed.told.number:
                self._tell(one)
        self._tell(placed.told)
