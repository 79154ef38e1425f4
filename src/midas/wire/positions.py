"""What an account holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from midas.wire.shape import Answer


class Position(Answer):
    """What is held of one instrument; below 0 is sold short. Amounts in the account's currency.

    `last`, `value` and `unrealised` go by the last close of the data there is; null where there is none.
    """

    instrument: str
    quantity: Decimal
    cost: Decimal
    average_price: Decimal | None
    last: Decimal | None
    last_on: date | None
    value: Decimal | None
    unrealised: Decimal | None
