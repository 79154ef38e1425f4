"""Round trips and executions, one by one and taken together."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from midas.wire.shape import Answer


class Execution(Answer):
    """A fill of an order, in the account's currency; `realised` is what closing with it gained, before costs."""

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


class Trade(Answer):
    """A round trip, from flat to flat, as a backtest tells it. Amounts in the account's currency.

    Quantity and prices are in the shares of the exit, or of now. While it is open `exit` is null, `held` is what is
    left, `pnl` is that at the last price, null where there is none. `income` is dividends and cash for fractions, less
    fees for borrowing; it is part of the gain, and commission and tax are taken off it. `cause` is what closed it: an
    exit rule, null where an order did.
    """

    instrument: str
    side: Literal["long", "short"]
    entry: datetime
    entry_price: Decimal | None
    exit: datetime | None
    exit_price: Decimal | None
    quantity: Decimal
    held: Decimal
    pnl: Decimal | None
    gain: Decimal | None
    commission: Decimal
    tax: Decimal
    income: Decimal
    executions: int
    cause: str | None


class TradeStats(Answer):
    """What the executions of a period come to, and the round trips that were open in it.

    `count`, `value` and the like are of executions; `realised` is what closing gained before costs. `unrealised` is
    that of what is held now, null where a price is missing. `trades` and the like are of round trips.
    """

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
    trades: int
    trades_open: int
    trades_won: int
    trades_lost: int
    trades_long: int
    trades_short: int
    trades_pnl: Decimal
