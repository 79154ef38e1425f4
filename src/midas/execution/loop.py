"""The trading loop: events in, commands out. It never waits, and reads no clock and no file.

A backtest's account and this loop decide by the same compiled steps over the same numbers; here the fills come from a
broker, so that the same loop trades a replay, on paper and live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midas.core.order import OrderIntent, OrderKind, Side
from midas.execution.asking import Asking
from midas.execution.book import Book
from midas.execution.deciding import Decider, Decision
from midas.execution.guards import range_places, rules_of
from midas.execution.intent_json import intent_from_json, intent_to_json
from midas.execution.intents import PROTECT, intent_of
from midas.execution.loop_events import (
    Command,
    Denied,
    Ended,
    Filled,
    Limited,
    LoopEvent,
    Moved,
    Submit,
    Switched,
    Withdraw,
)
from midas.execution.mandate import TARGET, Mandate
from midas.execution.order_id import order_id
from midas.execution.planning import PRICED, Plans, priced
from midas.execution.protection import LEG, Guarding, exit_wishes
from midas.execution.rebalance import Wish
from midas.execution.retrying import PASSING, found_no_market
from midas.execution.row_rules import RowRules
from midas.execution.state_bytes import from_bytes, to_bytes
from midas.marketdata.actions import ActionKind
from midas.marketdata.block import BarBlock
from midas.marketdata.feed import BarRow, CorporateAction, SessionEdge
from midas.risk.kill import KillLevel
from midas.risk.verdict import Deny


class Loop:
    """One run. Events go in as they happen, each once, and what is to be done about them comes out.

    row : the last one decided on, -1 before the first. corrections : bars that came again after they were decided on;
    nothing is done about them.
    """

    def __init__(self, mandate: Mandate, decider: Decider) -> None:
        self._mandate, self._decider = mandate, decider
        ground = mandate.ground
        self._ids = [instrument.id for instrument in ground.instruments]
        self._column = {instrument: column for column, instrument in enumerate(self._ids)}
        self._places = range_places(mandate.exits)
        self._book = Book(
            RowRules(ground, mandate.terms), mandate.terms.capital.minor, by_change=mandate.by_change,
            rules=rules_of(mandate.exits),
        )  # fmt: skip
        self._asking = Asking(mandate, self._book)
        self._guarding = Guarding(mandate, self._ids)
        self._plans = Plans(mandate)
        self._working: dict[str, OrderIntent] = {}
        self._withdrawn: set[str] = set()
        self.row = -1
        self._acted = False
        self.corrections = 0

    @property
    def waits(self) -> bool:
        """Whether the close of the session may bring a decision on the last row."""
        return self._decider.waits

    @property
    def book(self) -> Book:
        """The run's own account, for those who look on."""
        return self._book

    @property
    def working(self) -> dict[str, OrderIntent]:
        """Orders that were submitted and did not end, by id."""
        return dict(self._working)

    def on(self, event: LoopEvent) -> Sequence[Command]:
        """Take in what happened and return what is to be done."""
        match event:
            case BarRow():
                return self._on_row(event)
            case Filled():
                self._on_fill(event)
            case Ended():
                self._on_end(event)
            case CorporateAction():
                self._on_action(event)
            case Moved():
                self._on_move(event)
            case Switched():
                return self._on_switch(event)
            case SessionEdge() if not event.opened:
                told = self._decider.close(event.session, self._book)
                return () if told is None else self._commands(*told)
            case Limited():
                self._asking.limits = event.limits
        return ()

    def quiet(self, block: BarBlock, at: int, stop: int) -> int:
        """Return the first row of a block, from `at` on and before `stop`, whose close is to be heard by `on`.

        The rows before it may be passed over, as long as no other event comes between.
        """
        first, book = self._mandate.first, self._book
        if block.first + at <= self.row or block.first + at < first or self._guarding.by_us or not self._plans.rest:
            return at
        guarded = self._guarding.wanted(book, ())
        if guarded.arm or guarded.disarm or book.is_stopped:
            return at
        alone = not (self._working or self._acted or _may_move(self._mandate))
        return min(stop, self._decider.quiet(block, at, stop, book, alone=alone))

    def pass_over(self, block: BarBlock, at: int, stop: int) -> NDArray[np.int64]:
        """Hear of the closes of quiet rows; return the equity of the run's own account at each, in minor units."""
        if at < stop:
            self.row = block.first + stop - 1
            self._decider.pass_over(block, at, stop)
        return self._book.pass_over(block, at, stop)

    def snapshot(self) -> bytes:
        """Return all there is to know to go on from the last event."""
        tree: dict[str, Any] = {
            "row": self.row, "book": self._book.snapshot(), "decider": self._decider.snapshot(),
            "asking": self._asking.snapshot(), "guarding": self._guarding.snapshot(),
            "working": [intent_to_json(intent) for intent in self._working.values()],
            "withdrawn": sorted(self._withdrawn), "corrections": self.corrections,
            "plans": self._plans.snapshot(),
        }  # fmt: skip
        return to_bytes(tree)

    def restore(self, state: bytes) -> None:
        """Go back to a snapshot of a loop of the same mandate.

        Raises
        ------
        ValueError: these bytes are of something else.
        """
        tree = from_bytes(state)
        self.row, self.corrections = tree["row"], tree["corrections"]
        self._book.restore(tree["book"])
        self._decider.restore(tree["decider"])
        self._asking.restore(tree["asking"])
        self._guarding.restore(tree["guarding"])
        intents = [intent_from_json(values) for values in tree["working"]]
        self._working = {order_id(intent): intent for intent in intents}
        self._withdrawn = set(tree["withdrawn"])
        self._plans.restore(tree["plans"])
        self._acted = True  # perhaps

    def _on_row(self, row: BarRow) -> Sequence[Command]:
        if row.row <= self.row:
            self.corrections += 1
            return ()
        self.row, self._acted = row.row, False
        self._book.close(row, late=self._guarding.by_us)
        self._plans.hear(row)
        if row.row < self._mandate.first:
            decision = self._decider.learn(row)
            commands: list[Command] = []
        else:
            decision = self._decider.decide(row, self._book)
            commands = self._commands(row, decision)
        self._book.roll({self._places[key]: values for key, values in decision.ranges.items()})
        return commands

    def _commands(self, row: BarRow, decision: Decision) -> list[Command]:
        guarded = self._guarding.wanted(self._book, decision.released)
        targets = {order: intent for order, intent in self._working.items() if intent.kind is not OrderKind.PROTECTION}
        busy = frozenset(self._column[intent.instrument] for intent in targets.values() if intent.leg != PRICED)
        exits = exit_wishes(self._book, busy) if self._guarding.by_us else []
        due = self._plans.due(row, decision)
        working = [order for order in targets if order not in self._withdrawn]
        names = {self._ids[column] for column in decision.cancelled}
        called_off = [one for one in working if targets[one].leg == PRICED and targets[one].instrument in names]
        off = [*guarded.disarm, *called_off]
        if not (decision.wishes or decision.spoke or guarded.arm or off or exits or due):
            return []
        self._asking.begin(row)
        commands: list[Command] = [self._withdraw(order, "it was called off") for order in off]
        if decision.spoke:
            commands += [self._withdraw(order, "a new decision") for order in working if order not in off]
        commands += self._orders(row, guarded.arm, PROTECT)
        commands += self._orders(row, exits, LEG)
        wishes = [wish for wish in decision.wishes if self._is_free(wish, busy, decision)]
        commands += self._orders(row, wishes, TARGET)
        for intent in due:
            commands += self._ask(self._asking.as_of(row, intent, self._column[intent.instrument]))
        return commands

    def _is_free(self, wish: Wish, busy: frozenset[int], decision: Decision) -> bool:
        # Two orders of one name at once could both fill: unless the broker cancels at once, the second waits.
        if wish.waits or wish.column not in busy or (decision.spoke and self._mandate.broker.cancels_at_once):
            return True
        self._book.due(wish.column, wish.side)
        return False

    def _orders(self, row: BarRow, wishes: Sequence[Wish], leg: str) -> list[Command]:
        asking, mandate = self._asking, self._mandate
        intents = [priced(intent_of(mandate, asking, row, wish, leg, place), wish) for place, wish in enumerate(wishes)]
        if leg == TARGET:
            intents = [each for intent in intents for each in self._plans.begin(row, intent)]
        return [command for intent in intents for command in self._ask(intent)]

    def _ask(self, intent: OrderIntent) -> list[Command]:
        identity, kind, column = order_id(intent), intent.kind, self._column[intent.instrument]
        verdict = self._asking.judge(identity, intent, column)
        if isinstance(verdict, Deny):
            closing = self._asking.closing(intent, verdict)
            if closing:
                rest = replace(intent, quantity=intent.quantity - closing)
                return [*self._ask(replace(intent, quantity=closing)), Denied(rest, verdict)]
            if kind is not OrderKind.PROTECTION and verdict.code in PASSING:
                self._book.due(column, intent.side)
            return [Denied(intent, verdict)]
        self._working[identity] = intent
        if kind is OrderKind.PROTECTION:
            self._guarding.armed(identity, intent)
        else:
            self._asking.passed(identity, intent, column)
        return [Submit(identity, intent)]

    def _withdraw(self, order: str, reason: str) -> Withdraw:
        intent = self._working[order]
        self._withdrawn.add(order)
        self._guarding.ended(order, intent)
        return Withdraw(order, reason)

    def _on_fill(self, event: Filled) -> None:
        fill = event.fill
        column = self._column.get(fill.instrument)
        if column is None:
            return
        spent = (fill.value if fill.side is Side.BUY else -fill.value) + fill.commission + fill.tax
        exited = fill.cause is not None
        if exited:
            self._plans.drop(fill.instrument)
        self._asking.filled(fill)
        self._book.filled(column, fill.side, float(fill.quantity), float(fill.price), spent, exited=exited)

    def _on_end(self, event: Ended) -> None:
        intent = self._working.pop(event.order, None)
        if intent is None:
            return
        self._guarding.ended(event.order, intent)
        withdrawn = event.order in self._withdrawn
        self._withdrawn.discard(event.order)
        # while slices wait, the last of them tells what is left to be done
        if not withdrawn and found_no_market(intent, event) and not self._plans.waiting(intent.instrument):
            self._book.due(self._column[intent.instrument], intent.side)

    def _on_action(self, event: CorporateAction) -> None:
        self._decider.act(event)
        self._acted = True
        column = self._column.get(event.instrument)
        if column is not None:
            self._book.act(column, event.kind, event.value)
        side = self._plans.side(event.instrument)
        if side is not None and column is not None and event.kind != ActionKind.CASH_DIVIDEND:
            # what is planned counts shares that are others now: the rest is planned anew
            self._plans.drop(event.instrument)
            self._book.due(column, side)

    def _on_move(self, event: Moved) -> None:
        move = event.move
        column = None if move.instrument is None else self._column.get(move.instrument)
        self._book.moved(column, move.amount, None if move.quantity is None else float(move.quantity))

    def _on_switch(self, event: Switched) -> Sequence[Command]:
        self._asking.kill = event.level
        if event.level < KillLevel.CANCEL_ALL:
            return ()
        self._plans.drop()
        return [
            self._withdraw(order, "the kill switch") for order in list(self._working) if order not in self._withdrawn
        ]


def carry_out(loop: Loop, row: BarRow) -> Sequence[Command]:
    """Return what is to be done about a row whose close was heard, and that code was shown, in a stride."""
    return loop._commands(row, loop._decider.decide(row, loop.book))


def _may_move(mandate: Mandate) -> bool:
    # Whether something may happen to an account that has no orders, and on a row before which nothing was told.
    dealing = mandate.terms.dealing
    return bool(mandate.exits or dealing.cash_rate or dealing.allow_short or dealing.reinvest_dividends)
