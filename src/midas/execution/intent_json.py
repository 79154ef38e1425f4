"""An order intent as plain values and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from midas.core.instrument import InstrumentId
from midas.core.order import OrderIntent, OrderKind, Side, TimeInForce


def intent_to_json(intent: OrderIntent) -> dict[str, Any]:
    """Return an intent as texts and numbers."""
    return {
        "account": intent.account, "run": intent.run, "instrument": str(intent.instrument), "side": intent.side.value,
        "quantity": str(intent.quantity), "kind": intent.kind.value, "time_in_force": intent.time_in_force.value,
        "stamp_utc": intent.stamp_utc.isoformat(), "valid_until_utc": intent.valid_until_utc.isoformat(),
        "leg": intent.leg, "sequence": intent.sequence, "limit_price": _text(intent.limit_price),
        "stop_price": _text(intent.stop_price), "reference_price": _text(intent.reference_price),
        "reduce_only": intent.reduce_only, "strategy": intent.strategy,
    }  # fmt: skip


def intent_from_json(values: Mapping[str, Any]) -> OrderIntent:
    """Return the intent of `intent_to_json`."""
    return OrderIntent(
        account=values["account"],
        run=values["run"],
        instrument=InstrumentId.parse(values["instrument"]),
        side=Side(values["side"]),
        quantity=Decimal(values["quantity"]),
        kind=OrderKind(values["kind"]),
        time_in_force=TimeInForce(values["time_in_force"]),
        stamp_utc=datetime.fromisoformat(values["stamp_utc"]),
        valid_until_utc=datetime.fromisoformat(values["valid_until_utc"]),
        leg=values["leg"],
        sequence=values["sequence"],
        limit_price=_number(values["limit_price"]),
        stop_price=_number(values["stop_price"]),
        reference_price=_number(values["reference_price"]),
        reduce_only=values["reduce_only"],
        strategy=values["strategy"],
    )


def _text(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def _number(price: str | None) -> Decimal | None:
    return None if price is None else Decimal(price)
