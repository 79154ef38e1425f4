"""An order, its sender and its broker, taking turns in any way hypothesis can think of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.execution.order_stories import AFTER, OURS_FROM, Message, Telling, truth
from tests.execution.orders import NOON, intent, row, told
from tests.scale import scaled

from midas.core.order import OrderState, Side
from midas.execution.broker import BrokerFill, Bust
from midas.execution.order_events import (
    Acknowledged,
    CancelAsked,
    Canceled,
    CancelRefused,
    Expired,
    FoundLate,
    GaveUp,
    Lost,
    Refused,
    Sending,
    Unsent,
)

QUANTITY = 12


class OrderMachine(RuleBasedStateMachine):
    executions = Bundle("executions")

    def __init__(self) -> None:
        super().__init__()
        self.telling = Telling(row(wanted=intent(QUANTITY, Side.SELL)))
        self.messages: list[Message] = []
        self.sends = 0
        self.counted = 0

    def take(self, message: Message) -> None:
        self.messages.append(message)
        self.telling.take(message)

    def may(self, kind: type) -> bool:
        return self.telling.order.state in OURS_FROM[kind]

    @precondition(lambda self: self.may(Sending))
    @rule()
    def send(self) -> None:
        before = self.telling.order.attempt
        self.take(Sending(3, NOON))
        assert self.telling.order.attempt == before + 1
        self.sends += 1

    @rule(event=st.sampled_from([Unsent(), Lost(), GaveUp(), CancelAsked(), Sending(4, NOON)]))
    def command(self, event: Message) -> None:
        # Where it is illegal `take` sees to it that it is refused and nothing moved.
        self.take(event)

    @rule(event=st.sampled_from([Acknowledged("n1"), Refused("no"), FoundLate("n1"), CancelRefused(), Canceled()]))
    def tell(self, event: Message) -> None:
        self.take(event)

    @rule()
    def expire(self) -> None:
        self.take(Expired("over"))

    @rule(target=executions, quantity=st.integers(1, QUANTITY), price=st.integers(1, 9))
    def execute(self, quantity: int, price: int) -> BrokerFill:
        self.counted += 1
        fill = told(f"e{self.counted}", quantity, price, Side.SELL)
        self.take(fill)
        return fill

    @rule(fill=executions)
    def tell_again(self, fill: BrokerFill) -> None:
        before = self.telling.order
        self.take(replace(fill, commission=99))
        assert self.telling.order is before

    @rule(fill=executions)
    def take_back(self, fill: BrokerFill) -> None:
        self.take(Bust(fill.execution, "n1"))

    @invariant()
    def money_is_that_of_the_unique_fills(self) -> None:
        filled, cash = truth([m for m in self.messages if not (isinstance(m, BrokerFill) and m.commission == 99)])
        order = self.telling.order
        assert (order.filled, self.telling.held, self.telling.cash) == (filled, Decimal(-filled), cash)
        assert order.state in AFTER
        assert 0 <= order.attempt <= len(self.messages)
        if order.state is OrderState.PARTIAL:
            assert 0 < order.filled < QUANTITY
        if order.state is OrderState.OPEN:
            assert order.filled == 0


class TestMachine:
    @pytest.mark.figure("R2")
    def test_keeps_every_law(self, record_property: Callable[[str, object], None]) -> None:
        count = scaled(5_000)
        record_property("runs of 50 steps", count)
        how = settings(
            max_examples=count,
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(OrderMachine, settings=how)
