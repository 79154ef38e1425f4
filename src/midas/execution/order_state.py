"""Where an order can go: one frozen table, and the pure function that follows it.

What a broker tells is a fact: it never raises, duplicates and late news change nothing or move money on. What we do
ourselves raises where it cannot be right, because going on would risk a second order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from midas.core.errors import MidasError
from midas.core.order import ENDED, OrderState
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
from midas.execution.order_row import OrderRow

NEW, SENDING, UNKNOWN = OrderState.NEW, OrderState.SENDING, OrderState.UNKNOWN
OPEN, PARTIAL, PENDING_CANCEL = OrderState.OPEN, OrderState.PARTIAL, OrderState.PENDING_CANCEL
FILLED, CANCELED, EXPIRED = OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED
REJECTED, NOT_PLACED, ADOPTED_LATE = OrderState.REJECTED, OrderState.NOT_PLACED, OrderState.ADOPTED_LATE

AT_WORK: Final = frozenset({OPEN, PARTIAL, PENDING_CANCEL, ADOPTED_LATE})
"""States in which the broker is known to have it, so that it can be cancelled there."""

OURS: Final = frozenset({Sending, Unsent, Lost, GaveUp, CancelAsked})
"""Events of our own making: a state they do not list is an `IllegalMove`. In all others a fact changes no state."""

_ALIVE: Final = (NEW, SENDING, UNKNOWN, OPEN, PARTIAL, PENDING_CANCEL, ADOPTED_LATE)
_TOLD: Final = {state: state for state in OrderState if state in AT_WORK or state in ENDED}

MOVES: Final[Mapping[type[OrderEvent], Mapping[OrderState, OrderState]]] = MappingProxyType(
    {
        kind: MappingProxyType(moves)
        for kind, moves in {
            Sending: {NEW: SENDING, UNKNOWN: SENDING},
            # What the broker told while the answer was under way stands: of an earlier attempt, or by its stream.
            Unsent: _TOLD | {SENDING: NEW},
            Lost: _TOLD | {SENDING: UNKNOWN, UNKNOWN: UNKNOWN},
            GaveUp: {UNKNOWN: NOT_PLACED},
            # One adopted late stays what it is, so that cancelling is tried until the broker says it is over.
            CancelAsked: _TOLD | {OPEN: PENDING_CANCEL, PARTIAL: PENDING_CANCEL},
            Acknowledged: {NEW: OPEN, SENDING: OPEN, UNKNOWN: OPEN},
            FoundLate: dict.fromkeys((NEW, SENDING, UNKNOWN), ADOPTED_LATE),
            Executed: {NEW: OPEN, SENDING: OPEN, UNKNOWN: OPEN},
            Refused: dict.fromkeys((*_ALIVE, NOT_PLACED), REJECTED),
            CancelRefused: {PENDING_CANCEL: OPEN},
            Canceled: dict.fromkeys((*_ALIVE, NOT_PLACED), CANCELED),
            Expired: dict.fromkeys((*_ALIVE, NOT_PLACED), EXPIRED),
        }.items()
    }
)
"""For each event, the state after it by the state before; `reduce` says what else it depends on."""


class IllegalMove(MidasError):
    """We tried to do with an order what its state forbids; a defect of ours, so nothing may be sent on."""

    default_code = "illegal_move"


def reduce(order: OrderRow, event: OrderEvent, now_utc: datetime) -> OrderRow:
    """Return the order after an event; the same object where nothing changed.

    Beside `MOVES` five things decide. All filled is FILLED, from anywhere, unless the broker says that more is left:
    a split makes more of it. OPEN with fills is PARTIAL. REJECTED with fills is CANCELED, as what was left is over. The
    answer to one attempt says nothing of an earlier one, so an order sent twice is UNKNOWN where one sent once would be
    NEW or REJECTED. And an order that ended without the broker ever having had it, as far as we knew, is ADOPTED_LATE
    when the broker shows it.

    Raises
    ------
    IllegalMove: an event of our own making that the state forbids.
    """
    state = _state_after(order, event)
    moved = state is not order.state
    changes = _changes(order, event, moved)
    return _with(order, state, changes, now_utc) if moved or changes else order


def _with(order: OrderRow, state: OrderState, changes: Mapping[str, Any], now_utc: datetime) -> OrderRow:
    # `replace` takes several times as long, and every order comes here at least three times
    told = changes.get
    return OrderRow(
        order.id, order.intent, state, told("number", order.number), told("attempt", order.attempt),
        told("epoch", order.epoch), told("sent_utc", order.sent_utc), told("filled", order.filled),
        told("reason", order.reason), told("seen", order.seen), now_utc,
    )  # fmt: skip


def _state_after(order: OrderRow, event: OrderEvent) -> OrderState:
    before, kind = order.state, type(event)
    after = MOVES[kind].get(before)
    if after is None and kind in OURS:
        raise IllegalMove(
            f"Order {order.id} is {before} and cannot take {kind.__name__}.",
            hint="This is a defect; trading of the account has to stop. Please report it.",
        )
    filled = order.filled
    if isinstance(event, Executed):
        filled += event.quantity
        if filled >= order.intent.quantity and not event.left:
            return FILLED
    if isinstance(event, Acknowledged | FoundLate | Executed) and _unheard_of(order):
        return ADOPTED_LATE
    if before is SENDING and order.attempt > 1 and isinstance(event, Unsent | Refused):
        return UNKNOWN
    return _by_fills(after or before, filled != 0)


def _unheard_of(order: OrderRow) -> bool:
    if order.number or order.state not in ENDED or order.state is FILLED:
        return False
    return order.attempt == 0 or order.state in (REJECTED, NOT_PLACED)


def _by_fills(state: OrderState, filled: bool) -> OrderState:
    if state in (OPEN, PARTIAL):
        return PARTIAL if filled else OPEN
    return CANCELED if state is REJECTED and filled else state


def _changes(order: OrderRow, event: OrderEvent, moved: bool) -> dict[str, Any]:
    match event:
        case Executed() if event.quantity:
            return {"filled": order.filled + event.quantity}
        case Acknowledged() | FoundLate() if not order.number and event.number:
            return {"number": event.number}
        case Sending():
            # An order of the first attempt is among the numbers seen before the second.
            seen = order.seen if order.attempt else event.seen
            return {"attempt": order.attempt + 1, "epoch": event.epoch, "sent_utc": event.sent_utc, "seen": seen}
        case Unsent() if moved:
            return {"attempt": order.attempt - 1}
        case Refused() | Expired() if moved:
            return {"reason": event.reason}
    return {}
