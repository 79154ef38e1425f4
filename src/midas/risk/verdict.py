"""What the gate says of an order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Denial(StrEnum):
    """Why an order may not be sent; the words are stable codes."""

    KILLED = "killed"
    REDUCE_ONLY = "reduce_only"
    NOT_ARMED = "not_armed"
    PAPER_ONLY = "paper_only"
    NOT_RECONCILED = "not_reconciled"
    QUARANTINED = "quarantined"
    STALE_SNAPSHOT = "stale_snapshot"
    STALE_QUOTE = "stale_quote"
    MISSING_DATA = "missing_data"
    BAD_QUANTITY = "bad_quantity"
    BAD_PRICE = "bad_price"
    KIND_NOT_TAKEN = "kind_not_taken"
    EXPIRED = "expired"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    RESTRICTED = "restricted"
    MARKET_CLOSED = "market_closed"
    HALTED = "halted"
    OFF_TICK = "off_tick"
    OFF_LOT = "off_lot"
    SELL_LOCKED = "sell_locked"
    BEYOND_LIMIT = "beyond_limit"
    PRICE_COLLAR = "price_collar"
    MAX_QUANTITY = "max_quantity"
    MAX_NOTIONAL = "max_notional"
    BUYING_POWER = "buying_power"
    SHORT_NOT_ALLOWED = "short_not_allowed"
    SHORT_BANNED = "short_banned"
    MAX_POSITION = "max_position"
    MAX_GROSS = "max_gross"
    DAILY_LOSS = "daily_loss"
    DRAWDOWN = "drawdown"
    COOLDOWN = "cooldown"
    ORDER_RATE = "order_rate"
    DUPLICATE = "duplicate"
    REPEATED_EXECUTION = "repeated_execution"


@dataclass(frozen=True, slots=True)
class Allow:
    """The order may be sent."""


@dataclass(frozen=True, slots=True)
class Deny:
    """The order may not be sent; `detail` says with numbers what was compared with what."""

    code: Denial
    detail: str


Verdict = Allow | Deny
