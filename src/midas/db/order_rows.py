"""Orders, bookings and fills as the columns they are stored in."""

from __future__ import annotations

from sqlalchemy import RowMapping

from midas.core.instrument import InstrumentId
from midas.core.order import Cause, Fill, OrderIntent, OrderKind, OrderState, Side, TimeInForce
from midas.execution.order_row import OrderRow
from midas.trading.journal import Book

Values = dict[str, object]


def order_values(row: OrderRow) -> Values:
    """Return every column of an order but its place."""
    wish = row.intent
    return {
        "id": row.id,
        "account": wish.account,
        "intent_key": wish.key,
        "run": wish.run,
        "strategy": wish.strategy,
        "instrument": str(wish.instrument),
        "side": wish.side.value,
        "quantity": wish.quantity,
        "kind": wish.kind.value,
        "time_in_force": wish.time_in_force.value,
        "stamp_utc": wish.stamp_utc,
        "valid_until_utc": wish.valid_until_utc,
        "leg": wish.leg,
        "sequence": wish.sequence,
        "limit_price": wish.limit_price,
        "stop_price": wish.stop_price,
        "reference_price": wish.reference_price,
        "reduce_only": wish.reduce_only,
        "stored_utc": row.changed_utc or wish.stamp_utc,
        **moving_values(row),
    }


def moving_values(row: OrderRow) -> Values:
    """Return the columns that change; what was wished never does."""
    return {
        "state": row.state.value,
        "number": row.number,
        "attempt": row.attempt,
        "epoch": row.epoch,
        "sent_utc": row.sent_utc,
        "filled": row.filled,
        "reason": row.reason,
        "seen": list(row.seen),
        "changed_utc": row.changed_utc,
    }


def order_of(found: RowMapping) -> OrderRow:
    """Return a stored order."""
    wish = OrderIntent(
        account=found["account"],
        run=found["run"],
        instrument=InstrumentId.parse(found["instrument"]),
        side=Side(found["side"]),
        quantity=found["quantity"],
        kind=OrderKind(found["kind"]),
        time_in_force=TimeInForce(found["time_in_force"]),
        stamp_utc=found["stamp_utc"],
        valid_until_utc=found["valid_until_utc"],
        leg=found["leg"],
        sequence=found["sequence"],
        limit_price=found["limit_price"],
        stop_price=found["stop_price"],
        reference_price=found["reference_price"],
        reduce_only=found["reduce_only"],
        strategy=found["strategy"],
    )
    moving = {name: found[name] for name in ("number", "attempt", "epoch", "sent_utc", "filled", "reason")}
    state = OrderState(found["state"])
    return OrderRow(found["id"], wish, state, **moving, seen=tuple(found["seen"]), changed_utc=found["changed_utc"])


def booking_values(entry: Book) -> Values:
    """Return every column of a booking but its place; of a payment nothing of a fill."""
    return {
        "account": entry.account,
        "reference": entry.reference,
        "kind": entry.kind,
        "instrument": None if entry.instrument is None else str(entry.instrument),
        "quantity": entry.quantity,
        "stamp_utc": entry.stamp_utc,
        **({} if entry.fill is None else _fill_values(entry.fill)),
    }


def _fill_values(fill: Fill) -> Values:
    return {
        "order_id": fill.order,
        "execution": fill.execution,
        "side": fill.side.value,
        "fill_quantity": fill.quantity,
        "price": fill.price,
        "value": fill.value,
        "commission": fill.commission,
        "tax": fill.tax,
        "fill_stamp_utc": fill.stamp_utc,
        "cause": None if fill.cause is None else fill.cause.value,
    }


def fill_of(found: RowMapping) -> Fill:
    """Return the fill of a booking that has one."""
    return Fill(
        account=found["account"],
        order=found["order_id"],
        execution=found["execution"],
        instrument=InstrumentId.parse(found["instrument"]),
        side=Side(found["side"]),
        quantity=found["fill_quantity"],
        price=found["price"],
        value=found["value"],
        commission=found["commission"],
        tax=found["tax"],
        stamp_utc=found["fill_stamp_utc"],
        cause=None if found["cause"] is None else Cause(found["cause"]),
    )
