"""Orders that are stored in memory once somebody asks: each stands where it would, and nothing gets past it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.trading.entries import ACCOUNT, NOW, audit, bought, new_row

from midas.core.errors import InvalidInput
from midas.core.order import OrderState
from midas.execution.order_row import OrderRow
from midas.trading.journal import AlreadyStored, AskCancel, Batch, Book, ChangeOrder, StoreOrder
from midas.trading.memory_store import MemoryStore

BEFORE, LATER = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)


def row(sequence: int, state: OrderState = OrderState.NEW, stamp_utc: datetime = NOW) -> OrderRow:
    return replace(new_row(sequence, stamp_utc=stamp_utc), state=state)


def booking(reference: str, order: str, stamp_utc: datetime = NOW) -> Book:
    return replace(bought(reference, order), stamp_utc=stamp_utc)


def store_with(late: OrderRow) -> MemoryStore:
    """A store with an order, one that was put off behind it, and the first batch of another behind both."""
    store = MemoryStore()
    store.write(ACCOUNT, [StoreOrder(row(0, stamp_utc=BEFORE)), audit("first")])
    stored = store.so_far(ACCOUNT)

    def enter(place: int) -> None:
        store.enlist(ACCOUNT, late.id, late.intent.key, "P1", place)
        stored.orders[late.id] = late
        stored.book(booking("x1-0", late.id))
        stored.audits.append(audit("late"))

    stored.put_off(enter, 1, 4, NOW)
    store.write(ACCOUNT, [StoreOrder(row(2, stamp_utc=LATER)), booking("x2-0", "q", LATER), audit("last")])
    return store


class TestSettle:
    def test_in_its_place(self) -> None:
        late = row(1, OrderState.FILLED)
        store = store_with(late)
        assert len(store.so_far(ACCOUNT).orders) == 2
        stored = store.accounts[ACCOUNT]
        assert [each.intent.sequence for each in stored.orders.values()] == [0, 1, 2]
        assert [stored.places[order] for order in stored.orders] == [0, 1, 2]
        assert list(stored.books) == ["x1-0", "x2-0"]
        assert [each.subject for each in stored.audits] == ["first", "late", "last"]
        assert (stored.revision, stored.late) == (6, [])
        assert store.homes[late.id] == ACCOUNT

    def test_what_does_not_balance_is_found(self) -> None:
        store = store_with(row(1, OrderState.FILLED))
        store.so_far(ACCOUNT).put_off(
            lambda _: store.so_far(ACCOUNT).book(replace(booking("x3-0", "q"), quantity=None)), 1, 4, LATER
        )
        with pytest.raises(InvalidInput, match="x3-0"):
            _ = store.accounts


@pytest.mark.parametrize("booked", [False, True])
def test_the_same_again_is_refused(booked: bool) -> None:
    late = row(1, OrderState.FILLED)
    store = store_with(late)
    batch: Batch = [booking("x1-0", late.id)] if booked else [StoreOrder(row(1))]
    with pytest.raises(AlreadyStored):
        store.write(ACCOUNT, batch)


def test_it_can_be_changed() -> None:
    late = row(1, OrderState.FILLED)
    store = store_with(late)
    store.write(ACCOUNT, [ChangeOrder(replace(late, reason="late"), OrderState.FILLED), AskCancel(late.id, "why")])
    assert store.accounts[ACCOUNT].orders[late.id].reason == "late"
