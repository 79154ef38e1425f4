"""Orders, fills and the round trips they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from midas.core.instrument import InstrumentId


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "buy"
    SELL = "sell"


class Reject(StrEnum):
    """Why an order, or the rest of one, was dropped."""

    NO_BAR = "no_bar"
    HALTED = "halted"
    NO_VOLUME = "no_volume"
    LOCKED_LIMIT = "locked_limit"
    VOLUME_CAP = "volume_cap"
    NO_CASH = "no_cash"
    BELOW_LOT = "below_lot"
    SHORT_NOT_ALLOWED = "short_not_allowed"
    LIMIT_NOT_REACHED = "limit_not_reached"
    SHORT_BANNED = "short_banned"
    MARGIN = "margin"


class Cause(StrEnum):
    """Why a position was closed other than because its target said so."""

    STOP_LOSS = "stop_loss"
    TRAILING_STOP = "trailing_stop"
    TAKE_PROFIT = "take_profit"
    TIME_STOP = "time_stop"
    ATR_STOP = "atr_stop"
    ATR_TRAILING_STOP = "atr_trailing_stop"
    ATR_TAKE_PROFIT = "atr_take_profit"
    MARGIN_CALL = "margin_call"


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What a strategy wants before anything checks it."""

    instrument: InstrumentId
    side: Side
    quantity: Decimal
    decided_on: date


@dataclass(frozen=True, slots=True)
class Order:
    """An intent that was given an id and sent to be matched."""

    id: str
    intent: OrderIntent


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of an order; price and costs in the venue's currency."""

    order_id: str
    instrument: InstrumentId
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal
    tax: Decimal
    session: date


@dataclass(frozen=True, slots=True)
class Position:
    """What is held of one instrument."""

    instrument: InstrumentId
    quantity: Decimal
    average_price: Decimal
