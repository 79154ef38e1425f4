"""What every journal must do with orders, wherever it keeps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from tests.conformance.journals import Case, sent
from tests.trading.entries import ACCOUNT, APPLE, NOW, bought, new_row, paid_in

from midas.core.errors import NotFound
from midas.core.order import OrderState, Side
from midas.trading.journal import NOBODY, AlreadyStored, AskCancel, CancelSent, ChangeOrder, StoreOrder


class TestOrders:
    def test_they_come_back_as_they_went_in(self, case: Case) -> None:
        rows = [
            new_row(0),
            new_row(1, side=Side.SELL, quantity=Decimal("0.000000001"), limit_price=None, reduce_only=True),
            new_row(2, run="", leg="a key", reference_price=None, stop_price=Decimal("12345678.9"), strategy=""),
        ]
        for row in rows:
            case.commit(StoreOrder(row))
        assert case.run(case.journal.orders(ACCOUNT)) == rows
        assert [case.run(case.journal.order(row.id)) for row in rows] == rows
        assert case.run(case.journal.order("qnobody")) is None

    def test_the_outbox_holds_what_is_to_be_sent(self, case: Case) -> None:
        rows = [new_row(n) for n in range(4)]
        case.commit(*(StoreOrder(row) for row in rows))
        moved = sent(rows[1], case.epoch)
        case.commit(ChangeOrder(moved, OrderState.NEW))
        assert case.run(case.journal.outbox(ACCOUNT, case.epoch)) == [rows[0], rows[2], rows[3]]
        assert case.run(case.journal.order(moved.id)) == moved
        again = replace(moved, state=OrderState.NEW)
        case.commit(ChangeOrder(again, OrderState.SENDING))
        assert case.run(case.journal.outbox(ACCOUNT, case.epoch)) == [rows[0], again, rows[2], rows[3]]

    def test_many_at_once_are_all_stored_in_their_order_or_none_of_them(self, case: Case) -> None:
        rows = [new_row(n) for n in range(2_100)]
        with pytest.raises(AlreadyStored):
            case.commit(*(StoreOrder(row) for row in [*rows, rows[5]]))
        assert case.run(case.journal.orders(ACCOUNT, active=False)) == []
        case.commit(*(StoreOrder(row) for row in rows))
        assert case.run(case.journal.outbox(ACCOUNT, case.epoch)) == rows

    def test_what_ended_is_not_active_but_stays(self, case: Case) -> None:
        rows = [new_row(n) for n in range(len(OrderState))]
        for row, state in zip(rows, OrderState, strict=True):
            case.commit(StoreOrder(row))
            moved = replace(row, state=state, number=f"b{row.id}", filled=Decimal("2.5"), reason="a reason")
            case.commit(ChangeOrder(moved, OrderState.NEW))
        active = {row.state for row in case.run(case.journal.orders(ACCOUNT))}
        assert active == set(OrderState) - {
            OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED, OrderState.NOT_PLACED
        }  # fmt: skip
        every = case.run(case.journal.orders(ACCOUNT, active=False))
        assert [(row.id, row.state, row.filled, row.reason) for row in every] == [
            (row.id, state, Decimal("2.5"), "a reason") for row, state in zip(rows, OrderState, strict=True)
        ]

    def test_one_that_shows_up_late_is_active_again(self, case: Case) -> None:
        rows = [new_row(n) for n in range(3)]
        case.commit(*(StoreOrder(row) for row in rows))
        gone = replace(rows[1], state=OrderState.NOT_PLACED)
        case.commit(ChangeOrder(gone, OrderState.NEW))
        late = replace(gone, state=OrderState.ADOPTED_LATE)
        case.commit(ChangeOrder(late, OrderState.NOT_PLACED))
        assert case.run(case.journal.orders(ACCOUNT)) == [rows[0], late, rows[2]]

    def test_a_brokers_number_finds_its_order(self, case: Case) -> None:
        case.commit(StoreOrder(new_row(0)), StoreOrder(new_row(1)))
        known = replace(new_row(1), state=OrderState.OPEN, number="b-1")
        case.commit(ChangeOrder(known, OrderState.NEW))
        assert case.run(case.journal.numbered(ACCOUNT, "b-1")) == known
        done = replace(known, state=OrderState.FILLED)
        case.commit(ChangeOrder(done, OrderState.OPEN))
        assert case.run(case.journal.numbered(ACCOUNT, "b-1")) == done
        for account, number in ((ACCOUNT, "b-2"), (ACCOUNT, ""), ("other", "b-1")):
            assert case.run(case.journal.numbered(account, number)) is None

    def test_what_was_sent_since(self, case: Case) -> None:
        rows = [new_row(sequence) for sequence in range(3)]
        case.commit(*(StoreOrder(row) for row in rows))
        before = replace(sent(rows[0], case.epoch), sent_utc=NOW - timedelta(seconds=1))
        case.commit(ChangeOrder(before, OrderState.NEW))
        case.commit(ChangeOrder(sent(rows[1], case.epoch), OrderState.NEW))
        ended = replace(sent(rows[1], case.epoch), state=OrderState.NOT_PLACED)
        case.commit(ChangeOrder(ended, OrderState.SENDING))
        since = partial(case.journal.orders, ACCOUNT, active=False)
        assert case.run(since(sent_utc=NOW)) == [ended]
        assert case.run(since(sent_utc=NOW - timedelta(seconds=1))) == [before, ended]
        assert case.run(case.journal.orders(ACCOUNT, sent_utc=NOW - timedelta(seconds=1))) == [before]

    def test_what_was_decided_lately_with_its_executions(self, case: Case) -> None:
        def at(sequence: int, hours: int, run: str) -> Any:
            return new_row(sequence, stamp_utc=NOW + timedelta(hours=hours), run=run)

        by_run, later, by_hand = at(0, 1, "r1"), at(1, 24, "r1"), at(2, 40, "")
        old, theirs = at(3, 0, "r1"), new_row(4, leg="margin_call x", stamp_utc=NOW + timedelta(hours=30), run="")
        case.commit(paid_in(1_000_000), *(StoreOrder(row) for row in (later, by_hand, old, theirs, by_run)))
        case.commit(bought("x1", later.id), bought("x2", later.id), bought("x3", old.id))

        def told(since_utc: Any) -> list[tuple[str, int]]:
            found = case.run(case.journal.lately(ACCOUNT, since_utc))
            return [(each.order, each.executions) for each in found.orders]

        assert told(None) == [(old.id, 1), (by_run.id, 0), (later.id, 2)]
        assert told(NOW + timedelta(hours=1)) == [(by_run.id, 0), (later.id, 2), (by_hand.id, 0)]
        assert told(NOW + timedelta(hours=41)) == []
        first = case.run(case.journal.lately(ACCOUNT, None)).orders[0]
        assert (first.run, first.instrument, first.side, first.quantity, first.stored_utc) == (
            "r1", str(APPLE), Side.BUY, Decimal(10), NOW,
        )  # fmt: skip

    def test_accounts_do_not_mix(self, case: Case) -> None:
        case.commit(StoreOrder(new_row(0)))
        case.commit(StoreOrder(new_row(0, account="other")), epoch=NOBODY, account="other")
        assert case.run(case.journal.orders(ACCOUNT)) == [new_row(0)]
        assert case.run(case.journal.orders("other")) == [new_row(0, account="other")]
        with pytest.raises(NotFound):
            case.commit(AskCancel(new_row(0, account="other").id, "why"))

    def test_cancels_wait_until_they_were_sent(self, case: Case) -> None:
        rows = [new_row(n) for n in range(3)]
        case.commit(*(StoreOrder(row) for row in rows))
        case.commit(AskCancel(rows[2].id, "a"), AskCancel(rows[0].id, "b"), AskCancel(rows[0].id, "again"))
        assert case.run(case.journal.cancels(ACCOUNT)) == [rows[0], rows[2]]
        case.commit(CancelSent(rows[0].id), CancelSent(rows[1].id))
        assert case.run(case.journal.cancels(ACCOUNT)) == [rows[2]]
        case.commit(AskCancel(rows[0].id, "once more"))
        assert case.run(case.journal.cancels(ACCOUNT)) == [rows[0], rows[2]]
