"""However a broker tells its fills, each is booked once and the sums are the broker's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from tests.execution.orders import NOON, intent, row, told
from tests.many import many
from tests.scale import scaled

from midas.core.order import Fill, OrderState
from midas.execution.broker import BrokerFill, Bust
from midas.execution.executions import Executions, executed, execution_of_total, taken_back, totalled
from midas.execution.order_events import Acknowledged, CancelAsked, Canceled, Executed, Sending
from midas.execution.order_row import OrderRow
from midas.execution.order_state import reduce

Told = BrokerFill | Bust


def stream(rng: Random, cumulative: bool) -> tuple[int, list[Told]]:
    """Return an order's quantity, and what is told of its fills: doubled, out of order, some taken back, some lost."""
    parts = [rng.randint(1, 20) for _ in range(rng.randint(1, 8))]
    fills = [told(f"e{k}", part, rng.randint(1, 500), commission=rng.randint(0, 9)) for k, part in enumerate(parts)]
    reports: list[Told] = list(totals(fills)) if cumulative else list(fills)
    if not cumulative:
        reports += [Bust(fill.execution, "n1") for fill in fills if rng.random() < 0.15]
    reports += [report for report in reports if rng.random() < 0.4]
    for _ in range(rng.randint(0, 6)):
        first, second = rng.randrange(len(reports)), rng.randrange(len(reports))
        reports[first], reports[second] = reports[second], reports[first]
    return sum(parts), reports[: rng.randint(1, len(reports))]


def totals(fills: Sequence[BrokerFill]) -> list[BrokerFill]:
    sums: list[BrokerFill] = []
    for count in range(1, len(fills) + 1):
        seen = fills[:count]
        quantity = sum(int(fill.quantity) for fill in seen)
        value = sum(fill.value for fill in seen)
        costs = sum(fill.commission for fill in seen), sum(fill.tax for fill in seen)
        sums.append(
            replace(
                seen[-1],
                execution="",
                quantity=Decimal(quantity),
                price=Decimal(value) / quantity,
                value=value,
                commission=costs[0],
                tax=costs[1],
            )
        )
    return sums


def sums(fills: Sequence[Fill | BrokerFill]) -> tuple[Decimal, int, int, int]:
    quantity = sum((fill.quantity for fill in fills), Decimal(0))
    return quantity, sum(f.value for f in fills), sum(f.commission for f in fills), sum(f.tax for f in fills)


def expected(reports: Sequence[Told], cumulative: bool) -> tuple[Decimal, int, int, int]:
    fills = [report for report in reports if isinstance(report, BrokerFill)]
    if cumulative:
        return sums([max(fills, key=lambda fill: fill.quantity)])
    gone = {report.execution for report in reports if isinstance(report, Bust)}
    return sums([fill for name, fill in {f.execution: f for f in fills}.items() if name not in gone])


def check_stream(seed: int) -> int:
    rng = Random(seed)
    cumulative = rng.random() < 0.4
    quantity, reports = stream(rng, cumulative)
    order, known, booked = row(wanted=intent(quantity)), Executions(), list[Fill]()
    acked, asked = rng.randrange(len(reports) + 1), rng.randrange(len(reports) + 1)
    order = reduce(order, Sending(1, NOON), NOON)
    for place, report in enumerate(reports):
        order = _around(order, place, acked, asked)
        if rng.random() < 0.1:  # the process died and reads what it had booked
            known = replace(Executions.of(booked), taken_back=known.taken_back)
        known, fill = _take(known, report, cumulative)
        if fill is not None:
            assert fill.execution not in {each.execution for each in booked}
            booked.append(fill)
            order = reduce(order, Executed(fill.quantity), NOON)
    assert sums(booked) == expected(reports, cumulative)
    assert order.filled == known.quantity == sums(booked)[0]
    if order.filled == quantity and not any(isinstance(report, Bust) for report in reports):
        assert order.state is OrderState.FILLED
    return len(reports)


def _around(order: OrderRow, place: int, acked: int, asked: int) -> OrderRow:
    # The broker's word about the order itself comes anywhere between its fills.
    if place == acked:
        order = reduce(order, Acknowledged("n1"), NOON)
    if place == asked and order.state in (OrderState.OPEN, OrderState.PARTIAL):
        order = reduce(reduce(order, CancelAsked(), NOON), Canceled(), NOON)
    return order


def _take(known: Executions, report: Told, cumulative: bool) -> tuple[Executions, Fill | None]:
    if isinstance(report, Bust):
        return taken_back(known, report)
    return (totalled if cumulative else executed)(known, report, "paper", "q1")


class TestStreams:
    @pytest.mark.figure("R7")
    def test_are_booked_once(self, record_property: Callable[[str, object], None]) -> None:
        count = scaled(200_000)
        record_property("streams", count)
        assert sum(many(check_stream, range(count))) > count


class TestExamples:
    def test_a_fill_after_the_cancel_is_booked(self) -> None:
        order = row(OrderState.PENDING_CANCEL, number="n1", attempt=1, filled=Decimal(4))
        order = reduce(reduce(order, Canceled(), NOON), Executed(Decimal(5)), NOON)
        assert (order.state, order.filled) == (OrderState.CANCELED, 9)
        assert reduce(order, Executed(Decimal(1)), NOON).state is OrderState.FILLED

    def test_a_fill_before_the_answer_says_that_the_broker_has_it(self) -> None:
        order = reduce(row(OrderState.SENDING, attempt=1), Executed(Decimal(3)), NOON)
        assert order.state is OrderState.PARTIAL
        assert reduce(order, Acknowledged("n1"), NOON).number == "n1"

    def test_one_taken_back_before_it_came_is_never_booked(self) -> None:
        known, nothing = taken_back(Executions(), Bust("e1", "n1"))
        assert nothing is None
        assert executed(known, told("e1", 5), "paper", "q1")[1] is None

    def test_one_taken_back_twice_is_undone_once(self) -> None:
        known, _ = executed(Executions(), told("e1", 5), "paper", "q1")
        known, undone = taken_back(known, Bust("e1", "n1"))
        assert undone is not None
        assert (undone.execution, undone.quantity, undone.value) == ("bust:e1", -5, -500)
        assert taken_back(known, Bust("e1", "n1"))[1] is None
        assert taken_back(Executions.of(known.fills.values()), Bust("e1", "n1"))[1] is None

    def test_the_price_of_what_is_new_in_a_total(self) -> None:
        known, first = totalled(Executions(), told("", 4, 100), "paper", "q1")
        _, second = totalled(known, told("", 10, 130, commission=9, tax=5), "paper", "q1")
        assert first is not None
        assert second is not None
        assert (second.quantity, second.price, second.value) == (6, 150, 900)
        assert (second.commission, second.tax) == (6, 4)
        assert first.execution == execution_of_total("n1", Decimal("4.00")) != second.execution


class TestTakenBack:
    def test_a_total_of_before_is_not_booked_again_when_it_is_told_once_more(self) -> None:
        old = totals([told("", 10, 100)])[0]
        known, fill = totalled(Executions(), old, "a", "o")
        assert fill is not None
        known, undone = taken_back(known, Bust(fill.execution, old.number))
        assert undone is not None
        known, again = totalled(known, old, "a", "o")
        assert again is None
        assert known.quantity == 0
