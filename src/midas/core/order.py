"""Orders: what is wanted, what lives at a broker, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from midas.core.instrument import InstrumentId


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "buy"
    SELL = "sell"


class OrderKind(StrEnum):
    """How an order meets the market.

    MARKET trades at the next price there is (with daily bars, the next open). LIMIT never gets a worse price than its
    limit. STOP becomes a MARKET order once its stop price is reached; a gap fills at the open it jumped to. PROTECTION
    closes the position it guards by the strategy's exits (see `execution.protection`), whatever its size is then.
    """

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    PROTECTION = "protection"


class TimeInForce(StrEnum):
    """How long an order waits: NEXT one bar (a session, with daily bars), DAY to the close, GTC until cancelled."""

    NEXT = "next"
    DAY = "day"
    GTC = "gtc"


class Reject(StrEnum):
    """Why an order, or the rest of one, was dropped.

    The last seven are of orders that code made: BAD_QUANTITY, BAD_PRICE and UNKNOWN_INSTRUMENT make no sense, the gate
    refused BEYOND_LIMIT as the venue would and DENIED for another reason, POSITION_CLOSED had nothing left to close,
    and ADJUSTED was in shares that a split made others.
    """

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
    NOT_SELLABLE_YET = "not_sellable_yet"
    BAD_QUANTITY = "bad_quantity"
    BAD_PRICE = "bad_price"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    BEYOND_LIMIT = "beyond_limit"
    DENIED = "denied"
    POSITION_CLOSED = "position_closed"
    ADJUSTED = "adjusted"


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


class OrderState(StrEnum):
    """Where an order is; the moves allowed between them are in `execution.order_state`."""

    NEW = "new"
    SENDING = "sending"
    UNKNOWN = "unknown"
    OPEN = "open"
    PARTIAL = "partial"
    PENDING_CANCEL = "pending_cancel"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    NOT_PLACED = "not_placed"
    ADOPTED_LATE = "adopted_late"


class Origin(StrEnum):
    """Who an order is from: a run's decision, a person, the kill switch closing positions, or the broker itself.

    REINVESTMENT : a dividend that buys shares of its payer. MARGIN_CALL : a position closed for want of margin.
    """

    RUN = "run"
    HAND = "hand"
    KILL_SWITCH = "kill_switch"
    REINVESTMENT = "reinvestment"
    MARGIN_CALL = "margin_call"


ENDED = frozenset(
    {OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED, OrderState.NOT_PLACED}
)
"""States in which nothing of an order is at work; a late execution is booked all the same."""


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What a run, or a person, wants before anything checks it.

    The same intent has the same `key` however often it is made, so that a strategy run again after a crash cannot
    order twice. account, run : whose it is; run is "" for an order by hand. stamp_utc : close of the bar it was decided
    on, or when a person asked. leg : "target", "exit", a slice of a plan, or the idempotency key of a person. sequence
    : place among the orders of that decision. quantity : above 0. limit_price, stop_price : for kinds that have one.
    reference_price : last price known at the decision, what collars and notionals go by. valid_until_utc : no order is
    sent, or sent again, from then on.
    """

    account: str
    run: str
    instrument: InstrumentId
    side: Side
    quantity: Decimal
    kind: OrderKind
    time_in_force: TimeInForce
    stamp_utc: datetime
    valid_until_utc: datetime
    leg: str = "target"
    sequence: int = 0
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reference_price: Decimal | None = None
    reduce_only: bool = False
    strategy: str = ""

    @property
    def key(self) -> str:
        """What makes two intents one: account, strategy, run, bar, instrument, leg and sequence."""
        stamp = self.stamp_utc.isoformat()
        parts = (self.account, self.strategy, self.run, stamp, str(self.instrument), self.leg, str(self.sequence))
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of an order; price in the venue's currency, amounts in its minor units.

    execution : the broker's number of it, unique within broker and account. cause : an exit's, None where an order
    followed a target or a person. One that takes another back has its number behind `bust:`, and quantity, value,
    commission and tax below 0.
    """

    account: str
    order: str
    execution: str
    instrument: InstrumentId
    side: Side
    quantity: Decimal
    price: Decimal
    value: int
    commission: int
    tax: int
    stamp_utc: datetime
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """What is held of one instrument; below 0 is sold short."""

    instrument: InstrumentId
    quantity: Decimal
    average_price: Decimal
