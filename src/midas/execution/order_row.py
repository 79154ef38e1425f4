"""An order of ours on its way, from the intent to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from midas.core.order import OrderIntent, OrderState


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as the journal keeps it and `order_state` moves it on.

    id : `execution.order_id` of the intent. number : the broker's, "" until it is known. attempt : how often it was
    sent. epoch : of the owner that sent it last. filled : quantity of its unique fills. seen : numbers a broker without
    our ids had told before the sending. reason : why it was refused.
    """

    id: str
    intent: OrderIntent
    state: OrderState
    number: str = ""
    attempt: int = 0
    epoch: int = 0
    sent_utc: datetime | None = None
    filled: Decimal = Decimal(0)
    reason: str = ""
    seen: tuple[str, ...] = ()
    changed_utc: datetime | None = None
