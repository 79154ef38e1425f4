"""What was executed, one by one and taken together."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from midas.wire.shape import Answer


class Trade(Answer):
    """An execution. Amounts in the account's currency; `realised` is what closing with it gained, before costs."""

    execution: str
    order: str
    instrument: str
    side: str
    quantity: Decimal
    price: Decimal
    value: Decimal
    commission: Decimal
    tax: Decimal
    realised: Decimal
    cause: str | None
    at: datetime


class TradeStats(Answer):
    """The executions of a period. `unrealised` is that of what is held now, null where a price is missing."""

    account: str
    since: datetime | None
    until: datetime | None
    first: datetime | None
    last: datetime | None
    count: int
    buys: int
    sells: int
    value: Decimal
    bought: Decimal
    sold: Decimal
    average_size: Decimal | None
    commission: Decimal
    tax: Decimal
    most_traded: str | None
    most_traded_count: int
    realised: Decimal
    unrealised: Decimal | None
