"""What can happen to an order; `order_state.reduce` says what each does to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Sending:
    """It is about to be sent by the owner of `epoch`; `seen` are the numbers the broker told before."""

    epoch: int
    sent_utc: datetime
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsent:
    """No byte left: it waits again."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker has it, under this number; also how an UNKNOWN order is found."""

    number: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker, or the gate at the socket, clearly said no."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody knows whether the broker has it."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """It was looked for up to the horizon and not found."""


@dataclass(frozen=True, slots=True)
class FoundLate:
    """It showed up after it was given up."""

    number: str


@dataclass(frozen=True, slots=True)
class Executed:
    """A unique execution, or one taken back where `quantity` is below 0; duplicates are dropped before.

    left : see `BrokerFill`.
    """

    quantity: Decimal
    left: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """A cancel was sent."""


@dataclass(frozen=True, slots=True)
class CancelRefused:
    """The broker would not cancel: it is at work, or over, as its reports will say."""


@dataclass(frozen=True, slots=True)
class Canceled:
    """The broker says it is cancelled."""


@dataclass(frozen=True, slots=True)
class Expired:
    """Its time was over."""

    reason: str = ""


OrderEvent = (
    Sending
    | Unsent
    | Acknowledged
    | Refused
    | Lost
    | GaveUp
    | FoundLate
    | Executed
    | CancelAsked
    | CancelRefused
    | Canceled
    | Expired
)
