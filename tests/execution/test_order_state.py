"""Every state meets every event, against a table written by hand from the specification."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.execution.orders import NOON, row

from midas.core.order import ENDED, OrderState
from midas.execution.broker import BrokerOrder, BrokerState
from midas.execution.order_events import (
    Acknowledged,
    CancelAsked,
    Canceled,
    CancelRefused,
    Executed,
    Expired,
    FoundLate,
    GaveUp,
    Lost,
    OrderEvent,
    Refused,
    Sending,
    Unsent,
)
from midas.execution.order_reports import events_of
from midas.execution.order_row import OrderRow
from midas.execution.order_state import AT_WORK, MOVES, IllegalMove, reduce

LATER = NOON + timedelta(seconds=1)

EVENTS: dict[str, OrderEvent] = {
    "send": Sending(epoch=7, sent_utc=LATER, seen=("x",)),
    "unsent": Unsent(),
    "lost": Lost(),
    "gave_up": GaveUp(),
    "ask_cancel": CancelAsked(),
    "ack": Acknowledged("n1"),
    "late": FoundLate("n1"),
    "part": Executed(Decimal(1)),
    "all": Executed(Decimal(10)),
    "refused": Refused("no"),
    "no_cancel": CancelRefused(),
    "canceled": Canceled(),
    "expired": Expired("day is over"),
}

# "." stays, "!" may not happen. PARTIAL has 4 of 10, FILLED 10 of 10, the others nothing.
TABLE = """
                send    unsent lost    gave_up    ask_cancel     ack   late    part    all    refused  no_cancel canceled expired
new             sending !      !       !          !              open  adopted partial filled rejected .         canceled expired
sending         !       new    unknown !          !              open  adopted partial filled rejected .         canceled expired
unknown         sending !      .       not_placed !              open  adopted partial filled rejected .         canceled expired
open            !       .      .       !          pending_cancel .     .       partial filled rejected .         canceled expired
partial         !       .      .       !          pending_cancel .     .       .       filled canceled .         canceled expired
pending_cancel  !       .      .       !          .              .     .       .       filled rejected open      canceled expired
adopted_late    !       .      .       !          .              .     .       .       filled rejected .         canceled expired
filled          !       .      .       !          .              .     .       .       .      .        .         .        .
canceled        !       .      .       !          .              .     .       .       filled .        .         .        .
expired         !       .      .       !          .              .     .       .       filled .        .         .        .
rejected        !       .      .       !          .              .     .       canceled filled .       .         .        .
not_placed      !       .      .       !          .              adopted adopted adopted filled rejected .       canceled expired
"""  # noqa: E501


def cells() -> list[tuple[OrderState, str, str]]:
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return [
        (OrderState(line[0]), event, "adopted_late" if cell == "adopted" else cell)
        for line in lines
        for event, cell in zip(head, line[1:], strict=True)
    ]


def standing(state: OrderState) -> OrderRow:
    filled = {OrderState.PARTIAL: 4, OrderState.FILLED: 10}.get(state, 0)
    known = state not in (OrderState.NEW, OrderState.SENDING, OrderState.UNKNOWN, OrderState.NOT_PLACED)
    sent = 0 if state is OrderState.NEW else 1
    return row(state, attempt=sent, number="n1" if known else "", filled=Decimal(filled))


class TestTable:
    def test_is_whole(self) -> None:
        assert {(state, event) for state, event, _ in cells()} == {(s, e) for s in OrderState for e in EVENTS}
        assert {type(event) for event in EVENTS.values()} == set(MOVES)

    @pytest.mark.parametrize(("state", "event", "then"), cells(), ids=lambda part: str(part))
    def test_holds(self, state: OrderState, event: str, then: str) -> None:
        before = standing(state)
        if then == "!":
            with pytest.raises(IllegalMove):
                reduce(before, EVENTS[event], LATER)
            return
        after = reduce(before, EVENTS[event], LATER)
        assert after.state == (state if then == "." else OrderState(then))
        booked = {"part": 1, "all": 10}.get(event, 0)
        assert after.filled == before.filled + booked
        assert after.changed_utc == (None if after is before else LATER)
        assert (after is before) == (then == "." and not booked)

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(TypeError):
            MOVES[Lost][OrderState.NEW] = OrderState.OPEN  # type: ignore[index]

    def test_states_are_divided(self) -> None:
        waiting = {OrderState.NEW, OrderState.SENDING, OrderState.UNKNOWN}
        assert waiting | AT_WORK | ENDED == set(OrderState)
        assert not AT_WORK & ENDED


class TestSending:
    def test_counts_and_remembers(self) -> None:
        sent = reduce(row(), EVENTS["send"], LATER)
        assert (sent.attempt, sent.epoch, sent.sent_utc, sent.seen) == (1, 7, LATER, ("x",))

    def test_again_keeps_what_was_seen_before_the_first(self) -> None:
        lost = reduce(reduce(row(), EVENTS["send"], LATER), Lost(), LATER)
        again = reduce(lost, Sending(8, LATER, ("x", "y")), LATER)
        assert (again.attempt, again.epoch, again.seen) == (2, 8, ("x",))

    def test_what_never_left_was_not_sent(self) -> None:
        waits = reduce(reduce(row(), EVENTS["send"], LATER), Unsent(), LATER)
        assert (waits.state, waits.attempt) == (OrderState.NEW, 0)
        assert reduce(waits, Sending(8, LATER, ("z",)), LATER).seen == ("z",)

    @pytest.mark.parametrize("answer", [Unsent(), Refused("no cash")])
    def test_an_answer_to_the_second_says_nothing_of_the_first(self, answer: OrderEvent) -> None:
        second = row(OrderState.SENDING, attempt=2)
        assert reduce(second, answer, LATER).state is OrderState.UNKNOWN


class TestFacts:
    def test_the_first_number_stays(self) -> None:
        assert reduce(standing(OrderState.OPEN), Acknowledged("n2"), LATER).number == "n1"

    def test_a_reason_is_kept_where_it_ended_the_order(self) -> None:
        assert reduce(row(), Refused("killed"), LATER).reason == "killed"
        assert reduce(standing(OrderState.CANCELED), Refused("late"), LATER).reason == ""

    def test_no_cancel_of_a_partial_one_leaves_it_partial(self) -> None:
        asked = reduce(standing(OrderState.PARTIAL), CancelAsked(), LATER)
        assert reduce(asked, CancelRefused(), LATER).state is OrderState.PARTIAL

    def test_one_of_which_the_broker_says_more_is_left_is_not_filled_yet(self) -> None:
        more = reduce(standing(OrderState.PARTIAL), Executed(Decimal(11), left=Decimal(5)), LATER)
        assert (more.state, more.filled) == (OrderState.PARTIAL, 15)
        assert reduce(more, Executed(Decimal(5)), LATER).state is OrderState.FILLED
        over = reduce(more, Expired("volume_cap"), LATER)
        assert (over.state, over.reason) == (OrderState.EXPIRED, "volume_cap")

    def test_what_is_taken_back_opens_again(self) -> None:
        back = reduce(standing(OrderState.PARTIAL), Executed(Decimal(-4)), LATER)
        assert (back.state, back.filled) == (OrderState.OPEN, 0)

    def test_what_is_taken_back_sets_nothing_to_work(self) -> None:
        back = reduce(standing(OrderState.FILLED), Executed(Decimal(-4)), LATER)
        assert (back.state, back.filled) == (OrderState.FILLED, 6)

    def test_nothing_executed_is_no_news(self) -> None:
        before = standing(OrderState.OPEN)
        assert reduce(before, Executed(Decimal(0)), LATER) is before

    @pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELED])
    @pytest.mark.parametrize("event", ["ack", "late", "part"])
    def test_one_that_was_never_sent_and_shows_up_is_adopted(self, state: OrderState, event: str) -> None:
        assert reduce(row(state), EVENTS[event], LATER).state is OrderState.ADOPTED_LATE

    @pytest.mark.parametrize("state", [OrderState.EXPIRED, OrderState.CANCELED])
    def test_one_that_ended_before_its_number_was_told_stays_ended(self, state: OrderState) -> None:
        after = reduce(row(state, attempt=1), EVENTS["ack"], LATER)
        assert (after.state, after.number) == (state, "n1")

    def test_one_refused_and_sent_once_is_adopted_when_it_shows_up(self) -> None:
        assert reduce(row(OrderState.REJECTED, attempt=1), EVENTS["ack"], LATER).state is OrderState.ADOPTED_LATE


class TestReports:
    def at_the_broker(self, state: BrokerState) -> BrokerOrder:
        wanted = row().intent
        return BrokerOrder(
            "n1", "", wanted.instrument, wanted.side, Decimal(10), wanted.kind, None, state, Decimal(0), NOON, "why"
        )

    @pytest.mark.parametrize("state", BrokerState)
    @pytest.mark.parametrize("ours", [OrderState.SENDING, OrderState.UNKNOWN, OrderState.OPEN])
    def test_lead_to_the_brokers_state(self, state: BrokerState, ours: OrderState) -> None:
        order = replace(standing(ours), reason="")
        for event in events_of(self.at_the_broker(state), Decimal(0)):
            order = reduce(order, event, LATER)
        # That it is filled is believed when the executions are there.
        assert order.state == (OrderState.OPEN if state is BrokerState.FILLED else OrderState(state.value))
        assert order.number == ("" if state is BrokerState.REJECTED and ours is not OrderState.OPEN else "n1")
        told_why = state in (BrokerState.REJECTED, BrokerState.EXPIRED)
        assert order.reason == ("why" if told_why else "")
