"""Orders by hand, and everyone's orders."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from midas.wire.shape import Answer, Question

OrderSide = Literal["buy", "sell"]
HandKind = Literal["market", "limit", "stop"]


class OrderRequest(Question):
    """An order by hand. `dry_run` asks the gate and stores nothing; a live account needs `confirm_live`."""

    account: str = Field(max_length=80)
    instrument: str = Field(max_length=64)
    side: OrderSide
    quantity: Decimal
    kind: HandKind = "market"
    time_in_force: Literal["next", "day", "gtc"] = "day"
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False
    valid_for_s: int = Field(default=86_400, ge=1, le=30 * 86_400)
    confirm_live: bool = False
    dry_run: bool = False


class Order(Answer):
    """An order and where it is; `id` is ours, `number` the broker's. `run` is empty where it is no run's.

    `origin` is who it is from: a run, a person, the kill switch closing positions, or the broker itself.
    """

    id: str
    account: str
    run: str
    origin: Literal["run", "hand", "kill_switch", "reinvestment", "margin_call"]
    strategy: str
    instrument: str
    side: str
    quantity: Decimal
    kind: str
    time_in_force: str
    limit_price: Decimal | None
    stop_price: Decimal | None
    reduce_only: bool
    state: str
    filled: Decimal
    number: str
    reason: str
    cancel_waits: bool
    stored: bool
    created_at: datetime
    valid_until: datetime
    changed_at: datetime | None
